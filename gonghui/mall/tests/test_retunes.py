"""月度调整: drawn up from a ranking, agreed by another, begun; and what it brought."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.bills.models import Bill, OfferTerms
from gonghui.bills.terms_tasks import sweep_offer_money
from gonghui.bills.tests.stage import pay_online
from gonghui.funds.models import Commitment
from gonghui.funds.tests.stage import approved, balance, build_money, funded_source, new_staff, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.mall.actions import ranking, retuning
from gonghui.mall.actions.ordering import place_orders, price_of
from gonghui.mall.actions.retuning import RetunePlan
from gonghui.mall.allotting import allotted_again
from gonghui.mall.models import RankingSnapshot, Retune, Subsidy
from gonghui.mall.models.retunes import RETUNE_VERBS
from gonghui.mall.retune_effects import increment_of, outcomes_of
from gonghui.mall.tests.stage import SYSTEM, again, build_shop, checkout, follow, listed, looked_at, paid
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(mall):
    return build_money(mall.cast)


@pytest.fixture
def snapshot(mall, crowd):
    """Rice is looked at and bought, the box looked at only."""
    looked_at(mall, mall.products["rice"], crowd)
    looked_at(mall, mall.products["rice"], crowd, "purchase")
    looked_at(mall, mall.products["box"], crowd)
    return ranking.take_snapshot(SYSTEM, day=clock.today())


def plan(money, **facts) -> RetunePlan:
    today = clock.today()
    known = {
        "budget": money.city, "total_fen": 200_000, "threshold_fen": 4_000, "off_fen": 800, "starts_on": today,
        "ends_on": today + dt.timedelta(days=30), "times_a_month": 5,
    }  # fmt: skip
    return RetunePlan(**(known | facts))


def drafted(mall, money, snapshot, **facts) -> Retune:
    return retuning.draft_retune(mall.actor("city_admin"), snapshot_id=snapshot.pk, plan=plan(money, **facts))


def started(mall, money, snapshot, **facts) -> Retune:
    row = drafted(mall, money, snapshot, **facts)
    retuning.agree_retune(mall.actor("province_admin"), retune_id=row.pk)
    return retuning.start_retune(mall.actor("city_admin"), retune_id=row.pk)


def set_aside() -> dict[str, int]:
    """By section, of offers that hold."""
    found = Subsidy.objects.unscoped("test").filter(terms__state="published")
    rows = found.values_list("section__code", "terms__shares__purses__commitment_id")
    commitments = Commitment.objects.unscoped("test").in_bulk([pk for _code, pk in rows])
    return {code: balance(commitments[pk].account_id) for code, pk in rows}


def states() -> set[str]:
    return set(OfferTerms.objects.unscoped("test").values_list("state", flat=True))


def test_database_knows_the_same_moves():
    import re
    from pathlib import Path

    text = (Path(__file__).parent.parent / "sql" / "40_retunes.sql").read_text().split("cannot go from")[0]
    array = text[text.rindex("ARRAY[") :]
    assert set(re.findall(r"'(\w+>\w+)'", array)) == {
        f"{a}>{b}" for row in RETUNE_VERBS.values() for a, b in row.items()
    }


def test_month_is_drawn_up_agreed_by_another_and_begun(mall, money, snapshot):
    """What nobody found to buy gets more; each section's sum is set aside, and the mall is cheaper from the first day on."""
    row = drafted(mall, money, snapshot)
    fens = {item["code"]: item["fen"] for item in row.items}
    assert sum(fens.values()) == 200_000 and fens["festival"] > fens["grain"]
    assert allotted_again(row.inputs, row.total_fen) == row.items
    assert (states(), set_aside()) == ({"draft"}, {})
    with pytest.raises(DomainError) as said:
        retuning.agree_retune(mall.actor("city_admin"), retune_id=row.pk)
    assert said.value.code == "mall_retune_maker_is_checker"
    retuning.agree_retune(mall.actor("province_admin"), retune_id=row.pk)
    retuning.start_retune(mall.actor("city_admin"), retune_id=row.pk)
    assert (again(row).state, states(), set_aside(), trial()) == ("started", {"published"}, fens, 0)
    rice, box = (
        price_of(mall.actor("mei"), wanted=[(mall.products[name].pk, 1)]) for name in ("rice", "box")
    )
    assert (rice.due_fen, box.due_fen) == (3_700, 9_200)


