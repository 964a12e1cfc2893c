"""Reads of audiences: who is in, as a subquery; whether one is in; how old it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, F, Func, Q, QuerySet

from gonghui.audiences import errors
from gonghui.audiences.models import (
    COUNT_SHOWN_MIN,
    OPEN_RUNS,
    Audience,
    AudienceRun,
    AudienceSlice,
    AudienceTally,
    AudienceVersion,
)
from gonghui.audiences.predicates.set_query import SLICE
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.scope import BySubtree
from gonghui.kit.templatetags.kit import cn_when
from gonghui.members.groups import are_sensitive
from gonghui.members.models import Membership

GRACE = timedelta(hours=1)
"""After its rule's hours: the time a rebuild may take."""


class Unnest(Func):
    function = "unnest"
    output_field = BigIntegerField()
    set_returning = True


def audience_for(actor: Actor, audience_id: int) -> Audience:
    """With its union and tally."""
    found = Audience.objects.visible_to(actor).select_related("union", "tally__version")
    audience = found.filter(pk=audience_id).first()
    require(audience, NOT_FOUND)
    return audience


def usable(actor: Actor) -> QuerySet[Audience]:
    """Of those the actor sees, in use; what rests on sensitive tags only under the verb for these."""
    seen = Audience.objects.visible_to(actor).filter(state=Audience.State.ACTIVE)
    if not actor.is_system:
        allowed = BySubtree("union__path", verb="members.sensitive").condition(actor)
        seen = seen.filter(Q(is_sensitive=False) | allowed)
    return seen.order_by("name")


def people_in(audience_id: int) -> QuerySet:
    """One column of person ids, for `IN` or `notices.tell_many`; never loaded here.

    Whoever is no live member below its union at this very moment is not among them, whatever the slices still say.
    """
    audience = (
        Audience.objects.unscoped("named by a caller who may use it")
        .select_related("union")
        .get(pk=audience_id)
    )
    kept = AudienceSlice.objects.unscoped("kept to the owner's subtree below").filter(audience_id=audience_id)
    live = Membership.objects.unscoped("people of an audience, below its union").filter(
        status__in=Membership.LIVE,
        union__path__startswith=audience.union.path,
        person_id__in=kept.values_list(Unnest(F("people")), flat=True),
    )
    return live.values_list("person_id", flat=True)


def is_in(audience_id: int, person_id: int) -> bool:
    """The same answer for one person, in one query."""
    audience = (
        Audience.objects.unscoped("named by a caller who may use it")
        .select_related("union")
        .get(pk=audience_id)
    )
    kept = AudienceSlice.objects.unscoped("one person's slice").filter(
        audience_id=audience_id, slice_no=person_id // SLICE, people__contains=[person_id]
    )
    live = Membership.objects.unscoped("of one person").filter(
        person_id=person_id, status__in=Membership.LIVE, union__path__startswith=audience.union.path
    )
    return kept.exists() and live.exists()


def version_of(audience_id: int) -> AudienceVersion:
    """The wording in force: what is sent or released keeps its id."""
    found = AudienceVersion.objects.unscoped("named by a caller who may use it").filter(
        audience_id=audience_id
    )
    return found.order_by("-number")[0]


@dataclass(frozen=True, slots=True)
class Freshness:
    made_at: datetime | None
    bound_at: datetime | None
    """Until when it may be used without being made anew."""
    is_new_wording: bool
    """The people kept are those of an older wording."""
    problem: str
    retry_at: datetime | None
    is_running: bool
    is_behind: bool
    """Many members moved at once, which the people kept do not show yet."""

    @property
    def is_stale(self) -> bool:
        return self.bound_at is not None and clock.now() > self.bound_at


def freshness(audience: Audience) -> Freshness:
    tally = audience.tally
    runs = AudienceRun.objects.unscoped("of an audience in hand").filter(audience=audience)
    causes = list(runs.filter(state__in=OPEN_RUNS).values_list("cause", "again"))
    bound_at = tally.made_at + timedelta(hours=audience.rule) + GRACE if tally.made_at else None
    return Freshness(
        made_at=tally.made_at,
        bound_at=bound_at,
        is_new_wording=tally.version_id != version_of(audience.pk).pk,
        problem=tally.problem,
        retry_at=tally.retry_at,
        is_running=bool(causes),
        is_behind=any(AudienceRun.Cause.NEWS in cause for cause in causes),
    )


def require_fresh(audience_id: int) -> Audience:
    """Before something is sent or released to it: made, in use, with the wording in force, not older than its rule says."""
    found = Audience.objects.unscoped("named by a caller who may use it").select_related("union", "tally")
    audience = found.get(pk=audience_id)
    require(audience.state == Audience.State.ACTIVE, errors.RETIRED)
    seen = freshness(audience)
    require(seen.made_at and not seen.is_new_wording, errors.NOT_MADE, name=audience.name)
    require(not seen.is_stale, errors.STALE, name=audience.name, ago=cn_when(seen.made_at))
    return audience


def overdue(now: datetime) -> Q:
    """Of tallies in use: older than the rule of their audience allows, or never made although it was time."""
    late = Q(made_at__isnull=True, created_at__lt=now - GRACE)
    for hours in Audience.Rule.values:
        late |= Q(audience__rule=hours, made_at__lt=now - timedelta(hours=hours) - GRACE)
    return Q(audience__state=Audience.State.ACTIVE) & late


def stale_or_failed(actor: Actor) -> QuerySet:
    """For the first page of the console."""
    seen = Audience.objects.visible_to(actor).filter(state=Audience.State.ACTIVE)
    return AudienceTally.objects.visible_to(actor).filter(
        overdue(clock.now()) | Q(failures__gt=0), audience__in=seen
    )


def count_overdue() -> int:
    """Of all there are: for those who run the machine."""
    return AudienceTally.objects.unscoped("counted, not shown").filter(overdue(clock.now())).count()


def tells_sensitive(audience: Audience | None, groups: Iterable[str]) -> bool:
    """Whether to be of this audience and one of these worker groups tells of sensitive personal data."""
    return bool(audience and audience.is_sensitive) or are_sensitive(groups)


def require_usable(
    actor: Actor, *, path: str, groups: Iterable[str], audience: Audience | None = None
) -> None:
    """What tells of hardship, illness or disability is used by who may: groups at `path`, an audience at its union."""
    require(not are_sensitive(groups) or actor.may("members.sensitive", path), errors.SENSITIVE_VERB)
    is_hidden = audience is not None and audience.is_sensitive
    require(not is_hidden or actor.may("members.sensitive", audience.union.path), errors.SENSITIVE_VERB)


def shown_count(people: int, *, is_sensitive: bool, is_exact: bool = True) -> str:
    """Of sensitive ones: under ten nothing, and otherwise tens, so that two counts do not tell of one person."""
    if is_sensitive:
        return "不足 10 人" if people < COUNT_SHOWN_MIN else f"约 {people // 10 * 10:,} 人"
    if is_exact or people == 0:
        return f"{people:,} 人"
    unit = 10 ** max(len(str(people)) - 2, 0)
    return f"约 {people // unit * unit:,} 人"
