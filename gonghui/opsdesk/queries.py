"""Reads of the desk, actor first: questions, broadcasts, groups, candidates of the digest."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.opsdesk.models import (
    Answer,
    Broadcast,
    BroadcastRecipient,
    CaseAward,
    DigestEntry,
    DigestIssue,
    Escalation,
    OperatorGroup,
    Question,
    QuestionEntry,
    QuestionPaper,
)
from gonghui.opsdesk.models.questions import DESK_TURN
from gonghui.opsdesk.scopes import ANSWER, paths_of
from gonghui.orgs.models import Union

HELD = "of a row already fetched"
CANDIDATES = 30


def one_of(found: QuerySet, pk: int):
    row = found.filter(pk=pk).first()
    require(row, NOT_FOUND)
    return row


# --- questions


def question_for(actor: Actor, question_id: int) -> Question:
    """One's own, or of the desk; with its thread."""
    entries = QuestionEntry.objects.unscoped(HELD).select_related("author").order_by("id")
    papers = QuestionPaper.objects.unscoped(HELD).select_related("author").defer("content").order_by("place")
    found = Question.objects.visible_to(actor).select_related("union", "asker", "officer", "same_as")
    thread = found.prefetch_related(Prefetch("entries", entries), Prefetch("papers", papers))
    return one_of(thread, question_id)


def own_questions(actor: Actor) -> QuerySet[Question]:
    """Newest first."""
    found = Question.objects.visible_to(actor).filter(asker_id=actor.user_id)
    return found.select_related("union").order_by("-id")


def desk_questions(actor: Actor) -> QuerySet[Question]:
    """Of the desks the actor keeps, without their own."""
    found = Question.objects.visible_to(actor).exclude(asker_id=actor.user_id)
    return found.select_related("union", "officer") if actor.may_anywhere(ANSWER) else found.none()


def waiting_questions(actor: Actor) -> QuerySet[Question]:
    """Those on which the desk has the next word, the most urgent first."""
    return desk_questions(actor).filter(state__in=DESK_TURN).order_by("due_on", "id")


def late(found: QuerySet) -> QuerySet:
    return found.filter(due_on__lt=clock.today())


def unions_of(actor: Actor, verb: str) -> list[Union]:
    """Where the actor holds the verb by a post of their own, the highest first."""
    found = Union.objects.unscoped("the actor's own posts").filter(
        path__in=paths_of(actor, verb), status="active"
    )
    return list(found.order_by("path"))


# --- broadcasts


def received(actor: Actor) -> QuerySet[BroadcastRecipient]:
    """Newest first; what was corrected is left out."""
    own = BroadcastRecipient.objects.visible_to(actor).filter(user_id=actor.user_id)
    return own.filter(broadcast__correction=None).select_related("broadcast__union").order_by("-broadcast_id")


def to_acknowledge(actor: Actor) -> QuerySet[BroadcastRecipient]:
    wanted = received(actor).filter(acknowledged_at=None, broadcast__wanted_by__isnull=False)
    return wanted.order_by("broadcast__wanted_by", "broadcast_id")


def broadcast_for(actor: Actor, broadcast_id: int) -> Broadcast:
    found = Broadcast.objects.visible_to(actor).select_related(
        "union", "maker", "below", "supersedes", "correction"
    )
    return one_of(found, broadcast_id)


def broadcasts_counted(found: QuerySet[Broadcast]) -> QuerySet[Broadcast]:
    """With how many have read and acknowledged; two index scans a row."""
    return found.annotate(
        read_count=Count("recipients", filter=Q(recipients__read_at__isnull=False)),
        acknowledged_count=Count("recipients", filter=Q(recipients__acknowledged_at__isnull=False)),
    )


