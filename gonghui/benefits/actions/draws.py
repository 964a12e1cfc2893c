"""抽签: promise, close, draw; each stage is published word for word and none can be taken back by one person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection

from gonghui.benefits import engine, errors, messages, queries, rules
from gonghui.benefits.actions import timers
from gonghui.benefits.actions.parties import clean_names, write_party
from gonghui.benefits.actions.telling import tell_of_release
from gonghui.benefits.draws import document, lots
from gonghui.benefits.engine import Claim
from gonghui.benefits.events import DrawCompleted
from gonghui.benefits.models import Draw, DrawEntry, DrawPage, DrawTerms, DrawVoid, Pool, Release
from gonghui.benefits.models.draw_pages import DRAW_VOID_VERBS
from gonghui.benefits.models.draws import DRAW_VERBS
from gonghui.kit import clock
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import yuan

# --- Promise ------------------------------------------------------------------------------------------------


def announce_draws(release: Release) -> None:
    """Seals a seed for each pool and publishes its hash with everything else that is fixed; part of the announcement."""
    for pool in release.pools.order_by("id"):
        if Draw.objects.unscoped("the draw of this pool").filter(pool=pool).exists():
            continue
        seed = lots.new_seed()
        draw = Draw.objects.create(
            release=release, pool=pool, seed=seed.hex(), seed_hash=lots.commit_seed(seed)
        )
        DrawPage.objects.create(draw=draw, announced=_announcement(release, pool, draw).as_stage())


def _announcement(release: Release, pool: Pool, draw: Draw) -> document.Announcement:
    return document.Announcement(
        draw=f"{release.pk}-{pool.pk}",
        title=f"{release.title} {pool.label}".strip(),
        capacity=pool.capacity,
        party_seats_max=release.party_max,
        announced_at=clock.now().isoformat(),
        closes_at=pool.closing.astimezone(clock.CHINA).isoformat(),
        commitments=(document.Commitment(party=release.union.name, seed_hash=draw.seed_hash),),
        terms=_terms(release, pool),
    )


def _terms(release: Release, pool: Pool) -> dict[str, str]:
    audience = release.audience_union or release.union
    terms = _draw_terms(release)
    who = f"{audience.name}及其下级的会员" + ("，须已实名" if release.verified_only else "")
    if rules.is_kept_from_transit(release, pool):
        who += "，会籍在周转库的除外"
    if release.audience_id:
        who += f"，且属于受众“{release.audience.name}”第 {release.audience_version.number} 版"
    if terms.weight_per_loss:
        who += f"；一年内每落选一次权重加 {terms.weight_per_loss}，最高 {terms.weight_max}"
    price_fen = release.offer.list_price_fen
    each = f"，每个价值 {yuan(price_fen)} 元" if price_fen else ""
    return {
        "prizes": f"{release.offer.title} {pool.capacity} 个名额{each}，每组最多 {release.party_max} 人",
        "conditions": f"{who}；每人限中 {release.per_person} 次",
        "delivery": "中签后券自动放入“我的票”，并发消息通知；未中签的按抽出的顺序候补",
        "sponsor": release.union.name,
    }


def _draw_terms(release: Release) -> DrawTerms:
    return DrawTerms.objects.filter(release=release).first() or DrawTerms(release=release)


# --- Entries ------------------------------------------------------------------------------------------------


@action
def enter_draw(
    actor: Actor,
    *,
    pool_id: int,
    seats: int = 1,
    companions: Sequence[str] = (),
    for_person: int | None = None,
) -> DrawEntry:
    """One entry of a party; the number of entries in a release is limited like tickets are."""
    require(actor.person_id, SIGN_IN_FIRST)
    entitled = queries.entitlement(actor, pool_id, for_person)
    if entitled.refusal:
        raise entitled.refusal
    pool, release = entitled.pool, entitled.pool.release
    require(release.mode == Release.Mode.DRAW, errors.NOT_A_DRAW)
    _require_open(pool)
    names = clean_names(companions)
    require_party(release, seats, names)
    _require_unpaused(release)
    lock_name("draw-entry", f"{release.pk}/{entitled.person_id}")
    entries = _entries_of(release, entitled.person_id)
    require(entries.count() < release.per_person, errors.ALREADY_ENTERED)
    require(not entries.filter(pool=pool).exists(), errors.ALREADY_ENTERED)
    write_party(release.pk, entitled.person_id, entitled.booked_by_id, names)
    return DrawEntry.objects.create(
        release=release,
        pool=pool,
        person_id=entitled.person_id,
        booked_by_id=entitled.booked_by_id,
        seats=seats,
        weight=_weight(release, entitled.person_id),
    )


def require_party(release: Release, seats: int, names: Sequence[str]) -> None:
    """Within the limit, and everybody named where the venue asks for names."""
    require(1 <= seats <= release.party_max, errors.PARTY_TOO_LARGE, limit=release.party_max)
    missing = seats - 1 - len(names) if release.names_required else 0
    require(missing <= 0, errors.NAMES_MISSING, missing=missing)
    require(len(names) <= seats - 1, errors.PARTY_TOO_LARGE, limit=seats)


def _require_open(pool: Pool) -> None:
    is_open = pool.opening <= clock.now() < pool.closing
    facts = {"opens": messages.said(pool.opening), "closes": messages.said(pool.closing)}
    require(is_open, errors.DRAW_NOT_OPEN, **facts)


def _require_unpaused(release: Release) -> None:
    """Entries do not wait for each other; a pause waits for those under way, and whoever comes behind it reads it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, pause_reason FROM benefits_release WHERE id = %s FOR SHARE", [release.pk]
        )
        state, reason = cursor.fetchone()
    if state == Release.State.PAUSED:
        raise rules.paused(reason)


