"""Exports of people: asked by one, agreed to by another, marked, taken a few times, traced, gone."""

from __future__ import annotations

import datetime as dt
import io
import threading

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import Keyring, get_keyring
from gonghui.kit.errors import DomainError
from gonghui.kit.marks import Mark, mark_text, read_marks
from gonghui.kit.models import AuditEntry
from gonghui.members import errors
from gonghui.members.actions import exports, forget
from gonghui.members.models import ExportFile, ExportRequest, Farewell, Membership, Person
from gonghui.members.tracing import traced
from gonghui.orgs.models import Grant

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
LIST = "members.Person"


def asked(cast, *names: str, who: str = "city_admin", **facts) -> ExportRequest:
    terms = exports.ExportTerms(table=LIST, title="职工", reason="核对体检名单", **facts)
    return exports.ask_export(
        cast.actor(who), terms=terms, row_ids=[cast.people[name].pk for name in names or ("mei", "hua")]
    )


def made(cast, *names: str, **facts) -> ExportRequest:
    export = asked(cast, *names, **facts)
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    exports.make_export(export.pk)
    return ExportRequest.objects.unscoped("test").get(pk=export.pk)


def taken(cast, export: ExportRequest) -> bytes:
    return exports.take_export(cast.actor("city_admin"), export_id=export.pk)[1]


def rows_of(content: bytes) -> list[list]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]]


def state_of(export: ExportRequest) -> str:
    return ExportRequest.objects.unscoped("test").get(pk=export.pk).state


def test_list_of_people_is_asked_for_and_gives_no_sheet(cast, client):
    cast.sign_in(client, "city_admin")
    for name in ("members_person", "members_membership"):
        address = reverse(f"admin:{name}_export")
        assert "审批" in client.get(address).content.decode()
        assert client.post(address, {"reason": ""}).status_code == 422
        answer = client.post(address + "?q=13800000001", {"reason": "核对体检名单"})
        assert answer.status_code == 302
        export = ExportRequest.objects.unscoped("test").latest("id")
        assert (export.state, export.maker_id, export.union_id) == (
            "asked",
            cast.users["city_admin"].pk,
            cast.unions["city"].pk,
        )
        assert "138" not in export.asked
    assert not ExportFile.objects.unscoped("test").exists()


def test_nobody_agrees_to_their_own_nor_outside_their_subtree(cast):
    export = asked(cast)
    for who, reason in (("city_admin", "export_own"), ("sister_admin", "not_found"), ("judge", "not_found")):
        with pytest.raises(DomainError) as refused:
            exports.approve_export(cast.actor(who), export_id=export.pk)
        assert refused.value.code == reason
    with pytest.raises(IntegrityError, match="maker_is_not_checker"), transaction.atomic():
        ExportRequest.objects.unscoped("test").filter(pk=export.pk).update(
            state="approved", checker=cast.users["city_admin"]
        )
    assert state_of(export) == "asked"


def test_rows_of_another_subtree_cannot_be_asked_for(cast):
    with pytest.raises(DomainError, match="没有找到"):
        asked(cast, "mei", "qiang")
    with pytest.raises(DomainError):
        asked(cast, who="finance_officer")
    assert not ExportRequest.objects.unscoped("test").exists()


def test_sheet_is_masked_marked_and_for_the_asker_alone(cast):
    export = made(cast)
    assert (export.state, export.rows_done) == ("made", 2)
    for who in ("province_admin", "sister_admin", "mei"):
        with pytest.raises(DomainError):
            exports.take_export(cast.actor(who), export_id=export.pk)
    content = taken(cast, export)
    heading, *rows = rows_of(content)
    assert heading[-1] == "水印"
    mei = next(row for row in rows if row[0].startswith("陈小梅"))
    assert mei[3:5] == ["**************0122", "138****0001"]
    assert export.number in mei[-1] and str(cast.users["city_admin"]) in mei[-1]
    assert read_marks(get_keyring(), mei[0]) <= {Mark(export.pk, 1), Mark(export.pk, 2)}
    entry = AuditEntry.objects.unscoped("test").get(op="EXPORT")
    assert (entry.actor_id, entry.after["rows"]) == (cast.users["city_admin"].pk, 2)


def test_whole_numbers_only_when_asked_for_and_agreed_to(cast):
    export = made(cast, "mei", is_unmasked=True)
    assert rows_of(taken(cast, export))[1][3:5] == ["440101199003070122", "13800000001"]
    Grant.objects.unscoped("test").filter(user=cast.users["province_admin"]).update(role="operator")
    again = asked(cast, "mei", is_unmasked=True)
    with pytest.raises(DomainError):
        exports.approve_export(cast.actor("province_admin"), export_id=again.pk)
    assert state_of(again) == "asked"


