"""Suspending, resuming, leaving, being made to leave, and the place in the tree."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import Error as DatabaseError
from django.db import transaction

from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.partners import errors
from gonghui.partners.actions.agreements import end_agreements
from gonghui.partners.events import PartnerExited, PartnerSuspended
from gonghui.partners.models import MerchantRole, Partner
from gonghui.partners.models.venues import PARTNER_VERBS

# Whoever leaves honours for so long what members already hold; offers drawn up by the union end sooner.
HONOUR = timedelta(days=30)


def _partner_to_write(actor: Actor, partner_id: int) -> Partner:
    partner = Partner.objects.visible_to(actor).filter(pk=partner_id).select_related("union").first()
    require(partner is not None, NOT_FOUND)
    require(actor.may("partners.write", partner.union.path))
    return partner


@action
def suspend_partner(actor: Actor, *, partner_id: int, reason: str) -> Partner:
    """At once: its stores leave the members' pages and its counters honour nothing, until it is resumed."""
    partner = _partner_to_write(actor, partner_id)
    states.move(partner, PARTNER_VERBS, "suspend")
    emit(PartnerSuspended(partner_id=partner.pk))
    return partner


@action
def resume_partner(actor: Actor, *, partner_id: int) -> Partner:
    partner = _partner_to_write(actor, partner_id)
    states.move(partner, PARTNER_VERBS, "resume")
    return partner


@action
def exit_partner(actor: Actor, *, partner_id: int, reason: str) -> Partner:
    """Made to leave, for good. Its agreements end; what members hold is honoured 30 days, unless it was suspended."""
    return _leave(actor, _partner_to_write(actor, partner_id), reason)


@action
def leave_partner(actor: Actor, *, partner_id: int, reason: str) -> Partner:
    """An owner's own wish."""
    partner = Partner.objects.visible_to(actor).filter(pk=partner_id).select_related("union").first()
    require(partner is not None and partner.pk in actor.owns("partner"), NOT_FOUND)
    held = MerchantRole.objects.visible_to(actor).filter(user_id=actor.user_id, ended_at=None, role="owner")
    require(held.exists(), errors.WRONG_SIGNER)
    return _leave(actor, partner, reason)


def _leave(actor: Actor, partner: Partner, reason: str) -> Partner:
    until: date = clock.today() + (HONOUR if partner.state == "active" else timedelta(days=-1))
    states.move(partner, PARTNER_VERBS, "exit", honours_until=until)
    end_agreements(partner.pk, reason)
    emit(PartnerExited(partner_id=partner.pk))
    return partner


@action
def place_partner(actor: Actor, *, partner_id: int, parent_id: int | None) -> Partner:
    """Under a group or mall of the same writer, or, without one, on its own."""
    partner = _partner_to_write(actor, partner_id)
    parent = _partner_to_write(actor, parent_id) if parent_id else None
    partner.parent = parent
    try:
        with transaction.atomic():
            partner.save(update_fields=["parent", "updated_at"])
    except DatabaseError as error:
        if not any(name in str(error) for name in ("partner_in_a_circle", "partner_not_its_own_parent")):
            raise
        raise DomainError(errors.ROUND_AND_ROUND, parent=parent.name, partner=partner.name) from error
    return partner
