"""Reads of joining: where one may join, what is on record of an applicant, one's own applications, what waits for review."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from gonghui.joining.models import IN_REVIEW, JoinApplication, JoinPoster, JoinRule
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.identifiers import read_uscc
from gonghui.kit.search import NameSearch
from gonghui.members.criteria import JOINABLE, POOL, Candidate, Identity, Refused, Standing, why_not
from gonghui.members.groups import SENSITIVE_GROUPS
from gonghui.members.models import Membership, Person, Verification, WorkerGroup
from gonghui.members.queries import with_id
from gonghui.orgs.models import Region, Union
from gonghui.orgs.queries import pool_for as nearest_pool

FOUND_MAX = 20
QUESTION_MIN = 2
SEARCH, SEARCHES_A_MINUTE = "join-search", 60
"""Counted alike at the page and at the API: by account, and of who has none by address."""
REVIEW_DAYS = 10
PUBLIC = "public facts: name, kind and place of a union that takes members"
UNIONS = NameSearch("grams", "name", "pinyin")


# --- where to ------------------------------------------------------------------------------------------------


def joinable_unions(question: str) -> list[Union]:
    """By name, pinyin, initials or credit code; nobody browses the whole list."""
    asked = question.strip()
    if len(asked) < QUESTION_MIN:
        return []
    code = read_uscc(asked)
    said = Q(uscc=code.value) | Q(employer__uscc=code.value) if code.ok else UNIONS.q(asked)
    found = Union.objects.unscoped(PUBLIC).filter(said, status="active", kind__in=JOINABLE)
    return list(found.select_related("region", "parent").order_by("pinyin", "id")[:FOUND_MAX])


def joinable_union(union_id: int) -> Union | None:
    found = Union.objects.unscoped(PUBLIC).filter(pk=union_id, status="active", kind__in=(*JOINABLE, POOL))
    return found.select_related("region", "parent").first()


def region_called(code: str) -> Region | None:
    return Region.objects.filter(code=code).select_related("parent").first()


def regions_in(code: str) -> list[Region]:
    """Those directly below; the provinces without a code."""
    return list(Region.objects.filter(parent__code=code or None, parent__isnull=not code).order_by("code"))


def pool_for(region_code: str) -> Union | None:
    """The transit pool of this region or of the nearest one around it."""
    region = region_called(region_code)
    return nearest_pool(region) if region else None


def place_of(union: Union) -> str:
    """As much as anybody may know: its region, else whose union it stands under."""
    if union.region:
        return union.region.name
    return union.parent.name if union.parent else ""


def groups() -> dict[str, str]:
    """Of those one may say of oneself: who is cared for is no trade."""
    found = WorkerGroup.objects.exclude(kind__in=SENSITIVE_GROUPS).order_by("id")
    return dict(found.values_list("code", "name"))


def poster_with(code: str) -> JoinPoster | None:
    """One that is in use, of a union that takes members."""
    found = JoinPoster.objects.unscoped("asked by its whole code").filter(code=code.upper(), is_active=True)
    return found.filter(union__status="active").select_related("union__region", "union__parent").first()


# --- who -----------------------------------------------------------------------------------------------------


def own_verified(actor: Actor) -> Person | None:
    if actor.person_id is None:
        return None
    mine = Person.objects.unscoped("the actor's own person").filter(pk=actor.person_id)
    return mine.filter(verification=Verification.VERIFIED).first()


def live_membership(person: Person) -> Membership | None:
    found = Membership.objects.unscoped("of a person in hand").filter(
        person=person, status__in=Membership.LIVE
    )
    return found.select_related("union").first()


def standing_of(person: Person | None, union: Union) -> Standing | None:
    """What the criteria ask of the person under a document."""
    if person is None:
        return None
    live = live_membership(person)
    past = Membership.objects.unscoped("of a person asked by a full ID number").filter(
        person=person, union=union
    )
    return Standing(
        person.name,
        is_revoked=person.verification == Verification.REVOKED,
        union=live.union.name if live else "",
        is_expelled=past.filter(status="expelled").exists(),
    )


def judged(
    identity: Identity, *, union: Union, group: str, employer: str, person: Person | None
) -> Refused | None:
    """The criteria of every channel, asked of one who applies."""
    who = Candidate(identity.name, identity.birth_date, [group] if group else [], employer)
    return why_not(who, standing_of(person, union), union_kind=union.kind, today=clock.today())


def person_under(identity: Identity, *, is_held: bool = False) -> Person | None:
    found = with_id(identity.id_type, identity.id_no)
    return (found.select_for_update(of=("self",)) if is_held else found).first()


# --- applications --------------------------------------------------------------------------------------------


def own_applications(actor: Actor) -> QuerySet[JoinApplication]:
    """Newest first; drafts an officer began are not theirs yet."""
    mine = JoinApplication.objects.visible_to(actor).filter(user_id=actor.user_id)
    return mine.exclude(state="draft").select_related("union__region", "union__parent").order_by("-id")


def own_application(actor: Actor, application_id: int) -> JoinApplication:
    require(actor.user_id, NOT_FOUND)
    found = own_applications(actor).filter(pk=application_id).prefetch_related("entries").first()
    require(found, NOT_FOUND)
    return found


def waiting_for(actor: Actor) -> QuerySet[JoinApplication]:
    return JoinApplication.objects.visible_to(actor).filter(state__in=IN_REVIEW)


def review_days_of(union: Union) -> int:
    """Of its own rule, else of the nearest above it that has one."""
    ids = [int(part) for part in union.path.split(".") if part]
    rules = JoinRule.objects.unscoped("what binds a union comes from above").filter(union_id__in=ids)
    days = dict(rules.values_list("union_id", "review_days"))
    return next((days[pk] for pk in reversed(ids) if pk in days), REVIEW_DAYS)


def names_of(codes: Iterable[str]) -> str:
    known = groups()
    return "、".join(known.get(code, code) for code in codes if code)