def recipients_of(row: Broadcast) -> QuerySet[BroadcastRecipient]:
    """Those who have done least first."""
    found = BroadcastRecipient.objects.unscoped(HELD).filter(broadcast=row).select_related("user")
    return found.order_by(
        F("acknowledged_at").desc(nulls_first=True), F("read_at").desc(nulls_first=True), "id"
    )


# --- groups


def group_seen(actor: Actor, group_id: int) -> OperatorGroup:
    return one_of(OperatorGroup.objects.visible_to(actor).select_related("union"), group_id)


def groups_kept(actor: Actor) -> QuerySet[OperatorGroup]:
    """Those the actor may speak to."""
    found = OperatorGroup.objects.visible_to(actor).filter(ended_at=None).select_related("union")
    kept = Q(pk__in=[])
    for path in paths_of(actor, ANSWER):
        kept |= Q(union__path__startswith=path)
    return found.filter(kept).order_by("union__path", "id")


# --- cases


def cases_seen(actor: Actor) -> QuerySet[CaseAward]:
    """Awarded ones, newest first."""
    found = CaseAward.objects.visible_to(actor).filter(state="awarded")
    return found.select_related("union", "judge").order_by("-decided_at", "-id")


def cases_to_judge(actor: Actor) -> QuerySet[CaseAward]:
    """Told by others where the actor speaks for a desk at the union or above it."""
    inside = Q()
    for path in paths_of(actor, ANSWER):
        inside |= Q(union__path__startswith=path)
    found = CaseAward.objects.visible_to(actor).filter(state="submitted").exclude(author_id=actor.user_id)
    return found.filter(inside) if inside else found.none()


# --- escalations


def open_escalations(actor: Actor) -> QuerySet[Escalation]:
    found = Escalation.objects.visible_to(actor).filter(state__in=("received", "working"))
    return found.select_related("question__union").order_by("due_on", "id")


# --- the digest


def candidates(issue: DigestIssue) -> list[Answer]:
    """Published answers of the union that stood in none of its issues, by how often asked, seconded and read since the last.

    A question of one's own weighs 3, 同问 2, a reading 1; of equals the newer first.
    """
    since = since_last(issue)
    used = DigestEntry.objects.unscoped(HELD).filter(union_id=issue.union_id, answer=OuterRef("pk"))
    found = Answer.objects.unscoped("for the editor of an issue of this union").filter(
        ~Exists(used.exclude(issue=issue)), withdrawn_at=None, union__path__startswith=issue.union.path
    )
    new = Q(created_at__gte=since)
    counted = found.annotate(
        asked=Count("asked_again", filter=Q(asked_again__created_at__gte=since), distinct=True)
        + Count("question", filter=Q(question__created_at__gte=since), distinct=True),
        same=Count("marks", filter=Q(marks__kind="same", marks__created_at__gte=since), distinct=True),
        read=Count("marks", filter=Q(marks__kind="read", marks__created_at__gte=since), distinct=True),
        is_new=Count("pk", filter=new, distinct=True),
    )
    weighed = counted.annotate(weight=F("asked") * 3 + F("same") * 2 + F("read"))
    return list(weighed.select_related("union").order_by("-weight", "-id")[:CANDIDATES])


def since_last(issue: DigestIssue) -> datetime:
    """When the issue before was published; of the first, always."""
    last = DigestIssue.objects.unscoped(HELD).filter(union_id=issue.union_id, state="published")
    found = last.exclude(pk=issue.pk).order_by("-number").values_list("published_at", flat=True).first()
    return found or datetime(2000, 1, 1, tzinfo=clock.CHINA)


def issue_seen(actor: Actor, issue_id: int) -> DigestIssue:
    return one_of(
        DigestIssue.objects.visible_to(actor).select_related("union", "maker", "reviewer"), issue_id
    )


def issues_seen(actor: Actor) -> QuerySet[DigestIssue]:
    """Published ones, newest first."""
    found = DigestIssue.objects.visible_to(actor).filter(state="published")
    return found.select_related("union").order_by("-published_at", "-id")
