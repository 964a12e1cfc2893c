"""Bills at the counter: one coupon at two tills, the last of a window, a limit and a purse, refunds in parts, holds that end."""

from __future__ import annotations

import datetime as dt
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction

from gonghui.benefits.models import Redemption
from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import cancel_bill, end_waiting, sell, settle_bill
from gonghui.bills.models import Bill, BillPart, BillRefund, LimitUse, WindowUse
from gonghui.bills.selling import Back
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import balances, fresh, moved, open_shop, pay_code, sale, sold, with_points
from gonghui.funds.models import BenefitTally
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import capped, is_backed
from gonghui.funds.tests.stage import trial
from gonghui.kit.actors import Actor
from gonghui.ledger.engine import void_expired
from gonghui.ledger.models import LedgerAccount
from gonghui.members.models import MemberCard
from gonghui.partners.models import Clerk
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.refunds import note_refund
from gonghui.payments.models import LocalNotice, Refund
from gonghui.payments.ports.wechat import RefundFact
from gonghui.payments.tests.figures import identified
from tests.races.stage import codes, in_turn, killed_inside, lock_on, past_the_check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
SYSTEM = Actor.system("test")
SELLS = """
from uuid import uuid4
from gonghui.accounts.models import User
from gonghui.bills.actions.selling import sell
from gonghui.bills.selling import Sale, typed_line
from gonghui.config.actors import actor_of
clerk = actor_of(User.objects.unscoped("test").get(pk=clerk_id))
sell(clerk, sale=Sale(uuid4(), store_id, code, (typed_line("合计", 10_000),)))
"""


@pytest.fixture
def shop(money):
    return open_shop(money.cast)


@pytest.fixture
def funded(money, shop):
    """满 100 减 20, half of it the city's; and 100 points for everybody."""
    with_points(money)
    return published(shop, shares=[union_share(money.city), MERCHANT])


def selling(cast, *lines, minute: int = 0, who: str = "mei", **facts):
    """A sale not yet handed in; each minute's pay code pays once."""
    asked = sale(cast, *lines, **({"customer": pay_code(cast, who, ahead=minute)} | facts))
    return partial(sell, cast.actor("clerk"), sale=asked)


def giving_back(cast, bill: Bill, quantity: int, **facts):
    line = bill.lines.get(nth=1)
    asked = {"bill_id": bill.pk, "key": uuid4(), "back": [Back(line.pk, quantity)], "reason": "退货"} | facts
    return partial(refund_bill, cast.actor("clerk"), **asked)


def bills() -> int:
    return Bill.objects.unscoped("test").count()


# --- Used once -------------------------------------------------------------------------------------------------


def test_one_coupon_at_two_tills_pays_once(money, shop):
    """Shopware #11245, Saleor #544, django-oscar #2101: one coupon in two checkouts at once was taken off both. Here: two tills
    have priced a basket with it and stand before the coupon; one bill has it, the other till hears where it was used."""
    terms = published(shop, shares=[union_share(money.city), MERCHANT], needs_voucher=True)
    voucher = given_voucher(released(terms, store=shop.store), shop.people["mei"].pk)
    tills = [selling(shop, customer=voucher.code) for _n in range(2)]
    answers = past_the_check(lock_on(voucher), *tills)
    assert codes(answers) == ["Bill", "already_used"]
    assert (bills(), Redemption.objects.unscoped("test").count(), fresh(voucher).state) == (1, 1, "redeemed")
    assert trial() == 0


def test_two_bills_with_one_voucher_keep_the_price_that_was_shown(money, shop):
    """PrestaShop #29493: a coupon was checked when it was entered, not when it was paid. Here: a member is at two tills with a
    pay code each, both show 80 yuan; one bill takes the voucher, the other is refused, for its price is another one now."""
    terms = published(shop, shares=[union_share(money.city), MERCHANT], needs_voucher=True)
    voucher = given_voucher(released(terms, store=shop.store), shop.people["mei"].pk)
    tills = [selling(shop, minute=n, shown_due_fen=8_000) for n in range(2)]
    answers = past_the_check(lock_on(voucher), *tills)
    assert codes(answers) == ["Bill", "bill_price_changed"]
    assert (bills(), trial()) == (1, 0)