def test_file_is_taken_three_times_for_a_week_and_then_gone(cast):
    export = made(cast)
    for _nth in range(3):
        taken(cast, export)
    with pytest.raises(DomainError) as spent:
        taken(cast, export)
    assert spent.value.reason is errors.EXPORT_SPENT
    other = made(cast, "mei")
    past = clock.now() - dt.timedelta(seconds=1)
    ExportRequest.objects.unscoped("test").update(ends_at=past)
    with pytest.raises(DomainError) as over:
        taken(cast, other)
    assert over.value.reason is errors.EXPORT_NOT_READY
    assert exports.drop_exports(SYSTEM) == 2
    assert not ExportFile.objects.unscoped("test").exists()
    assert (state_of(export), state_of(other)) == ("gone", "gone")


def test_grant_lost_since_gives_an_empty_sheet(cast):
    export = asked(cast)
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).delete()
    exports.make_export(export.pk)
    file = ExportFile.objects.unscoped("test").get(request=export)
    assert len(rows_of(file.content)) == 1


def test_name_that_looks_like_a_formula_stays_text(cast):
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(name="=HYPERLINK(1)")
    sheet = openpyxl.load_workbook(io.BytesIO(taken(cast, made(cast, "mei")))).worksheets[0]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].quotePrefix


def test_leaked_row_names_its_export_and_a_forged_one_nothing(cast):
    export = made(cast)
    content = taken(cast, export)
    (said,) = traced(content)
    assert export.number in said and "2 行" in said
    leaked = rows_of(content)[2][0]
    (of_one_row,) = traced(f"转发：{leaked} 在名单里".encode())
    assert "2 行里的 1 行：2" in of_one_row
    assert traced("陈小梅".encode()) == []
    forged = mark_text(Keyring.generate(), Mark(export.pk, 1))
    assert traced(f"陈小梅{forged}".encode()) == []
    assert read_marks(get_keyring().rotated("token"), leaked) == {Mark(export.pk, 2)}


def test_half_made_file_is_made_anew(cast, monkeypatch):
    export = asked(cast)
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)

    def killed(*_args, **_facts):
        raise KeyboardInterrupt

    monkeypatch.setattr(exports, "keep_export", killed)
    with pytest.raises(KeyboardInterrupt):
        exports.make_export(export.pk)
    assert state_of(export) == "approved"
    monkeypatch.undo()
    exports.make_export(export.pk)
    exports.make_export(export.pk)
    assert ExportFile.objects.unscoped("test").filter(request=export).count() == 1


def test_sheet_written_while_somebody_in_it_is_forgotten_is_written_anew(cast, monkeypatch):
    export, write = asked(cast), exports.rows_of
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    past = clock.now() - dt.timedelta(seconds=1)
    farewell = Farewell.objects.create(user=cast.users["hua"], person=cast.people["hua"], due_at=past)
    written = []

    def slowly(one, target):
        write(one, target)
        written.append("李建华" in str(rows_of(target.getvalue())))
        forget.carry_out(SYSTEM, farewell_id=farewell.pk)

    monkeypatch.setattr(exports, "rows_of", slowly)
    exports.make_export(export.pk)
    assert written == [True, False]
    assert "李建华" not in str(rows_of(ExportFile.objects.unscoped("test").get().content))


def test_membership_list_is_exported_alike(cast):
    ids = Membership.objects.unscoped("test").filter(person=cast.people["mei"]).values_list("pk", flat=True)
    terms = exports.ExportTerms(table="members.Membership", title="会籍", reason="核对体检名单")
    export = exports.ask_export(cast.actor("city_admin"), terms=terms, row_ids=ids)
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    exports.make_export(export.pk)
    assert rows_of(taken(cast, export))[1][0].startswith("陈小梅")
    for table in ("orgs.Union", "no.Such"):
        with pytest.raises(DomainError):
            exports.ask_export(
                cast.actor("city_admin"), terms=exports.ExportTerms(table, "x", "核对体检名单"), row_ids=ids
            )


def test_pages_of_an_export(cast, client):
    export = made(cast)
    cast.sign_in(client, "city_admin")
    page = client.get(reverse("admin:members_exportrequest_change", args=[export.pk])).content.decode()
    address = reverse("admin:export_file", args=[export.pk])
    assert address in page
    assert client.get(address).status_code == 200
    answer = client.post(address)
    assert "no-store" in answer["Cache-Control"]
    assert len(rows_of(answer.content)) == 3
    cast.sign_in(client, "province_admin")
    assert client.post(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_four_downloads_at_once_take_three(cast):
    export = made(cast)
    done, barrier = [], threading.Barrier(4)

    def take():
        barrier.wait()
        try:
            done.append(len(taken(cast, export)) > 0)
        except DomainError as refused:
            done.append(refused.reason)
        finally:
            connection.close()

    takers = [threading.Thread(target=take) for _ in range(4)]
    for one in takers:
        one.start()
    for one in takers:
        one.join()
    assert sorted(map(str, done)) == sorted(map(str, [True, True, True, errors.EXPORT_SPENT]))
