"""五问五答: drafted from what was asked most, exactly five, published by another hand, told to the groups, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move, target
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.broadcasts import Words, settle
from gonghui.opsdesk.actions.groups import union_for
from gonghui.opsdesk.actions.thread import By, locked_question, take, worded
from gonghui.opsdesk.models import Answer, Broadcast, DigestEntry, DigestIssue, DigestRead, OperatorGroup
from gonghui.opsdesk.models.digests import FIVE, UNPUBLISHED, VERBS
from gonghui.opsdesk.models.groups import USUAL
from gonghui.opsdesk.scopes import ANSWER
from gonghui.orgs.models import Union

WHY = "held by its own verb"
FOREWORD_MAX = 300


@action
def draft_digest(actor: Actor, *, union_id: int) -> DigestIssue:
    """The next number, from the day after the last issue ended; one in the making at a time."""
    union = union_for(actor, union_id)
    require(actor.user_id, NOT_FOUND)
    lock_name("opsdesk digest", str(union.pk))
    issues = DigestIssue.objects.unscoped(WHY).filter(union=union)
    open_one = issues.filter(state__in=UNPUBLISHED).first()
    if open_one is not None and open_one.maker_id == actor.user_id:
        return open_one
    require(open_one is None, errors.DIGEST_OPEN, n=open_one and open_one.number)
    last = issues.filter(state="published").order_by("-number").first()
    since = last.period_to if last else first_day(union)
    return DigestIssue.objects.create(
        union=union,
        number=last.number + 1 if last else 1,
        period_from=min(since, clock.today()),
        period_to=clock.today(),
        maker_id=actor.user_id,
    )


def first_day(union: Union) -> date:
    """Of the first issue: the day the first answer was published."""
    found = Answer.objects.unscoped(WHY).filter(union__path__startswith=union.path).order_by("created_at")
    first = found.values_list("created_at", flat=True).first()
    return first.astimezone(clock.CHINA).date() if first else clock.today()


def locked_issue(actor: Actor, issue_id: int) -> DigestIssue:
    found = DigestIssue.objects.unscoped(WHY).select_related("union", "maker").filter(pk=issue_id)
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row and actor.user_id and actor.may(ANSWER, row.union.path), NOT_FOUND)
    return row


def own_issue(actor: Actor, issue_id: int) -> DigestIssue:
    row = locked_issue(actor, issue_id)
    require(row.maker_id == actor.user_id, errors.NOT_THE_EDITOR, name=str(row.maker))
    return row


@action
def choose_five(
    actor: Actor, *, digestissue_id: int, answer_ids: Sequence[int], foreword: str = ""
) -> DigestIssue:
    """In this order, at most five while it is drafted; their words are taken over now."""
    row = own_issue(actor, digestissue_id)
    target(row, VERBS, "submit")
    wanted = list(dict.fromkeys(answer_ids))
    require(len(wanted) <= FIVE, errors.NOT_FIVE, n=len(wanted))
    found = Answer.objects.unscoped(WHY).filter(
        pk__in=wanted, withdrawn_at=None, union__path__startswith=row.union.path
    )
    known = {one.pk: one for one in found.select_for_update(of=("self",), no_key=True).order_by("pk")}
    used = DigestEntry.objects.unscoped(WHY).filter(union=row.union, answer_id__in=wanted).exclude(issue=row)
    require(len(known) == len(wanted) and not used.exists(), errors.NOT_ITS_ANSWER)
    DigestEntry.objects.unscoped(WHY).filter(issue=row).delete()
    DigestEntry.objects.bulk_create(
        entry_of(row, known[pk], place) for place, pk in enumerate(wanted, start=1)
    )
    foreword = worded(foreword, is_needed=False)[:FOREWORD_MAX]
    if row.foreword != foreword:
        row.foreword = foreword
        row.save(update_fields=["foreword", "updated_at"])
    return row


def entry_of(row: DigestIssue, one: Answer, place: int) -> DigestEntry:
    return DigestEntry(
        issue=row, union=row.union, answer=one, place=place, title=one.title, body=one.body, text=one.text
    )


@action
def submit_digest(actor: Actor, *, digestissue_id: int) -> DigestIssue:
    row = own_issue(actor, digestissue_id)
    target(row, VERBS, "submit")
    chosen = row.entries.count()
    require(chosen == FIVE, errors.NOT_FIVE, n=chosen)
    move(row, VERBS, "submit")
    return row


@action
def return_digest(actor: Actor, *, digestissue_id: int, reason: str) -> DigestIssue:
    """By whoever reviews it, or by its editor; the reason stands in the audit trail."""
    row = locked_issue(actor, digestissue_id)
    name_actor(actor.because(worded(reason)))
    move(row, VERBS, "return")
    return row


@action
def discard_digest(actor: Actor, *, digestissue_id: int) -> DigestIssue:
    """Its answers are free for another issue, and so is its number."""
    row = locked_issue(actor, digestissue_id)
    target(row, VERBS, "discard")
    DigestEntry.objects.unscoped(WHY).filter(issue=row).delete()
    move(row, VERBS, "discard")
    return row


@action
def publish_digest(actor: Actor, *, digestissue_id: int) -> DigestIssue:
    """By another than its maker. Told to the union's groups; where there are none, to all administrators below."""
    row = locked_issue(actor, digestissue_id)
    require(row.maker_id != actor.user_id, errors.OWN_ISSUE)
    target(row, VERBS, "publish")
    entries = list(row.entries.select_related("answer").order_by("place"))
    require(len(entries) == FIVE, errors.NOT_FIVE, n=len(entries))
    require(all(one.answer.withdrawn_at is None for one in entries), errors.NOT_ITS_ANSWER)
    move(row, VERBS, "publish", reviewer_id=actor.user_id, published_at=clock.now())
    for question_id in sorted(one.answer.question_id for one in entries):
        question = locked_question(question_id)
        if question.state == "confirmed":
            take(actor, question, "digest", By.DESK, str(row))
    _tell(actor, row, entries)
    return row


def _tell(actor: Actor, row: DigestIssue, entries: list[DigestEntry]) -> None:
    groups = (
        OperatorGroup.objects.unscoped(WHY).select_related("union").filter(union=row.union, ended_at=None)
    )
    to = list(groups.order_by("pk"))
    title = _("{union}{issue}").format(union=row.union.name, issue=row)[:60]
    body = "\n".join(f"{one.place}. {one.title}" for one in entries)
    words = Words(title, body, kind=Broadcast.Kind.DIGEST, link=f"/console/opsdesk/digests/{row.pk}")
    below = None if to else row.union
    key = uuid5(NAMESPACE_URL, f"digest {row.pk}")
    settle(actor, key=key, union=row.union, groups=to, below=below, roles=USUAL, words=words)


@action
def read_digest(actor: Actor, *, digestissue_id: int) -> None:
    """Counted once an account."""
    row = DigestIssue.objects.visible_to(actor).filter(pk=digestissue_id, state="published").first()
    require(row and actor.user_id, NOT_FOUND)
    DigestRead.objects.bulk_create([DigestRead(issue=row, user_id=actor.user_id)], ignore_conflicts=True)
