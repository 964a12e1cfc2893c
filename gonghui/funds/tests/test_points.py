"""Points: earliest expiry first, back into the lot they came from, back to the budget when they end; backed to the fen."""

import datetime as dt
import random

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from gonghui.funds import point_errors as errors
from gonghui.funds.actions import budgets
from gonghui.funds.actions.points import expire_points, warn_of_expiry
from gonghui.funds.models import Section
from gonghui.funds.points import Breakage, balance_of, breakage, liabilities, lots_of
from gonghui.funds.tests.granting import (
    SYSTEM,
    fresh,
    granted,
    is_backed,
    outstanding,
    refund,
    spend,
    till,
)
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer
from gonghui.ledger.tests.books import move, purse, said, transfer_count
from gonghui.members.models import Membership
from gonghui.notices.models import Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    return build_money(cast)


def days(n: int) -> dt.date:
    return clock.today() + dt.timedelta(days=n)


def later(n: int) -> dt.datetime:
    return clock.now() + dt.timedelta(days=n)


def test_earliest_expiry_is_spent_first(money):
    late, early = granted(money, expires_on=days(90)), granted(money, expires_on=days(30))
    mei, shop = money.cast.people["mei"].pk, till(money)
    spend(SYSTEM, person_id=mei, points=130, subject="bill:1", credit_id=shop.pk)
    assert [(lot.grant_id, lot.points) for lot in lots_of(mei)] == [(late.pk, 70)]
    assert balance(shop.pk) == 13_000
    assert early.pk != late.pk
    assert is_backed()
    assert trial() == 0


def test_sections_are_respected(money):
    Section.objects.create(code="books", name="图书")
    granted(money, sections=["books"], expires_on=days(20))
    granted(money, expires_on=days(40))
    mei, shop = money.cast.people["mei"].pk, till(money)
    assert [lot.points for lot in lots_of(mei, section="food")] == [100]
    with pytest.raises(DomainError) as caught:
        spend(SYSTEM, person_id=mei, points=101, subject="bill:1", credit_id=shop.pk, section="food")
    assert caught.value.reason is errors.POINTS_SHORT
    assert (balance_of(mei), balance(shop.pk)) == (200, 0)
    spend(SYSTEM, person_id=mei, points=150, subject="bill:1", credit_id=shop.pk, section="books")
    assert [lot.points for lot in lots_of(mei)] == [50]


@pytest.mark.parametrize("points", [0, -1, 101, 10**12])
def test_bad_spend_moves_nothing(money, points):
    granted(money)
    mei, shop = money.cast.people["mei"].pk, till(money)
    before = Transfer.objects.unscoped("test").count()
    with pytest.raises(DomainError):
        spend(SYSTEM, person_id=mei, points=points, subject="bill:1", credit_id=shop.pk)
    assert (balance_of(mei), Transfer.objects.unscoped("test").count()) == (100, before)


def test_refund_goes_into_the_very_lots(money):
    granted(money, expires_on=days(30))
    granted(money, expires_on=days(90))
    mei, shop = money.cast.people["mei"].pk, till(money)
    spend(SYSTEM, person_id=mei, points=150, subject="bill:1", credit_id=shop.pk)
    refund(SYSTEM, spent="bill:1", points=60, subject="refund:1", debit_id=shop.pk)
    assert [lot.points for lot in lots_of(mei)] == [10, 100]
    refund(SYSTEM, spent="bill:1", points=90, subject="refund:2", debit_id=shop.pk, before=("refund:1",))
    assert [lot.points for lot in lots_of(mei)] == [100, 100]
    with pytest.raises(DomainError) as caught:
        refund(
            SYSTEM,
            spent="bill:1",
            points=1,
            subject="refund:3",
            debit_id=shop.pk,
            before=("refund:1", "refund:2"),
        )
    assert caught.value.reason is errors.REFUND_BEYOND
    assert balance(shop.pk) == 0
    assert is_backed()


