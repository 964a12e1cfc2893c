"""What consenting members like, ranked by night, and the subsidy drawn up from it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.bills.actions import terms
from gonghui.bills.models import OfferTerms
from gonghui.funds.models import Section
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.mall import reactions, tasks
from gonghui.mall.actions import ranking
from gonghui.mall.actions.ordering import price_of
from gonghui.mall.events import OrderPaid
from gonghui.mall.models import Interest, RankingSnapshot, Subsidy
from gonghui.mall.tests.stage import SYSTEM, listed, paid
from gonghui.members.actions.consents import give_consent, withdraw_consent
from gonghui.members.models import Consent
from gonghui.wellbeing.tests.stage import HealthStage, riders

pytestmark = pytest.mark.django_db


def looked_at(stage, product, actors, kind: str = "view") -> None:
    Interest.objects.bulk_create(
        Interest(person_id=one.person_id, product=product, kind=kind, day=clock.today()) for one in actors
    )


@pytest.fixture
def crowd(mall):
    """Ten who said yes."""
    found = riders(HealthStage(mall.cast, None, None, None, None), 10)
    Consent.objects.bulk_create(
        Consent(user_id=one.user_id, purpose="interests", version="2026-11", given_at=clock.now())
        for one in found
    )
    return found


def test_ranking_is_never_of_more_than_ten(mall, crowd):
    """Neither the job's nor anybody's."""
    for n in range(12):
        Section.objects.create(code=f"s{n:02}", name=f"专区{n}")
        looked_at(
            mall, listed(mall, f"商品{n}", f"s{n:02}", 100, 1), crowd, "purchase" if n == 11 else "view"
        )
    found = ranking.take_snapshot(SYSTEM, day=clock.today())
    assert [item["code"] for item in found.items] == ["s11", *(f"s{n:02}" for n in range(9))]
    assert (found.items[0]["score"], found.items[1]["score"], found.weights["purchase"]) == (50, 10, 5)
    assert ranking.take_snapshot(SYSTEM, day=clock.today()).pk == found.pk
    eleven = RankingSnapshot(
        from_day=found.from_day, to_day=found.to_day, version=2, weights={}, items=[{}] * 11
    )
    with pytest.raises(IntegrityError, match="mall_ranking_of_ten_at_most"), transaction.atomic():
        eleven.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        RankingSnapshot.objects.unscoped("test").update(items=[])


def test_section_fewer_than_ten_care_about_is_no_figure(mall, crowd):
    looked_at(mall, mall.products["rice"], crowd)
    looked_at(mall, mall.products["box"], crowd[:9], "purchase")
    assert [item["code"] for item in ranking.take_snapshot(SYSTEM, day=clock.today()).items] == ["grain"]


def test_only_with_consent_something_is_counted_and_it_goes_with_it(mall, client):
    """Looked at, marked and bought; once a day; forgotten the night after the withdrawal."""
    rice, mei = mall.products["rice"], mall.actor("mei")
    mall.cast.sign_in(client, "mei")
    client.get(f"/mall/products/{rice.pk}")
    assert Interest.objects.unscoped("test").count() == 0
    give_consent(mei, purpose="interests")
    for _again in range(2):
        client.get(f"/mall/products/{rice.pk}")
        client.post(f"/mall/products/{rice.pk}/favourite", {"on": "1"})
    reactions.count_purchase(OrderPaid(paid(mall, ("rice", 1)).pk))
    kinds = Interest.objects.unscoped("test").order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["favourite", "purchase", "view"]
    withdraw_consent(mei, purpose="interests")
    tasks.rank_sections(0)
    assert Interest.objects.unscoped("test").count() == 0


def test_subsidy_of_a_ranking_is_an_offer_reviewed_by_another(mall, crowd, client):
    """Drawn up in the back office, reviewed, put up: the sections that were ranked are cheaper, the others are not."""
    money = build_money(mall.cast)
    looked_at(mall, mall.products["rice"], crowd)
    snapshot = ranking.take_snapshot(SYSTEM, day=clock.today())
    mall.cast.sign_in(client, "city_admin")
    assert "米面粮油" in client.get(reverse("admin:mall_ranking")).content.decode()
    typed = {"title": "热门类别补贴", "budget": money.city.pk, "threshold_fen": "40", "off_fen": "8", "set_aside_fen": "800",
             "times_a_month": "1"}  # fmt: skip
    answer = client.post(reverse("admin:mall_subsidy_new", args=[snapshot.pk]), typed)
    made = Subsidy.objects.unscoped("test").select_related("terms").get()
    assert (answer.status_code, made.snapshot_id, made.terms.state, made.terms.sections) == (
        302, snapshot.pk, OfferTerms.State.DRAFT, ["grain"]
    )  # fmt: skip
    with pytest.raises(DomainError):
        terms.review_terms(mall.actor("city_admin"), terms_id=made.terms_id)
    terms.review_terms(mall.actor("province_admin"), terms_id=made.terms_id)
    terms.publish_terms(mall.actor("city_admin"), terms_id=made.terms_id)
    mei = mall.actor("mei")
    rice, box = (price_of(mei, wanted=[(mall.products[name].pk, 1)]) for name in ("rice", "box"))
    assert (rice.due_fen, box.due_fen) == (3_700, 10_000)


def test_ranking_without_figures_makes_no_subsidy(mall):
    money = build_money(mall.cast)
    snapshot = ranking.take_snapshot(SYSTEM, day=clock.today() - dt.timedelta(days=1))
    plan = ranking.SubsidyPlan("补贴", money.city, 4_000, 800, 80_000)
    with pytest.raises(DomainError) as said:
        ranking.draft_subsidy(mall.actor("city_admin"), snapshot_id=snapshot.pk, plan=plan)
    assert (said.value.code, Subsidy.objects.unscoped("test").count()) == ("mall_nothing_ranked", 0)
