import datetime as dt
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.kit.models import AuditEntry
from gonghui.members.actions import roster_runs, rosters
from gonghui.members.models import Person, RosterImport, RosterSheet
from gonghui.members.tests.test_rosters import applied, checked, id_no, newcomers, now, sheet_of, upload
from gonghui.orgs.models import Grant
from tests.cast import IDS
from tests.console_contract import ConsoleContract


class TestRosterImportScreen(ConsoleContract):
    model = RosterImport
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return upload(cast, *newcomers(1))

    def foreign(self, cast):
        return upload(cast, *newcomers(1), who="sister_admin", union="riders")

    def more(self, cast, count):
        for number in range(count):
            upload(cast, *newcomers(2 + number))


def page(name: str, roster: RosterImport | None = None) -> str:
    return reverse(f"admin:{name}", args=[roster.pk] if roster else [])


def posted(cast, client, content: bytes, union: str = "city", name: str = "名册.xlsx"):
    sheet = SimpleUploadedFile(name, content)
    return client.post(page("roster_new"), {"union": cast.unions[union].pk, "sheet": sheet})


def only_roster() -> RosterImport:
    return RosterImport.objects.unscoped("test").get()


def test_upload_is_sealed_checked_by_a_job_and_shown(cast, client):
    cast.sign_in(client, "city_admin")
    response = posted(cast, client, sheet_of(*newcomers(2)))
    roster = only_roster()
    assert response.headers["Location"] == page("roster", roster)
    assert (roster.state, roster.maker_id) == ("checking", cast.users["city_admin"].pk)
    shown = client.get(page("roster", roster)).content.decode()
    assert "正在读取名册" in shown
    roster_runs.check_roster(roster.pk)
    shown = client.get(page("roster", roster)).content.decode()
    assert "导入 2 名新增、0 名变更" in shown


def test_own_union_is_filled_in_for_who_has_one(cast, client):
    cast.sign_in(client, "city_admin")
    assert "东江市总工会" in client.get(page("roster_new")).content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "没有选择文件"),
        (b"\x00" * (rosters.FILE_BYTES_MAX + 1), "超过了 50 MB"),
    ],
    ids=["empty", "too big"],
)
def test_upload_refused_says_why_and_keeps_nothing(cast, client, content, said):
    cast.sign_in(client, "city_admin")
    response = posted(cast, client, content)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not RosterImport.objects.unscoped("test").exists()


def test_upload_for_a_foreign_union_is_refused(cast, client):
    cast.sign_in(client, "city_admin")
    assert posted(cast, client, sheet_of(*newcomers(1)), union="sister").status_code == 422
    assert not RosterImport.objects.unscoped("test").exists()


def test_progress_is_asked_until_the_run_is_over(cast, client):
    roster = upload(cast, *newcomers(3))
    cast.sign_in(client, "city_admin")
    RosterSheet.objects.unscoped("test").update(rows_read=3, rows_done=2, counts={"new": 2})
    shown = client.get(page("roster_progress", roster)).content.decode()
    assert 'max="3" value="2"' in shown
    assert 'hx-trigger="load delay:1s"' in shown
    roster_runs.check_roster(roster.pk)
    assert client.get(page("roster_progress", roster)).headers["HX-Refresh"] == "true"


