"""What consenting members like, ranked by night, and the subsidy drawn up from it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from gonghui.funds.models import Section
from gonghui.kit import clock
from gonghui.mall import reactions, tasks
from gonghui.mall.actions import ranking
from gonghui.mall.events import OrderPaid
from gonghui.mall.models import Interest, RankingSnapshot
from gonghui.mall.tests.stage import SYSTEM, listed, looked_at, paid
from gonghui.members.actions.consents import give_consent, withdraw_consent

pytestmark = pytest.mark.django_db


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
