"""A provider's day beside ours: matched, missing, surplus, different; taken in once and whole."""

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.ports import port
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.actions.statements import import_statement, settle_row
from gonghui.payments.models import StatementFile, StatementRow
from gonghui.payments.statement_file import FileRow, read_trades, write_trades
from gonghui.payments.tests.conftest import SYSTEM

pytestmark = pytest.mark.django_db
PAGE = "/console/payments/reconciliation"


@pytest.fixture
def day(wechat, taken):
    """Two payments and a partial refund of today, all heard; (content, rows)."""
    payments = [taken(amount_fen=n) for n in (5000, 700)]
    for payment in payments:
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
        wechat.pay(payment.out_trade_no)
    wechat.deliver(tasks.take_notice)
    refund = refund_payment(SYSTEM, payment_id=payments[0].pk, amount_fen=1200, key=uuid4())
    tasks.send_refund(refund_id=refund.pk)
    wechat.deliver(tasks.take_notice)
    content = port("payment").statement(clock.today())
    return content, read_trades(content)


def take(content, day=None):
    return import_statement(SYSTEM, day=day or clock.today(), content=content)


def written(rows):
    return write_trades(rows, mchid="1", appid="wx")


def verdicts(file):
    rows = StatementRow.objects.unscoped("test").filter(file=file)
    return sorted(rows.values_list("kind", "verdict", "state", "ours_fen", "theirs_fen"))


def test_day_that_agrees_is_all_matched(day):
    file = take(day[0])
    assert verdicts(file) == [
        ("refund", "matched", "settled", 1200, 1200),
        ("trade", "matched", "settled", 700, 700),
        ("trade", "matched", "settled", 5000, 5000),
    ]
    assert (file.row_count, file.total_fen, file.refund_fen) == (3, 5700, 1200)


def test_every_difference_is_named(day):
    trade, _other, refund = day[1]
    stranger = FileRow("trade", "e" * 32, "42" + "9" * 26, 333, clock.now())
    file = take(written([replace(trade, amount_fen=4999), refund, stranger]))
    assert verdicts(file) == [
        ("refund", "matched", "settled", 1200, 1200),
        ("trade", "different", "open", 5000, 4999),
        ("trade", "missing", "open", 700, None),
        ("trade", "surplus", "open", None, 333),
    ]


def test_same_statement_again_changes_nothing(day):
    first = take(day[0])
    before = StatementRow.objects.unscoped("test").count()
    assert take(day[0]).pk == first.pk
    with pytest.raises(DomainError) as refused:
        take(written(day[1][:1]))
    assert refused.value.code == "statement_differs"
    assert (
        StatementRow.objects.unscoped("test").count(),
        StatementFile.objects.unscoped("test").count(),
    ) == (before, 1)


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-40], lambda c: c.replace(b"`7.00", b"`8.00", 1), lambda c: b""]
)
def test_broken_statement_leaves_nothing(day, spoil):
    with pytest.raises(DomainError) as refused:
        take(spoil(day[0]))
    assert (refused.value.code, StatementFile.objects.unscoped("test").count()) == ("statement_broken", 0)


def test_statement_of_another_day_is_refused(day):
    with pytest.raises(DomainError) as refused:
        take(day[0], clock.today() - dt.timedelta(days=1))
    assert (refused.value.code, StatementFile.objects.unscoped("test").count()) == ("statement_broken", 0)


def test_job_fetches_yesterday_and_is_content_when_there_is_none(day, time_machine):
    tasks.fetch_statements(0)
    assert StatementFile.objects.unscoped("test").count() == 0
    time_machine.move_to(clock.now() + dt.timedelta(days=1))
    tasks.fetch_statements(0)
    tasks.fetch_statements(0)
    assert StatementFile.objects.unscoped("test").count() == 1


def test_row_is_settled_once_with_a_note_by_who_may(day, cast):
    row = StatementRow.objects.unscoped("test").get(file=take(written(day[1][1:])), verdict="missing")
    officer, admin, sister = (
        cast.actor("finance_officer"),
        cast.actor("city_admin"),
        cast.actor("sister_admin"),
    )
    for actor, reason, code in (
        (admin, "查过了", "not_allowed"), (sister, "查过了", "not_found"), (officer, "  ", "statement_note_needed"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            settle_row(actor, statementrow_id=row.pk, reason=reason)
        assert refused.value.code == code
    settled = settle_row(officer, statementrow_id=row.pk, reason="次日账单已补")
    assert (settled.state, settled.note, settled.settled_by_id) == (
        "settled",
        "次日账单已补",
        officer.user_id,
    )
    with pytest.raises(DomainError) as refused:
        settle_row(officer, statementrow_id=row.pk, reason="再来一次")
    assert refused.value.code == "statement_row_settled"


def test_nobody_without_the_verb_takes_a_statement_in(day, cast):
    for who in ("finance_officer", "province_admin", "mei"):
        with pytest.raises(DomainError) as refused:
            import_statement(cast.actor(who), day=clock.today(), content=day[0])
        assert refused.value.code == "not_allowed"
    assert StatementFile.objects.unscoped("test").count() == 0
    assert isinstance(SYSTEM, Actor)


def test_reconciliation_page_shows_days_and_takes_a_file_in(day, cast, client):
    from gonghui.orgs.models import Grant

    cast.sign_in(client, "finance_officer")
    assert "还没有账单" in client.get(PAGE).content.decode()
    user = cast.users["finance_officer"]
    Grant.objects.create(
        user=user, union=cast.unions["province"], role="finance_officer", starts_on=clock.today()
    )
    sent = {"day": f"{clock.today()}", "file": SimpleUploadedFile("a.csv", day[0][:-30])}
    answer = client.post(PAGE, sent)
    assert (answer.status_code, "整份没有导入" in answer.content.decode()) == (422, True)
    sent["file"] = SimpleUploadedFile("a.csv", day[0])
    assert client.post(PAGE, sent).status_code == 302
    shown = client.get(PAGE).content.decode()
    assert (f"{clock.today():%Y-%m-%d}" in shown, "相符 3" in shown) == (True, True)


@pytest.mark.parametrize(
    ("who", "status"), [("judge", 403), ("mei", 302), ("anonymous", 302), ("clerk", 302)]
)
def test_reconciliation_page_is_for_who_may_see_payments(day, cast, client, who, status):
    cast.sign_in(client, who)
    assert client.get(PAGE).status_code == status
    assert client.post(PAGE, {}).status_code == status
