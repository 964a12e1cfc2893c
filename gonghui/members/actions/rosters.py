"""What people do with a roster: upload it, apply it, give it up, take it up again."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.events import emit
from gonghui.members import errors
from gonghui.members.actions.roster_runs import SHEET_CONTEXT
from gonghui.members.events import RosterConfirmedByMaker
from gonghui.members.models import RosterImport, RosterSheet
from gonghui.members.tasks import apply_roster as apply_job
from gonghui.members.tasks import check_roster as check_job
from gonghui.orgs.models import Union
from gonghui.orgs.queries import colleagues_with

FILE_BYTES_MAX = 50 * 2**20
STALLED_AFTER_S = 60
COLLEAGUES_NAMED = 3
OPEN = ("checking", "checked", "applying")


def union_for_roster(actor: Actor, union_id: int, verb: str) -> Union:
    found = Union.objects.visible_to(actor).select_related("industry_line").filter(pk=union_id).first()
    require(found is not None, NOT_FOUND)
    line = found.industry_line.code if found.industry_line_id else None
    require(actor.may(verb, found.path, line))
    return found


def size_facts(size: int) -> dict[str, float]:
    return {"size_mb": round(size / 2**20, 1), "limit_mb": FILE_BYTES_MAX // 2**20}


@action
def upload_roster(
    actor: Actor, *, union_id: int, file_name: str, content: bytes, in_background: bool = True
) -> RosterImport:
    """Sealed, and checked by a job. The same sheet for the same union, still open, is the same import."""
    union = union_for_roster(actor, union_id, "members.import")
    require(content, errors.ROSTER_NO_SHEET)
    require(len(content) <= FILE_BYTES_MAX, errors.ROSTER_TOO_BIG, **size_facts(len(content)))
    digest = hashlib.sha256(content).digest()
    open_ones = RosterImport.objects.unscoped("the same sheet again").filter(union=union, state__in=OPEN)
    if same := open_ones.filter(file_hash=digest, maker_id=actor.user_id).order_by("-id").first():
        return same
    roster = RosterImport.objects.create(
        union=union, file_name=file_name[:200], file_hash=digest, maker_id=actor.user_id
    )
    sealed = get_keyring().seal(SHEET_CONTEXT, content)
    RosterSheet.objects.create(roster=roster, content=sealed)
    if in_background:
        check_job.defer(roster_id=roster.pk)
    return roster


def _roster(actor: Actor, roster_id: int, verb: str, *states: str) -> RosterImport:
    """Fetched, locked and allowed, in one of `states`."""
    found = RosterImport.objects.visible_to(actor).filter(pk=roster_id)
    roster = found.select_related("union__industry_line").select_for_update(of=("self",)).first()
    require(roster is not None, NOT_FOUND)
    line = roster.union.industry_line.code if roster.union.industry_line_id else None
    require(actor.may(verb, roster.union.path, line))
    require(roster.state in states, errors.ROSTER_NOT_READY, state=roster.get_state_display())
    return roster


def second_hands(actor: Actor, roster: RosterImport) -> str:
    """Of the maker's own sheet: who of their colleagues may confirm it, a few by name; empty where they are alone."""
    if roster.maker_id != actor.user_id:
        return ""
    found = colleagues_with("rosters.apply", roster.union, of=roster.maker_id)
    named = "、".join(map(str, found[:COLLEAGUES_NAMED]))
    return named + (_("等") if len(found) > COLLEAGUES_NAMED else "")


@action
def apply_roster(actor: Actor, *, roster_id: int, in_background: bool = True) -> RosterImport:
    """By another than its maker. Who is alone at their desk confirms their own, and the level above is told (decision 0021)."""
    roster = _roster(actor, roster_id, "rosters.apply", "checked")
    require(roster.count_new + roster.count_changed, errors.ROSTER_NOTHING_TO_DO)
    require(not (names := second_hands(actor, roster)), errors.ROSTER_BY_ANOTHER, colleagues=names)
    roster.state, roster.applied_by_id = "applying", actor.user_id
    roster.save(update_fields=["state", "applied_by", "updated_at"])
    roster.refusals.all().delete()
    RosterSheet.objects.unscoped("of a fetched import").filter(roster=roster).update(
        rows_done=0, rows_read=0, counts={}, run=None, updated_at=clock.now()
    )
    if roster.maker_id == actor.user_id:
        emit(RosterConfirmedByMaker(roster_id=roster.pk))
    if in_background:
        apply_job.defer(roster_id=roster.pk)
    return roster


@action
def drop_roster(actor: Actor, *, roster_id: int) -> RosterImport:
    """Nothing of the sheet is kept but that it was there."""
    roster = _roster(actor, roster_id, "members.import", "checking", "checked", "failed")
    roster.state = "dropped"
    roster.save(update_fields=["state", "updated_at"])
    RosterSheet.objects.unscoped("of a fetched import").filter(roster=roster).delete()
    roster.refusals.all().delete()
    return roster


@action
def resume_roster(actor: Actor, *, roster_id: int) -> RosterImport:
    """After a crash: the run goes on where the last committed batch ended."""
    roster = _roster(actor, roster_id, "members.import", "checking", "applying")
    sheet = RosterSheet.objects.unscoped("of a fetched import").defer("content").get(roster=roster)
    require(is_stalled(sheet), errors.ROSTER_STILL_RUNNING)
    sheet.updated_at = clock.now()
    sheet.save(update_fields=["updated_at"])
    again = apply_job if roster.state == "applying" else check_job
    again.defer(roster_id=roster.pk)
    return roster


def is_stalled(sheet: RosterSheet) -> bool:
    return sheet.updated_at < clock.now() - timedelta(seconds=STALLED_AFTER_S)