def test_last_place_of_a_window_is_used_once(shop):
    """eventyay #1398, Easy!Appointments #1783: the last of a limit, used by all who came at once. Here: a window with two
    places, one taken; three tills price with it and stand before its counter; one has it, two hear another price."""
    window = {
        "from_time": dt.time(0),
        "to_time": dt.time(0),
        "weekdays": list(range(1, 8)),
        "capacity": 2,
    }
    published(shop, windows=[window])
    sold(shop, customer=pay_code(shop, "lan"))
    use = WindowUse.objects.unscoped("test").get()
    people = (("mei", 0), ("mei", 1), ("qiang", 0))
    tills = [selling(shop, who=who, minute=minute, shown_due_fen=8_000) for who, minute in people]
    answers = past_the_check(lock_on(use), *tills)
    assert codes(answers) == ["Bill", "bill_price_changed", "bill_price_changed"]
    assert (fresh(use).used, bills(), trial()) == (2, 2, 0)


def test_limit_of_a_person_is_used_up_once(shop):
    """Medusa #16012, PR #16097: a limit per customer passed by concurrent use. Here: one a person; she is at two tills at once,
    and nobody has counted her yet; one bill has the discount, the other till hears another price."""
    published(shop, limits=[("person", 1)])
    tills = [selling(shop, minute=minute, shown_due_fen=8_000) for minute in range(2)]
    answers = past_the_check(("LOCK TABLE bills_limituse IN SHARE MODE",), *tills)
    assert codes(answers) == ["Bill", "bill_price_changed"]
    assert (LimitUse.objects.unscoped("test").get().used, bills()) == (1, 1)


def test_last_fen_of_a_purse_is_given_once(money, shop):
    """Medusa #16012, django-oscar's soft budgets: what one funder had left was given twice. Here: the city's purse holds 10
    yuan, the share of one bill; three tills count on it; one bill has it, and the purse is empty, not below."""
    published(shop, shares=[union_share(money.city, set_aside_fen=1_000), MERCHANT])
    purse = LedgerAccount.objects.unscoped("test").get(kind="commitment")
    people = (("mei", 0), ("lan", 0), ("qiang", 0))
    tills = [selling(shop, who=who, minute=minute, shown_due_fen=8_000) for who, minute in people]
    answers = past_the_check(lock_on(purse), *tills)
    assert (codes(answers)[0], bills(), len(set(codes(answers)[1:]))) == ("Bill", 1, 1)
    assert (fresh(purse).balance, trial()) == (0, 0)


def test_last_fen_of_a_days_cap_is_given_once(money, shop):
    """django-oscar's soft budgets, Medusa PR #16097: what was left for a day was given to all who saw it. Here: the funders
    give 25 yuan a store and day at most, 10 are used; three tills price with the 15 that are left and stand before the
    counter; one has its 10, the others hear another price, and what is left is theirs as the share says: 5, and nothing."""
    shares = [union_share(money.city, when_empty="shrink"), MERCHANT]
    published(shop, shares=shares, caps=[("store_day", 2_500)])
    sold(shop, customer=pay_code(shop, "lan"))
    use = LimitUse.objects.unscoped("test").get()
    people = (("mei", 0), ("mei", 1), ("qiang", 0))
    tills = [selling(shop, who=who, minute=minute) for who, minute in people]
    answers = past_the_check(lock_on(use), *tills)
    assert codes(answers) == ["Bill"] * 3
    assert sorted(bill.due_fen for bill in answers) == [8_000, 8_500, 9_000]
    assert (fresh(use).used, trial()) == (2_500, 0)


def test_last_fen_of_a_groups_cap_is_given_once(money, shop):
    """The same over the stores of a whole group: two houses of it and the mall's, each with its own till, and one counter."""
    group = new_partner(shop, "东江商业集团")
    shop.store.partner.parent = group
    shop.store.partner.save()
    standing_agreement(group)
    other = new_store(group, "集团旗舰店")
    Clerk.objects.create(user=shop.users["clerk"], store=other)
    shares = [union_share(money.city, when_empty="shrink"), MERCHANT]
    published(shop, shares=shares, caps=[("group_day", 2_500)], stores=[shop.store, other])
    sold(shop, customer=pay_code(shop, "lan"))
    use = LimitUse.objects.unscoped("test").get()
    assert use.partner_id == group.pk
    people = (("mei", 0, shop.store), ("mei", 1, other), ("qiang", 0, other))
    tills = [selling(shop, who=who, minute=minute, store_id=store.pk) for who, minute, store in people]
    answers = past_the_check(lock_on(use), *tills)
    assert codes(answers) == ["Bill"] * 3
    assert sorted(bill.due_fen for bill in answers) == [8_000, 8_500, 9_000]
    assert (fresh(use).used, trial()) == (2_500, 0)