def test_next_month_replaces_the_one_before_and_nothing_is_lost(mall, money, snapshot):
    first = started(mall, money, snapshot)
    paid(mall, ("rice", 1))
    before = balance(money.city.account_id)
    second = drafted(mall, money, snapshot, total_fen=100_000)
    assert {one["code"]: one["was_fen"] for one in second.inputs} == {
        item["code"]: item["fen"] for item in first.items
    }
    retuning.agree_retune(mall.actor("province_admin"), retune_id=second.pk)
    retuning.start_retune(mall.actor("city_admin"), retune_id=second.pk)
    sweep_offer_money()
    assert (again(first).state, again(second).state, sum(set_aside().values())) == (
        "over",
        "started",
        100_000,
    )
    assert balance(money.city.account_id) == before + 200_000 - 800 - 100_000
    assert trial() == 0


def test_withdrawn_before_it_begins_ends_its_offers(mall, money, snapshot):
    row = drafted(mall, money, snapshot)
    with pytest.raises(DomainError):
        retuning.withdraw_retune(mall.actor("city_admin"), retune_id=row.pk, reason=" ")
    retuning.withdraw_retune(mall.actor("city_admin"), retune_id=row.pk, reason="预算另有安排")
    assert (again(row).state, states()) == ("withdrawn", {"ended"})


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"ends_on": dt.date(2020, 1, 1)}, "mall_retune_days"),
        ({"starts_on": dt.date(2020, 1, 1)}, "mall_retune_days"),
        ({"wave_two_on": dt.date(2099, 1, 1)}, "mall_retune_days"),
        ({"wave_two_on": clock.today() + dt.timedelta(days=14)}, "mall_too_few_shops"),
    ],
)
def test_impossible_days_are_refused_and_nothing_is_written(mall, money, snapshot, facts, code):
    with pytest.raises(DomainError) as said:
        drafted(mall, money, snapshot, **facts)
    assert (said.value.code, Retune.objects.unscoped("test").count(), states()) == (code, 0, set())


def test_ranking_without_figures_makes_no_month(mall, money):
    empty = ranking.take_snapshot(SYSTEM, day=clock.today() - dt.timedelta(days=1))
    with pytest.raises(DomainError) as said:
        drafted(mall, money, empty)
    assert (said.value.code, Retune.objects.unscoped("test").count()) == ("mall_nothing_ranked", 0)


@pytest.mark.parametrize("who", ["mei", "sister_admin", "finance_officer", "owner"])
def test_who_may_not_draw_it_up_writes_nothing(mall, money, snapshot, who):
    with pytest.raises(DomainError):
        retuning.draft_retune(mall.actor(who), snapshot_id=snapshot.pk, plan=plan(money))
    assert Retune.objects.unscoped("test").count() == 0


def test_database_takes_no_month_that_gives_more_or_less_than_its_sum(mall, money, snapshot):
    row = drafted(mall, money, snapshot)
    row.pk, row.total_fen = None, row.total_fen + 100
    with pytest.raises(IntegrityError, match="mall_retune_conserves"), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(IntegrityError, match="mall_retune_facts"), transaction.atomic():
        Retune.objects.unscoped("test").update(total_fen=1)


# --- what it brought ----------------------------------------------------------------------------------------


def test_outcome_stands_beside_the_forecast(mall, money, snapshot):
    """800 fen for each 4,000: the forecast is five times the money; of one buyer nothing is told but what was given."""
    row = started(mall, money, snapshot)
    paid(mall, ("rice", 1))
    grain = next(one for one in outcomes_of(row) if one.code == "grain")
    assert (grain.given_fen, grain.bills, grain.driven_fen, grain.leverage) == (800, 1, None, None)
    assert grain.forecast_fen == grain.fen // 800 * 4_000


def bought(actor, *wanted) -> None:
    for order in place_orders(actor, checkout=checkout(*wanted)):
        pay_online(Bill.objects.unscoped("test").select_related("payment").get(pk=order.bill_id))
        follow(order)