def _entries_of(release: Release, person_id: int):
    return DrawEntry.objects.unscoped("entries of the one who enters").filter(
        release=release, person_id=person_id
    )


def _weight(release: Release, person_id: int) -> int:
    terms = _draw_terms(release)
    if not terms.weight_per_loss:
        return 1
    losses = DrawEntry.objects.unscoped("losses of the one who enters").filter(
        person_id=person_id,
        outcome="lost",
        release__union_id=release.union_id,
        created_at__gte=clock.now() - queries.YEAR,
    )
    return rules.draw_weight(losses.count(), terms.weight_per_loss, terms.weight_max)


@action
def leave_draw(actor: Actor, *, pool_id: int, for_person: int | None = None) -> None:
    """Until entries close."""
    require(actor.person_id, SIGN_IN_FIRST)
    entry = queries.own_entry(actor, pool_id, for_person)
    require(entry, errors.NOT_ENTERED)
    pool = queries.pool_to_claim(actor, pool_id)
    _require_open(pool)
    write_party(pool.release_id, entry.person_id, None, [])
    entry.delete()


# --- Closing and drawing ------------------------------------------------------------------------------------


def token_of(draw: Draw, person_id: int) -> str:
    """The pseudonym a person is published under; they are shown their own."""
    return lots.entry_token(get_keyring().derive(f"draw-token:{draw.pk}"), person_id)


@action
def publish_draw(actor: Actor, *, draw_id: int) -> Draw:
    """When entries have closed: who takes part is fixed by one hash. The drawing itself is set some minutes later."""
    draw = draw_for(actor, draw_id, "draws.run")
    require(clock.now() >= draw.pool.closing, errors.DRAW_NOT_CLOSED)
    # The same lock the entries' trigger takes: the list stands still from here on.
    Pool.objects.unscoped("the list of this draw").select_for_update(no_key=True).get(pk=draw.pool_id)
    entries = [lots.Entry(token_of(draw, e.person_id), e.weight, e.seats) for e in _entries(draw)]
    closed = document.closed_stage(draw.page.announced, entries, closed_at=clock.now())
    draw.page.closed = closed
    draw.page.save(update_fields=["closed", "updated_at"])
    move(
        draw,
        DRAW_VERBS,
        "publish",
        entries_root=closed["entries_root"],
        entries_count=closed["entries_count"],
        published_at=clock.now(),
    )
    gap = timedelta(minutes=_draw_terms(draw.release).gap_minutes)
    timers.run_draw_at(draw, clock.now() + gap)
    return draw


@action
def run_draw(actor: Actor, *, draw_id: int) -> Draw:
    """Once: reveals the seed, draws, gives the tickets in the order drawn and lines up the rest. All of it or nothing."""
    draw = draw_for(actor, draw_id, "draws.run")
    now = clock.now()
    move(draw, DRAW_VERBS, "draw", revealed_seed=draw.seed, drawn_at=now)
    entries = {token_of(draw, entry.person_id): entry for entry in _entries(draw)}
    listed = [lots.Entry(token, entry.weight, entry.seats) for token, entry in entries.items()]
    revelation = document.Revelation(seeds=[bytes.fromhex(draw.seed)], drawn_at=now)
    page = draw.page
    page.drawn = document.drawn_stage(page.announced, page.closed, listed, revelation)
    page.save(update_fields=["drawn", "updated_at"])
    winners = [entries[token] for token in page.drawn["winners"]]
    waiting = [entries[token] for token in page.drawn["waiting"]]
    vouchers = _give_tickets(draw, winners)
    _line_up(draw, waiting)
    _write_outcomes(winners + waiting, len(winners), vouchers)
    people = [person for entry in waiting for person in (entry.person_id, entry.booked_by_id) if person]
    if people:
        notice = messages.not_drawn(draw)
        tell_of_release(actor, draw.release, key=f"not-drawn:{draw.pk}", people=people, notice=notice)
    emit(DrawCompleted(draw_id=draw.pk))
    return draw


