"""After somebody is forgotten no copy anywhere holds or opens who they were, and the books prove as before."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import connection

from gonghui.accounts.models import User
from gonghui.feedback.models import Rating
from gonghui.kit import resealing
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import CannotOpen, get_keyring
from gonghui.kit.fields import RowSecretField, SealedField
from gonghui.kit.models import Resealing
from gonghui.kit.tests.test_resealing import importers
from gonghui.ledger.models import LedgerAccount
from gonghui.ledger.verify import verify_ledger
from gonghui.mall.models import MallOrder
from gonghui.members.actions import forget
from gonghui.members.actions.phones import record_phone
from gonghui.members.models import Person
from gonghui.notices.actions import tell
from tests.cast import IDS
from tests.walk import build_stage

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
NAME, ID_NO, PHONE = IDS["mei"]
NEW_PHONE = "13800009999"
HEX = re.compile(r"\\x([0-9a-f]{2,})")


def everything() -> dict[str, list[str]]:
    """Every row of every table as text, bytes as hex."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def contexts() -> set[str]:
    fields = [f for m in apps.get_models() for f in m._meta.concrete_fields if isinstance(f, SealedField)]
    return {f.context for f in fields}


def opened(sealed: bytes, secrets: list[bytes]) -> bytes:
    """By any key held, under any column, with any secret any row still has."""
    for context in contexts():
        for secret in secrets if sealed[:1] == b"\x02" else [None]:
            try:
                return get_keyring().open(context, sealed, row_secret=secret)
            except CannotOpen:
                continue
    return b""


def secrets_left() -> list[bytes]:
    found = []
    for model in apps.get_models():
        if any(isinstance(f, RowSecretField) for f in model._meta.concrete_fields) and not model._meta.proxy:
            found += [row.row_secret for row in model._base_manager.all() if row.row_secret]
    return found


def copies(*said: str) -> list[str]:
    """Tables in which one of these stands, plainly or sealed."""
    secrets, found = secrets_left(), []
    for table, rows in everything().items():
        for row in rows:
            plain = [row.encode()]
            for raw in (bytes.fromhex(h) for h in HEX.findall(row) if len(h) % 2 == 0):
                plain += [raw, opened(raw, secrets)]
            if any(word.encode() in one for word in said for one in plain):
                found.append(table)
    return sorted(set(found))


@pytest.fixture
def mei(cast):
    """With a ticket, an order, a health enrolment, messages, a rating and a phone that changed."""
    build_stage(cast)
    person = cast.people["mei"]
    tell(SYSTEM, person_id=person.pk, kind="ticket", title=f"{NAME}您好", body=f"电话 {PHONE}")
    Rating.objects.create(
        union=cast.unions["city"], subject_type="store", subject_id=1, person=person, bill_id=1, score=5,
        comment=f"我是{NAME}",
    )  # fmt: skip
    record_phone(cast.actor("mei"), phone=NEW_PHONE)
    renamed = Person.objects.unscoped("test").get(pk=person.pk)
    renamed.name = NAME + "梅"
    renamed.save()
    return cast.users["mei"]


def forgotten(cast, user) -> None:
    account = User.objects.unscoped("test").get(pk=user.pk)
    stone = forget.Tombstone(cast.people["mei"].token, user.pk, account.created_at)
    assert forget.forget_again(SYSTEM, tombstone=stone)


def test_no_copy_anywhere_holds_or_opens_name_number_or_phone(cast, mei):
    before = copies(NAME, ID_NO, PHONE, NEW_PHONE)
    assert {"members_person", "accounts_user", "kit_audit", "mall_mallorder", "notices_message"} <= set(
        before
    )
    forgotten(cast, mei)
    assert copies(NAME, ID_NO, PHONE, NEW_PHONE) == []
    assert copies(IDS["hua"][0], IDS["hua"][1]) != []


def test_books_prove_as_before_and_no_sum_has_changed(cast, mei):
    def sums():
        accounts = LedgerAccount.objects.unscoped("test").order_by("pk")
        return list(accounts.values_list("pk", "person_id", "credits_posted", "debits_posted"))

    before = sums()
    forgotten(cast, mei)
    assert sums() == before
    assert all(check.ok for check in verify_ledger())


def test_what_was_counted_stays_of_a_pseudonym(cast, mei):
    def counted():
        with connection.cursor() as cursor:
            found = {}
            for table in ("benefits_voucher", "bills_bill", "payments_payment", "mall_mallorder", "feedback_rating",
                          "wellbeing_enrolment", "members_membership", "ledger_transfer"):  # fmt: skip
                cursor.execute(f"SELECT count(*) FROM {table}")
                found[table] = cursor.fetchone()[0]
        return found

    before = counted()
    assert before["benefits_voucher"] and before["mall_mallorder"]
    forgotten(cast, mei)
    assert counted() == before


def test_shop_sees_that_the_member_is_gone(cast, mei):
    forgotten(cast, mei)
    order = MallOrder.objects.unscoped("test").filter(person=cast.people["mei"]).first()
    assert (order.receiver, order.phone, order.address) == ("（已注销）",) * 3


def test_rotation_reaches_every_table_and_no_guard_refuses_it(cast, mei, monkeypatch):
    former = get_keyring().current_id("seal")
    ring = get_keyring().rotated("seal").rotated("index")
    for module in importers():
        monkeypatch.setattr(module, "get_keyring", lambda: ring)
    assert "mall_mallorder" in resealing.still_needed("seal", former)
    assert resealing.reseal_all()
    assert resealing.still_needed("seal", former) == {}
    assert not Resealing.objects.unscoped("test").filter(rows_refused__gt=0).exists()
    order = MallOrder.objects.unscoped("test").filter(person=cast.people["mei"]).first()
    assert order.receiver
    forgotten(cast, mei)
    assert resealing.still_needed("seal", former) == {}
    order.refresh_from_db()
    assert order.receiver == "（已注销）"
