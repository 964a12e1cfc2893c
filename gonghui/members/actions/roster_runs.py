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
from gonghui.kit.crypto import CannotOpen, get_keyring
from gonghui.kit.errors import DomainError
from gonghui.kit.events import emit
from gonghui.members.actions.roster_writes import write_matches
from gonghui.members.events import RosterApplied
from gonghui.members.models import RosterImport, RosterRefusal, RosterSheet, WorkerGroup
from gonghui.members.roster import RosterReading, RosterRow, RowRefusal, SkippedRow, read_roster
from gonghui.members.roster_match import REFUSED, Match, Matcher, UnionFinder
from gonghui.orgs.queries import grants_of

BATCH_ROWS = 2000
CELL_BREAK = "\x1f"
SHEET_CONTEXT = "members.RosterSheet.content"
KINDS = ("new", "changed", "same", "refused")
Progress = Callable[[int], None]


class Superseded(Exception):
    """Another run has taken the sheet."""


@dataclass(slots=True)
class Run:
    """One pass over the sheet of one import, by whoever uploaded it, with the grants they hold now."""

    roster: RosterImport
    actor: Actor
    token: uuid.UUID
    verb: str
    done: int = 0
    counts: Counter = field(default_factory=Counter)
    on_progress: Progress = lambda _rows: None

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
    run = Run(roster, _maker_now(roster, verb), uuid.uuid4(), verb, on_progress=on_progress)
    try:
        content = _take_sheet(run.actor, run=run)
        with _opened(run, content) as reading:
            _all_batches(run, reading)
            _finish(run.actor, run=run, reading=reading)
    except DomainError as error:
        _fail(run.actor, run=run, problem=str(error))
    except CannotOpen:
        _fail(run.actor, run=run, problem=_("上传的文件已损坏或密钥已更换，请重新上传。"))
    except Superseded:
        return


def _maker_now(roster: RosterImport, verb: str) -> Actor:
    """Acts for the person who asked: the checker's name stands on what was applied."""
    user_id = roster.applied_by_id if verb == "apply" else roster.maker_id
    reason = _("名册导入 {number}").format(number=roster.pk)
    return Actor(user_id=user_id, grants=grants_of(user_id), channel="job", reason=reason)


@action
def _take_sheet(actor: Actor, *, run: Run) -> bytes:
    sheet = RosterSheet.objects.unscoped("its own job").select_for_update().filter(roster=run.roster).first()
    if sheet is None:
        raise Superseded
    if not run.is_applying:
        sheet.rows_done, sheet.counts = 0, {}
        run.roster.refusals.all().delete()
    sheet.run, sheet.rows_read = run.token, 0
    sheet.save(update_fields=["run", "rows_done", "rows_read", "counts", "updated_at"])
    run.done, run.counts = sheet.rows_done, Counter(sheet.counts)
    return get_keyring().open(SHEET_CONTEXT, bytes(sheet.content))


def _opened(run: Run, content: bytes) -> RosterReading:
    groups = dict(WorkerGroup.objects.values_list("name", "code"))

    def told(rows: int) -> None:
        mine = RosterSheet.objects.unscoped("its own job").filter(roster=run.roster, run=run.token)
        mine.update(rows_read=rows, updated_at=clock.now())

    return read_roster(content, sheet_name=run.roster.sheet_name, group_names=groups, on_progress=told)


def _all_batches(run: Run, reading: RosterReading) -> None:
    matcher = Matcher(UnionFinder(run.roster.union, run.actor))
    items = islice(reading.with_raw(), run.done, None)
    while batch := list(islice(items, BATCH_ROWS)):
        _one_batch(run.actor, run=run, batch=batch, matcher=matcher)
        run.on_progress(len(batch))


@action
def _one_batch(actor: Actor, *, run: Run, batch: list, matcher: Matcher) -> None:
    sheet = _own_sheet(run)
    rows = [item for item, _raw in batch if isinstance(item, RosterRow)]
    cells = {item.line_no: raw for item, raw in batch if isinstance(item, RosterRow)}
    matches = matcher.match(rows, lock=run.is_applying)
    if run.is_applying:
        matches = write_matches(matches, matcher)
    _keep_refusals(run, [item for item, _raw in batch if isinstance(item, RowRefusal)], matches, cells)
    run.counts.update(match.kind for match in matches)
    run.counts[REFUSED] += sum(isinstance(item, RowRefusal) for item, _raw in batch)
    run.counts["rows"] += sum(
        not isinstance(item, SkippedRow) or item.code == "repeated" for item, _raw in batch
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
def _finish(actor: Actor, *, run: Run, reading: RosterReading) -> None:
    sheet = _own_sheet(run)
    changes: dict[str, Any] = {f"count_{kind}": run.counts[kind] for kind in KINDS}
    changes |= {"rows_total": run.counts["rows"], "updated_at": clock.now()}
    if run.is_applying:
        changes |= {"state": "applied", "applied_at": clock.now()}
        sheet.delete()
        emit(RosterApplied(roster_id=run.roster.pk))
    else:
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
