"""What an attacker types, uploads and puts into addresses: nothing breaks, nothing changes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.cache import caches
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from gonghui.activities.tests.stage import announced
from gonghui.benefits.models import Party, Redemption
from gonghui.kit import middleware
from gonghui.kit.console import ScopedAdmin
from gonghui.kit.models import AuditEntry
from gonghui.members.actions import roster_runs
from gonghui.members.models import Membership, Person, RosterImport
from gonghui.orgs.models import Union
from tests.attackers import RAW, bearer, broken, listed_at, quiet
from tests.test_cast_walk import BODIES, DOORS
from tests.walk import fingerprint

SCREENS = [s for s in admin.site._registry.values() if isinstance(s, ScopedAdmin)]
# As they stand in an address: no text, no UTF-8, half a surrogate, digits of others, out of every range, markup, a line break.
STRANGE = (
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "٣",
    "²",
    "-1",
    "9" * 30,
    "1e9",
    "%27%22%3E%3Cscript%3E",
    "[]",
    "%0d%0aX:1",
)
# Whatever takes these takes the rest: what distinguishes places is how they read numbers and dates.
SHARP = ("²", "-1", "9" * 30, "%27")
# As they stand in a field.
TYPED = ("\x00", "\ufffe", "²", "-1", "9" * 5000, "💥" * 500, "' {0}{x!r}%s", "\r\nX-A: 1\u202e")  # fmt: skip


# --- Addresses ----------------------------------------------------------------------------------------------

PLACES = {
    "/activities": ("holiday", "kind", "q", "page"), "/tickets": ("view", "page"), "/messages": ("show", "page"),
    "/sign-in": ("next",), "/console/sign-in": ("next",), "/me/pass/{pool}": ("seats", "for"), "/": ("x",),
    "/claims/{release}": ("pool",), "/api/v1/activities": ("holiday", "kind", "q", "page"),
    "/api/v1/me/messages": ("limit",), "/api/v1/tickets": ("page", "view"), "/r/{release}": ("x",),
}  # fmt: skip


@pytest.mark.parametrize("who", ["anonymous", "mei"])
def test_no_strange_parameter_of_a_page_is_a_server_error(cast, stage, who):
    client = cast.sign_in(quiet(), who)
    headers = bearer(cast, who) if who != "anonymous" else {}
    values = STRANGE if who == "mei" else SHARP
    addresses = [
        f"{path}?{name}={value}" for path, names in PLACES.items() for name in names for value in values
    ]
    assert broken(
        (a, client.get(stage.address(a), headers=headers if a.startswith("/api/") else {})) for a in addresses
    ) == []  # fmt: skip


def test_strangers_do_not_fill_the_store_of_frames(cast):
    client, kept = quiet(), caches["shelf"]._cache
    for address in ("/activities", "/activities?page=2"):
        assert client.get(address).status_code == 200
    before = len(kept)
    assert before > 0
    for value in (*STRANGE, "4", "01", "999"):
        for name in ("holiday", "kind", "page", "x"):
            client.get(f"/activities?{name}={value}")
    assert len(kept) == before


@pytest.mark.filterwarnings("error")
def test_no_question_makes_a_key_the_cache_warns_of(cast):
    for value in ("%0d%0aX:1", "%01", "💥" * 500, "%20"):
        for name in ("holiday", "kind", "q", "page"):
            assert quiet().get(f"/activities?{name}={value}").status_code == 200
    assert quiet().get("/activities/" + "9" * 18).status_code == 404


def test_clerk_pages_take_strange_parameters(cast, stage):
    client = cast.sign_in(quiet(), "clerk")
    addresses = [
        f"{path}?store={value}" for value in STRANGE for path in ("/clerk/", "/clerk/day", "/clerk/pack")
    ]
    assert broken((a, client.get(a)) for a in addresses) == []


def rows_asked_for(screen, request) -> None:
    """As the list and the export ask, without drawing either; a question that means nothing is refused in Django's way."""
    try:
        list(screen.get_changelist_instance(request).get_queryset(request)[:1])
    except (IncorrectLookupParameters, SuspiciousOperation):
        return


def test_no_filter_of_the_console_breaks_on_a_strange_value(cast):
    """Every screen, every parameter of its filters, each value alone."""
    actor, factory = cast.actor("province_admin"), RequestFactory()
    for screen in SCREENS:
        for name in sorted({*screen._filter_parameters(None), "o"}):
            for value in ("²", "9" * 30):
                request = factory.get(f"{listed_at(screen)}?{name}={value}")
                request.actor, request.user = actor, cast.users["province_admin"]
                with transaction.atomic():
                    rows_asked_for(screen, request)


