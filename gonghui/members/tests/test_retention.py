"""What goes by itself: by rules as data, counted, whole batches only; and the register that says so."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members import register, retention
from gonghui.members.models import RetentionRule, VerificationTry

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def tries(cast, *ages_days: int) -> None:
    for days in ages_days:
        made = VerificationTry.objects.create(
            user=cast.users["mei"], on=clock.today(), provider="roster", outcome="match"
        )
        at = clock.now() - dt.timedelta(days=days)
        VerificationTry.objects.unscoped("test").filter(pk=made.pk).update(created_at=at)


def left() -> int:
    return VerificationTry.objects.unscoped("test").count()


def test_what_is_over_goes_and_is_counted(cast):
    tries(cast, 1, 364, 366, 800)
    assert retention.remove_what_is_over(SYSTEM)["verification_tries"] == 2
    rule = RetentionRule.objects.get(kind="verification_tries")
    assert (left(), rule.removed, rule.removed_last) == (2, 2, 2)
    retention.remove_what_is_over(SYSTEM)
    rule.refresh_from_db()
    assert (left(), rule.removed, rule.removed_last) == (2, 2, 0)


def test_rule_is_data(cast):
    tries(cast, 1, 10)
    retention.rules()
    RetentionRule.objects.filter(kind="verification_tries").update(days=5)
    assert retention.remove_what_is_over(SYSTEM)["verification_tries"] == 1
    with pytest.raises(IntegrityError, match="members_retention_days"), transaction.atomic():
        RetentionRule.objects.filter(kind="verification_tries").update(days=0)


def test_killed_run_has_counted_what_it_removed(cast, monkeypatch):
    tries(cast, *[400] * 5)
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    batches, one = [], retention._one_batch

    def killed(actor, kind, rule, before):
        if kind.code == "verification_tries" and batches:
            raise KeyboardInterrupt
        batches.extend([kind.code] if kind.code == "verification_tries" else [])
        return one(actor, kind, rule, before)

    monkeypatch.setattr(retention, "_one_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        retention.remove_what_is_over(SYSTEM)
    assert (left(), RetentionRule.objects.get(kind="verification_tries").removed) == (3, 2)
    monkeypatch.setattr(retention, "_one_batch", one)
    retention.remove_what_is_over(SYSTEM)
    assert (left(), RetentionRule.objects.get(kind="verification_tries").removed) == (0, 5)


def test_register_names_every_table_of_people(cast, client):
    said = {entry.table: entry for entry in register.entries()}
    person = said["members_person"]
    assert person.sealed == ["id_no（随行销毁）", "phone（随行销毁）"]
    assert {"name", "birth_date", "row_secret"} <= set(person.trail_hides)
    assert said["members_verificationtry"].kept == "365 天"
    cast.sign_in(client, "province_admin")
    address = reverse("admin:privacy_register")
    assert "members_person" in client.get(address).content.decode()
    found = json.loads(client.get(address, {"format": "json"}).content)["tables"]
    assert len(found) == len(said)
    for who in ("judge", "finance_officer"):
        cast.sign_in(client, who)
        assert client.get(address).status_code == 403


def test_only_the_root_changes_how_long_things_are_kept(cast, client):
    rule = retention.rules()["messages"]
    address = reverse("admin:members_retentionrule_change", args=[rule.pk])
    for who, days in (("city_admin", 730), ("province_admin", 400)):
        cast.sign_in(client, who)
        client.post(address, {"days": 400})
        assert RetentionRule.objects.get(pk=rule.pk).days == days
