"""The back-office screens of payments by the shared contract."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from gonghui.kit import clock
from gonghui.payments.actions.payments import take_payment
from gonghui.payments.models import (
    ExternalCoupon,
    ExternalStock,
    Payment,
    Refund,
    StatementFile,
    StatementRow,
)
from gonghui.payments.tests.conftest import SYSTEM
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def payment_of(cast, person="mei", union="factory", **facts):
    asked = {
        "key": uuid4(), "person_id": cast.people[person].pk, "union_id": cast.unions[union].pk, "amount_fen": 5000,
        "purpose": "bill:1", "method": "cash",
    }  # fmt: skip
    return take_payment(SYSTEM, **(asked | facts))


def refund_of(payment):
    return Refund.objects.create(
        payment=payment, key=(key := uuid4()), amount_fen=100, out_refund_no=key.hex, state="succeeded",
        settled_at=timezone.now(),
    )  # fmt: skip


def stock_of(cast, union="factory"):
    now = timezone.now()
    return ExternalStock.objects.create(
        key=uuid4(), union=cast.unions[union], name="满30减5", face_fen=500, threshold_fen=0, total=1, starts_at=now,
        ends_at=now, maker=cast.users["finance_officer"],
    )  # fmt: skip


def row_of(cast, union="factory"):
    file, _new = StatementFile.objects.unscoped("test").get_or_create(
        day=clock.today(),
        defaults={
            "union": cast.unions["province"], "digest": "x", "row_count": 1, "total_fen": 0, "refund_fen": 0,
        },
    )  # fmt: skip
    return StatementRow.objects.create(
        file=file, union=cast.unions[union], kind="trade", number=uuid4().hex, ours_fen=1, verdict="missing", state="open"
    )  # fmt: skip


class Rows(ConsoleContract):
    def make(self, cast, union):
        raise AssertionError("say how")

    def own(self, cast):
        return self.make(cast, "factory")

    def foreign(self, cast):
        return self.make(cast, "riders")

    def more(self, cast, count):
        for _n in range(count):
            self.make(cast, "factory")


class TestPaymentScreen(Rows):
    model = Payment

    def make(self, cast, union):
        return payment_of(cast, union=union)


class TestRefundScreen(Rows):
    model = Refund

    def make(self, cast, union):
        return refund_of(payment_of(cast, union=union))


class TestExternalStockScreen(Rows):
    model = ExternalStock

    def make(self, cast, union):
        return stock_of(cast, union)


class TestExternalCouponScreen(Rows):
    model = ExternalCoupon

    def make(self, cast, union):
        return ExternalCoupon.objects.create(stock=stock_of(cast, union), code=uuid4().hex)


class TestStatementFileScreen(Rows):
    model = StatementFile

    def make(self, cast, union):
        return StatementFile.objects.create(
            day=clock.today(), subject=uuid4().hex, union=cast.unions[union], digest="x", row_count=1, total_fen=0,
            refund_fen=0,
        )  # fmt: skip


class TestStatementRowScreen(Rows):
    model = StatementRow

    def make(self, cast, union):
        return row_of(cast, union)


def test_payment_is_found_by_its_whole_number_only(cast, client):
    payment, other = payment_of(cast), payment_of(cast)
    cast.sign_in(client, "city_admin")
    for asked, found in ((payment.out_trade_no, [payment.pk]), (other.out_trade_no[:8], [])):
        page = client.get("/console/payments/payment/", {"q": asked})
        assert [row.pk for row in page.context["cl"].result_list] == found


def test_members_name_is_masked_on_the_list(cast, client):
    payment_of(cast)
    cast.sign_in(client, "city_admin")
    shown = client.get("/console/payments/payment/").content.decode()
    assert ("陈小梅" in shown, "陈**" in shown) == (False, True)


def test_rows_of_one_day_are_reached_from_the_page_of_days(cast, client):
    row = row_of(cast)
    other = StatementFile.objects.create(
        day=clock.today(), subject="9", union=cast.unions["province"], digest="y", row_count=0, total_fen=0, refund_fen=0
    )  # fmt: skip
    cast.sign_in(client, "province_admin")
    page = client.get("/console/payments/reconciliation")
    addresses = {day["file"].pk: day["address"] for day in page.context["days"]}
    assert set(addresses) == {row.file_id, other.pk}
    listed = {pk: [r.pk for r in client.get(a).context["cl"].result_list] for pk, a in addresses.items()}
    assert listed == {row.file_id: [row.pk], other.pk: []}


def test_statement_row_is_settled_on_its_screen(cast, client):
    row = row_of(cast)
    cast.sign_in(client, "finance_officer")
    address = reverse("admin:payments_statementrow_settle", args=[row.pk])
    assert client.get(address).status_code == 200
    client.post(address, {"reason": "次日账单已补"})
    row = StatementRow.objects.unscoped("test").get(pk=row.pk)
    assert (row.state, row.note) == ("settled", "次日账单已补")


def test_city_sees_its_part_of_a_day_that_is_of_everybody(cast, client):
    ours, theirs = row_of(cast, "city"), row_of(cast, "sister")
    assert (ours.file_id, ours.file.union_id) == (theirs.file_id, cast.unions["province"].pk)
    cast.sign_in(client, "city_admin")
    days = client.get("/console/payments/reconciliation").context["days"]
    assert [(day["file"].pk, day["total"]) for day in days] == [(ours.file_id, 1)]
    client.logout()
    cast.sign_in(client, "province_admin")
    days = client.get("/console/payments/reconciliation").context["days"]
    assert {day["file"].pk: day["total"] for day in days} == {ours.file_id: 2}
