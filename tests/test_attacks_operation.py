"""What an attacker tries of operation: settings, metrics, the audit trail, and too many tries all at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.accounts.actions.staff import set_password
from gonghui.accounts.models import PhoneCode, User
from gonghui.activities.tests.stage import announced, open_at_once
from gonghui.benefits.models import Release, Voucher
from gonghui.kit.actors import Actor
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.members.models import Person, VerificationTry
from tests.attackers import bearer
from tests.cast import IDS, PASSWORD

SYSTEM = Actor.system("test")
PHONE = "13800000123"


# --- Operation ----------------------------------------------------------------------------------------------


SETTINGS = """
import json
from django.conf import settings as s
names = ("DEBUG ALLOWED_HOSTS SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE CSRF_COOKIE_SECURE"
 " CSRF_COOKIE_SAMESITE SECURE_HSTS_SECONDS SECURE_SSL_REDIRECT GONGHUI_SHOW_CODES GONGHUI_GALLERY").split()
print(json.dumps({n: getattr(s, n) for n in names}))
"""


def production(code: str, **facts: str) -> str:
    env = {
        **os.environ,
        "GONGHUI_PRODUCTION": "1",
        "DJANGO_SETTINGS_MODULE": "gonghui.config.settings",
        **facts,
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_production_sets_every_flag_and_shows_no_codes():
    found = json.loads(
        production(SETTINGS, GONGHUI_SHOW_CODES="1", GONGHUI_DEBUG="1", GONGHUI_HOSTS="gonghui.example")
    )
    assert found == {
        "DEBUG": False, "ALLOWED_HOSTS": ["gonghui.example"], "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Lax", "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_SAMESITE": "Lax", "SECURE_HSTS_SECONDS": 31536000, "SECURE_SSL_REDIRECT": True,
        "GONGHUI_SHOW_CODES": False, "GONGHUI_GALLERY": False,
    }  # fmt: skip


def test_production_answers_to_its_own_host_only():
    ask = (
        "import django; django.setup()\nfrom django.test import Client\n"
        "c = Client(raise_request_exception=False)\n"
        "hosts = ('gonghui.example', 'evil.example', 'gonghui.example.evil.example', 'gonghui.example@evil.example', '')\n"
        "print([c.get('/healthz', secure=True, headers={'host': h}).status_code for h in hosts])"
    )
    quiet = {"GONGHUI_LOG_LEVEL": "CRITICAL"}
    assert production(ask, GONGHUI_HOSTS="gonghui.example", **quiet).strip() == "[200, 400, 400, 400, 400]"
    assert production(ask, GONGHUI_HOSTS="", **quiet).strip() == "[400, 400, 400, 400, 400]"


@pytest.mark.django_db
def test_metrics_are_closed_to_whoever_comes_through_a_proxy(client, monkeypatch):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403
    assert (
        client.get(
            "/metrics", REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": "127.0.0.1"}
        ).status_code
        == 403
    )
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 403, name
    monkeypatch.setenv("GONGHUI_METRICS_TOKEN", "s3cret")
    for given in ("", "Bearer", "Bearer wrong", "Bearer ü", "Bearer s3cret "):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 403, given
    assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


@pytest.mark.django_db
def test_audit_trail_cannot_be_changed(cast):
    AuditEntry.objects.create(op="UNMASK", table_name="x", reason="看")
    count = AuditEntry.objects.unscoped("test").count()
    for sql in ("UPDATE kit_audit SET reason = ''", "DELETE FROM kit_audit", "TRUNCATE kit_audit"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert AuditEntry.objects.unscoped("test").count() == count


def test_unmasking_through_the_page_needs_a_reason_and_leaves_a_trace(cast, client):
    cast.sign_in(client, "city_admin")
    address = reverse("admin:members_person_unmask", args=[cast.people["mei"].pk])
    _name, number, phone = IDS["mei"]
    for reason in ("", "   ", "看", "\x00\x00\x00\x00"):
        answer = client.post(address, {"reason": reason})
        assert answer.status_code == 422, reason
        assert number not in answer.content.decode() and phone not in answer.content.decode()
    trail = AuditEntry.objects.unscoped("test").filter(op="UNMASK")
    assert trail.count() == 0
    answer = client.post(address, {"reason": "电话核对身份"})
    assert phone in answer.content.decode()
    assert [(e.actor_id, e.reason, e.row_id) for e in trail] == [
        (cast.users["city_admin"].pk, "电话核对身份", cast.people["mei"].pk)
    ]


# --- Too many tries, all at once ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_codes_asked_for_all_at_once_are_one(cast):
    def ask():
        return (
            Client()
            .post("/api/v1/session/code", {"phone": PHONE}, content_type="application/json")
            .status_code
        )

    assert sorted(at_once(*[ask] * 8)) == [200] + [429] * 7
    assert PhoneCode.objects.unscoped("test").count() == 1


@pytest.mark.django_db(transaction=True)
def test_passwords_tried_all_at_once_are_five(cast):
    user = cast.users["city_admin"]
    set_password(SYSTEM, user_id=user.pk, password=PASSWORD)

    def guess(number):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        return client.post(
            "/console/sign-in", {"login": "city_admin", "password": f"wrong {number}"}
        ).status_code

    answers = at_once(*[partial(guess, number) for number in range(12)])
    assert sorted(answers) == [422] * 4 + [429] * 8  # the fifth says that it locked


@pytest.mark.django_db(transaction=True)
def test_real_names_tried_all_at_once_are_three(cast):
    headers = bearer(cast, "stranger")
    body = {"name": "王五", "id_no": "440101199003070122", "consent": True}

    def guess():
        answer = Client().post(
            "/api/v1/me/verification", body, content_type="application/json", headers=headers
        )
        return answer.json()["code"]

    assert sorted(at_once(*[guess] * 8)) == ["not_in_roster"] * 3 + ["verification_tries_spent"] * 5
    assert VerificationTry.objects.unscoped("test").count() == 3


@pytest.mark.django_db
def test_known_and_unknown_phones_and_logins_are_answered_alike(cast, client):
    def shape(answer, said: str) -> tuple:
        return answer.status_code, answer.content.decode().replace(said, "·")

    ask = [
        client.post("/api/v1/session/code", {"phone": phone}, content_type="application/json")
        for phone in (IDS["mei"][2], PHONE)
    ]
    assert shape(ask[0], "") == shape(ask[1], "")
    set_password(SYSTEM, user_id=cast.users["judge"].pk, password=PASSWORD)
    tried = [
        client.post("/console/sign-in", {"login": login, "password": "nonono"})
        for login in ("judge", "nobody")
    ]
    assert tried[0].context["error"].code == tried[1].context["error"].code == "bad_password"
    assert tried[0].status_code == tried[1].status_code


@pytest.mark.django_db
def test_roster_says_the_same_of_a_member_with_another_name_and_of_nobody(cast):
    said = set()
    for number in (IDS["lan"][1], "440101199003070149"):
        user = User.objects.create(phone=f"1390000{number[-4:]}")
        secret = issue_api_token(Actor(user_id=user.pk), user_id=user.pk, label="试")
        answer = Client().post(
            "/api/v1/me/verification", {"name": "王五", "id_no": number, "consent": True},
            content_type="application/json", headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        said.add((answer.status_code, answer.content))
    assert len(said) == 1, said


@pytest.mark.django_db
def test_extra_fields_of_settings_are_ignored(cast, client):
    cast.sign_in(client, "hua")
    extra = {
        "is_staff": "1",
        "is_verified": "1",
        "verification": "verified",
        "user_id": "1",
        "role": "org_admin",
    }
    client.post("/me/settings/elder", {"on": "1", **extra})
    client.post("/me/consents/messages/give", extra)
    hua = Person.objects.unscoped("test").get(pk=cast.people["hua"].pk)
    assert (hua.verification, User.objects.unscoped("test").get(pk=hua.user_id).is_staff) == ("none", False)


@pytest.mark.django_db
def test_extra_fields_of_a_claim_are_ignored(cast, client):
    _activity, session, release = announced(cast)
    open_at_once(release)
    mei, lan = cast.people["mei"].pk, cast.people["lan"].pk
    body = {"seats": 1, "key": str(uuid4()), "state": "redeemed", "person_id": mei, "price": 0}
    address = f"/api/v1/pools/{session.pool_id}/claims"
    refused, won = (
        client.post(address, body, content_type="application/json", headers=bearer(cast, who))
        for who in ("hua", "lan")
    )
    assert (refused.status_code, won.status_code, won.json()["answer"]) == (403, 200, "won")
    voucher = Voucher.objects.unscoped("test").get(release=release)
    assert (voucher.person_id, voucher.state, voucher.seats) == (lan, "confirmed", 1)
    assert Release.objects.unscoped("test").get(pk=release.pk).state == "open"
