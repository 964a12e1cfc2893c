"""Coupons of a provider: use and return at once, one use from many sides, the last fen, the file beside the news; and killed."""

from __future__ import annotations

import datetime as dt
from functools import partial
from uuid import uuid4

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.bills.actions.external import cover_uses, note_return, note_use
from gonghui.bills.models import ExternalUse
from gonghui.bills.tests.stocks import ordered_stock
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.kit.ports import port
from gonghui.ledger.models import Transfer
from gonghui.payments import tasks
from gonghui.payments.actions.coupons import note_coupon, send_external_coupon
from gonghui.payments.actions.statements import import_coupon_statement
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models import StatementFile, StatementRow
from gonghui.payments.ports.coupons import CouponFact, StockOrder
from gonghui.payments.ports.local_trades import move_coupon
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, identified, jobs
from tests.races.stage import Rival, child, codes, holding, in_turn, past_the_check, wait_for_waiting
from tests.races.test_payments import advisory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
FACE, TOTAL = 500, 3
# Stands after the transfers of its second batch, all but the commit written.
SWEEPS = """
from gonghui.bills.actions import external
external.BATCH = 2
write, written = external.transfer_all, []
def stand(orders):
    write(orders)
    written.append(orders)
    if len(written) == 2:
        print("inside", flush=True)
        input()
external.transfer_all = stand
external.cover_uses(SYSTEM)
"""


@pytest.fixture
def funding(wechat, money):
    """Three coupons of 5.00, paid by the city's budget; the provider has made the stock."""
    now = clock.now()
    order = StockOrder(uuid4().hex, "满30减5", FACE, 3000, TOTAL, now, now + dt.timedelta(days=30))
    made = ordered_stock(money.cast, money.city, order)
    tasks.create_stock(stock_id=made.stock_id)
    return again(made)


def used(funding, use="u1", off=FACE):
    news = ExternalCouponUsed("wechat", funding.stock.stock_id, "c1", use, off, 2500)
    return partial(note_use, SYSTEM, news=news)


def returned(funding, use="u1"):
    return partial(
        note_return, SYSTEM, news=ExternalCouponReturned("wechat", funding.stock.stock_id, "c1", use)
    )


def waiting(funding, count):
    uses = [
        ExternalUse(funding=funding, use_id=f"w{n}", code="c", off_fen=FACE, state="uncovered")
        for n in range(count)
    ]
    return ExternalUse.objects.bulk_create(uses)


def news_of(funding, use="u1"):
    """The lock under which news of one use come one after the other."""
    named = f"wechat:{funding.stock.stock_id}:{use}"
    return "SELECT pg_advisory_xact_lock(%s)", advisory("external-use", named)


def purse(funding):
    return "SELECT FROM ledger_account WHERE id = %s FOR UPDATE", funding.commitment.account_id


def left(funding):
    return balance(funding.commitment.account_id)


def states(funding):
    return "".join(sorted(use.state[0] for use in funding.uses.all()))


def moved():
    """(uses, returns) in the books."""
    found = Transfer.objects.unscoped("test")
    return tuple(found.filter(code=code).count() for code in ("use_external", "return_external"))


@pytest.mark.parametrize("first", ["used", "returned"])
def test_use_and_return_heard_at_once_leave_what_was_there(funding, first):
    """Saleor PR #15855: a payment completed by one thread and undone by another: refunded, yet ordered. Here: the provider's use
    and return of one coupon come at the same moment, in both orders, twice each; nothing of the union's is gone."""
    pair = [used(funding), returned(funding)]
    in_turn(news_of(funding), *(pair if first == "used" else pair[::-1]) * 2)
    assert (left(funding), states(funding), trial()) == (FACE * TOTAL, "r", 0)
    assert moved() == ((1, 1) if first == "used" else (0, 0))


def test_use_told_from_eight_sides_is_paid_once(funding):
    """Formance stack #1633: one key at the same moment made two, or a crash. Here: eight tell the same use; one row, one
    transfer."""
    answers = past_the_check(news_of(funding), *[used(funding)] * 8)
    assert {use.pk for use in answers} == {ExternalUse.objects.unscoped("test").get().pk}
    assert (left(funding), states(funding), moved()) == (FACE * (TOTAL - 1), "p", (1, 0))


def test_event_of_a_coupon_from_eight_sides_is_told_on_once(funding):
    """Shopware #11245, at the provider's events: all read that nobody has it yet. Here: eight hear one event; the apps above
    are told once."""
    stock_id = funding.stock.stock_id
    fact = CouponFact("used", stock_id, "c1", clock.now(), FACE, 2500)
    lock = ("SELECT pg_advisory_xact_lock(%s)", advisory("coupon", f"{stock_id}:c1"))
    answers = past_the_check(lock, *[partial(note_coupon, SYSTEM, event_id="e1", fact=fact)] * 8)
    assert sorted(map(str, answers)) == ["known"] * 7 + ["moved"]
    assert jobs("take_external_use") == 1