@pytest.mark.parametrize("end", ["", "export/"])
def test_no_strange_parameter_of_the_console_is_a_server_error(cast, end):
    """The pages: first all a screen's filters at once, then what every screen understands, on one of them."""
    client = cast.sign_in(quiet(), "province_admin")
    addresses = []
    for screen in SCREENS:
        names = [*sorted(screen._filter_parameters(None)), "q"]
        addresses += [
            listed_at(screen) + end + "?" + "&".join(f"{name}={value}" for name in names)
            for value in ("%27",)
        ]
    of_all = (
        "q",
        "o",
        "p",
        "e",
        "all",
        "_popup",
        "_to_field",
        "_facets",
        "under",
        "parent",
        "nothing__of__ours",
    )
    addresses += [
        f"/console/orgs/union/{end}?{name}={value}" for name in of_all for value in ("²", "9" * 30, "1.-9.x")
    ]
    assert broken((a, client.get(a)) for a in addresses) == []


def test_question_an_export_cannot_answer_leads_to_the_list(cast):
    client = cast.sign_in(quiet(), "province_admin")
    answer = client.get("/console/orgs/union/export/?kind_from=x")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/orgs/union/?e=1")
    assert client.get(answer.headers["Location"]).status_code == 200
    assert not AuditEntry.objects.unscoped("test").filter(op="EXPORT").exists()


def test_no_strange_id_in_the_console_is_a_server_error(cast):
    client = cast.sign_in(quiet(), "province_admin")
    addresses = [
        f"{listed_at(screen)}{value}/change/" for screen in SCREENS for value in ("²", "9" * 30, "_5F")
    ]
    addresses += [
        f"{listed_at(screen)}{'9' * 30}/{end}/" for screen in SCREENS for end in ("history", "delete")
    ]
    addresses += [
        f"/console/orgs/union/{value}/{end}/" for value in STRANGE for end in ("change", "history", "delete")
    ]
    assert [a for a in addresses if client.get(a).status_code not in (302, 400, 403, 404)] == []


def test_console_pickers_take_strange_questions(cast):
    client = cast.sign_in(quiet(), "city_admin")
    asked = "/console/autocomplete/?app_label=orgs&model_name=union&field_name="
    addresses = [
        (f"{asked}parent&term={value}", f"{asked}{value}", f"{asked}parent&page={value}",
         f"/console/autocomplete/?app_label={value}&model_name=union&field_name=parent",
         f"/console/members/rosterimport/?under={value}")
        for value in STRANGE
    ]  # fmt: skip
    assert broken((a, client.get(a)) for group in addresses for a in group) == []


def test_no_strange_id_in_an_address_is_a_server_error(cast, stage):
    client, token = cast.sign_in(quiet(), "mei"), bearer(cast, "mei")
    found = []
    for path in dict.fromkeys(path for _method, path, *_rest in DOORS if "{" in path):
        for value in (*SHARP, "%00", "%FF", "..%2f"):
            address = re.sub(r"\{\w+\}", lambda _m, value=value: value, path)
            headers = token if path.startswith("/api") else {}
            found += broken(
                (m + address, client.generic(m, address, headers=headers)) for m in ("GET", "POST")
            )
    assert found == []


