"""Calling off: a pool is shut at once, its tickets are voided in batches, everybody is told, and nothing is done twice."""

from __future__ import annotations

from django.db import connection

from gonghui.benefits import engine, errors, messages
from gonghui.benefits.actions.claims import tell_promoted
from gonghui.benefits.actions.news import tell_holder
from gonghui.benefits.actions.releases import because
from gonghui.benefits.models import Pool, Voucher
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.notices.actions import tell_once

BATCH = 100
VOIDABLE = (Voucher.State.HELD, Voucher.State.CONFIRMED, Voucher.State.EXCHANGED)


@action
def shut_pool(actor: Actor, *, pool_id: int, reason: str) -> int:
    """No more claims, no more waiting; returns how many waited. Its callers have checked who may."""
    pool = Pool.objects.unscoped("the pool being called off").select_related("release").get(pk=pool_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT benefits_shut_pool(%s)", [pool_id])
        waited = cursor.fetchone()[0]
    notice = messages.line_ended(pool.release, pool.label, reason)
    for person_id in waited:
        tell_once(actor, once=f"line:{pool_id}:{person_id}", notice=notice, person_id=person_id)
    return len(waited)


def void_pool(actor: Actor, *, pool_id: int, reason: str) -> int:
    """Goes on where it was cut off; returns how many it voided."""
    shut_pool(actor, pool_id=pool_id, reason=reason)
    voided = 0
    while count := void_batch(actor, pool_id=pool_id, reason=reason):
        voided += count
    return voided


@action
def void_batch(actor: Actor, *, pool_id: int, reason: str) -> int:
    """One batch, its messages with it."""
    vouchers = (
        Voucher.objects.unscoped("tickets of a pool called off")
        .filter(pool_id=pool_id, state__in=VOIDABLE)
        .select_related("release", "pool")
        .order_by("serial")[:BATCH]
    )
    found = list(vouchers)
    for voucher in found:
        settled, _promoted = engine.give_back(voucher.pk, Voucher.State.VOIDED)
        if settled.outcome == "done":
            tell_holder(actor, voucher, "voided", messages.voided(voucher, reason))
    return len(found)


@action
def void_voucher(actor: Actor, *, voucher_id: int, reason: str) -> Voucher:
    """One ticket, by hand; its seats go down the waiting list and its holder is told why."""
    found = Voucher.objects.visible_to(actor).select_related("release__union", "pool")
    voucher = found.filter(pk=voucher_id).first()
    require(voucher, NOT_FOUND)
    require(actor.user_id and actor.may("vouchers.void", voucher.release.union.path))
    reason = because(actor, reason)
    settled, promoted = engine.give_back(voucher.pk, Voucher.State.VOIDED)
    voucher.refresh_from_db()
    if settled.outcome != "done":
        raise DomainError(errors.NOT_VOIDABLE, state=voucher.get_state_display())
    tell_holder(actor, voucher, "voided", messages.voided_alone(voucher, reason))
    tell_promoted(promoted)
    return voucher
