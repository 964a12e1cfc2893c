"""Runs: asked for, held by a worker with a beat, done in passes; failed with a sentence, tried again, taken over when silent."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from gonghui.audiences import errors
from gonghui.audiences.engine import Ground
from gonghui.audiences.events import AudienceRebuilt
from gonghui.audiences.models import OPEN_RUNS, Audience, AudienceRun, AudienceTally
from gonghui.audiences.passes import (
    Target,
    chunks,
    hold_all_slices,
    hold_slices,
    is_small,
    make_slices,
    pass_sql,
)
from gonghui.audiences.predicates import tree_of
from gonghui.audiences.predicates.set_query import Span
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.events import emit
from gonghui.orgs.models import Union

log = structlog.get_logger("gonghui.audiences")
SILENT = timedelta(seconds=150)
"""A run that has not beaten for so long is another worker's; longer than a pass may take."""
TOGETHER_MAX = 40
"""Audiences in one pass."""
PAUSE_MAX = timedelta(hours=1)
BUILDER = Actor.system("audiences are made anew")
Cause, State = AudienceRun.Cause, AudienceRun.State
OPENED = """
INSERT INTO audiences_audiencerun (audience_id, version_id, cause, state, entered, "left", problem, again)
VALUES (%(audience)s, %(version)s, %(cause)s, 'waiting', 0, 0, '', '')
ON CONFLICT (audience_id) WHERE state IN ('waiting', 'running') DO NOTHING
"""
AGAIN = """
UPDATE audiences_audiencerun SET again = %(cause)s WHERE audience_id = %(audience)s AND state = 'running'
"""


@action
def ask_rebuild(actor: Actor, *, audience_id: int) -> Audience:
    """Now, by somebody who does not want to wait."""
    audience = Audience.objects.visible_to(actor).select_related("union").filter(pk=audience_id).first()
    require(audience, NOT_FOUND)
    require(actor.may("audiences.write", audience.union.path))
    require(audience.state == Audience.State.ACTIVE, errors.RETIRED)
    begin_run(audience, Cause.ASKED)
    return audience


def begin_run(audience: Audience, cause: str) -> None:
    """One open run an audience. One that waits will see all; one that runs is taken back when the wording changed, and
    otherwise followed by another, for it may have looked before."""
    version = audience.versions.order_by("-number")[0]
    runs = AudienceRun.objects.unscoped("of an audience in hand").filter(audience=audience)
    if cause == Cause.SAVED:
        runs.filter(state__in=OPEN_RUNS).update(state=State.WAITING, token=None, version=version, cause=cause)
    facts = {"audience": audience.pk, "version": version.pk, "cause": cause}
    with connection.cursor() as cursor:
        if not cursor.execute(OPENED, facts).rowcount and not cursor.execute(AGAIN, facts).rowcount:
            cursor.execute(OPENED, facts)  # it ended while we waited for it, or still waits itself
    defer_rebuild()


def defer_rebuild() -> None:
    """One waiting job is enough for all."""
    from gonghui.audiences.tasks import rebuild_audiences

    try:
        with transaction.atomic():
            rebuild_audiences.configure(queueing_lock="audiences").defer()
    except AlreadyEnqueued:
        return


@action
def rebuild_around(actor: Actor, *, union_id: int, left_id: int | None = None) -> int:
    """After many members moved at once (a roster, a merged union, a subtree): those of unions above it and below, and above
    `left_id`, where they were before. How many."""
    news = Union.objects.unscoped("news of a union")
    union = news.get(pk=union_id)
    chains = news.filter(pk__in=[pk for pk in (union_id, left_id) if pk]).values_list("path", flat=True)
    above = {int(part) for path in chains for part in path.split(".") if part}
    near = Q(union__in=above) | Q(union__path__startswith=union.path)
    found = Audience.objects.unscoped("whoever may be concerned").filter(near, state=Audience.State.ACTIVE)
    concerned = list(found)
    for audience in concerned:
        begin_run(audience, Cause.NEWS)
    return len(concerned)


