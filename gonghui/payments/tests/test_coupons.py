"""External coupons: events late, twice and in any order end in the same state."""

import datetime as dt
from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.orgs.models import Grant
from gonghui.payments import events, tasks
from gonghui.payments.actions import coupons as coupon_actions
from gonghui.payments.actions.coupons import (
    draft_stock,
    note_coupon,
    order_stock,
    reject_stock,
    send_external_coupon,
    state_of,
)
from gonghui.payments.models import CouponEvent, ExternalCoupon, ExternalStock, StatementRow
from gonghui.payments.ports.coupons import CouponFact, StockOrder
from gonghui.payments.ports.local_trades import move_coupon
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, identified, jobs

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 20, 9, tzinfo=clock.CHINA)


def drafted(cast, order):
    return draft_stock(cast.actor("finance_officer"), union_id=cast.unions["city"].pk, order=order)


@pytest.fixture
def stock(wechat, cast):
    for name in ("mei", "hua", "qiang"):
        identified(cast.people[name].pk)
    now = clock.now()
    order = StockOrder(uuid4().hex, "满30减5", 500, 3000, 100, now, now + dt.timedelta(days=30))
    stock = drafted(cast, order)
    assert (drafted(cast, order).pk, jobs("create_stock")) == (stock.pk, 0)
    order_stock(cast.actor("city_admin"), stock_pk=stock.pk)
    assert jobs("create_stock") == 1
    tasks.create_stock(stock_id=stock.pk)
    tasks.create_stock(stock_id=stock.pk)
    return again(stock)


@pytest.fixture
def told(monkeypatch):
    """What was told to the apps above, as (name, use)."""
    heard = []
    monkeypatch.setattr(
        coupon_actions, "emit", lambda event: heard.append((type(event).__name__, event.use_id))
    )
    return heard


def test_one_key_is_one_stock_and_with_other_facts_is_refused(stock, cast):
    order = StockOrder(
        stock.key.hex, stock.name, stock.face_fen, stock.threshold_fen, stock.total, stock.starts_at, stock.ends_at
    )  # fmt: skip
    city, sister = cast.unions["city"].pk, cast.unions["sister"].pk
    everywhere = {"role": "finance_officer", "union": cast.unions["province"], "starts_on": "2024-01-01"}
    Grant.objects.create(user=cast.users["finance_officer"], **everywhere)
    finance = cast.actor("finance_officer")
    assert draft_stock(finance, union_id=city, order=order).pk == stock.pk
    for union_id, other in ((city, replace(order, total=101)), (sister, order)):
        with pytest.raises(DomainError) as refused, transaction.atomic():
            draft_stock(finance, union_id=union_id, order=other)
        assert refused.value.code == "external_stock_key_taken"
    assert ExternalStock.objects.unscoped("test").get().total == 100


STORY = [("e1", "sent", 0), ("e2", "used", 1), ("e3", "returned", 2), ("e4", "used", 3)]


def note(stock, event_id, kind, hours, code="c1"):
    amounts = (500, 2500) if kind == "used" else (0, 0)
    fact = CouponFact(kind, stock.stock_id, code, START + dt.timedelta(hours=hours), *amounts)
    return note_coupon(SYSTEM, event_id=event_id, fact=fact)


def coupon(code="c1"):
    return ExternalCoupon.objects.unscoped("test").get(code=code)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_any_order_of_events_ends_in_the_same_state(stock, told, length):
    """Every interleaving of the story's first `length` events; apps above are left believing what is true."""
    wanted = STORY[length - 1]
    for number, order in enumerate(permutations(STORY[:length])):
        told.clear()
        code = f"c{number}"
        for event_id, kind, hours in order:
            note(stock, f"{event_id}-{number}", kind, hours, code)
            note(stock, f"{event_id}-{number}", kind, hours, code)
        assert (coupon(code).state, coupon(code).stock_id) == (wanted[1], stock.pk)
        believed = set()
        for name, use in told:
            (believed.add if name == "ExternalCouponUsed" else believed.remove)(use)
        assert believed == ({f"{wanted[0]}-{number}"} if wanted[1] == "used" else set())


@given(st.permutations(STORY * 2))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_repeated_events_in_any_order_are_one_story(stock, order):
    with transaction.atomic():
        said = [note(stock, *event) for event in order]
        assert sorted(said) == ["known"] * 4 + ["moved"] * 4
        assert (coupon().state, coupon().off_fen, coupon().paid_fen) == ("used", 500, 2500)
        transaction.set_rollback(True)


def test_state_is_by_time_and_then_by_rank():
    at = START
    rows = [CouponEvent(event_id=k, kind=k, at=at) for k in ("used", "returned", "sent")]
    assert state_of(rows).kind == "returned"
    assert state_of([]) is None


def test_event_of_an_unknown_stock_is_kept_and_counts_later(wechat, cast):
    fact = CouponFact("used", "9000001", "c1", START, 500, 2500)
    assert note_coupon(SYSTEM, event_id="e1", fact=fact) == "unknown"
    now = clock.now()
    row = ExternalStock.objects.create(
        key=uuid4(), union=cast.unions["city"], name="券", face_fen=500, threshold_fen=0, total=1, starts_at=now,
        ends_at=now + dt.timedelta(days=1), maker=cast.users["finance_officer"],
    )  # fmt: skip
    order_stock(cast.actor("city_admin"), stock_pk=row.pk)
    coupon_actions.note_stock(SYSTEM, pk=row.pk, stock_id="9000001")
    assert coupon().state == "used"