def _entries(draw: Draw) -> list[DrawEntry]:
    found = DrawEntry.objects.unscoped("the list of this draw").filter(pool_id=draw.pool_id)
    return list(found.order_by("id"))


def _key(draw: Draw, person_id: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"draw/{draw.pk}/{person_id}")


def _give_tickets(draw: Draw, winners: Sequence[DrawEntry]) -> dict[int, int]:
    """Person → voucher. One who won as often as they may elsewhere gets no second; those seats go down the line."""
    claims = [
        Claim(
            person_id=e.person_id,
            key=_key(draw, e.person_id),
            seats=e.seats,
            wait=False,
            booked_by_id=e.booked_by_id,
        )
        for e in winners
    ]
    answers = engine.settle_claims(draw.pool_id, claims, issue=True) if claims else []
    return {c.person_id: a.voucher_id for c, a in zip(claims, answers, strict=True) if a.answer == "won"}


def _line_up(draw: Draw, waiting: Sequence[DrawEntry]) -> None:
    rows = [
        [e.person_id for e in waiting],
        [e.booked_by_id for e in waiting],
        [e.seats for e in waiting],
        [_key(draw, e.person_id) for e in waiting],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT benefits_line_up(%s, %s::bigint[], %s::bigint[], %s::integer[], %s::uuid[])",
            [draw.pool_id, *rows],
        )
    timers.fill_pool(draw.pool_id)


def _write_outcomes(ordered: Sequence[DrawEntry], won: int, vouchers: dict[int, int]) -> None:
    rows = [
        [e.pk for e in ordered],
        list(range(1, len(ordered) + 1)),
        ["won" if place < won else "lost" for place in range(len(ordered))],
        [vouchers.get(e.person_id) for e in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE benefits_drawentry e SET rank = t.rank, outcome = t.outcome, voucher_id = t.voucher,"
            " updated_at = statement_timestamp()"
            " FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::bigint[]) AS t(id, rank, outcome, voucher)"
            " WHERE e.id = t.id",
            rows,
        )


def draw_for(actor: Actor, draw_id: int, verb: str) -> Draw:
    found = Draw.objects.visible_to(actor).select_related(
        "release__union", "release__offer", "pool__release", "page"
    )
    draw = found.filter(pk=draw_id).first()
    require(draw, NOT_FOUND)
    require(actor.may(verb, draw.release.union.path))
    return draw


# --- Voiding ------------------------------------------------------------------------------------------------


@action
def propose_void(actor: Actor, *, draw_id: int, reason: str) -> DrawVoid:
    """The first of two people; nothing changes yet."""
    draw = draw_for(actor, draw_id, "draws.run")
    require(actor.user_id and reason.strip(), errors.REASON_MISSING)
    require(draw.state in DRAW_VERBS["void"], errors.DRAW_NOT_CLOSED)
    return DrawVoid.objects.create(draw=draw, reason=reason.strip(), proposed_by_id=actor.user_id)


@action
def void_draw(actor: Actor, *, void_id: int) -> Draw:
    """The second person. The draw, its page and its entries stay; its tickets are voided and their holders told why."""
    void = _void_for(actor, void_id)
    require(actor.user_id and actor.user_id != void.proposed_by_id, errors.SAME_PERSON_VOIDS)
    name_actor(Actor(user_id=actor.user_id, channel=actor.channel, reason=void.reason))
    draw = draw_for(actor, void.draw_id, "draws.void")
    move(void, DRAW_VOID_VERBS, "approve", decided_by_id=actor.user_id)
    move(draw, DRAW_VERBS, "void", void_reason=void.reason)
    timers.void_pool(draw.pool_id, void.reason)
    return draw


@action
def reject_void(actor: Actor, *, void_id: int) -> DrawVoid:
    void = _void_for(actor, void_id)
    require(actor.user_id and actor.user_id != void.proposed_by_id, errors.SAME_PERSON_VOIDS)
    move(void, DRAW_VOID_VERBS, "reject", decided_by_id=actor.user_id)
    return void


def _void_for(actor: Actor, void_id: int) -> DrawVoid:
    found = DrawVoid.objects.visible_to(actor).select_related("draw__release__union")
    void = found.filter(pk=void_id).first()
    require(void, NOT_FOUND)
    require(actor.may("draws.void", void.draw.release.union.path))
    return void
