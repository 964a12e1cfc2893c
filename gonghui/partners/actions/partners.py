"""Suspending, resuming, leaving, being made to leave, and the place in the tree."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils.translation import gettext as _

from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.notices.actions import Notice, tell_once
from gonghui.partners import errors
from gonghui.partners.actions.agreements import end_agreements, fill_payout_accounts
from gonghui.partners.events import PartnerExited, PartnerSuspended
from gonghui.partners.models import MerchantRole, Partner, PayoutAccount
from gonghui.partners.models.venues import PARTNER_VERBS
from gonghui.partners.queries import chain_of, merchant_user_ids

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
    return _leave(actor, owned_partner(actor, partner_id), reason)


def owned_partner(actor: Actor, partner_id: int) -> Partner:
    """One that the actor is an owner of; managers see it and decide nothing."""
    partner = Partner.objects.visible_to(actor).filter(pk=partner_id).select_related("union").first()
    require(partner is not None and partner.pk in actor.owns("partner"), NOT_FOUND)
    held = MerchantRole.objects.visible_to(actor).filter(user_id=actor.user_id, ended_at=None, role="owner")
    require(held.filter(partner_id__in=chain_of(partner.pk)).exists(), errors.OWNER_ONLY)
    return partner


def partners_owned(actor: Actor, partners: list[Partner]) -> set[int]:
    """Those of them the actor is an owner of, from above or by name."""
    held = MerchantRole.objects.visible_to(actor).filter(user_id=actor.user_id, ended_at=None, role="owner")
    found = set(held.values_list("partner_id", flat=True))
    parents = {partner.pk: partner.parent_id for partner in partners}

    def is_owned(pk: int | None) -> bool:
        return pk in found or (pk in parents and is_owned(parents[pk]))

    return {partner.pk for partner in partners if is_owned(partner.pk)}


@action
def set_payout(actor: Actor, *, partner_id: int, holder: str, bank: str, account: str) -> PayoutAccount:
    """Where it is paid from now on; every owner is told, so that none is changed behind one's back."""
    partner = owned_partner(actor, partner_id)
    require(partner.state != "exited", errors.PARTNER_EXITED, partner=partner.name)
    digits = "".join(account.split()).replace("-", "")
    require(digits.isascii() and digits.isdecimal() and 8 <= len(digits) <= 32, errors.BAD_ACCOUNT)
    require(holder.strip() and bank.strip(), errors.PAYOUT_INCOMPLETE)
    facts = {
        "holder": holder.strip(),
        "bank": bank.strip(),
        "account": digits,
        "entered_by_id": actor.user_id,
    }
    kept = PayoutAccount.objects.visible_to(actor)
    made, _is_new = kept.update_or_create(partner=partner, defaults=facts)
    fill_payout_accounts(made)
    body = _("{partner}的收款账户改为{bank}，尾号 {tail}。不是您改的，请马上联系签约工会。").format(
        partner=partner.name, bank=made.bank, tail=digits[-4:]
    )
    notice = Notice(kind="notice", title=_("收款账户已更新"), body=body, link="/merchant/")
    for user_id in merchant_user_ids(partner.pk, owners_only=True):
        tell_once(
            actor,
            once=f"payout:{partner.pk}:{made.updated_at:%Y%m%d%H%M%S%f}:{user_id}",
            notice=notice,
            user_id=user_id,
        )
    return made


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