@pytest.mark.parametrize("first", ["news", "sweep"])
def test_last_fen_of_a_stock_covers_one_use_of_news_and_sweep(funding, first):
    """Medusa #16012: what was left was read, judged and spent, so two fitted into the room of one. Here: the sweep for a use
    that waits and the news of another both stand before the last 5.00; one of the two is covered."""
    for n in range(TOTAL - 1):
        used(funding, f"before {n}")()
    waiting(funding, 1)
    pair = [used(funding, "late"), partial(cover_uses, SYSTEM)]
    in_turn(purse(funding), *(pair if first == "news" else pair[::-1]))
    assert (left(funding), states(funding), moved()) == (0, "pppu", (TOTAL, 0))
    late = funding.uses.get(use_id="late")
    assert late.state == ("posted" if first == "news" else "uncovered")
    assert (cover_uses(SYSTEM), trial()) == (0, 0)


def test_sweeps_and_news_of_the_same_uses_at_once_pay_each_once(funding):
    """Medusa #16595: two who bring the same thing to an end, each by what it read before. Here: four sweeps, and the news of
    two of the uses told again, all before the same purse; each use is paid once, and nobody waits in a circle."""
    waiting(funding, TOTAL)
    sides = [partial(cover_uses, SYSTEM)] * 4 + [used(funding, "w0"), used(funding, "w2")]
    answers = past_the_check(purse(funding), *sides)
    assert codes(answers) == ["ExternalUse"] * 2 + ["int"] * 4
    cover_uses(SYSTEM)
    assert (left(funding), states(funding), moved()) == (0, "ppp", (TOTAL, 0))


def test_sweep_beside_a_return_takes_what_is_there(funding):
    """pretix PR #6067: read before the lock, believed after it. Here: a use comes back while the sweep stands before the purse
    of another that waits; the sweep counts what is there when its turn comes."""
    for n in range(TOTAL):
        used(funding, f"u{n}")()
    waiting(funding, 1)
    in_turn(purse(funding), returned(funding, "u0"), partial(cover_uses, SYSTEM))
    assert (left(funding), states(funding), moved()) == (0, "pppr", (TOTAL + 1, 1))


@pytest.mark.parametrize("first", ["file", "callback"])
def test_file_of_coupons_beside_a_callback_moves_nothing_and_says_what_it_saw(wechat, cast, funding, first):
    """django-hordak PR #142, in reconciliation: a cut-off that leaves out who commits late. Here: the provider's file of a stock
    is taken in while its callback is on the way; the file itself moves no money, the callback does, once."""
    mei = cast.people["mei"].pk
    identified(mei)
    ours = send_external_coupon(SYSTEM, key=uuid4(), stock_pk=funding.stock_id, person_id=mei)
    tasks.send_coupon(coupon_id=ours.pk)
    with transaction.atomic():
        move_coupon(wechat, ours.key.hex, "used", off_fen=FACE, paid_fen=2500)
    content = port("coupon_provider").statement(funding.stock.stock_id)
    take = partial(
        import_coupon_statement, SYSTEM, stock_pk=funding.stock_id, day=clock.today(), content=content
    )
    hear = partial(wechat.deliver, tasks.take_notice)
    if first == "callback":
        hear()
        files = past_the_check(("LOCK TABLE payments_statementfile IN SHARE MODE",), take, take)
    else:
        with holding(("LOCK TABLE payments_statementrow IN SHARE MODE",)):
            rival = Rival(take)
            wait_for_waiting(1)  # it has compared, and stands before writing its lines
            hear()
        files = [rival.answer()]
    row = StatementRow.objects.unscoped("test").get()
    assert (row.verdict, row.state) == (
        ("matched", "settled") if first == "callback" else ("surplus", "open")
    )
    assert {each.pk for each in files} == {StatementFile.objects.unscoped("test").get().pk}
    assert left(funding) == FACE * TOTAL
    for _again in range(2):
        told_above()
    assert (left(funding), states(funding), moved()) == (FACE * (TOTAL - 1), "p", (1, 0))


def told_above() -> None:
    """What was deferred for the apps above, run once more."""
    for job in ProcrastinateJob.objects.filter(task_name__endswith=".take_external_use"):
        note_use(SYSTEM, news=ExternalCouponUsed(**job.args))


def test_sweep_killed_in_the_middle_and_run_again_covers_each_use_once(funding):
    """Blnk PR #315: half written, and written again. Here: the sweep is killed with -9 while its second batch stands written but
    for its commit: the first stays, the second was never there; run again, every use is paid once."""
    waiting(funding, TOTAL + 2)
    with child(SWEEPS) as half_way:
        assert half_way.said() == "inside"
        half_way.kill()
    assert (left(funding), states(funding), moved()) == (FACE * (TOTAL - 2), "ppuuu", (2, 0))
    assert [cover_uses(SYSTEM), cover_uses(SYSTEM)] == [1, 0]
    assert (left(funding), states(funding), moved(), trial()) == (0, "pppuu", (TOTAL, 0), 0)
    assert [use.state for use in funding.uses.order_by("id")] == ["posted"] * 3 + ["uncovered"] * 2
