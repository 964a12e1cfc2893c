"""What an attacker types, uploads and puts into addresses: nothing runs, nothing breaks, nothing leaves a trace it should not."""

from __future__ import annotations

import functools
import io
import json
import logging
import re
import zipfile
from uuid import uuid4

import openpyxl
import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.cache import caches
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import reverse
from django.utils import timezone

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.activities.models import Activity
from gonghui.activities.tests.stage import announced
from gonghui.benefits.models import Party, Release, Voucher
from gonghui.feedback.models import Rating
from gonghui.kit import middleware
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedAdmin
from gonghui.kit.models import AuditEntry
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.members.models import Person, RosterImport
from gonghui.notices.actions import tell
from gonghui.orgs.models import Union
from gonghui.portal.waiting import render_waiting_page, waiting_offering
from tests.cast import IDS, new_cast
from tests.test_cast_walk import BODIES, DOORS
from tests.walk import build_stage, fingerprint

SYSTEM = Actor.system("test")
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
SCRIPT = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}{% debug %}'
RAW = ("<script>alert", "<img src=x", "</script><script>")


@pytest.fixture(scope="module")
def played(django_db_setup, django_db_blocker):
    """The cast and their stage, built once; each test's own transaction is taken back within this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = new_cast()
        yield cast, build_stage(cast)
        transaction.set_rollback(True)


@pytest.fixture
def cast(played, db):
    return played[0]


@pytest.fixture
def stage(played, db):
    return played[1]


@functools.cache
def door() -> ClientHandler:
    """Django's handler; making one reads every static file there is, so all clients here share it."""
    made = ClientHandler(enforce_csrf_checks=False)
    made.load_middleware()
    return made


def quiet() -> Client:
    client = Client(raise_request_exception=False)
    client.handler = door()
    return client


def bearer(cast, who: str) -> dict:
    user_id = cast.users[who].pk
    secret = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="试")
    return {"Authorization": f"Bearer {secret}"}


def listed_at(screen: ScopedAdmin) -> str:
    return reverse(f"admin:{screen.opts.app_label}_{screen.opts.model_name}_changelist")


def broken(asked) -> list:
    """What was asked where the answer was an error of ours; `asked` yields pairs of it and the answer."""
    return [what for what, answer in asked if answer.status_code >= 500]


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


def test_announced_body_beyond_the_limit_is_refused_unread(client, db, monkeypatch):
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


def test_offline_redemption_with_half_a_surrogate_is_an_exception_not_an_error(cast, stage):
    client = cast.sign_in(quiet(), "clerk")
    pack = client.get("/clerk/pack").json()
    handed = next(v for v in pack.values() if isinstance(v, str) and len(v) > 40)
    for text in ("\ud800", "a\x00b", "=1+1", "GH1." + "A" * 60):
        at = int(timezone.now().timestamp() * 1000)
        scans = [{"key": str(uuid4()), "text": text, "arrived": 1, "at": at}]
        body = json.dumps({"pack": handed, "scans": scans})
        answer = client.post("/clerk/reconcile", body, content_type="application/json")
        assert answer.status_code < 500, ascii(text)


# --- Uploads ------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """Unpacks to a thousand times its size."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"<workbook>" + b" " * 60_000_000)
    return target.getvalue()


