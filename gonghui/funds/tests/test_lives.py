"""Points over a life: a member dies, retires, leaves, or moves; every step a transfer, and nothing twice."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.funds import point_errors
from gonghui.funds.actions.lives import (
    keep_of_returned_members,
    return_batch,
    return_due_lots,
    settle_lots,
)
from gonghui.funds.actions.points import expire_points
from gonghui.funds.life_terms import NO_CASH, said_of
from gonghui.funds.models import LifeRule, LotFate
from gonghui.funds.points import Breakage, balance_of, breakage, coming_back, liabilities, lots_of
from gonghui.funds.reactions import keep_lots_of_returned_members
from gonghui.funds.tests.granting import SYSTEM, granted, is_backed, outstanding, refund, spend, till
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.ledger.engine import Order, transfer_all
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer
from gonghui.members.events import RosterApplied
from gonghui.members.models import Membership, MembershipChange
from gonghui.members.tests.test_changes import confirmed
from gonghui.notices.models import Message
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    return build_money(cast)


def days(n: int) -> dt.date:
    return clock.today() + dt.timedelta(days=n)


def in_days(n: int):
    return time_machine.travel(clock.now() + dt.timedelta(days=n), tick=True)


def mei(money) -> int:
    return money.cast.people["mei"].pk


def settled(money, kind: str, **facts) -> MembershipChange:
    change = confirmed(money.cast, kind, **facts)
    settle_lots(SYSTEM, change_id=change.pk)
    return change


def fates(**facts) -> list[LotFate]:
    return list(LotFate.objects.unscoped("test").filter(**facts).order_by("pk"))


def returned() -> int:
    found = Transfer.objects.unscoped("test").filter(code="return_points")
    return sum(found.values_list("amount", flat=True))


def rule_of(money, union: str, kind: str, **facts) -> LifeRule:
    known = {"treatment": "return", "after_days": 10, "clause": f"{union}工会规定第三条"}
    return LifeRule.objects.create(union=money.cast.unions[union], kind=kind, **(known | facts))


def hold(lot: LedgerAccount, points: int) -> Order:
    """As a bill that waits for its payment sets points aside."""
    return Order(
        uuid4(),
        "spend_points",
        points,
        lot.pk,
        lot.within_id,
        Ledger.POINTS,
        kind="pending",
        subject="bill:9",
    )


def own_lot(money) -> LedgerAccount:
    return LedgerAccount.objects.unscoped("test").get(kind="points", person_id=mei(money))


def test_points_of_who_died_stop_at_once_and_go_back_after_the_term(money):
    granted(money, expires_on=days(200))
    before = balance(money.city.account_id)
    settled(money, "died")
    [fate] = fates()
    assert (fate.state, fate.due_on, fate.points, fate.is_stopped) == ("waiting", days(90), 100, True)
    assert (lots_of(mei(money)), balance_of(mei(money))) == ([], 0)
    with pytest.raises(DomainError) as refused:
        spend(SYSTEM, person_id=mei(money), points=1, subject="bill:1", credit_id=till(money).pk)
    assert refused.value.reason is point_errors.POINTS_SHORT
    with in_days(89):
        assert return_due_lots(SYSTEM) == 0
    with in_days(90):
        assert [return_due_lots(SYSTEM), return_due_lots(SYSTEM)] == [100, 0]
    [fate] = fates()
    assert (fate.state, fate.returned) == ("returned", 100)
    assert (balance(money.city.account_id), returned(), is_backed(), trial()) == (
        before + 10_000,
        100,
        True,
        0,
    )
    assert (
        "离世" in said_of(fate) and "100 福豆已退回原预算" in said_of(fate) and str(NO_CASH) in said_of(fate)
    )


def test_nobody_inherits_and_nobody_is_told_in_the_name_of_the_dead(money):
    granted(money)
    messages = Message.objects.unscoped("test").count()
    settled(money, "died")
    assert Message.objects.unscoped("test").count() == messages
    with in_days(300):
        return_due_lots(SYSTEM)
    ends = (
        Transfer.objects.unscoped("test").filter(debit=own_lot(money)).values_list("credit__kind", flat=True)
    )
    assert set(ends) == {"issue"}


def test_points_of_who_retired_stay_until_they_expire(money):
    granted(money, expires_on=days(60))
    settled(money, "retired")
    [fate] = fates()
    assert (fate.state, fate.due_on, balance_of(mei(money))) == ("kept", None, 100)
    with in_days(59):
        assert (return_due_lots(SYSTEM), balance_of(mei(money))) == (0, 100)
    said = Message.objects.unscoped("test").get(once__startswith="lot-fates:")
    assert "因退休：福豆保留" in said.body and said.person_id == mei(money)


def test_points_of_who_left_are_spent_until_the_day_and_the_rest_goes_back(money):
    granted(money, expires_on=days(200))
    settled(money, "left")
    shop = till(money)
    with in_days(29):
        spend(SYSTEM, person_id=mei(money), points=60, subject="bill:1", credit_id=shop.pk)
    with in_days(30):
        assert return_due_lots(SYSTEM) == 40
    assert (fates()[0].returned, balance(shop.pk), is_backed(), trial()) == (40, 6_000, True, 0)


def test_points_move_with_the_member_and_keep_the_budget_they_came_from(money):
    granted(money, expires_on=days(60))
    before = own_lot(money)
    count = Transfer.objects.unscoped("test").count()
    settled(money, "moved", to_union_id=money.cast.unions["riders"].pk)
    after = own_lot(money)
    assert (after.within_id, after.balance, after.union_id) == (before.within_id, 100, before.union_id)
    assert (Transfer.objects.unscoped("test").count(), fates()[0].state) == (count, "kept")
    spend(SYSTEM, person_id=mei(money), points=100, subject="bill:1", credit_id=till(money).pk)
    assert is_backed()
    assert liabilities(money.actor("sister_admin")) == []


def test_rule_of_the_nearest_union_that_gave_decides(money):
    rule_of(money, "province", "left", after_days=50)
    granted(money, expires_on=days(200))
    settled(money, "left")
    assert [(f.due_on, f.clause) for f in fates()] == [(days(50), "province工会规定第三条")]
    near = rule_of(money, "city", "left", treatment="keep", after_days=0)
    settled(money, "left", name="lan")
    assert [f.state for f in fates(person=money.cast.people["lan"])] == ["kept"]
    LifeRule.objects.unscoped("test").filter(pk=near.pk).update(is_active=False)
    assert rule_of(money, "city", "left").after_days == 10  # the former is ended, so another may stand


def test_rule_in_force_changes_nothing_that_was_settled_before(money):
    granted(money, expires_on=days(200))
    settled(money, "left")
    rule_of(money, "city", "left", after_days=0)
    assert [fate.due_on for fate in fates()] == [days(30)]


@pytest.mark.parametrize(
    "facts",
    [
        {"treatment": "keep", "after_days": 3},
        {"treatment": "keep", "after_days": 0, "is_stopped": True},
        {"clause": ""},
    ],
)
def test_rule_that_contradicts_itself_is_not_kept(money, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        rule_of(money, "city", "left", **facts)
    assert LifeRule.objects.unscoped("test").count() == 0


def test_bill_that_is_open_is_finished_before_anything_goes_back(money):
    granted(money, expires_on=days(200))
    settled(money, "left")
    pending = hold(own_lot(money), 70)
    transfer_all([pending])
    with in_days(31):
        assert return_due_lots(SYSTEM) == 0
        assert fates()[0].state == "waiting"
        transfer_all([Order(uuid4(), "spend_points", kind="void", pending_id=pending.id)])
        assert return_due_lots(SYSTEM) == 100
    assert is_backed()


def test_what_comes_back_into_a_returned_lot_goes_back_too(money):
    granted(money, expires_on=days(200))
    shop = till(money)
    spend(SYSTEM, person_id=mei(money), points=60, subject="bill:1", credit_id=shop.pk)
    settled(money, "died")
    with in_days(90):
        assert return_due_lots(SYSTEM) == 40
        refund(SYSTEM, spent="bill:1", points=60, subject="refund:1", debit_id=shop.pk)
        assert balance_of(mei(money)) == 0
        assert return_due_lots(SYSTEM) == 60
    assert (fates()[0].returned, is_backed(), trial()) == (100, True, 0)


def test_lot_that_expired_or_was_spent_before_its_day_leaves_nothing_to_return(money):
    granted(money, expires_on=days(20))
    settled(money, "left")
    with in_days(31):
        expire_points(SYSTEM)
        assert return_due_lots(SYSTEM) == 0
    assert (fates()[0].state, fates()[0].returned) == ("returned", 0)
    assert "没有退回" in said_of(fates()[0])


def test_change_settled_again_writes_nothing_new(money):
    granted(money)
    granted(money, title="中秋慰问")
    change = settled(money, "left")
    assert (settle_lots(SYSTEM, change_id=change.pk), len(fates())) == (0, 2)
    assert Message.objects.unscoped("test").filter(once__startswith="lot-fates:").count() == 1


def test_change_that_is_not_confirmed_means_nothing_for_points(money):
    from gonghui.members.tests.test_changes import proposed

    granted(money)
    assert (settle_lots(SYSTEM, change_id=proposed(money.cast).pk), fates()) == (0, [])


def test_who_retired_and_died_later_is_settled_by_both(money):
    granted(money, expires_on=days(200))
    settled(money, "retired")
    settled(money, "died")
    assert [fate.state for fate in fates()] == ["kept", "waiting"]
    with in_days(90):
        assert return_due_lots(SYSTEM) == 100
    assert [fate.returned for fate in fates()] == [0, 100]


def test_liability_shows_what_goes_back_and_when_and_forecasts_the_rest(money):
    past = granted(money, title="旧发放", expires_on=days(10))
    settled(money, "died")
    with in_days(95):
        expire_points(SYSTEM)
        return_due_lots(SYSTEM)
    finance = money.actor("city_finance")
    assert breakage(finance) == Breakage(past.people * 100, past.people * 100)  # expired before its day


def test_ageing_puts_a_lot_into_the_month_it_goes_back_in(money):
    granted(money, expires_on=days(200))
    settled(money, "died")
    finance = money.actor("city_finance")
    [row] = liabilities(finance)
    assert (row.is_equal, sum(n for _month, n in row.months)) == (True, outstanding())
    assert dict(row.months)[f"{days(90):%Y-%m}"] == 100
    assert [(one.kind, one.lots, one.points, one.first_on) for one in coming_back(finance)] == [
        ("died", 1, 100, days(90))
    ]
    assert coming_back(money.actor("sister_admin")) == []
    with in_days(90):
        return_due_lots(SYSTEM)
    [row] = liabilities(finance)
    assert (row.points, row.is_equal, coming_back(finance)) == (outstanding(), True, [])


def test_what_a_change_took_back_counts_for_no_forecast(money):
    grant = granted(money, expires_on=days(100))
    settled(money, "died")
    with in_days(101):
        return_due_lots(SYSTEM)
        expire_points(SYSTEM)
    left = (grant.people - 1) * 100
    past = breakage(money.actor("city_finance"))
    assert (past, past.percent, past.forecast(50)) == (Breakage(left, left), 100, 50)


def test_liability_page_says_it(money, client):
    granted(money, expires_on=days(200))
    settled(money, "died")
    money.cast.sign_in(client, "city_finance")
    page = client.get("/console/points/liability").content.decode()
    assert "会员变动要退回的" in page and "离世" in page and "分毫不差" in page


def test_member_reads_on_their_own_page_what_happened_and_why(money, client):
    granted(money, expires_on=days(200))
    settled(money, "left")
    money.cast.sign_in(client, "mei")
    page = client.get("/me/points").content.decode()
    assert f"因退会：剩余福豆 {days(30):%Y-%m-%d} 起退回原预算" in page
    with in_days(30):
        return_due_lots(SYSTEM)
    assert "会籍变动退回" in client.get("/me/points").content.decode()


class TestLifeRuleScreen(ConsoleContract):
    model, owner = LifeRule, "finance_officer"
    change, wrong = {"clause": "改过的规定"}, {"clause": ""}

    def own(self, cast):
        return self._rule(cast, "city")

    def foreign(self, cast):
        return self._rule(cast, "sister")

    def more(self, cast, count):
        for kind in ("died", "retired", "moved")[:count]:
            self._rule(cast, "city", kind)

    def _rule(self, cast, union: str, kind: str = "left") -> LifeRule:
        return LifeRule.objects.create(
            union=cast.unions[union], kind=kind, treatment="return", after_days=9, clause=f"{union}规定"
        )


class TestLotFateScreen(ConsoleContract):
    model = LotFate

    def own(self, cast):
        return self._fate(cast, "city")

    def foreign(self, cast):
        return self._fate(cast, "sister")

    def more(self, cast, count):
        for _n in range(count):
            self._fate(cast, "city")

    def _fate(self, cast, union: str) -> LotFate:
        from gonghui.funds.models import Budget, FundSource, PointGrant
        from gonghui.ledger.tests.books import purse
        from gonghui.members.tests.test_changes import _of

        [change] = (
            _of(cast, union, 1)
            if not MembershipChange.objects.unscoped("t").exists()
            else [_next(cast, union)]
        )
        home = cast.unions[union]
        account = purse(home, f"grant:{change.pk}", ledger=2, kind="points", person=change.person)
        maker = cast.users["province_admin"]
        source = FundSource.objects.create(
            union=home,
            name=f"源{change.pk}",
            kind="special",
            level="province",
            account=purse(home, f"s{change.pk}"),
        )
        budget = Budget.objects.create(
            union=home, source=source, name=f"预算{change.pk}", category="general", starts_on=dt.date(2024, 1, 1),
            ends_on=dt.date(2030, 1, 1), amount_fen=100, account=purse(home, f"b{change.pk}"), maker=maker,
        )  # fmt: skip
        grant = PointGrant.objects.create(
            union=home,
            title="慰问",
            budget=budget,
            per_head=1,
            roster_on=clock.today(),
            expires_on=days(9),
            maker=maker,
        )
        return LotFate.objects.create(
            change=change, account=account, person=change.person, union=home, grant=grant, kind="left",
            treatment="keep", clause="x", state="kept", points=1,
        )  # fmt: skip


def _next(cast, union: str) -> MembershipChange:
    from gonghui.members.models import Membership, Person

    person = Person.objects.create(name=f"会员{uuid4().hex[:6]}")
    membership = Membership.objects.create(person=person, union=cast.unions[union])
    return MembershipChange.objects.create(
        membership=membership, person=person, union=cast.unions[union], kind="left", happened_on=clock.today(),
        document="1", reason="1", maker=cast.users["province_admin"],
    )  # fmt: skip


def joins_again(money, union: str) -> Membership:
    return Membership.objects.create(person_id=mei(money), union=money.cast.unions[union])


def test_who_is_a_member_again_before_the_day_keeps_the_points(money):
    """The rule stopped them meanwhile; told once; nothing goes back afterwards."""
    rule_of(money, "city", "left", is_stopped=True)
    granted(money, expires_on=days(200))
    settled(money, "left")
    assert (balance_of(mei(money)), keep_of_returned_members(SYSTEM)) == (0, 0)
    joins_again(money, "city")
    keep_lots_of_returned_members(RosterApplied(roster_id=1))
    [fate] = fates()
    assert (fate.state, fate.is_stopped, balance_of(mei(money))) == ("stayed", False, 100)
    assert "重新入会" in said_of(fate)
    assert Message.objects.unscoped("test").filter(body__contains="重新入会").count() == 1
    with in_days(30):
        assert (return_due_lots(SYSTEM), balance_of(mei(money))) == (0, 100)
    assert (keep_of_returned_members(SYSTEM), returned(), trial()) == (0, 0, 0)


def test_who_joins_elsewhere_is_as_one_who_moved(money):
    """The giver wants points of those who move: joining another union brings none back."""
    rule_of(money, "city", "moved")
    granted(money, expires_on=days(200))
    settled(money, "left")
    joins_again(money, "riders")
    with in_days(30):
        assert return_due_lots(SYSTEM) == 100
    [fate] = fates()
    assert (fate.state, trial()) == ("returned", 0)


@pytest.mark.django_db(transaction=True)
def test_spending_against_the_return_from_six_sides_moves_each_point_once(cast):
    money = build_money(cast)
    granted(money, expires_on=days(200))
    settled(money, "left")
    shop = till(money)
    with in_days(30):
        spends = [
            lambda n=n: spend(SYSTEM, person_id=mei(money), points=30, subject=f"bill:{n}", credit_id=shop.pk)
            for n in range(3)
        ]
        at_once(*spends, *[lambda: return_batch(SYSTEM)] * 3)
        return_due_lots(SYSTEM)
    spent = sum(
        Transfer.objects.unscoped("test").filter(code="spend_points").values_list("amount", flat=True)
    )
    assert (spent + returned(), balance_of(mei(money)), balance(shop.pk)) == (100, 0, spent * 100)
    assert (is_backed(), trial()) == (True, 0)


@pytest.mark.django_db(transaction=True)
def test_two_nightly_runs_at_once_return_each_lot_once(cast):
    money = build_money(cast)
    granted(money, expires_on=days(200))
    granted(money, title="中秋慰问", expires_on=days(220))
    settled(money, "died")
    with in_days(90):
        at_once(*[lambda: return_due_lots(SYSTEM)] * 4)
        return_due_lots(SYSTEM)
    assert (returned(), sum(f.returned for f in fates()), is_backed(), trial()) == (200, 200, True, 0)


@pytest.mark.django_db(transaction=True)
def test_change_settled_from_four_sides_is_written_once(cast):
    money = build_money(cast)
    granted(money)
    change = confirmed(cast, "left")
    answers = at_once(*[lambda: settle_lots(SYSTEM, change_id=change.pk)] * 4)
    assert (len(fates()), [a for a in answers if isinstance(a, Exception)]) == (1, [])