@action
def begin_due_runs(actor: Actor) -> int:
    """By the clock: whatever is older than its rule allows, or waits for another try; and runs nobody beats for."""
    now = clock.now()
    open_runs = AudienceRun.objects.visible_to(actor).filter(state__in=OPEN_RUNS)
    tallies = AudienceTally.objects.visible_to(actor).filter(due(now), audience__state=Audience.State.ACTIVE)
    found = tallies.exclude(audience__in=open_runs.values("audience")).select_related("audience")
    begun = [tally.audience for tally in found]
    for audience in begun:
        begin_run(audience, Cause.RULE)
    left_behind = open_runs.filter(Q(state=State.WAITING) | Q(beat_at__lt=now - SILENT))
    if not begun and left_behind.exists():
        defer_rebuild()
    return len(begun)


def due(now: datetime) -> Q:
    """Made before midnight (ages, birthdays and windows of days change there), or nearly as old as its rule allows."""
    midnight = datetime.combine(now.date(), time.min, clock.CHINA)
    old = Q(made_at__isnull=True) | Q(made_at__lt=midnight)
    for hours in Audience.Rule.values:
        spare = min(timedelta(minutes=30), timedelta(hours=hours) / 2)
        old |= Q(audience__rule=hours, made_at__lte=now - timedelta(hours=hours) + spare)
    return Q(retry_at__lte=now) | Q(retry_at__isnull=True) & old


# --- the work


def rebuild_waiting() -> int:
    """All that waits or was left behind, in few passes. Run it twice, at once, or after a crash: all the same. How many."""
    token, done = uuid4(), 0
    while held := take_runs(BUILDER, token=token):
        done += len(held)
        today = clock.today()
        for level in in_levels(compiled(held)):
            for targets, whole in together(level):
                build(token, targets, today, whole=whole)
        for run in held:
            finish_run(BUILDER, run_id=run.pk, token=token)
    return done


@action
def take_runs(actor: Actor, *, token: UUID) -> list[AudienceRun]:
    now = clock.now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, beat_at__lt=now - SILENT)
    found = AudienceRun.objects.visible_to(actor).filter(free).order_by("id")
    runs = list(found.select_for_update(of=("self",), skip_locked=True)[:500])
    ids = [run.pk for run in runs]
    taken = AudienceRun.objects.visible_to(actor).filter(pk__in=ids)
    taken.update(state=State.RUNNING, token=token, beat_at=now, started_at=now, again="")
    return list(taken.select_related("audience__union", "audience__tally", "version"))


def compiled(runs: list[AudienceRun]) -> list[tuple[AudienceRun, Target]]:
    """Those whose wording can be asked; of the others the run fails, and says why."""
    found = []
    for run in runs:
        audience = run.audience
        try:
            tree = tree_of(run.version.predicate)
            target = Target(
                audience.pk, run.pk, tree, Ground.of(audience), audience.tally.made_at is not None
            )
            pass_sql([target], clock.today(), None)
        except Exception as error:
            log.exception("audience_not_compiled", audience=audience.pk)
            fail_run(BUILDER, run_id=run.pk, token=run.token, problem=_("条件读不出来：%s") % error)
        else:
            found.append((run, target))
    return found


def in_levels(found: list[tuple[AudienceRun, Target]]) -> list[list[Target]]:
    """Whoever asks another comes after it."""
    uses = {run.audience_id: set(run.version.uses) for run, _target in found}
    level_of: dict[int, int] = {}

    def level(pk: int) -> int:
        if pk not in level_of:
            level_of[pk] = 1 + max((level(one) for one in uses[pk] if one in uses), default=-1)
        return level_of[pk]

    levels: dict[int, list[Target]] = defaultdict(list)
    for run, target in found:
        levels[level(run.audience_id)].append(target)
    return [levels[number] for number in sorted(levels)]


def together(targets: list[Target]) -> list[tuple[list[Target], bool]]:
    """(those of one pass, whether made whole): small unions each their own, the wide ones all in one."""
    by_path: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        by_path[target.ground.path].append(target)
    small = {path for path in by_path if is_small(path)}
    groups = [(by_path[path], True) for path in sorted(small)]
    wide = [target for path in sorted(set(by_path) - small) for target in by_path[path]]
    return [
        (group[start : start + TOGETHER_MAX], whole)
        for group, whole in [*groups, (wide, False)]
        for start in range(0, len(group), TOGETHER_MAX)
    ]