UPLOADS = {
    "picture": ("roster.xlsx", b"\x89PNG\r\n\x1a\n" + b"\x00" * 1000),
    "program": ("roster.xlsx", b"MZ\x90\x00" + b"\x00" * 1000),
    "page": ("roster.csv", b"<html><script>alert(1)</script></html>"),
    "empty": ("roster.xlsx", b""),
    "bomb": ("roster.xlsx", None),
    "entities": ("roster.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
    "climbing": ("../../../etc/cron.d/x.csv", "姓名,证件号码\n".encode()),
    "climbing_back": ("..\\..\\x.csv", "姓名,证件号码\n".encode()),
    "nul": ("a\x00b.csv", "姓名,证件号码\n".encode()),
    "long": ("长" * 400 + ".csv", "姓名,证件号码\n".encode()),
    "script": ('"><img src=x onerror=alert(1)>.csv', "姓名,证件号码\n".encode()),
    "control": ("a\r\nX-Evil: 1\u202e.csv", "姓名,证件号码\n".encode()),
}


@pytest.mark.parametrize("kind", UPLOADS)
def test_upload_that_is_not_what_it_claims_harms_nothing(cast, kind):
    name, content = UPLOADS[kind]
    client = cast.sign_in(quiet(), "city_admin")
    sheet = SimpleUploadedFile("x", bomb() if content is None else content)
    sheet._name = name
    answer = client.post("/console/rosters/new", {"union": cast.unions["factory"].pk, "sheet": sheet})
    assert answer.status_code in (302, 400, 422)
    for roster in RosterImport.objects.unscoped("test"):
        assert "/" not in roster.file_name and "\\" not in roster.file_name
        for page in (f"/console/rosters/{roster.pk}", "/console/members/rosterimport/"):
            shown = client.get(page)
            assert shown.status_code == 200, page
            assert not [raw for raw in RAW if raw in shown.content.decode()]
        sent = client.get(f"/console/rosters/{roster.pk}/refused.xlsx")
        assert sent.status_code < 500
        assert "\n" not in sent.headers.get("Content-Disposition", "") and "X-Evil" not in sent.headers
    if kind in ("picture", "bomb", "entities", "empty"):
        assert not RosterImport.objects.unscoped("test").filter(state="applied").exists()


def test_upload_of_eight_megabytes_of_nothing_is_answered(cast):
    client = cast.sign_in(quiet(), "city_admin")
    sheet = SimpleUploadedFile("big.csv", b"\x00" * (8 * 2**20))
    answer = client.post("/console/rosters/new", {"union": cast.unions["factory"].pk, "sheet": sheet})
    assert answer.status_code in (302, 422)


# --- What others will read ------------------------------------------------------------------------------------


def rename(row, **fields) -> None:
    type(row).objects.unscoped("test").filter(pk=row.pk).update(**fields)


@pytest.fixture
def poisoned(cast, stage):
    """Markup and formulas in every text that a person or a union may choose."""
    activity = Activity.objects.unscoped("test").get(pk=stage.facts["activity"])
    rename(activity, title=SCRIPT[:80], summary=SCRIPT, body=SCRIPT, details={"film": SCRIPT})
    rename(Release.objects.unscoped("test").get(pk=stage.facts["release"]), title=SCRIPT[:80])
    for key in ("city", "factory"):
        rename(cast.unions[key], name=SCRIPT[:80] + key)
    rename(cast.store, name=SCRIPT[:64], address=SCRIPT)
    rename(
        cast.people["mei"],
        name="=<script>alert(1)</script>",
        pinyin=pinyin_key("x"),
        grams=search_grams("=<"),
    )
    rename(cast.users["city_admin"], display_name="<script>alert(2)</script>")
    rename(Voucher.objects.unscoped("test").get(), companions=[SCRIPT])
    tell(SYSTEM, person_id=cast.people["mei"].pk, kind="notice", title=SCRIPT[:80], body=SCRIPT)
    return stage


MEMBER_PAGES = ("/", "/activities", "/activities?q=%3Cscript%3Ealert", "/activities?kind=%22%3E%3Cimg+src=x",
                "/activities/{activity}",
                "/r/{release}", "/claims/{release}", "/tickets", "/tickets/{code}", "/messages", "/me", "/me/data",
                "/me/verify?next=/%22%3E%3Cimg+src=x",
                "/sign-in?next=/%3Cscript%3Ealert", "/activities/{activity}/opinions",
                "/me/delegations", "/draws/{lots}/enter")  # fmt: skip


def test_markup_in_texts_never_runs_on_a_member_page(cast, poisoned):
    for who in ("mei", "anonymous"):
        client = cast.sign_in(quiet(), who)
        for path in MEMBER_PAGES:
            page = client.get(poisoned.address(path))
            text = page.content.decode()
            assert page.status_code < 500, path
            assert [raw for raw in RAW if raw in text] == [], path
            assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", text)


def test_waiting_page_and_its_json_hold_no_markup_of_others(poisoned):
    release = poisoned.facts["release"]
    assert render_waiting_page(release)
    text = quiet().get(f"/r/{release}").content.decode()
    assert [raw for raw in RAW if raw in text] == []
    blocks = re.findall(r"<script[^>]*application/json[^>]*>(.*?)</script>", text, re.S)
    assert all(json.loads(block) for block in blocks)
    assert waiting_offering(release) is not None


def test_markup_in_texts_never_runs_in_the_console(cast, poisoned):
    client = cast.sign_in(quiet(), "city_admin")
    pages = ["/console/", "/console/members/person/?q=%3Cscript%3Ealert"]
    for screen in SCREENS:
        listed = listed_at(screen)
        pages.append(listed)
        row = screen.model._base_manager.order_by("-pk").first()
        if row is not None:
            pages.append(f"{listed}{row.pk}/change/")
    activity = poisoned.facts["activity"]
    pages += [f"/console/activities/{activity}/{end}" for end in ("text", "live", "sessions/new")]
    pages += [
        f"/console/reports/activity/{activity}",
        *(f"/console/orgs/union/{cast.unions['factory'].pk}/{end}/" for end in ("change", "history")),
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code < 500, page
        assert [raw for raw in RAW if raw in answer.content.decode()] == [], page


def test_comments_are_shown_escaped_under_masked_names(cast, poisoned, monkeypatch):
    for number, name in enumerate(("mei", "lan", "qiang"), 1):
        Rating.objects.create(
            person=cast.people[name], voucher_id=number, union=cast.unions["city"], subject_type="activity",
            subject_id=poisoned.facts["activity"], score=5, comment=SCRIPT,
        )  # fmt: skip
    monkeypatch.setattr("gonghui.feedback.queries.Satisfaction.is_enough", property(lambda _self: True))
    text = quiet().get(poisoned.address("/activities/{activity}/opinions")).content.decode()
    assert "&lt;script&gt;" in text and "黄**" in text
    assert [raw for raw in (*RAW, *(name for name, _i, _p in IDS.values())) if raw in text] == []


def formulas(content: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [
        c.value
        for sheet in book
        for row in sheet.iter_rows()
        for c in row
        if c.data_type == "f" or c.hyperlink
    ]


FORMULAS = (
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "=cmd|'/c calc'!A0",
    "http://evil.example",
)


def test_no_export_holds_a_formula(cast, stage):
    person, union, activity, release, message, store, party = FORMULAS
    rename(cast.people["mei"], name=person)
    rename(cast.unions["factory"], name=union)
    rename(Activity.objects.unscoped("test").get(pk=stage.facts["activity"]), title=activity)
    rename(Release.objects.unscoped("test").get(pk=stage.facts["release"]), title=release)
    rename(cast.store, name=store)
    rename(Voucher.objects.unscoped("test").get(), companions=[party])
    tell(SYSTEM, person_id=cast.people["mei"].pk, kind="notice", title=message, body=message)
    mine = cast.sign_in(quiet(), "mei").post("/me/data/download.xlsx")
    assert (mine.status_code, formulas(mine.content)) == (200, [])
    client, sheets = cast.sign_in(quiet(), "city_admin"), 0
    addresses = [f"{listed_at(screen)}export/" for screen in SCREENS if screen.export_verb]
    for address in [*addresses, f"/console/reports/activity/{stage.facts['activity']}/sheet"]:
        answer = client.get(address)
        if answer.status_code == 200:
            sheets += 1
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert formulas(body) == [], address
    assert sheets >= 3


# --- Logs -----------------------------------------------------------------------------------------------------


def test_logs_name_nobody(cast, client, stage, settings, caplog, capfd):
    """Signing in, failing, verifying, looking up, importing, unmasking."""
    settings.GONGHUI_SHOW_CODES = True
    caplog.set_level(logging.DEBUG)
    name, number, phone = IDS["lan"]
    code = client.post("/sign-in", {"phone": phone, "agree": "on"}).context["demo_code"]
    client.post("/sign-in", {"step": "code", "phone": phone, "code": "000000"})
    client.post("/sign-in", {"step": "code", "phone": phone, "code": code})
    client.post("/me/verify", {"name": name, "id_no": number, "id_type": "resident_id", "consent": "on"})
    client.post("/me/delegations/new", {"name": name, "phone": phone, "relation": "family"})
    quiet().post("/api/v1/session", {"phone": phone, "code": "111111"}, content_type="application/json")
    staff = cast.sign_in(quiet(), "city_admin")
    for asked in (name, number, phone):
        staff.get("/console/members/person/", {"q": asked})
        staff.get("/nowhere", {"q": asked})
    staff.post(
        reverse("admin:members_person_unmask", args=[cast.people["lan"].pk]), {"reason": "核对一下身份"}
    )
    rows = f"姓名,证件号码,手机号\n{name},{number},{phone}\n坏,44,1\n".encode()
    sheet = SimpleUploadedFile("roster.csv", rows)
    staff.post("/console/rosters/new", {"union": cast.unions["factory"].pk, "sheet": sheet})
    printed = capfd.readouterr()
    said = caplog.text + printed.out + printed.err
    assert "sign_in" in said
    assert [fact for fact in (name, number, phone, code) if fact in said] == []


def test_strange_things_changed_nothing(cast, stage):
    """All of the reads above, once more, against the fingerprint of the database."""
    before = fingerprint()
    client = cast.sign_in(quiet(), "qiang")
    for value in STRANGE:
        for path in ("/tickets/{code}", "/activities", "/messages", "/me/pass/{pool}"):
            client.get(f"{stage.address(path)}?q={value}&page={value}&seats={value}&for={value}")
    assert fingerprint() == before
    assert Person.objects.unscoped("test").count() == 4
    assert Union.objects.unscoped("test").count() == 6
