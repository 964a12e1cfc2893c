"""A roster from upload to members: counts, refusals, repeats, crashes and two at once."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
import threading
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest
from django.db import connection
from stdnum.cn import ric

from gonghui.accounts.models import User
from gonghui.kit import ahead
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.sheets import Column, write_xlsx
from gonghui.members import errors
from gonghui.members.actions import roster_ahead, roster_runs, rosters
from gonghui.members.models import Membership, Person, RosterImport, RosterRefusal, RosterSheet
from gonghui.members.roster import read_roster, reading, refused_sheet
from gonghui.orgs.models import Grant
from tests.cast import IDS, new_union

HEADINGS = ("姓名", "身份证号", "手机号", "所属工会", "职业群体", "入会时间")


def id_no(number: int) -> str:
    body = f"440101{1970 + number // 8064 % 30}{number // 672 % 12 + 1:02d}{number // 24 % 28 + 1:02d}{number % 24 + 101:03d}"
    return body + ric.calc_check_digit(body + "0")


def sheet_of(*rows) -> bytes:
    target = io.BytesIO()
    padded = [(*row, *[""] * (len(HEADINGS) - len(row))) for row in rows]
    write_xlsx(target, [Column(title) for title in HEADINGS], padded)
    return target.getvalue()


def newcomers(count: int, start: int = 0) -> list[tuple[str, str, str]]:
    return [
        (f"钱多{'一二三四五六七八九'[n % 9]}", id_no(n), f"139{n:08d}") for n in range(start, start + count)
    ]


def upload(cast, *rows, who="city_admin", union="city") -> RosterImport:
    return rosters.upload_roster(
        cast.actor(who),
        union_id=cast.unions[union].pk,
        file_name="名册.xlsx",
        content=sheet_of(*rows),
        in_background=False,
    )


def checked(cast, *rows, **where) -> RosterImport:
    roster = upload(cast, *rows, **where)
    roster_runs.check_roster(roster.pk)
    return now(roster)


def applied(cast, *rows, who="city_admin", **where) -> RosterImport:
    roster = checked(cast, *rows, who=who, **where)
    assert roster.state == "checked", roster.problem
    rosters.apply_roster(cast.actor(who), roster_id=roster.pk, in_background=False)
    roster_runs.apply_roster(roster.pk)
    return now(roster)


def now(roster: RosterImport) -> RosterImport:
    return RosterImport.objects.unscoped("test").get(pk=roster.pk)


def counts(roster: RosterImport) -> tuple[int, int, int, int]:
    return roster.count_new, roster.count_changed, roster.count_same, roster.count_refused


def reasons(roster: RosterImport) -> list[str]:
    found = RosterRefusal.objects.unscoped("test").filter(roster=roster).order_by("line_no")
    return [sentence for refusal in found for sentence in refusal.reasons]


def people() -> dict[str, str]:
    live = Membership.objects.unscoped("test").filter(status__in=Membership.LIVE)
    return {m.person.name: m.union.name for m in live.select_related("person", "union")}


def of_cast(name: str, phone: str | None = None) -> tuple[str, str, str]:
    real_name, number, own_phone = IDS[name]
    return real_name, number, own_phone if phone is None else phone


# What a row can be


def test_check_counts_and_writes_nothing(cast):
    before = Person.objects.unscoped("test").count()
    roster = checked(
        cast,
        ("钱多多", id_no(1), "13900000001", "蓝海机械厂工会"),
        of_cast("mei"),
        of_cast("hua", "13900000002"),
        ("李建国", IDS["lan"][1], ""),
        ("", "", ""),
    )
    assert (roster.state, roster.rows_total) == ("checked", 4)
    assert counts(roster) == (1, 1, 1, 1)
    assert Person.objects.unscoped("test").count() == before
    assert RosterSheet.objects.unscoped("test").get(roster=roster).rows_done == 4


def test_new_member_gets_sealed_row_search_columns_and_membership(cast):
    roster = applied(cast, ("钱多多", id_no(1), "＋86 139 0000 0001", "蓝海机械厂工会", "骑手", "2020-05-01"))
    assert (roster.state, counts(roster)) == ("applied", (1, 0, 0, 0))
    person = Person.objects.unscoped("test").get(name="钱多多")
    assert (person.id_no, person.phone, person.groups) == (id_no(1), "13900000001", ["food_rider"])
    assert (person.verification, person.user_id, person.pinyin) == ("none", None, "qian duo duo")
    assert person.birth_date == dt.date(1970, 1, 1)
    membership = person.memberships.get()
    assert (membership.union_id, membership.joined_on, membership.source) == (
        cast.unions["factory"].pk,
        dt.date(2020, 5, 1),
        "batch",
    )


def test_maker_leaves_a_roster_to_a_colleague_and_confirms_it_where_they_are_alone(cast):
    colleague = User.objects.create(login="second", is_staff=True, display_name="林复核")
    cast.users["second"] = colleague
    held = Grant.objects.create(
        user=colleague, role="reviewer", union=cast.unions["city"], starts_on=dt.date(2024, 1, 1)
    )
    roster = checked(cast, *newcomers(1), union="factory")
    with pytest.raises(DomainError) as refusal:
        rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    assert (refusal.value.code, "请让林复核在后台" in str(refusal.value)) == ("roster_by_another", True)
    assert now(roster).state == "checked"
    rosters.apply_roster(cast.actor("second"), roster_id=roster.pk, in_background=False)
    roster_runs.apply_roster(roster.pk)
    assert (now(roster).state, counts(now(roster))) == ("applied", (1, 0, 0, 0))
    added = Person.objects.unscoped("test").get(name="钱多一")
    entries = AuditEntry.objects.unscoped("test").filter(table_name="members_person", row_id=added.pk)
    assert entries.get().actor_id == colleague.pk
    assert (now(roster).maker_id, now(roster).applied_by_id) == (cast.users["city_admin"].pk, colleague.pk)
    held.delete()
    assert applied(cast, *newcomers(2)).state == "applied"


def test_importing_twice_changes_nothing(cast):
    rows = [*newcomers(5), of_cast("hua", "13900000099")]
    assert counts(applied(cast, *rows)) == (5, 1, 0, 0)
    before = (
        AuditEntry.objects.unscoped("test")
        .filter(table_name__in=("members_person", "members_membership"))
        .count()
    )
    again = checked(cast, *rows)
    assert counts(again) == (0, 0, 6, 0)
    with pytest.raises(DomainError) as refused:
        rosters.apply_roster(cast.actor("city_admin"), roster_id=again.pk)
    assert refused.value.reason is errors.ROSTER_NOTHING_TO_DO
    after = (
        AuditEntry.objects.unscoped("test")
        .filter(table_name__in=("members_person", "members_membership"))
        .count()
    )
    assert after == before


def test_phone_and_groups_change_alone(cast):
    before = Person.objects.unscoped("test").values().get(pk=cast.people["hua"].pk)
    roster = applied(cast, (*of_cast("hua", "13900000002"), "蓝海机械厂工会", "骑手"))
    assert counts(roster) == (0, 1, 0, 0)
    after = Person.objects.unscoped("test").values().get(pk=cast.people["hua"].pk)
    assert {key for key in after if after[key] != before[key]} == {
        "phone",
        "phone_index",
        "groups",
        "updated_at",
    }
    hua = Person.objects.unscoped("test").get(pk=cast.people["hua"].pk)
    assert (hua.phone, hua.groups) == ("13900000002", ["food_rider"])
    entry = AuditEntry.objects.unscoped("test").filter(table_name="members_person", op="UPDATE").latest("id")
    assert (entry.actor_id, entry.channel) == (cast.users["city_admin"].pk, "job")


def test_move_within_the_subtree_ends_one_membership_and_begins_another(cast):
    other = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    roster = applied(cast, (*of_cast("mei"), "江口纺织厂工会"))
    assert counts(roster) == (0, 1, 0, 0)
    found = cast.people["mei"].memberships.order_by("id").values_list("union_id", "status")
    assert list(found) == [(cast.unions["factory"].pk, "ended"), (other.pk, "active")]


def test_sheet_without_unions_moves_nobody(cast):
    assert counts(checked(cast, of_cast("mei"))) == (0, 0, 1, 0)


def test_member_of_a_foreign_union_is_refused_without_telling_where(cast):
    roster = checked(cast, of_cast("qiang"))
    assert counts(roster) == (0, 0, 0, 1)
    assert reasons(roster) == ["已是“西岭******会”的会员，不能重复入会。换了单位的，请先办理会籍转接。"]
    assert people()["赵志强"] == "西岭配送工会联合会"


def test_other_name_for_the_same_number_is_refused(cast):
    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""))
    assert reasons(roster) == [
        "这个证件号码登记的是另一个姓名。请对照证件核对；改过姓名的，请先到原工会更正。"
    ]


def test_expelled_member_is_refused_and_one_who_left_joins_again(cast):
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(status="expelled")
    Membership.objects.unscoped("test").filter(person=cast.people["hua"]).update(status="exited")
    rows = [(*of_cast(name), "蓝海机械厂工会") for name in ("mei", "hua")]
    roster = applied(cast, *rows)
    assert counts(roster) == (0, 1, 0, 1)
    assert "除名" in reasons(roster)[0]
    assert people()["李建华"] == "蓝海机械厂工会"
    assert "陈小梅" not in people()


# Which union is meant


@pytest.mark.parametrize("text", ["蓝海机械厂工会", "蓝海机械厂", "蓝海 机械厂工会委员会", "蓝海机械厂工会"])
def test_union_is_found_by_name_and_unique_alias(cast, text):
    assert counts(checked(cast, ("钱多多", id_no(1), "", text))) == (1, 0, 0, 0)


def test_union_is_found_by_credit_code(cast):
    type(cast.unions["factory"]).objects.unscoped("test").filter(pk=cast.unions["factory"].pk).update(
        uscc="81440000MC0000001A"
    )
    applied(cast, ("钱多多", id_no(1), "", "81440000MC0000001A"))
    assert people()["钱多多"] == "蓝海机械厂工会"


def test_unknown_foreign_and_ambiguous_unions_are_refused_alike(cast):
    new_union("蓝海机械厂工会", "enterprise", cast.unions["city"])
    roster = checked(
        cast,
        ("钱多一", id_no(1), "", "没有这个工会"),
        ("钱多二", id_no(2), "", "西岭配送工会联合会"),
        ("钱多三", id_no(3), "", "蓝海机械厂工会"),
    )
    unknown, foreign, ambiguous = reasons(roster)
    assert unknown.replace("没有这个工会", "X") == foreign.replace("西岭配送工会联合会", "X")
    assert ambiguous.startswith("“蓝海机械厂工会”对应 2 个工会")


def test_sister_city_cannot_upload_for_a_foreign_union(cast):
    with pytest.raises(DomainError) as refused:
        upload(cast, of_cast("mei"), who="sister_admin")
    assert refused.value.code == "not_found"
    assert not RosterImport.objects.unscoped("test").exists()


def test_grant_lost_between_check_and_apply_imports_nobody(cast):
    roster = checked(cast, ("钱多多", id_no(1), "", "蓝海机械厂工会"))
    rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    cast.users["city_admin"].grants.all().delete()
    roster_runs.apply_roster(roster.pk)
    assert "钱多多" not in people()


# What comes back


def test_refused_rows_come_back_as_a_sheet_that_can_be_mended_and_imported(cast):
    roster = checked(
        cast,
        ("钱多多", id_no(1)[:-1] + "?", "13900000001", "蓝海机械厂工会"),
        ("孙二", id_no(2), "", "无名工会"),
    )
    assert counts(roster) == (0, 0, 0, 2)
    target = io.BytesIO()
    assert refused_sheet(target, roster.headings, roster_runs.refused_rows(roster)) == 2
    items = list(read_roster(target.getvalue()))
    assert items[1].name == "孙二"
    assert len(items) == 2


def test_refused_cells_and_the_sheet_lie_sealed(cast):
    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""))
    with connection.cursor() as cursor:
        cursor.execute("SELECT cells FROM members_rosterrefusal")
        refused = bytes(cursor.fetchone()[0])
        cursor.execute("SELECT content FROM members_rostersheet")
        content = bytes(cursor.fetchone()[0])
        cursor.execute(
            "SELECT string_agg(coalesce(before::text, '') || coalesce(after::text, ''), '') FROM kit_audit"
        )
        audit = cursor.fetchone()[0]
    assert IDS["mei"][1].encode() not in refused
    assert not content.startswith(b"PK")
    assert IDS["mei"][1] not in audit
    assert now(roster).state == "checked"


def test_what_is_no_roster_fails_with_a_sentence(cast):
    roster = rosters.upload_roster(
        cast.actor("city_admin"),
        union_id=cast.unions["city"].pk,
        file_name="照片.xlsx",
        content=b"\x89PNG\r\n\x1a\n" + b"0" * 100,
        in_background=False,
    )
    roster_runs.check_roster(roster.pk)
    roster = now(roster)
    assert roster.state == "failed"
    assert "不是表格" in roster.problem
    assert not RosterSheet.objects.unscoped("test").exists()


def test_sheet_is_gone_once_applied_or_dropped(cast):
    applied(cast, *newcomers(1))
    assert not RosterSheet.objects.unscoped("test").exists()
    roster = checked(cast, ("陈晓梅", IDS["mei"][1], ""))
    rosters.drop_roster(cast.actor("city_admin"), roster_id=roster.pk)
    assert now(roster).state == "dropped"
    assert not RosterSheet.objects.unscoped("test").exists()
    assert not RosterRefusal.objects.unscoped("test").exists()


def test_same_sheet_uploaded_twice_is_one_import(cast):
    content = sheet_of(*newcomers(1))
    facts = {
        "union_id": cast.unions["city"].pk,
        "file_name": "a.xlsx",
        "content": content,
        "in_background": False,
    }
    first, second = (rosters.upload_roster(cast.actor("city_admin"), **facts) for _ in range(2))
    assert first.pk == second.pk


# Crashes and races


def test_run_killed_half_way_goes_on_without_doubling(cast, monkeypatch):
    monkeypatch.setattr(roster_runs, "BATCH_ROWS", 10)
    roster = checked(cast, *newcomers(35))
    rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)

    class Killed(BaseException):
        pass

    seen = []

    def die_in_the_third_batch(rows: int) -> None:
        seen.append(rows)
        if len(seen) == 2:
            raise Killed

    with pytest.raises(Killed):
        roster_runs.apply_roster(roster.pk, die_in_the_third_batch)
    assert Person.objects.unscoped("test").filter(name__startswith="钱").count() == 20
    assert now(roster).state == "applying"
    roster_runs.apply_roster(roster.pk)
    assert Person.objects.unscoped("test").filter(name__startswith="钱").count() == 35
    assert counts(now(roster)) == (35, 0, 0, 0)


class Patient(Connection):
    """Of a pipe to a second process: waits until that one stands, however short the work is."""

    def poll(self, timeout: float = 60) -> bool:
        return super().poll(timeout)


@pytest.mark.faults
def test_long_roster_is_read_and_sealed_in_a_second_process(cast, monkeypatch):
    asked = []

    def patient_pipe():
        ours, theirs = Pipe()
        with ours:
            asked.append(Patient(os.dup(ours.fileno())))
        return asked[-1], theirs

    monkeypatch.setattr(ahead, "Pipe", patient_pipe)
    for room, name in (
        (reading, "PROGRESS_ROWS"),
        (reading, "SHORT_LOTS"),
        (roster_runs, "BATCH_ROWS"),
        (roster_ahead, "LONG_ROWS"),
    ):
        monkeypatch.setattr(room, name, 10 if "ROWS" in name else 1)
    roster = applied(cast, *newcomers(35), ("钱多余", id_no(36)[:-1] + "?", ""), newcomers(1)[0])
    assert (len(asked), roster.rows_total) == (2, 37)
    assert (roster.state, counts(roster)) == ("applied", (35, 0, 0, 1))
    found = Person.objects.unscoped("test").filter(name__startswith="钱").order_by("phone_index")
    assert sorted((one.name, one.id_no, one.phone) for one in found) == sorted(newcomers(35))
    assert {one.pinyin.split()[:2] == ["qian", "duo"] for one in found} == {True}
    assert "身份证号" in reasons(roster)[0]


def test_resuming_is_for_what_stands_still(cast):
    roster = upload(cast, *newcomers(1))
    with pytest.raises(DomainError) as refused:
        rosters.resume_roster(cast.actor("city_admin"), roster_id=roster.pk)
    assert refused.value.reason is errors.ROSTER_STILL_RUNNING
    RosterSheet.objects.unscoped("test").update(updated_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    rosters.resume_roster(cast.actor("city_admin"), roster_id=roster.pk)


def test_older_run_stops_when_a_newer_one_takes_the_sheet(cast, monkeypatch):
    monkeypatch.setattr(roster_runs, "BATCH_ROWS", 10)
    roster = checked(cast, *newcomers(30))
    rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    overtaken = []

    def overtake(rows: int) -> None:
        if not overtaken:
            overtaken.append(rows)
            roster_runs.apply_roster(roster.pk)

    roster_runs.apply_roster(roster.pk, overtake)
    assert (now(roster).state, counts(now(roster))) == ("applied", (30, 0, 0, 0))
    assert Person.objects.unscoped("test").filter(name__startswith="钱").count() == 30


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_overlapping_sheets_at_once_double_nobody(cast, monkeypatch):
    monkeypatch.setattr(roster_runs, "BATCH_ROWS", 50)
    first = checked(cast, *newcomers(300), of_cast("mei", "13900009991"))
    second = checked(cast, *reversed(newcomers(300, start=100)), of_cast("mei", "13900009992"))
    for roster in (first, second):
        rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    failures = []

    def run(roster: RosterImport) -> None:
        try:
            roster_runs.apply_roster(roster.pk)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[roster]) for roster in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Person.objects.unscoped("test").filter(name__startswith="钱").count() == 400
    live = Membership.objects.unscoped("test").filter(person__name__startswith="钱", status="active")
    assert live.count() == 400
    first, second = now(first), now(second)
    assert (first.state, second.state) == ("applied", "applied")
    assert first.count_new + second.count_new == 400
    assert first.count_same + second.count_same == 200


SLOW_RUN = """
import django, time
django.setup()
from gonghui.members.actions import roster_runs
roster_runs.BATCH_ROWS = 10
roster_runs.apply_roster({roster_id}, lambda _rows: time.sleep(0.05))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_worker_killed_with_signal_nine_loses_and_doubles_nobody(cast, tmp_path):
    roster = checked(cast, *newcomers(400))
    rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    target = connection.settings_dict
    url = f"postgresql:///{target['NAME']}?host={target['HOST']}&port={target['PORT']}&user={target['USER']}"
    environment = os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
    }
    worker = subprocess.Popen([sys.executable, "-c", SLOW_RUN.format(roster_id=roster.pk)], env=environment)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and worker.poll() is None:
            done = RosterSheet.objects.unscoped("test").get(roster=roster).rows_done
            if done >= 50:
                break
            time.sleep(0.02)
    finally:
        worker.kill()
        worker.wait()
    found = Person.objects.unscoped("test").filter(name__startswith="钱")
    done = RosterSheet.objects.unscoped("test").get(roster=roster).rows_done
    assert 50 <= done < 400
    assert found.count() == done
    assert now(roster).state == "applying"
    roster_runs.apply_roster(roster.pk)
    assert found.count() == 400
    assert (now(roster).state, counts(now(roster))) == ("applied", (400, 0, 0, 0))