def test_expired_points_return_to_the_budget_exactly(money):
    left = balance(money.city.account_id)
    grant = granted(money, expires_on=days(10))
    mei, shop = money.cast.people["mei"].pk, till(money)
    spend(SYSTEM, person_id=mei, points=30, subject="bill:1", credit_id=shop.pk)
    assert expire_points(SYSTEM) == 0
    with time_machine.travel(later(11)):
        assert lots_of(mei) == []
        assert expire_points(SYSTEM) == grant.people * 100 - 30
        assert fresh(grant).state == "expired"
        assert balance(money.city.account_id) == left - 3_000
        assert expire_points(SYSTEM) == 0
        refund(SYSTEM, spent="bill:1", points=30, subject="refund:1", debit_id=shop.pk)
        assert expire_points(SYSTEM) == 30
    assert balance(money.city.account_id) == left
    assert (outstanding(), is_backed(), trial()) == (0, True, 0)


def test_points_follow_a_member_to_another_union_with_where_they_came_from(money):
    """A lot belongs to the person: nothing moves with the membership, and what ends goes home to the budget it came from."""
    left = balance(money.city.account_id)
    grant = granted(money, expires_on=days(10))
    mei, shop = money.cast.people["mei"].pk, till(money)
    before = lots_of(mei)
    Membership.objects.unscoped("test").filter(person_id=mei).update(union=money.cast.unions["sister"])
    assert (lots_of(mei), balance_of(mei)) == (before, 100)
    spend(SYSTEM, person_id=mei, points=30, subject="bill:1", credit_id=shop.pk)
    with time_machine.travel(later(11)):
        assert expire_points(SYSTEM) == grant.people * 100 - 30
    assert (balance(money.city.account_id), is_backed(), trial()) == (left - 3_000, True, 0)


def test_forecast_says_what_came_back_of_grants_that_are_over(money):
    grant = granted(money, expires_on=days(10))
    assert breakage(money.actor("city_finance")) == Breakage(0, 0)
    mei, shop = money.cast.people["mei"].pk, till(money)
    spend(SYSTEM, person_id=mei, points=60, subject="bill:1", credit_id=shop.pk)
    with time_machine.travel(later(11)):
        expire_points(SYSTEM)
    given = grant.people * 100
    past = breakage(money.actor("city_finance"))
    assert (past, past.forecast(given), past.forecast(0)) == (Breakage(given, given - 60), given - 60, 0)
    assert breakage(money.actor("sister_admin")) == Breakage(0, 0)


def test_points_that_come_back_to_a_closed_budget_go_above_it(money):
    granted(money, "factory", budget=money.factory, expires_on=days(10))
    mei, shop = money.cast.people["mei"].pk, till(money)
    spend(SYSTEM, person_id=mei, points=30, subject="bill:1", credit_id=shop.pk)
    with time_machine.travel(later(11)):
        expire_points(SYSTEM)
        budgets.close_budget(money.actor("city_finance"), budget_id=money.factory.pk)
        above = balance(money.city.account_id)
        refund(SYSTEM, spent="bill:1", points=30, subject="refund:1", debit_id=shop.pk)
        assert expire_points(SYSTEM) == 30
    assert balance(money.city.account_id) == above + 3_000
    assert (balance(money.factory.account_id), outstanding(), is_backed()) == (0, 0, True)


def test_warning_comes_once(money):
    grant = granted(money, expires_on=days(10))
    for _again in range(2):
        assert warn_of_expiry(SYSTEM) == 1
    sent = Send.objects.unscoped("test").filter(key=f"points-expiry:{grant.pk}")
    assert [send.recipients for send in sent] == [grant.granted]


def test_liability_equals_backing(money):
    granted(money, expires_on=days(10))
    granted(money, expires_on=days(70))
    rows = liabilities(money.actor("city_finance"))
    assert [row.is_equal for row in rows] == [True]
    assert sum(n for _month, n in rows[0].months) == rows[0].points == outstanding()
    assert liabilities(money.actor("sister_admin")) == []