def test_first_fen_of_a_days_cap_is_given_once(money, shop):
    """The same before anybody was counted: there is no row to lock yet, the key decides."""
    published(shop, shares=[union_share(money.city), MERCHANT], caps=[("store_day", 1_000)])
    tills = [selling(shop, who=who, shown_due_fen=8_000) for who in ("mei", "lan", "qiang")]
    answers = past_the_check(("LOCK TABLE bills_limituse IN SHARE MODE",), *tills)
    assert codes(answers) == ["Bill", "bill_price_changed", "bill_price_changed"]
    assert (LimitUse.objects.unscoped("test").get().used, bills(), trial()) == (1_000, 1, 0)


def test_same_points_pay_one_of_two_bills(money, shop, funded):
    """Saleor #544: two checkouts, one balance. Here: 60 of 100 points on two bills at once; one has them, the other till hears
    that the price is another one."""
    mei = shop.people["mei"].pk
    lot = LedgerAccount.objects.unscoped("test").get(kind="points", person_id=mei)
    tills = [selling(shop, minute=n, points=60, shown_due_fen=2_000) for n in range(2)]
    answers = past_the_check(lock_on(lot), *tills)
    assert codes(answers)[0] == "Bill"
    assert codes(answers)[1] in ("bill_price_changed", "points_short", "bill_points_gone")
    assert (balance_of(mei), bills(), is_backed(), trial()) == (40, 1, True, 0)


def test_pay_code_at_two_tills_pays_once(shop):
    """Formance stack #1633, Shopware #11245: one code, two uses in one moment. Here: one minute's code at four tills at once,
    and one tap sent twice at once: one bill, and the same bill for who sent the same tap."""
    code = pay_code(shop)
    person = shop.people["mei"]
    tills = [selling(shop, customer=code) for _n in range(4)]
    answers = past_the_check(lock_on(card_of(person)), *tills)
    assert codes(answers) == ["Bill"] + ["pay_code_used"] * 3
    tap = selling(shop, customer=pay_code(shop, "lan"))
    answers = past_the_check(lock_on(card_of(shop.people["lan"])), tap, tap)
    assert len({each.pk for each in answers}) == 1
    assert bills() == 2


def card_of(person):
    return MemberCard.objects.unscoped("test").get(person=person)


def test_till_killed_while_selling_used_nothing(money, shop, funded):
    """Saleor PR #15855: half a checkout on file. Here: a till killed with -9 once the whole bill but the commit is written;
    voucher, purse and pay code are as before, and the same code pays at the next till."""
    before, code = balances(), pay_code(shop)
    killed_inside(SELLS, clerk_id=shop.users["clerk"].pk, store_id=shop.store.pk, code=code)
    assert (moved(before, balances()), bills()) == ({}, 0)
    assert sold(shop, customer=code).due_fen == 8_000
    assert trial() == 0


# --- Given back ------------------------------------------------------------------------------------------------


def test_parts_of_one_line_go_back_once(money, shop, funded):
    """Medusa #16012 (over-refund), Vendure #4811, Solidus #512: parts of a discounted order given back twice, or more than was
    paid. Here: five units, eight refunds of two at once; two fit, every funder has back what it gave of four."""
    before = balances()
    bill = sold(shop, ("面", 4_000, 5), points=20)
    refunds = [giving_back(shop, bill, 2) for _n in range(8)]
    answers = past_the_check(lock_on(bill), *refunds)
    assert codes(answers) == ["BillRefund"] * 2 + ["bill_refund_too_much"] * 6
    assert fresh(bill).refunded_fen == 16_000
    assert is_backed()
    giving_back(shop, bill, 1)()
    assert (moved(before, balances()), fresh(bill).state, trial()) == ({}, "refunded", 0)


def test_same_refund_sent_twice_at_once_is_one(shop, funded):
    """Blnk PR #315, double refund. Here: one key from six sides; one refund, heard by all six."""
    bill = sold(shop, ("面", 5_000, 4))
    back = giving_back(shop, bill, 1)
    answers = past_the_check(lock_on(bill), *[back] * 6)
    assert {each.pk for each in answers} == {BillRefund.objects.unscoped("test").get().pk}
    assert (fresh(bill).refunded_fen, trial()) == (5_000, 0)


