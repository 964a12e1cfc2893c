"""Writes to partners and clerks."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from gonghui.accounts.models import User
from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.identifiers import read_phone
from gonghui.kit.masks import mask_phone
from gonghui.partners import errors
from gonghui.partners.models import Clerk, Partner, Store

PARTNER_VERBS = {"end": {"active": "ended"}, "resume": {"ended": "active"}}


def _partner_to_write(actor: Actor, partner_id: int) -> Partner:
    partner = Partner.objects.visible_to(actor).filter(pk=partner_id).select_related("union").first()
    require(partner is not None, NOT_FOUND)
    require(actor.may("partners.write", partner.union.path))
    return partner


@action
def end_partner(actor: Actor, *, partner_id: int) -> Partner:
    """Its stores leave the members' pages and its clerks can no longer redeem."""
    partner = _partner_to_write(actor, partner_id)
    states.move(partner, PARTNER_VERBS, "end")
    return partner


@action
def resume_partner(actor: Actor, *, partner_id: int) -> Partner:
    partner = _partner_to_write(actor, partner_id)
    states.move(partner, PARTNER_VERBS, "resume")
    return partner


@action
def appoint_clerk(actor: Actor, *, store_id: int, account: str) -> Clerk:
    """`account` is a whole phone number or login name: accounts are not listed to choose from."""
    store = Store.objects.visible_to(actor).filter(pk=store_id).select_related("partner__union").first()
    require(store is not None, NOT_FOUND)
    require(actor.may("partners.write", store.partner.union.path))
    user = account_reached_by(account)
    shown = mask_phone(account.strip()) if read_phone(account).ok else account.strip()
    require(user is not None, errors.NO_SUCH_ACCOUNT, given=shown)
    try:
        with transaction.atomic():
            return Clerk.objects.create(user=user, store=store)
    except IntegrityError as error:
        if "clerk_once" not in str(error):
            raise
        raise DomainError(errors.CLERK_ALREADY, user=str(user), store=store.name) from error


def account_reached_by(account: str) -> User | None:
    found = User.objects.unscoped("asked by a whole phone number or login name").filter(is_active=True)
    phone = read_phone(account)
    if phone.ok:
        return found.filter(phone_index__in=get_keyring().blind_indexes("phone", phone.value)).first()
    return found.filter(login=account.strip()).first()


@action
def dismiss_clerk(actor: Actor, *, clerk_id: int) -> Clerk:
    """From now on they redeem nothing at this store; what they redeemed stays theirs."""
    clerk = (
        Clerk.objects.visible_to(actor).filter(pk=clerk_id).select_related("store__partner__union").first()
    )
    require(clerk is not None, NOT_FOUND)
    require(actor.may("partners.write", clerk.store.partner.union.path))
    live = Clerk.objects.unscoped("compare-and-set of a fetched row").filter(pk=clerk.pk, ended_at=None)
    require(live.update(ended_at=clock.now()), errors.CLERK_LEFT)
    return clerk
