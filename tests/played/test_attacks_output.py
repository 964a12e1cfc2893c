"""What an attacker leaves for others to read: no page runs it, no sheet computes it, no log names anybody."""

from __future__ import annotations

import io
import json
import logging
import re

import openpyxl
import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from gonghui.activities.models import Activity
from gonghui.benefits.models import Release, Voucher
from gonghui.feedback.models import Rating
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedAdmin
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.notices.actions import tell
from gonghui.portal.waiting import render_waiting_page, waiting_offering
from tests.attackers import RAW, listed_at, quiet
from tests.cast import IDS

SYSTEM = Actor.system("test")
SCREENS = [s for s in admin.site._registry.values() if isinstance(s, ScopedAdmin)]
ESCAPED = "&lt;script&gt;alert"
SCRIPT = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}{% debug %}'


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
    poisoned_pages = set()
    for who in ("mei", "anonymous"):
        client = cast.sign_in(quiet(), who)
        for path in MEMBER_PAGES:
            page = client.get(poisoned.address(path))
            text = page.content.decode()
            assert page.status_code < 500, path
            assert [raw for raw in RAW if raw in text] == [], path
            assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", text)
            poisoned_pages |= {(who, path)} if ESCAPED in text else set()
    assert len(poisoned_pages) >= 15


def test_waiting_page_and_its_json_hold_no_markup_of_others(poisoned):
    release = poisoned.facts["release"]
    assert render_waiting_page(release)
    text = quiet().get(f"/r/{release}").content.decode()
    assert [raw for raw in RAW if raw in text] == []
    blocks = re.findall(r"<script[^>]*application/json[^>]*>(.*?)</script>", text, re.S)
    assert blocks and all(json.loads(block) for block in blocks)
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
    poisoned_pages = set()
    for page in pages:
        answer = client.get(page)
        text = answer.content.decode()
        assert answer.status_code < 500, page
        assert [raw for raw in RAW if raw in text] == [], page
        poisoned_pages |= {page} if ESCAPED in text else set()
    assert len(poisoned_pages) >= 30


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
    shown = [screen for screen in SCREENS if screen.export_verb and not screen.export_people]
    addresses = [
        f"{listed_at(screen)}export/" for screen in shown
    ]  # lists of people: members/tests/test_exports
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
