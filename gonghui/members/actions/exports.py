"""名单导出: asked for by one, agreed to by another over the same subtree, made by a job, taken a few times by the first."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from django.contrib import admin
from django.db.models import F, Q
from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor, topmost
from gonghui.kit.console.exporting import EXPORT_ROWS_MAX, record_export
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, require
from gonghui.kit.marks import Mark, document_mark, mark_text
from gonghui.kit.sheets import Column, write_xlsx
from gonghui.kit.states import move
from gonghui.members import errors
from gonghui.members.models import ExportFile, ExportRequest
from gonghui.members.models.exports import DOWNLOADS_MAX
from gonghui.orgs.models import Union
from gonghui.orgs.queries import grants_of

VIEW, APPROVE = "exports.view", "exports.approve"
KEPT = timedelta(days=7)
BATCH_ROWS = 500
EXPORT_VERBS = {
    "approve": {"asked": "approved"},
    "refuse": {"asked": "refused"},
    "make": {"approved": "made"},
    "drop": {"approved": "gone", "made": "gone"},
}


@dataclass(frozen=True, slots=True)
class ExportTerms:
    """What the one who agrees is shown."""

    table: str
    title: str
    reason: str
    asked: str = ""
    is_unmasked: bool = False


@action
def ask_export(actor: Actor, *, terms: ExportTerms, row_ids: Iterable[int]) -> ExportRequest:
    """These rows and no others; they must lie in one of the actor's subtrees."""
    ids = sorted(set(row_ids))
    require(ids, errors.EXPORT_EMPTY)
    require(len(ids) <= EXPORT_ROWS_MAX, errors.EXPORT_TOO_LONG, most=EXPORT_ROWS_MAX)
    require(terms.reason.strip(), BAD_INPUT, detail=_("请写明用途。"))
    screen = screen_of(terms.table)
    require(actor.user_id and actor.may_anywhere(screen.export_verb))
    if terms.is_unmasked:
        require(screen.unmask_verb and actor.may_anywhere(screen.unmask_verb))
    return ExportRequest.objects.create(
        union=_union_over(actor, screen, ids),
        table=terms.table,
        title=terms.title[:64],
        asked=terms.asked[:300],
        row_ids=ids,
        rows_count=len(ids),
        reason=terms.reason.strip()[:200],
        is_unmasked=terms.is_unmasked,
        maker_id=actor.user_id,
    )


def screen_of(table: str) -> Any:
    found = {model._meta.label: screen for model, screen in admin.site._registry.items()}
    require(getattr(found.get(table), "export_people", ()), NOT_FOUND)
    return found[table]


def people_of(screen: Any, **asked: object) -> Q:
    """Rows of the screen that name a person of whom this is true."""
    found = Q(pk__in=[])
    for key in screen.export_people:
        found |= Q(**{name if key == "pk" else f"{key}__{name}": value for name, value in asked.items()})
    return found


def _union_over(actor: Actor, screen: Any, ids: list[int]) -> Union:
    """The top of the one subtree of the actor's that holds every row."""
    rows = screen.within(actor, screen.export_verb).filter(pk__in=ids)
    require(rows.order_by().values("pk").distinct().count() == len(ids), NOT_FOUND)
    for path in topmost(grant.path for grant in actor.reaches(screen.export_verb)):
        below = rows.filter(screen.also, **{f"{screen.path_field}__startswith": path}).order_by()
        if below.values("pk").distinct().count() == len(ids):
            return Union.objects.unscoped("the actor's own grant").get(path=path)
    require(False, errors.EXPORT_OVER_TWO)
    raise AssertionError


@action
def approve_export(actor: Actor, *, export_id: int) -> ExportRequest:
    """By another than the maker, over the same subtree; then a job makes it."""
    export = _decided(actor, export_id)
    if export.is_unmasked:
        require(actor.may("members.unmask", export.union.path))
    move(export, EXPORT_VERBS, "approve", checker_id=actor.user_id, decided_at=clock.now())
    from gonghui.members.tasks import make_export as job

    job.defer(export_id=export.pk)
    return export


@action
def refuse_export(actor: Actor, *, export_id: int, reason: str) -> ExportRequest:
    export = _decided(actor, export_id)
    move(
        export, EXPORT_VERBS, "refuse", checker_id=actor.user_id, decided_at=clock.now(), answer=reason[:200]
    )
    return export


def _decided(actor: Actor, export_id: int) -> ExportRequest:
    seen = ExportRequest.objects.visible_to(actor).filter(pk=export_id).select_related("union")
    export = seen.select_for_update(of=("self",), no_key=True).first()
    require(export, NOT_FOUND)
    require(actor.user_id != export.maker_id, errors.EXPORT_OWN)
    require(actor.user_id and actor.may(APPROVE, export.union.path))
    return export


def make_export(export_id: int) -> None:
    """Written anew from the start when it was killed: nothing is left behind but the number of rows done."""
    found = ExportRequest.objects.unscoped("its own job").select_related("maker", "union")
    export = found.filter(pk=export_id, state="approved").first()
    if export is None:
        return
    is_kept = False
    while not is_kept:
        gone, target = forgotten_in(export), io.BytesIO()
        rows_of(export, target)
        is_kept = keep_export(_maker(export), export_id=export.pk, content=target.getvalue(), gone=gone)


def forgotten_in(export: ExportRequest) -> int:
    screen = screen_of(export.table)
    rows = screen.model.objects.unscoped("of a request agreed to").filter(pk__in=export.row_ids)
    return rows.filter(people_of(screen, forgotten_at__isnull=False)).distinct().count()