def test_last_parts_given_back_at_once_free_the_voucher_once(money, shop):
    """Medusa #16595: the way back that runs twice frees twice. Here: two refunds that end a bill between them, at once; its
    window and its limit have one use less, its voucher is good again, once."""
    window = {
        "from_time": dt.time(0),
        "to_time": dt.time(0),
        "weekdays": list(range(1, 8)),
        "capacity": 5,
    }
    terms = published(shop, needs_voucher=True, windows=[window], limits=[("person", 3)])
    pool = released(terms, store=shop.store)
    voucher = given_voucher(pool, shop.people["mei"].pk)
    bill = sold(shop, ("面", 5_000, 4), customer=voucher.code)
    refunds = [giving_back(shop, bill, 2) for _n in range(2)]
    assert codes(past_the_check(lock_on(bill), *refunds)) == ["BillRefund"] * 2
    assert (fresh(bill).state, fresh(voucher).state) == ("refunded", "confirmed")
    assert (WindowUse.objects.unscoped("test").get().used, LimitUse.objects.unscoped("test").get().used) == (
        0,
        0,
    )


@pytest.mark.parametrize("first", ["sale", "refund"])
def test_refund_and_sale_of_one_window_wait_for_each_other_in_no_circle(shop, first):
    """Medusa #16097's ordered locks, on the way back (#16595): here a bill goes back whole while another is sold in the same
    window at the same store; both happen, whoever is first, and the window counts one."""
    window = {
        "from_time": dt.time(0),
        "to_time": dt.time(0),
        "weekdays": list(range(1, 8)),
        "capacity": 5,
    }
    published(shop, windows=[window])
    bill = sold(shop, ("面", 5_000, 2))
    use = WindowUse.objects.unscoped("test").get()
    till, back = selling(shop, who="lan"), giving_back(shop, bill, 2)
    answers = in_turn(lock_on(use), *((till, back) if first == "sale" else (back, till)))
    assert codes(answers) == ["Bill", "BillRefund"]
    assert (fresh(use).used, fresh(bill).state, trial()) == (1, "refunded", 0)


@pytest.mark.parametrize("first", ["sale", "refund"])
def test_refund_and_sale_under_one_cap_wait_for_each_other_in_no_circle(money, shop, first):
    """Medusa #16595, per person: a use beside the way back of another of the same member. Here: one bill of hers goes back in
    part while another is sold, under one cap; both happen, and the tally says what she has."""
    capped(1_000)
    published(shop, shares=[union_share(money.city), MERCHANT], category="festival")
    bill = sold(shop, ("面", 5_000, 4))
    tally = BenefitTally.objects.unscoped("test").get()
    till, back = selling(shop, minute=1), giving_back(shop, bill, 2)
    answers = in_turn(lock_on(tally), *((till, back) if first == "sale" else (back, till)))
    assert codes(answers) == ["Bill", "BillRefund"]
    assert (fresh(tally).amount_fen, trial()) == (1_500, 0)


@pytest.mark.parametrize("first", ["sale", "refund"])
def test_refund_and_sale_under_one_days_cap_lose_neither(money, shop, first):
    """Medusa #16595: the way back wrote what it had read before. Here: the day's cap of a store is used up; half of a bill goes
    back while another is sold; both happen in no circle, and the counter holds what both bills still have of it."""
    shares = [union_share(money.city, when_empty="shrink"), MERCHANT]
    published(
        shop, shares=shares, caps=[("store_day", 1_500), ("partner_month", 90_000)], limits=[("day", 9)]
    )
    bill = sold(shop, ("面", 5_000, 4))
    cap = LimitUse.objects.unscoped("test").get(limit__per="store_day")
    till, back = selling(shop, who="lan"), giving_back(shop, bill, 2)
    answers = in_turn(lock_on(cap), *((till, back) if first == "sale" else (back, till)))
    assert codes(answers) == ["Bill", "BillRefund"]
    parts = BillPart.objects.unscoped("test").filter(payer="union")
    kept = sum(part.fen - part.refunded_fen for part in parts)
    assert (fresh(cap).used, kept, trial()) == (kept, 1_000, 0)


# --- Held, and paid in the last second -------------------------------------------------------------------------


@pytest.fixture
def held(money, shop, funded, wechat):
    """A bill of 100 yuan, 30 by points, 50 due by WeChat, shown to Mei and paid there; we have not heard yet."""
    bill = sold(shop, method="wechat", points=30)
    identified(bill.person_id)
    collecting.start_payment(SYSTEM, payment_id=bill.payment_id)
    wechat.pay(bill.payment.out_trade_no)
    return bill


def hearing(wechat):
    return partial(tasks.take_notice, *wechat.envelope(LocalNotice.objects.unscoped("test").get()))