def test_half_of_the_shops_first_shows_what_the_subsidy_brings(mall, money, snapshot, crowd):
    """Ten people a bag from either shop before; then four where it is subsidised and two where it is not yet: two would have been
    bought anyway."""
    other = build_shop(mall.cast, "山里鲜", "farmer")
    bags = [
        listed(mall, "大米", "grain", 4_500, 99),
        listed(mall, "山里大米", "grain", 4_500, 99, shop=other, owner="farmer"),
    ]
    day, stores = dt.timedelta(days=1), [mall.shop.store_id, other.store_id]
    begins = clock.today() + 2 * day
    row = started(mall, money, snapshot, starts_on=begins, wave_two_on=begins + 14 * day)
    [first] = row.first_stores
    for actor in crowd:
        bought(actor, *[(bag, 1) for bag in bags])
    assert increment_of(row, stores) is None
    with time_machine.travel(clock.now() + 3 * day, tick=True):
        for actor in crowd:
            bought(actor, *[(bag, 4 if bag.shop.store_id == first else 2) for bag in bags])
    found = increment_of(row, stores)
    assert (found.first_before_fen, found.first_fen, found.second_before_fen, found.second_fen) == (
        45_000, 180_000, 45_000, 90_000
    )  # fmt: skip
    assert (found.days, found.extra_fen, found.given_fen, found.per_yuan) == (
        14,
        90_000,
        8_000,
        Decimal("11.25"),
    )


# --- the console --------------------------------------------------------------------------------------------


def test_drawn_up_looked_at_and_begun_in_the_back_office(mall, money, snapshot, client):
    today = clock.today()
    typed = {
        "budget": money.city.pk, "total_fen": "2000", "threshold_fen": "40", "off_fen": "8", "starts_on": f"{today}",
        "ends_on": f"{today + dt.timedelta(days=30)}", "times_a_month": "1",
    }  # fmt: skip
    mall.cast.sign_in(client, "city_admin")
    assert "拟下个月的补贴" in client.get(reverse("admin:mall_ranking")).content.decode()
    new = reverse("admin:mall_retune_new", args=[snapshot.pk])
    wrong = client.post(new, typed | {"off_fen": "41"})
    assert (wrong.status_code, "减的金额不能多于满的金额" in wrong.content.decode()) == (422, True)
    answer = client.post(new, typed)
    row = Retune.objects.unscoped("test").get()
    assert answer.url == reverse("admin:mall_retune_page", args=[row.pk])
    page = client.get(answer.url).content.decode()
    assert "米面粮油" in page and "第一次补贴，按需求分" in page and "2,000" in page
    for who, verb in (("province_admin", "agree"), ("city_admin", "start")):
        mall.cast.sign_in(client, who)
        assert client.post(reverse(f"admin:mall_retune_{verb}", args=[row.pk])).status_code == 302
    assert again(row).state == "started"
    mall.cast.sign_in(client, "sister_admin")
    assert client.get(answer.url).status_code == 404


def test_page_asks_as_much_for_one_section_as_for_two(
    mall, money, snapshot, client, django_assert_num_queries
):
    row = started(mall, money, snapshot)
    mall.cast.sign_in(client, "city_admin")
    address = reverse("admin:mall_retune_page", args=[row.pk])
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    own = [one["sql"] for one in asked if "mall_" in one["sql"]]
    assert len(own) <= 3, own


class TestRetuneScreen(ConsoleContract):
    model = Retune
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return _row(cast, "city", "city_admin")

    def foreign(self, cast):
        return _row(cast, "sister", "sister_admin")

    def more(self, cast, count):
        for _number in range(count):
            self.own(cast)


def _budget(cast, union: str, maker: str):
    if "province_finance" not in cast.users:
        new_staff(cast, "province_finance", "finance_officer", "province")
    province = approved(cast, "province", source=funded_source(cast, "province", yuan=1_000), yuan=500)
    return approved(cast, union, parent=province, yuan=100, maker=maker)


def _row(cast, union: str, maker: str) -> Retune:

    day = clock.today()
    snapshot, _is_new = RankingSnapshot.objects.unscoped("test").get_or_create(
        from_day=day, to_day=day, version=1, weights={}, items=[{"code": "grain", "name": "米面粮油"}]
    )
    return Retune.objects.create(
        snapshot=snapshot, budget=_budget(cast, union, maker), starts_on=day, ends_on=day, total_fen=100, threshold_fen=10,
        off_fen=1, times_a_month=1, version=1, inputs=[], items=[{"code": "grain", "fen": 100, "why": "new"}],
        maker=cast.users[maker],
    )  # fmt: skip