def _maker(export: ExportRequest) -> Actor:
    """With the grants they hold now: who lost them since gets nothing."""
    reason = _("名单导出 {number}").format(number=export.number)
    return Actor(export.maker_id, grants_of(export.maker_id), channel="job", reason=reason)


def rows_of(export: ExportRequest, target: io.BytesIO) -> None:
    screen, actor = screen_of(export.table), _maker(export)
    names = screen.sheet_columns(is_unmasked=export.is_unmasked)
    seen = screen.sheet_rows(actor).filter(
        pk__in=screen.within(actor, screen.export_verb).order_by().values("pk")
    )
    mark = _("{number} {who} {when}").format(
        number=export.number, who=export.maker, when=f"{clock.now():%Y-%m-%d %H:%M}"
    )
    columns = [*screen.sheet_headings(names), Column(title=_("水印"), width=34)]
    write_xlsx(
        target,
        columns,
        _marked(export, screen, names, seen, mark),
        sheet_name=export.title[:31],
        notes=[mark, _("用途：{reason}").format(reason=export.reason), _("只供本用途，不得转发；每一行都能查到来源。")],
        keywords=document_mark(get_keyring(), export.pk),
    )  # fmt: skip


def _marked(export: ExportRequest, screen: Any, names: list, seen: Any, mark: str) -> Iterator[list]:
    """In batches of the ids agreed to, the mark behind the first text of each row."""
    ring, nth, ids = get_keyring(), 0, iter(export.row_ids)
    while batch := list(islice(ids, BATCH_ROWS)):
        for row in screen._in_chunks(seen.filter(pk__in=batch)):
            nth += 1
            cells = [screen._cell(name, row) for name in names]
            place = next((n for n, cell in enumerate(cells) if isinstance(cell, str) and cell), None)
            hidden = mark_text(ring, Mark(export.pk, nth))
            if place is not None:
                cells[place] += hidden
            yield [*cells, mark + hidden]
        done = ExportRequest.objects.unscoped("progress of its own job").filter(pk=export.pk)
        done.update(rows_done=nth)


@action
def keep_export(actor: Actor, *, export_id: int, content: bytes, gone: int) -> bool:
    """False where somebody in it was forgotten while it was written; forgetting waits at the same lock."""
    export = ExportRequest.objects.unscoped("its own job").select_for_update(no_key=True).get(pk=export_id)
    if export.state != "approved":
        return True
    if forgotten_in(export) != gone:
        return False
    ExportFile.objects.create(request=export, content=content)
    move(export, EXPORT_VERBS, "make", ends_at=clock.now() + KEPT)
    return True


def drop_sheets_with(person_id: int) -> None:
    """For forgetting: a sheet cannot be mended without its watermark lying, so it goes whole."""
    running = ExportRequest.objects.unscoped("of somebody who is forgotten").filter(
        state__in=("approved", "made")
    )
    for export in running.select_for_update(no_key=True).order_by("pk"):
        screen = screen_of(export.table)
        rows = screen.model.objects.unscoped("of somebody who is forgotten").filter(pk__in=export.row_ids)
        if export.state == "made" and rows.filter(people_of(screen, pk=person_id)).exists():
            ExportFile.objects.unscoped("of somebody who is forgotten").filter(request=export).delete()
            move(export, EXPORT_VERBS, "drop")


@action
def take_export(actor: Actor, *, export_id: int) -> tuple[ExportRequest, bytes]:
    """By the one who asked, three times, for a week; each is recorded."""
    mine = ExportRequest.objects.visible_to(actor).filter(pk=export_id, maker_id=actor.user_id)
    export = mine.select_for_update(of=("self",), no_key=True).first()
    require(export and actor.user_id, NOT_FOUND)
    is_open = export.state == "made" and export.ends_at > clock.now()
    require(is_open, errors.EXPORT_NOT_READY, state=export.get_state_display())
    require(export.downloads < DOWNLOADS_MAX, errors.EXPORT_SPENT, most=DOWNLOADS_MAX)
    _require_still_seen(actor, export)
    ExportRequest.objects.unscoped("locked here").filter(pk=export.pk).update(downloads=F("downloads") + 1)
    content = ExportFile.objects.unscoped("of a request fetched in scope").get(request=export).content
    table = screen_of(export.table).opts.db_table
    record_export(actor, table=table, count=export.rows_count, asked={"request": [export.number]})
    return export, content


def _require_still_seen(actor: Actor, export: ExportRequest) -> None:
    """Of who is bound to a line of industry, and perhaps was not when they asked: all that is in it is of their line now."""
    if all(grant.line is None for grant in actor.reaches(VIEW)) or actor.may(VIEW, export.union.path):
        return
    screen = screen_of(export.table)
    rows = screen.within(actor, screen.export_verb).filter(pk__in=export.row_ids).order_by()
    require(rows.values("pk").distinct().count() == export.rows_count, errors.EXPORT_BEYOND)


@action
def drop_exports(actor: Actor) -> int:
    """What may no longer be taken goes; the request stays on record."""
    over = ExportRequest.objects.visible_to(actor).filter(state="made", ends_at__lte=clock.now())
    gone = list(over.select_for_update(skip_locked=True))
    for export in gone:
        ExportFile.objects.unscoped("of a request that is over").filter(request=export).delete()
        move(export, EXPORT_VERBS, "drop")
    return len(gone)
