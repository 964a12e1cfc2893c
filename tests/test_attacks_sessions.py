"""What an attacker tries of sessions: tokens, planted keys, redirects, other sites, headers."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest
from django.contrib.sessions.models import Session as SessionRow
from django.test import Client
from django.utils import timezone

from gonghui.accounts.actions.staff import set_password
from gonghui.accounts.models import Device, User
from gonghui.accounts.rules import unused_totp_code
from gonghui.activities.tests.stage import announced
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.middleware import CONSOLE_CSP, MEMBER_CSP
from gonghui.orgs.actions.grants import end_grant
from gonghui.orgs.models import Grant
from tests.attackers import HEADERS, bearer, strict
from tests.cast import PASSWORD
from tests.walk import fingerprint

SYSTEM = Actor.system("test")
PHONE = "13800000123"


# --- Sessions and tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/me", "/me/data", "/me/phone", "/me/devices", "/messages", "/tickets", "/claims/{release}"]
)
def test_token_opens_no_page(cast, stage, path):
    page = Client().get(stage.address(path), headers=bearer(cast, "mei"))
    anonymous = Client().get(stage.address(path))
    assert (page.status_code, page.headers.get("Location")) == (
        anonymous.status_code,
        anonymous.headers.get("Location"),
    )


def test_token_without_a_session_gets_no_pass_from_the_page(cast, stage):
    answer = Client(raise_request_exception=False).get(
        stage.address("/me/pass/{pool}"), headers=bearer(cast, "mei")
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "sign_in_first"


def test_token_of_one_beside_the_session_of_another_acts_for_the_token_only(cast, client, stage):
    cast.sign_in(client, "hua")
    me = client.get("/api/v1/me", headers=bearer(cast, "mei")).json()
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


CHROME = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537"}
NEWER = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537"}
PHONES = {"HTTP_USER_AGENT": "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Safari/537"}


def staff_in(cast, client, **agent) -> str:
    """Through both steps on this machine; the session's key."""
    user = cast.users["city_admin"]
    set_password(SYSTEM, user_id=user.pk, password=PASSWORD)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    account = User.objects.unscoped("test").get(pk=user.pk)
    account.totp_secret, account.totp_confirmed_at, account.totp_last_step = secret, timezone.now(), 0
    account.save()
    client.post("/console/sign-in", {"login": "city_admin", "password": PASSWORD}, **agent)
    code = unused_totp_code(secret, 0, timezone.now())
    assert client.post("/console/sign-in", {"step": "code", "code": code}, **agent).status_code == 302
    return client.session.session_key


def test_staff_session_key_planted_or_half_way_is_worth_nothing(cast, client, settings):
    settings.SESSION_COOKIE_SECURE = True
    planted = client.session
    planted["x"] = 1
    planted.save()
    first = planted.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = first
    page = client.post("/console/sign-in", {"login": "city_admin", "password": "wrong"}, **CHROME)
    assert page.status_code == 422
    key = staff_in(cast, client, **CHROME)
    assert key != first
    assert not SessionRow.objects.filter(session_key=first).exists()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    for stolen in (first, client.cookies["browser"].value if "browser" in client.cookies else "x"):
        other = Client()
        other.cookies[settings.SESSION_COOKIE_NAME] = stolen
        assert other.get("/console/", **CHROME).status_code == 302


def test_staff_session_taken_to_another_machine_ends_there_and_here(cast, client, settings):
    key = staff_in(cast, client, **CHROME)
    assert client.get("/console/", **CHROME).status_code == 200
    assert client.get("/console/", **NEWER).status_code == 200  # updated by night
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    assert thief.get("/console/members/person/", **PHONES).status_code == 302
    assert client.get("/console/", **CHROME).status_code == 302
    assert not SessionRow.objects.filter(session_key=key).exists()
    assert Device.objects.unscoped("test").get(user=cast.users["city_admin"]).ended_at is not None


def test_whose_role_is_withdrawn_is_signed_out_everywhere(cast, client):
    key = staff_in(cast, client, **CHROME)
    headers = bearer(cast, "city_admin")
    grant = Grant.objects.unscoped("test").get(user=cast.users["city_admin"])
    with pytest.raises(DomainError):
        end_grant(cast.actor("sister_admin"), grant_id=grant.pk)
    assert client.get("/console/", **CHROME).status_code == 200
    end_grant(cast.actor("province_admin"), grant_id=grant.pk)
    assert client.get("/console/", **CHROME).status_code == 302
    assert not SessionRow.objects.filter(session_key=key).exists()
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_member_whose_account_is_closed_loses_session_and_token_at_once(cast, client):
    headers = bearer(cast, "mei")
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


def test_referrer_of_another_site_leads_to_our_own_page(cast, client, stage):
    cast.sign_in(client, "mei")
    _activity, _session, release = announced(cast)
    for page in ("https://evil.example/", "//evil.example", "https://testserver.evil.example/x"):
        answer = client.post(f"/releases/{release.pk}/reminder", headers={"Referer": page})
        assert answer.headers["Location"] == f"/releases/{release.pk}"


# --- Cross-site -----------------------------------------------------------------------------------------------


def test_no_post_of_a_page_counts_without_its_token(cast, stage):
    """What WeChat calls has no page to carry a token: its signature is asked (payments/tests, notices/tests)."""
    from tests.test_cast_walk import DOORS

    before = fingerprint()
    for who in ("mei", "clerk", "anonymous"):
        client = cast.sign_in(strict(), who)
        for method, path, *_rest in DOORS:
            if method == "POST" and not path.startswith(
                ("/api/", "/payments/wechat/notify", "/wechat/events")
            ):
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
    assert "unsafe" not in MEMBER_CSP
    for path in paths:
        answer = client.get(path)
        assert [name for name in HEADERS if name not in answer.headers] == [], path
        wanted = CONSOLE_CSP if path.startswith("/console/") else MEMBER_CSP
        assert answer.headers["Content-Security-Policy"] == wanted, path
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
        raise RuntimeError("secret 13800000001 in /srv/inside.py")

    monkeypatch.setattr("gonghui.portal.views.home.running_cards", burst)
    answer = Client(raise_request_exception=False).get("/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert [name for name in HEADERS if name not in answer.headers] == []
    assert not [word for word in ("Traceback", "RuntimeError", "secret", "138000", "/srv") if word in text]
