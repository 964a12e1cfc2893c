"""No list of people leaves the console by one hand: every list, every sheet and every door of the API is tried."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
from django.contrib import admin
from django.urls import reverse

import gonghui
from gonghui.accounts.actions.devices import issue_api_token
from gonghui.config.api import api
from gonghui.kit.console import ScopedAdmin
from gonghui.kit.masks import mask_id, mask_name, mask_phone
from gonghui.kit.models import AuditEntry
from gonghui.ledger.models import LedgerAccount
from gonghui.members.actions import exports
from gonghui.members.models import ExportFile, ExportRequest
from gonghui.orgs.models import Grant
from tests.attackers import listed_at, quiet
from tests.cast import IDS

SCREENS = [s for s in admin.site._registry.values() if isinstance(s, ScopedAdmin)]
WHO = ("province_admin", "city_admin", "finance_officer", "judge")
WORDS = {word for name, number, phone in IDS.values() for word in (name, number, phone)}
MASKED = {shown for one in IDS.values() for shown in (mask_name(one[0]), mask_id(one[1]), mask_phone(one[2]))}
WRITES_FILES = re.compile(
    r"sheet_answer\(|write_xlsx\(|write_csv\(|file_to_take\(|xlsxwriter\.|FileResponse\(|Content-Disposition|csv\.writer|StreamingHttp|as_attachment"
)
# Every module that hands out a file, and why no list of people leaves by it. A new one is answered for here.
DOORS = {
    "kit/sheets/writing.py": "writes what it is given",
    "kit/console/taking.py": "writes what it is given",
    "kit/console/exporting.py": "lists; of people by two (members.E002)",
    "members/actions/exports.py": "the two hands",
    "members/export_pages.py": "the two hands",
    "members/correction_pages.py": "pictures of a document beside a correction, to who decides it",
    "members/counter_pages.py": "one member's own, two hands at the counter",
    "members/counter_copy.py": "one member's own, two hands at the counter",
    "members/roster_pages.py": "refused lines back to their sender; an empty template",
    "members/roster/sheets_back.py": "refused lines back to their sender; an empty template",
    "portal/my_data.py": "one's own",
    "portal/views/me.py": "one's own",
    "portal/views/draws.py": "a published draw: numbers of tickets, no names",
    "bills/admin/offers.py": "offers",
    "bills/admin/offer_sheets.py": "offers",
    "funds/admin/liability.py": "sums by union",
    "funds/admin/expenses.py": "sums by class",
    "funds/admin/grants.py": "how many by clause",
    "ledger/admin.py": "accounts of unions; of members refused",
    "ledger/day_pages.py": "published sums",
    "settlement/sheets.py": "amounts by store",
    "settlement/bank_file.py": "merchants' accounts, for the bank",
    "settlement/admin/payouts.py": "merchants' accounts, for the bank",
    "orgs/admin/registration_sheets.py": "unions that were not taken, back to their sender",
    "orgs/admin/registrations.py": "papers of a union",
    "partners/admin/merchants.py": "papers of a merchant",
    "activities/reports.py": "counts by activity",
    "activities/report_views.py": "counts by activity",
    "notices/admin/results.py": "counts by send",
    "opsdesk/admin/questions.py": "papers beside a question, to who may read it",
    "config/world/rosters.py": "the demo's own sheets",
}


def cells(content: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def told(text: str) -> list[str]:
    return sorted(word for word in WORDS | MASKED if word in text)


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_every_list_is_exported_by_two_or_names_nobody(cast, stage):
    by_two, sheets = set(), set()
    for who in WHO:
        client = cast.sign_in(quiet(), who)
        for screen in SCREENS:
            answer = client.get(f"{listed_at(screen)}export/")
            label = screen.model._meta.label
            if answer.status_code != 200:
                assert answer.status_code == 403, label
            elif screen.export_people:
                assert answer["Content-Type"].startswith("text/html"), label
                by_two.add(label)
            else:
                assert told(cells(body_of(answer))) == [], label
                sheets.add(label)
    assert by_two == {s.model._meta.label for s in SCREENS if s.export_people}
    assert sheets == {s.model._meta.label for s in SCREENS if s.export_verb and not s.export_people}
    assert {
        "benefits.Voucher",
        "bills.Bill",
        "referrals.Referral",
        "members.Person",
        "payments.Payment",
    } <= by_two
    entries = AuditEntry.objects.unscoped("test").filter(op="EXPORT").values_list("table_name", flat=True)
    assert not set(entries) & {s.model._meta.db_table for s in SCREENS if s.export_people}


def test_list_that_gives_no_sheet_gives_none_to_a_forged_address_either(cast, stage):
    client = cast.sign_in(quiet(), "province_admin")
    closed = [screen for screen in SCREENS if not screen.export_verb]
    assert {"joining.JoinApplication", "mall.MallOrder", "wellbeing.Enrolment", "complaints.Complaint"} <= {
        screen.model._meta.label for screen in closed
    }
    for screen in closed:
        for forged in ("export/", "export/?format=csv", "export/?all=1"):
            assert client.get(listed_at(screen) + forged).status_code == 403, screen
        assert client.post(f"{listed_at(screen)}export/", {"reason": "核对名单用"}).status_code == 403
        page = client.get(f"{listed_at(screen)}?format=csv&_export=xlsx")
        assert page["Content-Type"].startswith("text/html") or page.status_code == 302, screen
    assert not ExportRequest.objects.unscoped("test").exists()


def test_voucher_list_leaves_by_two_hands_with_its_mark(cast, stage):
    """A list of another room than members', asked by one who runs activities and holds no members' verb."""
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
    asker, checker = cast.sign_in(quiet(), "city_admin"), cast.sign_in(quiet(), "province_admin")
    listed = reverse("admin:benefits_voucher_export")
    assert asker.post(listed, {"reason": "核对入场名单"}).status_code == 302
    export = ExportRequest.objects.unscoped("test").get()
    assert (export.table, export.rows_count, export.state) == ("benefits.Voucher", 1, "asked")
    file = reverse("admin:export_file", args=[export.pk])
    assert asker.post(file).status_code == 409
    agree = reverse("admin:members_exportrequest_approve", args=[export.pk])
    assert asker.post(agree).status_code in {403, 404}
    assert checker.post(agree).status_code == 302
    exports.make_export(export.pk)
    assert checker.post(file).status_code == 404
    said = cells(asker.post(file).content)
    assert export.number in said and "city_admin" in said
    assert ExportFile.objects.unscoped("test").count() == 1


def test_file_of_a_members_own_account_is_refused(cast, stage):
    account = LedgerAccount.objects.create(
        kind="points",
        union=cast.unions["city"],
        person=cast.people["mei"],
        name="test",
        ledger=2,
        limited="no",
    )
    client = cast.sign_in(quiet(), "city_admin")
    answer = client.get(reverse("admin:ledger_statement_sheet", args=[account.pk]))
    assert answer.status_code == 403
    assert "会员" in answer.content.decode()


def test_whoever_hands_out_files_is_known():
    root = Path(gonghui.__file__).parent
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "tests" not in path.parts and WRITES_FILES.search(path.read_text())
    }
    assert found == set(DOORS)


def test_no_door_of_the_api_lists_people_to_staff(cast, stage):
    """Staff come to the API with a token like anybody; of others it tells them nothing."""
    asked = [
        path
        for path, doors in api.get_openapi_schema()["paths"].items()
        if "get" in doors and "{" not in path
    ]
    assert len(asked) > 10
    for who in WHO:
        token = issue_api_token(cast.actor(who), user_id=cast.users[who].pk, label="走查")
        answers = {path: quiet().get(path, headers={"Authorization": f"Bearer {token}"}) for path in asked}
        client = cast.sign_in(quiet(), who)
        answers |= {f"{path} by session": client.get(path) for path in asked}
        assert {answer.status_code for answer in answers.values()} & {200}
        assert {path: found for path, one in answers.items() if (found := told(one.content.decode()))} == {}