@pytest.mark.parametrize(
    ("debit", "credit", "ledger"),
    [
        ("mei", "lan", Ledger.POINTS),
        ("lan", "mei", Ledger.POINTS),
        ("mei", "another issue", Ledger.POINTS),
        ("another issue", "mei", Ledger.POINTS),
        ("backing", "mei's own money", Ledger.FEN),
        ("backing", "bank", Ledger.FEN),
        ("backing", "outside", Ledger.FEN),
    ],
)
def test_points_are_neither_passed_on_nor_cashed_by_anybody(money, debit, credit, ledger):
    """I08, past every door of ours: the database refuses the very transfer."""
    granted(money)
    union = money.cast.unions["city"]
    lots = {
        who: LedgerAccount.objects.unscoped("test").get(kind="points", person=money.cast.people[who])
        for who in ("mei", "lan")
    }
    places = {
        **lots,
        "another issue": purse(union, "other", ledger=Ledger.POINTS, kind="issue", limited=""),
        "backing": LedgerAccount.objects.unscoped("test").get(kind="backing"),
        "mei's own money": purse(union, "own", kind="paid", limited="", person=money.cast.people["mei"]),
        "bank": purse(union, "bank", kind="bank", limited=""),
        "outside": purse(union, "elsewhere", kind="outside", limited=""),
    }
    before = transfer_count()
    assert said(move(places[debit], places[credit], 10, ledger=ledger)) == ["bad"]
    with pytest.raises(IntegrityError, match="points"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_transfer (id, kind, ledger, debit_id, credit_id, amount, released, code, subject)"
            " VALUES (gen_random_uuid(), 'posted', %s, %s, %s, 10, 0, 'test', '')",
            [ledger, places[debit].pk, places[credit].pk],
        )
    assert transfer_count() == before


@pytest.mark.parametrize("seed", range(6))
def test_random_course_agrees_with_a_plain_model(money, seed):
    """Grants, spends, refunds, expiries; lots as a plain list, spent earliest first; backed at every step."""
    dice = random.Random(seed)
    mei, shop = money.cast.people["mei"].pk, till(money)
    lots: list[list] = []  # [expires_on, grant, points]
    bills: list[list] = []  # [subject, [[lot, points]…] in order of taking, refunds]
    shift = 0
    for step in range(24):
        with time_machine.travel(later(shift)):
            choice = dice.choice(("grant", "spend", "spend", "refund", "pass"))
            if choice == "grant" and len(lots) < 5:
                grant = granted(
                    money, "factory", expires_on=days(dice.randint(5, 40)), per_head=dice.randint(1, 90)
                )
                lots.append([grant.expires_on, grant.pk, grant.per_head])
            elif choice == "spend":
                model_spend(lots, bills, mei, shop, dice, step)
            elif choice == "refund" and bills:
                model_refund(bills, shop, dice, step)
            elif choice == "pass":
                shift += dice.randint(1, 9)
        with time_machine.travel(later(shift)):
            expire_points(SYSTEM)
            for lot in lots:
                if lot[0] < clock.today():
                    lot[2] = 0
            seen = [(lot.grant_id, lot.points) for lot in lots_of(mei)]
            assert seen == [(g, n) for _day, g, n in sorted(lots, key=lambda lot: lot[:2]) if n]
            assert is_backed()
            assert trial() == 0


def model_spend(lots, bills, mei, shop, dice, step) -> None:
    usable = sorted((lot for lot in lots if lot[2]), key=lambda lot: lot[:2])
    have = sum(lot[2] for lot in usable)
    points = dice.randint(1, 120)
    if points > have:
        with pytest.raises(DomainError):
            spend(SYSTEM, person_id=mei, points=points, subject=f"bill:{step}", credit_id=shop.pk)
        return
    spend(SYSTEM, person_id=mei, points=points, subject=f"bill:{step}", credit_id=shop.pk)
    taken = []
    for lot in usable:
        part = min(points, lot[2])
        if part:
            lot[2] -= part
            points -= part
            taken.append([lot, part])
    bills.append([f"bill:{step}", taken, []])


def model_refund(bills, shop, dice, step) -> None:
    subject, taken, before = dice.choice(bills)
    whole = sum(part for _lot, part in taken)
    if not whole:
        return
    points = dice.randint(1, whole)
    refund(
        SYSTEM, spent=subject, points=points, subject=f"refund:{step}", debit_id=shop.pk, before=tuple(before)
    )
    before.append(f"refund:{step}")
    for entry in reversed(taken):
        part = min(points, entry[1])
        entry[0][2] += part
        entry[1] -= part
        points -= part


def test_accounts_of_points_are_limited_and_end(money):
    granted(money)
    found = LedgerAccount.objects.unscoped("test").filter(kind="points")
    assert set(found.values_list("limited", flat=True)) == {"debits"}
    assert not found.filter(expires_at=None).exists()