def test_paths_that_climb_find_nothing(cast, stage):
    client = cast.sign_in(quiet(), "mei")
    code = stage.facts["code"]
    for path in (
        "/grab/../console/", "/static/../../../etc/passwd", "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static//etc/passwd",
        f"/tickets/{code}%2freturn", "/tickets/..%2f..%2f", "/me/data/download.json%00.xlsx",
        "/console%2f", "/./me", "/me/data/..;/",
        "/static/kit/..%5c..%5c", "/r/1%20", "/.git/config", "/.gonghui/keys.json", "/media/x",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code in (301, 302, 400, 403, 404, 405), (path, answer.status_code)
        assert not answer.headers.get("Location", "/").startswith(("//", "http:", "https:")), path


def test_nul_in_a_cookie_is_a_bad_request(cast):
    for name in ("sessionid", "visitor", "csrftoken", "elder", "messages"):
        client = quiet()
        answer = client.get("/me/data", headers={"Cookie": f'{name}="abcdefgh\\000ijkl"'})
        assert answer.status_code == 400, name


def test_announced_body_beyond_the_limit_is_refused(client, db, monkeypatch):
    monkeypatch.setattr(middleware, "BODY_BYTES_MAX", 1000)
    file = SimpleUploadedFile("x.xlsx", b"x" * 2000)
    answer = client.post("/sign-in", {"sheet": file})
    assert answer.status_code == 413
    assert "太大" in answer.content.decode()


# --- Fields -------------------------------------------------------------------------------------------------

FIELDS = ("phone", "code", "step", "agree", "login", "password", "name", "id_no", "id_type", "consent", "relation",
          "next", "demo_code",
          "pool", "seats", "for_person", "key", "companion", "score", "comment", "text", "arrived", "on", "reason")  # fmt: skip
POSTS = [path for method, path, *_rest in DOORS if method == "POST" and not path.startswith("/api/")]
SIGN_INS = ["/sign-in", "/console/sign-in"]
FORMS = {
    "anonymous": SIGN_INS,
    "clerk": [path for path in POSTS if path.startswith("/clerk/")],
    "mei": [path for path in POSTS if not path.startswith(("/clerk/", "/sign-out")) and "devices" not in path]
    + ["/me/verify", "/me/phone", "/me/delegations/new"],
}


@pytest.mark.parametrize("who", FORMS)
def test_no_strange_field_is_a_server_error(cast, stage, who):
    """All fields strange at once; then one strange among good ones, which gets further in."""
    client = cast.sign_in(quiet(), who)
    usual = {
        "pool": stage.facts["pool"],
        "seats": "2",
        "key": str(uuid4()),
        "text": stage.facts["code"],
        "agree": "on",
    }
    for path in FORMS[who]:
        for value in TYPED:
            answer = client.post(stage.address(path), dict.fromkeys(FIELDS, value))
            assert answer.status_code < 500, (path, value[:20])
        for value in TYPED[:3]:
            fields = {**usual, "companion": value, "comment": value, "code": value}
            if path in SIGN_INS:
                fields = {"step": "code", "phone": "13800000123", "code": value, "demo_code": value}
            assert client.post(stage.address(path), fields).status_code < 500, (path, value[:20])


JSONS = (b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"companions": ["\\ud800"]}',
                  b'{"companions": {"a": 1}}', b'{"for": 1e400}', b'{"for": 99999999999999999999999}',
         b'{"seats": NaN, "key": "x"}', b'{"pack": 1, "scans": 1}', b'{"pack": "x", "scans": [1]}',
         b'{"pack": "x", "scans": [{"at": 1e300, "arrived": 1, "key": "x", "text": "\\ud800"}]}')  # fmt: skip
WRITES = [
    (method, path, word)
    for method, path, word, *_rest in DOORS
    if path.startswith("/api/") and method != "GET" and BODIES[word] is not None
]


def test_no_strange_json_is_a_server_error(cast, stage):
    clients = {who: cast.sign_in(quiet(), who) for who in ("mei", "clerk")}
    tokens = {who: bearer(cast, who) for who in clients}
    for body in JSONS:
        for who, path in (("mei", "/me/party/{release}"), ("clerk", "/clerk/reconcile")):
            answer = clients[who].post(stage.address(path), body, content_type="application/json")
            assert answer.status_code < 500, (path, body[:40])
        for method, path, _word in WRITES:
            headers = tokens["clerk" if "counter" in path else "mei"] if path != "/api/v1/session" else {}
            answer = quiet().generic(
                method, stage.address(path), body, content_type="application/json", headers=headers
            )
            assert answer.status_code < 500, (method, path, body[:40])


def test_no_strange_text_in_the_api_is_a_server_error(cast, stage):
    tokens = {who: bearer(cast, who) for who in ("mei", "clerk")}
    for method, path, word in WRITES:
        usual = {k: v.format(**stage.facts) if isinstance(v, str) else v for k, v in BODIES[word].items()}
        for name in {**usual, "companions": 0, "device": 0, "comment": 0, "for_person": 0}:
            for text in ("\ud800", "²"):
                body = json.dumps({**usual, name: [text] if name == "companions" else text})
                headers = tokens["clerk" if "counter" in path else "mei"]
                answer = quiet().generic(
                    method, stage.address(path), body, content_type="application/json", headers=headers
                )
                assert answer.status_code < 500, (method, path, name, ascii(text[:9]))


def test_names_of_companions_lose_what_cannot_be_seen(cast, client, stage):
    _activity, _session, release = announced(cast, names_required=True)
    cast.sign_in(client, "lan")
    body = b'{"companions": ["\\u5f20\\u0000 \\ud800\\u4f1f\\u202e", "  "]}'
    assert client.post(f"/me/party/{release.pk}", body, content_type="application/json").status_code == 200
    assert Party.objects.unscoped("test").get(release=release).names == ["张 伟"]


def test_offline_redemptions_of_what_is_no_ticket_are_not_taken(cast, stage):
    client = cast.sign_in(quiet(), "clerk")
    pack = client.get("/clerk/pack").json()
    handed = next(v for v in pack.values() if isinstance(v, str) and len(v) > 40)
    for text in ("\ud800", "a\x00b", "=1+1", "GH1." + "A" * 60):
        at = int(timezone.now().timestamp() * 1000)
        scans = [{"key": str(uuid4()), "text": text, "arrived": 1, "at": at}]
        body = json.dumps({"pack": handed, "scans": scans})
        answer = client.post("/clerk/reconcile", body, content_type="application/json")
        assert answer.status_code == 200, ascii(text)
        assert [scan["taken"] for scan in answer.json()["scans"]] == [False], ascii(text)
    assert not Redemption.objects.unscoped("test").exists()