def test_coupon_is_sent_once_and_followed_to_its_use(wechat, cast, stock, told):
    asked = {"key": uuid4(), "stock_pk": stock.pk, "person_id": cast.people["mei"].pk}
    ours = send_external_coupon(SYSTEM, **asked)
    assert (send_external_coupon(SYSTEM, **asked).pk, jobs("send_coupon")) == (ours.pk, 1)
    with pytest.raises(DomainError):
        send_external_coupon(SYSTEM, **(asked | {"person_id": cast.people["hua"].pk}))
    tasks.send_coupon(coupon_id=ours.pk)
    tasks.send_coupon(coupon_id=ours.pk)
    move_coupon_now(wechat, ours, "used")
    wechat.deliver(tasks.take_notice)
    now = again(ours)
    assert (now.state, now.person_id, now.off_fen) == ("used", cast.people["mei"].pk, 500)
    assert [name for name, _use in told] == ["ExternalCouponUsed"]


def move_coupon_now(wechat, ours, kind):
    with transaction.atomic():
        move_coupon(wechat, ours.key.hex, kind, off_fen=500, paid_fen=2500)


def test_use_that_comes_after_its_return_changes_nothing(wechat, cast, stock, told, time_machine):
    """The stand-in holds the news of the use back for two minutes; the return is there at once."""
    time_machine.move_to(clock.now(), tick=False)
    ours = send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=cast.people["mei"].pk)
    tasks.send_coupon(coupon_id=ours.pk)
    wechat.deliver(tasks.take_notice)  # that it was sent
    wechat.notice_faults = ["late"]
    for kind in ("used", "returned"):
        move_coupon_now(wechat, ours, kind)
        time_machine.move_to(clock.now() + dt.timedelta(seconds=10), tick=False)
    assert wechat.deliver(tasks.take_notice) == 1
    assert (again(ours).state, told) == ("returned", [])
    time_machine.move_to(clock.now() + dt.timedelta(seconds=120), tick=False)
    assert (wechat.deliver(tasks.take_notice), wechat.deliver(tasks.take_notice)) == (1, 0)
    assert again(ours).state == "returned"
    believed = [name for name, _use in told]
    assert believed in ([], ["ExternalCouponUsed", "ExternalCouponReturned"])


def test_use_heard_before_the_answer_to_sending_finds_its_member(wechat, cast, stock):
    ours = send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=cast.people["mei"].pk)
    note(stock, "e2", "used", 1, "50000001")
    coupon_actions.note_coupon_number(SYSTEM, coupon_id=ours.pk, code="50000001")
    rows = ExternalCoupon.objects.unscoped("test").values_list("pk", "state", "person_id", "told_event")
    assert list(rows) == [(ours.pk, "used", cast.people["mei"].pk, "e2")]


def test_nothing_is_sent_of_a_stock_the_provider_has_not_opened(wechat, cast):
    now = clock.now()
    order = StockOrder(uuid4().hex, "券", 500, 0, 1, now, now + dt.timedelta(days=1))
    stock = order_stock(cast.actor("city_admin"), stock_pk=drafted(cast, order).pk)
    with pytest.raises(DomainError) as refused:
        send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=cast.people["mei"].pk)
    assert (refused.value.code, ExternalCoupon.objects.unscoped("test").count()) == (
        "external_stock_not_active",
        0,
    )


def test_daily_file_of_coupons_is_reconciled_by_the_same_rows(wechat, cast, stock):
    people = [cast.people[name].pk for name in ("mei", "hua", "qiang")]
    ours = [send_external_coupon(SYSTEM, key=uuid4(), stock_pk=stock.pk, person_id=pk) for pk in people]
    for row in ours:
        tasks.send_coupon(coupon_id=row.pk)
    wechat.notice_faults = ["ok", "lost"]
    move_coupon_now(wechat, ours[0], "used")
    move_coupon_now(wechat, ours[1], "used")
    wechat.deliver(tasks.take_notice)
    note(stock, "e9", "used", 1, again(ours[2]).code)
    ExternalCoupon.objects.unscoped("test").filter(pk=ours[2].pk).update(state="used", off_fen=500)
    tasks.fetch_coupon_statements(clock.today())
    tasks.fetch_coupon_statements(clock.today())
    found = sorted(StatementRow.objects.unscoped("test").values_list("kind", "verdict"))
    assert found == [("used", "matched"), ("used", "missing"), ("used", "surplus")]


def test_events_say_what_apps_above_need():
    used = events.ExternalCouponUsed("wechat", "s", "c", "e", 500, 2500)
    assert (used.off_fen, used.paid_fen, used.use_id) == (500, 2500, "e")


def test_stock_is_ordered_by_another_than_who_drafted_it(wechat, cast):
    now = clock.now()
    order = StockOrder(uuid4().hex, "券", 500, 0, 1, now, now + dt.timedelta(days=1))
    stock = drafted(cast, order)
    rows = ExternalStock.objects.unscoped("test")
    with pytest.raises(DomainError) as refused, transaction.atomic():
        order_stock(cast.actor("finance_officer"), stock_pk=stock.pk)
    assert refused.value.code == "external_stock_maker_is_checker"
    for changed in (
        {"state": "pending"}, {"state": "pending", "checker": stock.maker_id}, {"maker": None}, {"total": 9},
        {"state": "active", "stock_id": "1", "checker": cast.users["city_admin"].pk},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.filter(pk=stock.pk).update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExternalStock.objects.create(
            key=uuid4(), union=stock.union, name="券", face_fen=1, threshold_fen=0, total=1, starts_at=now, ends_at=now,
            state="active", stock_id="2",
        )  # fmt: skip
    assert (again(stock).state, rows.count(), jobs("create_stock")) == ("draft", 1, 0)
    reject_stock(cast.actor("city_admin"), stock_pk=stock.pk)
    with pytest.raises(DomainError):
        order_stock(cast.actor("city_admin"), stock_pk=stock.pk)
    assert (again(stock).state, jobs("create_stock")) == ("rejected", 0)