@pytest.mark.parametrize("first", ["callback", "sweep"])
def test_hold_that_ends_while_it_is_paid_is_settled_or_paid_back(shop, held, wechat, first):
    """Saleor PR #15855: paid and given back by one thread, ordered by the other. Here: the time of a held bill is over and the
    sweep comes for it in the moment its payment is heard of; settled with the money, or cancelled and the money back, never
    between."""
    mei, before_points = shop.people["mei"].pk, balance_of(shop.people["mei"].pk)
    with time_machine.travel(held.held_until + dt.timedelta(seconds=1), tick=True):
        hear, sweep = hearing(wechat), partial(end_waiting, SYSTEM, bill_id=held.pk)
        in_turn(lock_on(fresh(held).payment), *((hear, sweep) if first == "callback" else (sweep, hear)))
        for _again in range(2):  # the news is a job, and the sweep comes every minute
            end_waiting(SYSTEM, bill_id=held.pk) if fresh(held).state == "held" else settle_bill(
                SYSTEM, bill_id=held.pk
            )
        for refund in Refund.objects.unscoped("test").filter(state="requested"):
            tasks.send_refund(refund_id=refund.pk)
        wechat.deliver(tasks.take_notice)
    bill, paid = fresh(held), balances().get(("paid", "own", mei), 0)
    if first == "callback":
        assert (bill.state, paid, balance_of(mei)) == ("settled", -5_000, before_points)
    else:
        assert (bill.state, paid, balance_of(mei)) == ("cancelled", 0, 100)
    assert (LedgerAccount.objects.unscoped("test").filter(debits_pending__gt=0).count(), trial()) == (0, 0)
    assert is_backed()


def test_hold_settled_cancelled_and_swept_at_once_is_one_of_them(shop, held, wechat):
    """Blnk #181, PR #315: what was in flight was committed and given back. Here: once it is paid, settling from three sides,
    cancelling by the member and the ledger's own sweep stand before one bill; it is settled, once."""
    assert hearing(wechat)() == 200
    cancel = partial(cancel_bill, shop.actor("mei"), bill_id=held.pk, reason="不要了")
    sides = [partial(settle_bill, SYSTEM, bill_id=held.pk)] * 3 + [cancel, cancel]
    answers = past_the_check(lock_on(held), *sides)
    assert codes(answers[:3]) == ["Bill"] * 3
    assert {*codes(answers[3:])} <= {"bill_not_held", "bill_paid_already"}
    assert (fresh(held).state, Refund.objects.unscoped("test").count(), trial()) == ("settled", 0, 0)


def test_hold_let_go_by_the_ledger_as_it_is_settled_goes_back_whole(shop, held, wechat):
    """Blnk #181: set aside, let go, and posted all the same. Here: what a bill set aside is past its time; the ledger's sweep
    lets it go while news of the payment settles the bill; nothing is half posted, the money goes back."""
    assert hearing(wechat)() == 200
    mei = shop.people["mei"].pk
    with time_machine.travel(held.held_until + dt.timedelta(minutes=6), tick=True):
        past(held)
        lot = LedgerAccount.objects.unscoped("test").get(kind="points", person_id=mei)
        past_the_check(lock_on(lot), void_expired, partial(settle_bill, SYSTEM, bill_id=held.pk))
        tasks.send_refund(refund_id=Refund.objects.unscoped("test").get().pk)
        wechat.deliver(tasks.take_notice)
    assert (fresh(held).state, balance_of(mei), balances().get(("paid", "own", mei), 0)) == (
        "cancelled",
        100,
        0,
    )
    assert (LedgerAccount.objects.unscoped("test").filter(debits_pending__gt=0).count(), trial()) == (0, 0)


def past(bill: Bill) -> None:
    """The database's own clock does not travel: what the bill set aside is over now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_transfer SET expires_at = now() WHERE kind = 'pending'")


def test_refund_of_a_bill_beside_one_that_failed_waits_in_no_circle(shop, held, wechat):
    """Medusa #16595, PR #16596: a refund that fails beside another. Here: half of a bill paid by WeChat went back and the
    provider refuses it, in the moment the other half is given back; both are heard, nobody waits in a circle."""
    assert hearing(wechat)() == 200
    settle_bill(SYSTEM, bill_id=held.pk)
    line = held.lines.get(nth=1)
    part = {"back": [Back(line.pk, list_fen=5_000)]}
    first = giving_back(shop, held, 0, **part)()
    sent = fresh(first).payment_refund
    fail = partial(
        note_refund, SYSTEM, fact=RefundFact(sent.out_refund_no, "failed", sent.amount_fen, "50001")
    )
    answers = in_turn(lock_on(fresh(held).payment), fail, giving_back(shop, held, 0, **part))
    assert codes(answers) == ["BillRefund", "Verdict"]
    assert trial() == 0
