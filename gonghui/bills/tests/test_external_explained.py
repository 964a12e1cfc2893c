"""What stands in the account of a coupon provider, explained by its own daily file."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Sum
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.bills.external_tasks import take_external_return, take_external_use
from gonghui.bills.models import ExternalUse
from gonghui.bills.tests.stocks import ordered_stock
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.ledger.models import LedgerAccount
from gonghui.payments import tasks
from gonghui.payments.actions.coupons import send_external_coupon
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models import StatementRow
from gonghui.payments.ports.coupons import StockOrder
from gonghui.payments.ports.local_trades import move_coupon
from gonghui.payments.tests.conftest import wechat  # noqa: F401 - a fixture
from gonghui.payments.tests.figures import again, identified

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
REACTIONS = {
    "take_external_use": (take_external_use, ExternalCouponUsed),
    "take_external_return": (take_external_return, ExternalCouponReturned),
}


def hear_all() -> None:
    """What the provider's news deferred, in their order, again and again."""
    for job in ProcrastinateJob.objects.order_by("id"):
        name = job.task_name.rpartition(".")[2]
        if name in REACTIONS:
            react, event = REACTIONS[name]
            react(event(**job.args))


def provider_holds() -> int:
    found = LedgerAccount.objects.unscoped("test").filter(kind="provider")
    return sum(balance(pk) for pk in found.values_list("pk", flat=True))


def file_of(day: dt.date) -> dict[str, tuple[int, int]]:
    """By verdict: how many rows, and the provider's fen."""
    tasks.fetch_coupon_statements(day)
    rows = StatementRow.objects.unscoped("test").filter(file__day=day, kind="used")
    return {
        verdict: (
            rows.filter(verdict=verdict).count(),
            rows.filter(verdict=verdict).aggregate(fen=Sum("theirs_fen"))["fen"],
        )
        for verdict in set(rows.values_list("verdict", flat=True))
    }


def test_what_the_provider_took_is_explained_by_its_file_to_the_fen(cast, wechat):  # noqa: F811 - the fixture
    """Three used, one of them given back, one whose news were lost: what is in the account and what is still open add up to
    the file; when the lost news are heard it is the file."""
    money, now = build_money(cast), clock.now()
    order = StockOrder(uuid4().hex, "满30减5", 500, 3000, 10, now, now + dt.timedelta(days=30))
    stock = ordered_stock(cast, money.city, order).stock
    tasks.create_stock(stock_id=stock.pk)
    people = [cast.people[name].pk for name in ("mei", "hua", "qiang")]
    for pk in people:
        identified(pk)
    ours = [send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=pk) for pk in people]
    for row in ours:
        tasks.send_coupon(coupon_id=row.pk)
    wechat.notice_faults = ["ok", "ok", "lost", "ok"]
    for row, kind in ((ours[0], "used"), (ours[1], "used"), (ours[2], "used"), (ours[1], "returned")):
        with transaction.atomic():
            move_coupon(wechat, row.key.hex, kind, off_fen=500, paid_fen=2500)
    wechat.deliver(tasks.take_notice)
    hear_all()
    found = file_of(clock.today())
    assert found == {"matched": (1, 500), "surplus": (1, 500)}
    assert provider_holds() + found["surplus"][1] == sum(fen for _rows, fen in found.values()) == 1000
    posted = ExternalUse.objects.unscoped("test").filter(state="posted")
    assert provider_holds() == posted.aggregate(fen=Sum("off_fen"))["fen"] == 500

    with transaction.atomic():
        move_coupon(wechat, ours[2].key.hex, "used", off_fen=500, paid_fen=2500)
    wechat.deliver(tasks.take_notice)
    hear_all()
    assert again(ours[2]).state == "used"
    assert file_of(clock.today() + dt.timedelta(days=1)) == {"matched": (2, 1000)}
    assert (provider_holds(), trial()) == (1000, 0)
