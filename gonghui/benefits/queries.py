"""Reads of this app: entitlement, tickets, the line, published draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from gonghui.audiences import engine as audiences
from gonghui.benefits import conditions, errors, rules
from gonghui.benefits.draws.document import Stage, draw_file
from gonghui.benefits.engine import Answer
from gonghui.benefits.gate.answers import why_paused
from gonghui.benefits.models import (
    Draw,
    DrawEntry,
    DrawPage,
    NoShowRule,
    Pool,
    Release,
    Voucher,
)
from gonghui.benefits.models.vouchers import GONE_STATES
from gonghui.benefits.rules import Bar, PersonFacts
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.members.models import Delegation, Membership, Person
from gonghui.members.queries import is_in_transit

YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What the waiting page and the pass need to know of one person and one pool."""

    pool: Pool
    person_id: int | None
    booked_by_id: int | None
    refusal: DomainError | None

    @property
    def is_entitled(self) -> bool:
        return self.refusal is None


def entitlement(actor: Actor, pool_id: int, for_person: int | None = None) -> Entitlement:
    """Four queries at most, and what apps above ask. `for_person` is somebody who lets the actor book for them."""
    pool = pool_to_claim(actor, pool_id)
    person_id = for_person or actor.person_id
    facts = person_facts(actor, person_id, pool.release) if person_id else None
    refusal = rules.why_not_entitled(pool.release, facts, clock.now(), pool=pool)
    if facts is None and actor.user_id and refusal and refusal.status == 401:
        # Signed in, but nobody's identity is known yet.
        refusal = DomainError(rules.errors.NOT_VERIFIED)
    if refusal is None and person_id:
        refusal = _not_in_audience(pool.release, person_id) or conditions.refusal_of(pool, person_id)
    booked_by = actor.person_id if person_id != actor.person_id else None
    return Entitlement(pool, person_id, booked_by, refusal)


def _not_in_audience(release: Release, person_id: int) -> DomainError | None:
    """Asked of the one person at this moment, by the wording the release was reviewed with."""
    if release.audience_id is None or audiences.fits(release.audience, person_id, release.audience_version):
        return None
    return DomainError(errors.NOT_IN_AUDIENCE, union=release.union.name)


def pool_to_claim(actor: Actor, pool_id: int) -> Pool:
    found = Pool.objects.visible_to(actor).select_related(
        "release__union", "release__audience_union", "release__draw_terms", "release__offer",
        "release__audience__union", "release__audience_version",
    )  # fmt: skip
    pool = found.filter(pk=pool_id).first()
    require(pool, NOT_FOUND)
    return pool


def person_facts(actor: Actor, person_id: int, release: Release) -> PersonFacts | None:
    """Three queries: the person, the rules that bind this release, the tickets that matter."""
    mine = Person.objects.unscoped("the claimant, oneself or one who delegated")
    row = (
        mine.filter(pk=person_id)
        .annotate(
            union_path=_live_union_path(), transit=is_in_transit(), delegated=_delegated_to(actor.person_id)
        )
        .values("verification", "groups", "union_path", "transit", "delegated")
        .first()
    )
    if row is None:
        return None
    bars = _rules_over(release.union.path)
    tickets, missed = _tickets(person_id, release, bars)
    return PersonFacts(
        person_id=person_id,
        is_verified=row["verification"] == "verified",
        groups=frozenset(row["groups"]),
        union_path=row["union_path"] or "",
        tickets=tickets,
        is_transit=row["transit"],
        is_bookable=person_id == actor.person_id or row["delegated"],
        bar=rules.bar_of(bars, missed, clock.now()),
    )


def _live_union_path() -> Subquery:
    live = Membership.objects.unscoped("the claimant's membership").filter(
        person=OuterRef("pk"), status__in=Membership.LIVE
    )
    return Subquery(live.values("union__path")[:1])


def _delegated_to(booker_id: int | None) -> Exists:
    return Exists(
        Delegation.objects.unscoped("may this member book for that one?").filter(
            person=OuterRef("pk"), delegate_id=booker_id, ended_at__isnull=True
        )
    )


def _rules_over(union_path: str) -> list[NoShowRule]:
    over = [int(part) for part in union_path.strip(".").split(".")]
    return list(NoShowRule.objects.filter(union_id__in=over).select_related("union"))


def _tickets(person_id: int, release: Release, bars: list[NoShowRule]) -> tuple[int, list]:
    """How many living tickets of this release, and the no-shows of the last time that could still bar."""
    here = Q(release=release) & ~Q(state__in=GONE_STATES)
    since = clock.now() - max(
        (timedelta(days=r.within_days + r.bar_days) for r in bars), default=timedelta(0)
    )
    missed = Q(state=Voucher.State.NO_SHOW, exemption__isnull=True, missed_at__gte=since)
    rows = (
        Voucher.objects.unscoped("the claimant's tickets")
        .filter(person_id=person_id)
        .annotate(missed_at=Coalesce("pool__valid_until", "settled_at"))
        .filter(here | missed if bars else here)
        .values_list("release_id", "state", "release__union__path", "missed_at")
    )
    found = list(rows)
    tickets = sum(release_id == release.pk for release_id, *_rest in found)
    return tickets, [(path, when) for _id, state, path, when in found if state == Voucher.State.NO_SHOW]


def bar_of_person(person_id: int, union_path: str) -> Bar | None:
    """Whether this person is barred from releases of a union now; shown on their own page."""
    bars = _rules_over(union_path)
    missed = (
        Voucher.objects.unscoped("no-shows of one person")
        .filter(person_id=person_id, state=Voucher.State.NO_SHOW, exemption__isnull=True)
        .annotate(missed_at=Coalesce("pool__valid_until", "settled_at"))
        .values_list("release__union__path", "missed_at")
    )
    return rules.bar_of(bars, missed, clock.now())


def answer_in_words(answer: Answer, pool_id: int, **facts: object) -> tuple[str, str]:
    """Title and message; where it is paused, with why."""
    if answer.answer == "paused":
        found = Release.objects.unscoped("why a claim was refused").filter(pools=pool_id)
        facts["reason"] = why_paused(found.values_list("pause_reason", flat=True).get())
    return answer.words(**facts)


def draw_document(draw_id: int) -> Stage:
    """The file anybody may fetch and check with `gonghui draw verify`: as many stages as are published."""
    page = DrawPage.objects.filter(draw_id=draw_id).first()
    require(page, NOT_FOUND)
    return draw_file(page.announced, page.closed, page.drawn)


def draw_documents(release_id: int) -> dict[int, Stage]:
    """Draw → document, for every draw of a release that was announced, voided ones included."""
    pages = DrawPage.objects.filter(draw__release_id=release_id).order_by("draw_id")
    return {page.draw_id: draw_file(page.announced, page.closed, page.drawn) for page in pages}


def draws_of(release_ids: Iterable[int]) -> list[Draw]:
    return list(
        Draw.objects.unscoped("announced draws are public")
        .filter(release_id__in=list(release_ids), page__isnull=False)
        .select_related("pool", "page")
        .order_by("pool__valid_from", "id")
    )


def own_entry(actor: Actor, pool_id: int, for_person: int | None = None) -> DrawEntry | None:
    person_id = for_person or actor.person_id
    return DrawEntry.objects.visible_to(actor).filter(pool_id=pool_id, person_id=person_id).first()