def test_stalled_run_offers_to_go_on(cast, client):
    roster = upload(cast, *newcomers(1))
    cast.sign_in(client, "city_admin")
    assert "从停下的地方继续" not in client.get(page("roster", roster)).content.decode()
    RosterSheet.objects.unscoped("test").update(updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert "从停下的地方继续" in client.get(page("roster", roster)).content.decode()
    assert client.post(page("roster_resume", roster)).status_code == 302


def test_confirming_applies_and_names_both(cast, client):
    roster = checked(cast, *newcomers(2))
    cast.sign_in(client, "province_admin")
    assert client.post(page("roster_apply", roster)).status_code == 302
    roster_runs.apply_roster(roster.pk)
    roster = now(roster)
    assert (roster.state, roster.count_new) == ("applied", 2)
    assert (roster.maker_id, roster.applied_by_id) == (
        cast.users["city_admin"].pk,
        cast.users["province_admin"].pk,
    )
    shown = client.get(page("roster", roster)).content.decode()
    assert "province_admin 确认" in shown


def test_page_names_the_colleagues_who_confirm_and_offers_the_maker_no_button(cast, client):
    for name in "甲乙丙丁":
        colleague = User.objects.create(login=name, is_staff=True, display_name=f"林{name}")
        Grant.objects.create(
            user=colleague, role="reviewer", union=cast.unions["city"], starts_on=dt.date(2024, 1, 1)
        )
    roster = checked(cast, *newcomers(1))
    cast.sign_in(client, "city_admin")
    shown = client.get(page("roster", roster)).content.decode()
    named = shown.partition("要由另一位同事确认：请")[2].partition("打开这一页")[0]
    assert (named.count("林"), named.endswith("等")) == (3, True)
    assert page("roster_apply", roster) not in shown
    answer = client.post(page("roster_apply", roster), follow=True).content.decode()
    assert "要由另一位有“复核”权限的同事确认导入" in answer
    assert now(roster).state == "checked"


@pytest.mark.parametrize(
    ("row", "said"), [(("钱多多", "4401", ""), "请把退回的行改好再上传"), (None, "和登记的完全一样")]
)
def test_page_of_a_roster_with_nothing_to_import_says_so_and_offers_no_button(cast, client, row, said):
    if row is None:
        row = newcomers(1)[0]
        applied(cast, row)
    roster = checked(cast, row)
    cast.sign_in(client, "city_admin")
    shown = client.get(page("roster", roster)).content.decode()
    assert said in shown and page("roster_apply", roster) not in shown
    answer = client.post(page("roster_apply", roster), follow=True).content.decode()
    assert "没有可以导入的新增或变更" in answer and now(roster).state == "checked"


def test_refused_rows_are_shown_masked_and_downloaded_whole_with_a_record(cast, client):
    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""), ("孙小二", id_no(2)[:-1], ""))
    cast.sign_in(client, "city_admin")
    shown = client.get(page("roster", roster)).content.decode()
    assert "陈**" in shown
    assert "登记的是另一个姓名" in shown
    assert IDS["mei"][1] not in shown
    assert not AuditEntry.objects.unscoped("test").filter(op="EXPORT").exists()
    response = client.get(page("roster_refused", roster))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]
    assert [cell.value for cell in sheet[1]][:4] == ["原因", "行号", "姓名", "身份证号"]
    assert sheet[2][3].value == IDS["mei"][1]
    entry = AuditEntry.objects.unscoped("test").get(op="EXPORT")
    assert (entry.actor_id, entry.after) == (
        cast.users["city_admin"].pk,
        {"rows": 2, "asked": {"roster": roster.pk}},
    )


def test_refused_rows_go_back_to_their_sender_alone(cast, client):
    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""))
    cast.sign_in(client, "province_admin")
    assert page("roster_refused", roster) not in client.get(page("roster", roster)).content.decode()
    answer = client.get(page("roster_refused", roster))
    assert answer.status_code == 403
    assert "只有上传这份名册的人" in answer.content.decode()
    assert not AuditEntry.objects.unscoped("test").filter(op="EXPORT").exists()


def test_template_can_be_filled_and_imported(cast, client):
    cast.sign_in(client, "city_admin")
    response = client.get(page("roster_template"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    book.worksheets[0].append(["钱多多", None, id_no(1), "13900000001"])
    target = io.BytesIO()
    book.save(target)
    posted(cast, client, target.getvalue())
    roster_runs.check_roster(only_roster().pk)
    assert (only_roster().state, only_roster().count_new) == ("checked", 1)


@pytest.mark.parametrize("name", ["roster", "roster_progress", "roster_refused"])
def test_pages_of_a_foreign_roster_are_not_found(cast, client, name):
    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""))
    cast.sign_in(client, "sister_admin")
    assert client.get(page(name, roster)).status_code == 404


@pytest.mark.parametrize("name", ["roster_apply", "roster_drop", "roster_resume"])
def test_steps_on_a_foreign_roster_are_refused_and_change_nothing(cast, client, name):
    roster = checked(cast, *newcomers(1))
    for who, answers in (("sister_admin", {404}), ("judge", {403}), ("mei", {302}), ("anonymous", {302})):
        cast.sign_in(client, who)
        assert client.post(page(name, roster)).status_code in answers, who
        assert client.get(page(name, roster)).status_code in answers | {405}, who
        client.logout()
    assert now(roster).state == "checked"


def test_reviewer_confirms_but_neither_uploads_nor_downloads(cast, client):
    from gonghui.accounts.models import User
    from gonghui.orgs.models import Grant

    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""), *newcomers(1))
    reviewer = User.objects.create(login="reviewer", is_staff=True)
    Grant.objects.create(
        user=reviewer, role="reviewer", union=cast.unions["city"], starts_on=dt.date(2024, 1, 1)
    )
    cast.users["reviewer"] = reviewer
    cast.sign_in(client, "reviewer")
    assert client.get(page("roster_new")).status_code == 403
    assert client.get(page("roster_refused", roster)).status_code == 403
    assert client.post(page("roster_drop", roster)).status_code == 403
    assert client.post(page("roster_apply", roster)).status_code == 302
    assert now(roster).state == "applying"
    assert not Person.objects.unscoped("test").filter(name__startswith="钱多").exists()
