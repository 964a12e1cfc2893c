"""What an attacker tries of doors and rights: other people's rows, sessions, tokens, headers, and too many tries."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session as SessionRow
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.accounts.actions.staff import set_password
from gonghui.accounts.models import PhoneCode, User
from gonghui.activities.tests.stage import announced, written
from gonghui.benefits.models import Release, Voucher
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.models import AuditEntry
from gonghui.members.models import Delegation, Person, VerificationTry
from gonghui.members.queries import bookable_for
from gonghui.notices.actions import tell
from gonghui.orgs.models import Grant
from gonghui.portal.my_data import my_data_json
from gonghui.portal.queries.account import SECTIONS
from tests.cast import IDS, PASSWORD
from tests.walk import build_stage, fingerprint

SYSTEM = Actor.system("test")
PHONE = "13800000123"
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")


@pytest.fixture
def stage(cast):
    return build_stage(cast)


def token_of(cast, who: str) -> dict:
    user_id = cast.users[who].pk
    secret = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="试")
    return {"Authorization": f"Bearer {secret}"}


def strict() -> Client:
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


# --- NULL is nobody -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anonymous", "stranger", "city_admin", "clerk"])
def test_whoever_is_no_person_may_book_for_nobody(cast, who):
    assert cast.actor(who).person_id is None
    assert list(bookable_for(cast.actor(who))) == []


@pytest.mark.parametrize("who", ["stranger", "city_admin"])
def test_forms_offer_a_stranger_nobody_to_book_for(cast, client, stage, who):
    cast.sign_in(client, who)
    names = [f"{name[0]}*" for name, _id, _phone in IDS.values()]
    for path in ("/claims/{release}", "/draws/{lots}/enter", "/me/party/{release}"):
        page = client.get(stage.address(path))
        assert page.status_code == 200
        assert not [name for name in names if name in page.content.decode()], path


def test_stranger_gets_no_place_in_the_name_of_a_member(cast, client, stage):
    before = fingerprint()
    cast.sign_in(client, "stranger")
    lan = cast.people["lan"].pk
    asked = {"pool": stage.facts["pool"], "seats": 1, "key": str(uuid4()), "for_person": lan}
    assert client.post(stage.address("/claims/{release}"), asked).status_code == 422
    assert client.get(stage.address("/me/pass/{pool}?for=") + str(lan)).status_code == 403
    body = {"key": str(uuid4()), "seats": 1, "for_person": lan}
    answer = client.post(
        stage.address("/api/v1/pools/{pool}/claims"), body, content_type="application/json",
        headers=token_of(cast, "stranger"),
    )  # fmt: skip
    assert answer.status_code == 403
    assert fingerprint() == before


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.code)
def test_own_data_of_one_without_a_person_names_no_row_of_anybody(cast, stage, section):
    tell(SYSTEM, person_id=cast.people["mei"].pk, kind="notice", title="美的消息")
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"], relation="family")
    rows = list(section.rows(cast.actor("stranger")))
    assert len(rows) == (1 if section.code == "account" else 0)


def test_own_data_of_one_member_holds_nothing_of_another(cast, stage):
    tell(SYSTEM, person_id=cast.people["lan"].pk, kind="notice", title="兰的消息")
    text = my_data_json(cast.actor("mei")).decode()
    assert stage.facts["code"] in text
    for name, number, phone in (IDS["lan"], IDS["qiang"], IDS["hua"]):
        assert not [value for value in (name, number, phone, "兰的消息") if value in text]


def test_every_scoped_model_shows_an_anonymous_actor_only_what_was_published(cast, stage):
    """The rows a nobody may read belong to a short list of tables."""
    from django.apps import apps

    from gonghui.kit.scope import Everyone, ScopedQuerySet

    tell(SYSTEM, person_id=cast.people["mei"].pk, kind="notice", title="消息")
    seen = set()
    for model in apps.get_models():
        is_ours = isinstance(model._default_manager.get_queryset(), ScopedQuerySet)
        if is_ours and not isinstance(model.scope, Everyone) and model.objects.visible_to(ANONYMOUS).exists():
            seen.add(model._meta.label)
    published = {
        "activities.Activity",
        "activities.Session",
        "benefits.Release",
        "benefits.Pool",
        "benefits.Offer",
    }
    assert seen <= published | {"partners.Partner", "partners.Store", "partners.Hall"}


# --- Other people's rows ------------------------------------------------------------------------------------


def test_ids_of_others_answer_like_ids_of_nobody(cast, client, stage):
    message = tell(SYSTEM, person_id=cast.people["lan"].pk, kind="notice", title="兰的消息")
    given = Delegation.objects.create(
        person=cast.people["lan"], delegate=cast.people["qiang"], relation="family"
    )
    cast.sign_in(Client(), "lan")
    cast.sign_in(client, "hua")
    before = fingerprint()
    for verb, path, missing in (
        ("get", f"/messages/{message.pk}", "/messages/987654321"),
        ("post", f"/me/delegations/{given.pk}/end", "/me/delegations/987654321/end"),
        ("get", stage.address("/tickets/{code}"), "/tickets/ZZZZZZZZ"),
        ("post", stage.address("/tickets/{code}/return"), "/tickets/ZZZZZZZZ/return"),
        ("get", stage.address("/activities/{draft}"), "/activities/987654321"),
    ):
        theirs, nobodys = (getattr(client, verb)(p) for p in (path, missing))
        assert (theirs.status_code, nobodys.status_code) == (404, 404), path
        assert len(theirs.content) == len(nobodys.content), path
    assert fingerprint() == before


def test_devices_of_others_cannot_be_ended(cast, client):
    from gonghui.accounts.models import Device

    token_of(cast, "lan")
    device = Device.objects.unscoped("test").get(user=cast.users["lan"])
    cast.sign_in(client, "mei")
    assert client.post(f"/me/devices/{device.pk}/end").status_code == 404
    assert Device.objects.unscoped("test").get(pk=device.pk).ended_at is None


def test_drafts_of_the_sister_city_are_hidden_in_every_page_of_the_console(cast, client):
    draft = written(cast)
    cast.sign_in(client, "sister_admin")
    before = fingerprint()
    for page in ("text", "sessions/new", "live"):
        address = f"/console/activities/{draft.pk}/{page}"
        assert client.get(address).status_code in (302, 403, 404), page
        assert client.post(address, {"title": "夺"}).status_code in (302, 403, 404, 405), page
    for address in (
        f"/console/reports/activity/{draft.pk}",
        f"/console/activities/activity/{draft.pk}/change/",
    ):
        assert client.get(address).status_code in (302, 403, 404), address
    assert fingerprint() == before


def test_member_facing_json_names_others_masked(cast, client, stage):
    mei, lan = cast.people["mei"], cast.people["lan"]
    Delegation.objects.create(person=lan, delegate=mei, relation="family")
    headers = token_of(cast, "mei")
    cast.sign_in(client, "mei")
    texts = [client.get(stage.address("/me/party/{release}")).content.decode()]
    for path in ("me/bookable", "me", "tickets", "waiting", "releases/{lots}/draws", "activities/{activity}"):
        texts.append(client.get(stage.address(f"/api/v1/{path}"), headers=headers).content.decode())
    look = {"store_id": cast.store.pk, "text": stage.facts["code"]}
    asked = client.post(
        "/api/v1/counter/look", look, content_type="application/json", headers=token_of(cast, "clerk")
    )
    assert asked.json()["holder"] == "陈**"
    texts = [json.dumps(json.loads(text), ensure_ascii=False) for text in [*texts, asked.content.decode()]]
    assert "黄**" in texts[0] and "黄**" in texts[1]
    for text in texts:
        assert not [v for name, number, phone in IDS.values() for v in (name, number, phone) if v in text]


# --- Sessions and tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/me", "/me/data", "/me/phone", "/me/devices", "/messages", "/tickets", "/claims/{release}"]
)
def test_token_opens_no_page(cast, stage, path):
    page = Client().get(stage.address(path), headers=token_of(cast, "mei"))
    anonymous = Client().get(stage.address(path))
    assert (page.status_code, page.headers.get("Location")) == (
        anonymous.status_code,
        anonymous.headers.get("Location"),
    )


def test_token_without_a_session_gets_no_pass_from_the_page(cast, stage):
    answer = Client(raise_request_exception=False).get(
        stage.address("/me/pass/{pool}"), headers=token_of(cast, "mei")
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "sign_in_first"


def test_token_of_one_beside_the_session_of_another_acts_for_the_token_only(cast, client, stage):
    cast.sign_in(client, "hua")
    me = client.get("/api/v1/me", headers=token_of(cast, "mei")).json()
    assert (me["name"], me["is_verified"]) == ("陈**", True)


def test_forged_token_beside_a_session_is_nobody(cast, client):
    cast.sign_in(client, "mei")
    for path in ("me", "me/messages", "tickets", "waiting", "me/bookable"):
        answer = client.get(f"/api/v1/{path}", headers={"Authorization": "Bearer forged"})
        assert answer.status_code == 401, path


def test_session_key_planted_before_sign_in_is_worth_nothing(cast, client, settings):
    settings.GONGHUI_SHOW_CODES = True
    planted = client.session
    planted["x"] = 1
    planted.save()
    key = planted.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    page = client.post("/sign-in", {"phone": PHONE, "agree": "on"})
    code = page.context["demo_code"]
    assert client.post("/sign-in", {"step": "code", "phone": PHONE, "code": code}).status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != key
    assert not SessionRow.objects.filter(session_key=key).exists()
    other = Client()
    other.cookies[settings.SESSION_COOKIE_NAME] = key
    assert other.get("/me/data").status_code == 302


def test_staff_whose_account_or_grant_ends_lose_the_console_at_once(cast, client):
    cast.sign_in(client, "city_admin")
    listed = "/console/members/person/"
    assert client.get(listed).status_code == 200
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(
        ends_on=timezone.localdate() - dt.timedelta(days=1)
    )
    assert client.get(listed).status_code == 403
    User.objects.unscoped("test").filter(pk=cast.users["city_admin"].pk).update(is_active=False)
    assert client.get(listed).status_code == 302


def test_member_whose_account_is_closed_loses_session_and_token_at_once(cast, client):
    headers = token_of(cast, "mei")
    cast.sign_in(client, "mei")
    User.objects.unscoped("test").filter(pk=cast.users["mei"].pk).update(is_active=False)
    assert client.get("/me/data").status_code == 302
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_staff_before_the_second_factor_reach_nothing(cast, client, stage):
    user = cast.users["city_admin"]
    set_password(SYSTEM, user_id=user.pk, password=PASSWORD)
    first = client.post(
        "/console/sign-in", {"login": "city_admin", "password": PASSWORD, "next": "/console/"}
    )
    assert first.status_code == 200
    for path in (
        "/console/",
        "/console/members/person/",
        "/console/kit/auditentry/",
        "/console/autocomplete/",
    ):
        assert client.get(path).status_code == 302, path
    assert client.get("/me/data").status_code == 302
    client.force_login(user)  # a whole session that lacks the mark
    assert client.get("/console/members/person/").status_code == 302
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/me/data").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https:evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/%09/evil",
     "///evil.example", "javascript:alert(1)", "/\tevil", "/a\r\nSet-Cookie: x=1", "/\x00/evil", "http:///evil.example",
     "https://testserver@evil.example/", "/\u2028/evil"],
)  # fmt: skip
def test_no_redirect_leaves_the_house(cast, client, target):
    cast.sign_in(client, "mei")
    answers = [
        client.get("/sign-in", {"next": target}),
        client.post("/me/settings/elder", {"on": "1", "next": target}),
        client.post(f"/me/settings/elder?next={quote(target)}", {"on": "1"}),
    ]
    for answer in answers:
        place = answer.headers.get("Location", "/")
        assert answer.status_code in (302, 400)
        assert place.startswith("/") and not place.startswith(("//", "/\\")), place
        assert place in ("/", "/me/settings") or "evil" not in place.split("/")[1], place


def test_referrer_of_another_site_leads_home(cast, client, stage):
    cast.sign_in(client, "mei")
    _activity, _session, release = announced(cast)
    for page in ("https://evil.example/", "//evil.example", "https://testserver.evil.example/x"):
        answer = client.post(f"/releases/{release.pk}/reminder", headers={"Referer": page})
        assert answer.headers["Location"] == f"/releases/{release.pk}"


# --- Cross-site -----------------------------------------------------------------------------------------------


def test_no_post_of_a_page_counts_without_its_token(cast, stage):
    from tests.test_cast_walk import DOORS

    before = fingerprint()
    for who in ("mei", "clerk", "anonymous"):
        client = cast.sign_in(strict(), who)
        for method, path, *_rest in DOORS:
            if method == "POST" and not path.startswith("/api/"):
                assert client.post(stage.address(path), {"on": "1"}).status_code == 403, (who, path)
    for method in ("POST", "PUT", "DELETE"):
        for path in [
            p for m, p, *_ in DOORS if m == method and p.startswith("/api/v1/") and "session" not in p
        ]:
            client = cast.sign_in(strict(), "mei")
            answer = client.generic(method, stage.address(path), "{}", content_type="application/json")
            assert answer.status_code == 403, path
    assert fingerprint() == before


def test_method_written_into_a_header_or_field_changes_nothing(cast, client, stage):
    cast.sign_in(client, "mei")
    before = fingerprint()
    override = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"}
    assert client.get(stage.address("/tickets/{code}/return"), headers=override).status_code == 405
    assert client.get(stage.address("/tickets/{code}?_method=DELETE"), headers=override).status_code == 200
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "X"):
        assert client.generic(method, stage.address("/tickets/{code}/return")).status_code in (403, 405)
    assert fingerprint() == before


def test_every_kind_of_answer_carries_the_headers(cast, client, stage):
    from gonghui.benefits.gate.replies import PAGE_HEADERS

    paths = ["/", "/sign-in", "/nowhere", "/activities/987654321", "/console/sign-in", "/console/", "/api/v1/me", "/sw.js",
             "/api/v1/docs", "/healthz", "/metrics", "/?q=%00", stage.address("/r/{release}")]  # fmt: skip
    for path in paths:
        answer = client.get(path)
        assert [name for name in HEADERS if name not in answer.headers] == [], path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
    forbidden = strict().post("/sign-out")
    assert (forbidden.status_code, [n for n in HEADERS if n not in forbidden.headers]) == (403, [])
    cast.sign_in(client, "city_admin")
    listed = client.get("/console/members/person/")
    assert (listed.status_code, [n for n in HEADERS if n not in listed.headers]) == (200, [])
    of_the_gate = {name for name, _value in PAGE_HEADERS}
    assert {name.lower().encode() for name in HEADERS} <= of_the_gate


def test_refusals_before_any_view_carry_the_headers(db, settings):
    """A host that is not ours and a NUL end in the outermost middleware."""
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["gonghui.example"], True
    for address, facts in (
        ("/", {"headers": {"host": "evil.example"}}),
        ("/?q=%00", {"headers": {"host": "gonghui.example"}, "secure": True}),
    ):
        answer = Client().get(address, **facts)
        assert (answer.status_code, [name for name in HEADERS if name not in answer.headers]) == (400, []), (
            address
        )
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]) == (
            "nosniff",
            "same-origin",
        )


def test_error_page_tells_nothing_of_the_inside(cast, monkeypatch):
    def burst(*_args, **_facts):
        raise RuntimeError("secret 13800000001 in /work/x.py")

    monkeypatch.setattr("gonghui.portal.views.home.running_cards", burst)
    answer = Client(raise_request_exception=False).get("/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert [name for name in HEADERS if name not in answer.headers] == []
    assert not [word for word in ("Traceback", "RuntimeError", "secret", "138000", "/work") if word in text]


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


def at_once(count: int, work) -> list:
    def run(number: int):
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_codes_asked_for_all_at_once_are_one(cast):
    def ask(_n):
        return (
            Client()
            .post("/api/v1/session/code", {"phone": PHONE}, content_type="application/json")
            .status_code
        )

    assert sorted(at_once(8, ask)) == [200] + [429] * 7
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

    assert sorted(at_once(12, guess)) == [422] * 4 + [429] * 8  # the fifth says that it locked


@pytest.mark.django_db(transaction=True)
def test_real_names_tried_all_at_once_are_three(cast):
    headers = token_of(cast, "stranger")
    body = {"name": "王五", "id_no": "440101199003070122", "consent": True}

    def guess(_n):
        answer = Client().post(
            "/api/v1/me/verification", body, content_type="application/json", headers=headers
        )
        return answer.json()["code"]

    assert sorted(at_once(8, guess)) == ["not_in_roster"] * 3 + ["verification_tries_spent"] * 5
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
def test_extra_fields_are_ignored(cast, client, stage):
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
    body = {
        "seats": 1,
        "key": str(uuid4()),
        "state": "redeemed",
        "person_id": cast.people["mei"].pk,
        "price": 0,
    }
    for who in ("hua", "lan"):
        client.post(
            stage.address("/api/v1/pools/{pool}/claims"),
            body,
            content_type="application/json",
            headers=token_of(cast, who),
        )
    hua = Person.objects.unscoped("test").get(pk=cast.people["hua"].pk)
    assert (hua.verification, User.objects.unscoped("test").get(pk=hua.user_id).is_staff) == ("none", False)
    assert Voucher.objects.unscoped("test").get().person_id == cast.people["mei"].pk
    assert Release.objects.unscoped("test").get(pk=stage.facts["release"]).state == "open"