def build(token: UUID, targets: list[Target], today: date, *, whole: bool) -> None:
    """Every range in a transaction of its own. A pass that fails is gone through audience by audience, to find which."""
    for span in [None] if whole else chunks():
        try:
            build_span(BUILDER, token=token, targets=targets, today=today, span=span)
        except DatabaseError:
            log.exception("audience_pass_failed", audiences=[target.audience_id for target in targets])
            targets = [target for target in targets if _built_alone(token, target, today, span)]
        if not targets:
            return


def _built_alone(token: UUID, target: Target, today: date, span: Span | None) -> bool:
    try:
        build_span(BUILDER, token=token, targets=[target], today=today, span=span)
    except DatabaseError as error:
        fail_run(BUILDER, run_id=target.run_id, token=token, problem=str(error).splitlines()[0])
        return False
    return True


@action
def build_span(actor: Actor, *, token: UUID, targets: list[Target], today: date, span: Span | None) -> None:
    """Locks first, then the look: what is written afterwards waits for the locks with its own look."""
    if span is None:
        hold_all_slices()
    else:
        hold_slices(range(*span.slices))
    mine = beat(actor, token=token, run_ids=[target.run_id for target in targets])
    ours = [target for target in targets if target.run_id in mine]
    if not ours:
        return
    moved = make_slices(ours, today, span)
    for target in ours:
        if target.audience_id in moved:
            entered, left = moved[target.audience_id]
            row = AudienceRun.objects.visible_to(actor).filter(pk=target.run_id)
            row.update(entered=F("entered") + entered, left=F("left") + left)


def beat(actor: Actor, *, token: UUID, run_ids: list[int]) -> set[int]:
    """Those still ours, held to the end of the transaction: another worker's, or a wording since replaced, are no more."""
    found = AudienceRun.objects.visible_to(actor).filter(pk__in=run_ids, token=token, state=State.RUNNING)
    mine = set(found.order_by("id").select_for_update(of=("self",)).values_list("pk", flat=True))
    # All this worker holds: those that wait for their pass are not forsaken.
    AudienceRun.objects.visible_to(actor).filter(token=token, state=State.RUNNING).update(beat_at=clock.now())
    return mine


@action
def finish_run(actor: Actor, *, run_id: int, token: UUID) -> None:
    if not beat(actor, token=token, run_ids=[run_id]):
        return
    run = AudienceRun.objects.visible_to(actor).select_related("audience").get(pk=run_id)
    tally = AudienceTally.objects.visible_to(actor).select_for_update().get(audience=run.audience_id)
    if run.audience.state == Audience.State.RETIRED:
        run.audience.slices.all().delete()
    with connection.cursor() as cursor:
        # After the lock: whoever is at a slice now has its tally to wait for, and adds to this.
        cursor.execute(
            "SELECT COALESCE(sum(cardinality(people)), 0) FROM audiences_audienceslice WHERE audience_id = %s",
            [run.audience_id],
        )
        count = cursor.fetchone()[0]
    is_first = tally.made_at is None
    tally.count, tally.version_id, tally.made_at = count, run.version_id, run.started_at
    tally.failures, tally.problem, tally.retry_at = 0, "", None
    tally.save()
    run.state, run.ended_at, run.people = State.DONE, clock.now(), count
    run.entered = count if is_first else run.entered
    run.save()
    emit(AudienceRebuilt(audience_id=run.audience_id, run_id=run.pk))
    if run.again and run.audience.state == Audience.State.ACTIVE:
        begin_run(run.audience, run.again)


@action
def fail_run(actor: Actor, *, run_id: int, token: UUID | None, problem: str) -> None:
    """Seen on its page and on the first page of the console; tried again after one minute, two, four, up to an hour."""
    if token is None or not beat(actor, token=token, run_ids=[run_id]):
        return
    run = AudienceRun.objects.visible_to(actor).get(pk=run_id)
    now = clock.now()
    run.state, run.ended_at, run.problem = State.FAILED, now, problem[:300]
    run.save()
    tally = AudienceTally.objects.visible_to(actor).select_for_update().get(audience=run.audience_id)
    tally.failures, tally.problem = min(tally.failures + 1, 1000), problem[:300]
    tally.retry_at = now + min(timedelta(minutes=2 ** min(tally.failures - 1, 10)), PAUSE_MAX)
    tally.save()