# --- Uploads ------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """Unpacks to a thousand times its size."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"<workbook>" + b" " * 60_000_000)
    return target.getvalue()


HEADER_ONLY = "姓名,证件号码\n".encode()
# What is sent, under which name, and the name that is kept; None where nothing is.
UPLOADS = {
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 1000, "roster.xlsx", "roster.xlsx"),
    "program": (b"MZ\x90\x00" + b"\x00" * 1000, "roster.xlsx", "roster.xlsx"),
    "page": (b"<html><script>alert(1)</script></html>", "roster.csv", "roster.csv"),
    "empty": (b"", "roster.xlsx", None),
    "bomb": (bomb, "roster.xlsx", "roster.xlsx"),
    "entities": (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "roster.xml", "roster.xml"),
    "climbing": (HEADER_ONLY, "../../../etc/cron.d/x.csv", "x.csv"),
    "climbing_back": (HEADER_ONLY, "..\\..\\x.csv", "x.csv"),
    "nul": (HEADER_ONLY, "a\x00b.csv", "ab.csv"),
    "long": (HEADER_ONLY, "长" * 150 + ".csv", "长" * 150 + ".csv"),
    "script": (HEADER_ONLY, '"><img src=x onerror=alert(1)>.csv', '"><img src=x onerror=alert(1)>.csv'),
    "control": (HEADER_ONLY, "a\r\nX-Evil: 1\u202e.csv", "aX-Evil: 1.csv"),
}  # fmt: skip


def sent_by_hand(client, union_id: int, name: str, content: bytes):
    """With the name as it is: Django's test client would send the last part of its path only, and no line break."""
    plain = name.isprintable() and '"' not in name
    named = f'filename="{name}"' if plain else f"filename*=UTF-8''{quote(name, safe='')}"
    parts = (
        b'Content-Disposition: form-data; name="union"\r\n\r\n' + str(union_id).encode(),
        f'Content-Disposition: form-data; name="sheet"; {named}\r\n\r\n'.encode() + content,
    )
    body = b"".join(b"--line\r\n" + part + b"\r\n" for part in parts) + b"--line--\r\n"
    return client.post("/console/rosters/new", body, content_type="multipart/form-data; boundary=line")


def members_now() -> list:
    return [list(model.objects.unscoped("test").order_by("pk").values()) for model in (Person, Membership)]


@pytest.mark.parametrize("kind", UPLOADS)
def test_upload_that_is_not_what_it_claims_harms_nothing(cast, kind):
    content, name, kept = UPLOADS[kind]
    client, before = cast.sign_in(quiet(), "city_admin"), members_now()
    answer = sent_by_hand(
        client, cast.unions["factory"].pk, name, content() if callable(content) else content
    )
    assert answer.status_code == (302 if kept else 422)
    rosters = RosterImport.objects.unscoped("test")
    assert [roster.file_name for roster in rosters] == ([kept] if kept else [])
    for roster in rosters:
        roster_runs.check_roster(roster.pk)
        for page in (f"/console/rosters/{roster.pk}", "/console/members/rosterimport/"):
            shown = client.get(page)
            assert shown.status_code == 200, page
            assert not [raw for raw in RAW if raw in shown.content.decode()]
        sent = client.get(f"/console/rosters/{roster.pk}/refused.xlsx")
        assert sent.status_code < 500
        assert "\n" not in sent.headers.get("Content-Disposition", "") and "X-Evil" not in sent.headers
        assert client.post(f"/console/rosters/{roster.pk}/apply").status_code < 500
    assert not rosters.filter(state__in=("applying", "applied")).exists()
    assert members_now() == before


def test_upload_of_eight_megabytes_of_nothing_is_answered(cast):
    client = cast.sign_in(quiet(), "city_admin")
    sheet = SimpleUploadedFile("big.csv", b"\x00" * (8 * 2**20))
    answer = client.post("/console/rosters/new", {"union": cast.unions["factory"].pk, "sheet": sheet})
    assert answer.status_code in (302, 422)


def test_strange_parameters_change_nothing(cast, stage):
    """Four pages of a member, against the fingerprint of the database."""
    before = fingerprint()
    client = cast.sign_in(quiet(), "qiang")
    for value in STRANGE:
        for path in ("/tickets/{code}", "/activities", "/messages", "/me/pass/{pool}"):
            client.get(f"{stage.address(path)}?q={value}&page={value}&seats={value}&for={value}")
    assert fingerprint() == before
    assert Person.objects.unscoped("test").count() == 4
    assert Union.objects.unscoped("test").count() == 6
