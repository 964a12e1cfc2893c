"""The two runs over an uploaded roster: `check` counts and refuses, `apply` writes.

A run takes the sheet (`RosterSheet.run`), and every batch commits its work together with how far it has come. So a
run that was killed is taken up where it stopped, an older run stops when a newer one has taken the sheet, and
importing twice changes nothing.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.ahead import in_lots
from gonghui.kit.crypto import CannotOpen, get_keyring
from gonghui.kit.errors import DomainError
from gonghui.kit.events import emit
from gonghui.members.actions.headcounts import fold_some
from gonghui.members.actions.roster_ahead import Ahead, batches_ahead
from gonghui.members.actions.roster_writes import write_matches
from gonghui.members.events import RosterApplied
from gonghui.members.models import RosterImport, RosterRefusal, RosterSheet, WorkerGroup
from gonghui.members.roster import RosterReading, RowRefusal, SkippedRow, read_roster
from gonghui.members.roster_blocks import ReadItem, keep_block, kept_items, rows_of
from gonghui.members.roster_match import NEW, REFUSED, Match, Matcher, UnionFinder
from gonghui.members.union_endings import hold_unions_still
from gonghui.orgs.queries import grants_of

BATCH_ROWS = 2000
CELL_BREAK = "\x1f"
SHEET_CONTEXT = "members.RosterSheet.content"
KINDS = ("new", "changed", "same", "refused")
FOLD_EVERY = 10  # batches; the counts of unions are read beside what is not folded yet
Progress = Callable[[int], None]


class Superseded(Exception):
    """Another run has taken the sheet."""


@dataclass(slots=True)
class Run:
    """One pass over the sheet of one import. It reaches as far as the maker's grants of now, whoever confirmed it."""

    roster: RosterImport
    actor: Actor
    """In whose name it writes: the maker's, once confirmed that of who did."""
    token: uuid.UUID
    verb: str
    done: int = 0
    counts: Counter = field(default_factory=Counter)
    on_progress: Progress = lambda _rows: None

    batches: int = 0

    @property
    def is_applying(self) -> bool:
        return self.verb == "apply"


def check_roster(roster_id: int, on_progress: Progress = lambda _rows: None) -> None:
    """From "checking" to "checked", or to "failed" with a sentence. Writes nothing about members."""
    _go_through(roster_id, "checking", "check", on_progress)


def apply_roster(roster_id: int, on_progress: Progress = lambda _rows: None) -> None:
    """From "applying" to "applied"; what is refused now stays in the list of refusals."""
    _go_through(roster_id, "applying", "apply", on_progress)


def _go_through(roster_id: int, state: str, verb: str, on_progress: Progress) -> None:
    roster = (
        RosterImport.objects.unscoped("its own job")
        .select_related("union")
        .filter(pk=roster_id, state=state)
        .first()
    )
    if roster is None:
        return
    hand = roster.applied_by_id if verb == "apply" else roster.maker_id
    run = Run(roster, _acting(roster, hand), uuid.uuid4(), verb, on_progress=on_progress)
    try:
        sheet = _take_sheet(run.actor, run=run)
        if run.is_applying and sheet.blocks.exists():
            _all_batches(run, kept_items(sheet, run.done))
            _finish(run.actor, run=run)
        else:
            _read_through(run, sheet)
    except DomainError as error:
        _fail(run.actor, run=run, problem=str(error))
    except CannotOpen:
        _fail(run.actor, run=run, problem=_("上传的文件已损坏或密钥已更换，请重新上传。"))
    except Superseded:
        return


def _acting(roster: RosterImport, user_id: int | None) -> Actor:
    reason = _("名册导入 {number}").format(number=roster.pk)
    return Actor(user_id=user_id, grants=grants_of(user_id), channel="job", reason=reason)


@action
def _take_sheet(actor: Actor, *, run: Run) -> RosterSheet:
    sheet = RosterSheet.objects.unscoped("its own job").select_for_update().filter(roster=run.roster).first()
    if sheet is None:
        raise Superseded
    if not run.is_applying:
        sheet.rows_done, sheet.counts = 0, {}
        run.roster.refusals.all().delete()
        sheet.blocks.all().delete()
    sheet.run, sheet.rows_read = run.token, 0
    sheet.save(update_fields=["run", "rows_done", "rows_read", "counts", "updated_at"])
    run.done, run.counts = sheet.rows_done, Counter(sheet.counts)
    return sheet


def _read_through(run: Run, sheet: RosterSheet) -> None:
    content = get_keyring().open(SHEET_CONTEXT, bytes(sheet.content))
    sheet.content = b""  # a large one is not held twice
    with _opened(run, content) as reading:
        items = (ReadItem(item, cells) for item, cells in reading.with_raw())
        _all_batches(run, islice(items, run.done, None))
        _finish(run.actor, run=run, reading=reading)


def _opened(run: Run, content: bytes) -> RosterReading:
    groups = dict(WorkerGroup.objects.values_list("name", "code"))

    def told(rows: int) -> None:
        mine = RosterSheet.objects.unscoped("its own job").filter(roster=run.roster, run=run.token)
        mine.update(rows_read=rows, updated_at=clock.now())

    return read_roster(content, sheet_name=run.roster.sheet_name, group_names=groups, on_progress=told)


def _all_batches(run: Run, items: Iterator[ReadItem]) -> None:
    matcher = Matcher(UnionFinder(run.roster.union, _acting(run.roster, run.roster.maker_id)))
    batches = in_lots(items, BATCH_ROWS)
    for batch, ahead in batches_ahead(batches, seals=run.is_applying, rows=run.roster.rows_total):
        _one_batch(run.actor, run=run, batch=batch, matcher=matcher, ahead=ahead)
        run.batches += 1
        if run.is_applying and run.batches % FOLD_EVERY == 0:
            fold_some(run.actor)
        run.on_progress(len(batch))


@action
def _one_batch(actor: Actor, *, run: Run, batch: list[ReadItem], matcher: Matcher, ahead: Ahead) -> None:
    hold_unions_still()
    sheet = _own_sheet(run)
    matches = matcher.match(rows_of(batch), lock=run.is_applying, indexes=ahead.indexes)
    if run.is_applying:
        matches = write_matches(matches, matcher, ahead.people)
    else:
        added = {match.row.line_no for match in matches if match.kind == NEW}
        kept = [ReadItem(item, cells, item.line_no in added) for item, cells, _new in batch]
        keep_block(sheet, run.batches, kept)
    refused = [item for item, _cells, _new in batch if isinstance(item, RowRefusal)]
    _keep_refusals(run, refused, matches, {item.line_no: cells for item, cells, _new in batch})
    run.counts.update(match.kind for match in matches)
    run.counts[REFUSED] += len(refused)
    run.counts["rows"] += sum(
        not isinstance(item, SkippedRow) or item.code == "repeated" for item, _cells, _new in batch
    )
    run.done += len(batch)
    sheet.rows_done, sheet.counts = run.done, dict(run.counts)
    sheet.save(update_fields=["rows_done", "counts", "updated_at"])


def _own_sheet(run: Run) -> RosterSheet:
    """Locked; the run that comes later wins."""
    mine = RosterSheet.objects.unscoped("its own job").filter(roster=run.roster, run=run.token)
    sheet = mine.defer("content").select_for_update().first()
    if sheet is None:
        raise Superseded
    return sheet


def _keep_refusals(run: Run, by_reader: list[RowRefusal], matches: list[Match], cells: dict) -> None:
    refused = [
        RowRefusal(m.row.line_no, (m.refusal.code,), (m.refusal.sentence,), cells[m.row.line_no])
        for m in matches
        if m.refusal
    ]
    RosterRefusal.objects.bulk_create(
        RosterRefusal(
            roster=run.roster,
            line_no=refusal.line_no,
            reasons=list(refusal.sentences),
            cells=CELL_BREAK.join(refusal.raw),
        )
        for refusal in (*by_reader, *refused)
    )


@action
def _finish(actor: Actor, *, run: Run, reading: RosterReading | None = None) -> None:
    sheet = _own_sheet(run)
    changes: dict[str, Any] = {f"count_{kind}": run.counts[kind] for kind in KINDS}
    changes |= {"rows_total": run.counts["rows"], "updated_at": clock.now()}
    if run.is_applying:
        changes |= {"state": "applied", "applied_at": clock.now()}
        sheet.delete()
        emit(RosterApplied(roster_id=run.roster.pk))
    elif reading:
        changes |= {
            "state": "checked",
            "notes": reading.report.sentences(),
            "headings": list(reading.headings),
            "sheet_name": reading.sheet_name[:64],
        }
    mine = RosterImport.objects.unscoped("its own job").filter(pk=run.roster.pk)
    mine.filter(state="applying" if run.is_applying else "checking").update(**changes)


@action
def _fail(actor: Actor, *, run: Run, problem: str) -> None:
    live = RosterImport.objects.unscoped("its own job").filter(
        pk=run.roster.pk, state__in=("checking", "applying")
    )
    live.update(state="failed", problem=problem, updated_at=clock.now())
    RosterSheet.objects.unscoped("its own job").filter(roster=run.roster).delete()


def refused_rows(roster: RosterImport) -> Iterator[RowRefusal]:
    """The refusals of an import the caller was allowed to fetch, as they are written into a sheet."""
    for row in roster.refusals.order_by("line_no", "id").iterator(chunk_size=1000):
        yield RowRefusal(row.line_no, (), tuple(row.reasons), tuple(row.cells.split(CELL_BREAK)))
