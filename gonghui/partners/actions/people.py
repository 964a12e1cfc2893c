"""Clerks, and those who act for a merchant; named by the union, or by the merchant for its own."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, require
from gonghui.kit.identifiers import read_phone
from gonghui.kit.masks import mask_phone
from gonghui.partners import errors
from gonghui.partners.models import Clerk, MerchantRole, Partner, Store


def may_staff(actor: Actor, store: Store) -> bool:
    """Its union, or whoever runs it: the partner's people and the store's manager."""
    return actor.may("partners.write", store.partner.union.path) or store.pk in actor.owns("books")


@action
def appoint_clerk(actor: Actor, *, store_id: int, account: str) -> Clerk:
    """`account` is a whole phone number or login name: accounts are not listed to choose from."""
    store = Store.objects.visible_to(actor).filter(pk=store_id).select_related("partner__union").first()
    require(store is not None, NOT_FOUND)
    require(may_staff(actor, store))
    user = _known_account(account)
    try:
        with transaction.atomic():
            return Clerk.objects.create(user=user, store=store)
    except IntegrityError as error:
        if "clerk_once" not in str(error):
            raise
        raise DomainError(errors.CLERK_ALREADY, user=str(user), store=store.name) from error


def _known_account(account: str) -> User:
    user = account_reached_by(account)
    shown = mask_phone(account.strip()) if read_phone(account).ok else account.strip()
    require(user is not None, errors.NO_SUCH_ACCOUNT, given=shown)
    return user


def account_reached_by(account: str) -> User | None:
    found = User.objects.unscoped("asked by a whole phone number or login name").filter(is_active=True)
    phone = read_phone(account)
    if phone.ok:
        return found.filter(phone_index__in=get_keyring().blind_indexes("phone", phone.value)).first()
    return found.filter(login=account.strip()).first()


@action
def dismiss_clerk(actor: Actor, *, clerk_id: int) -> Clerk:
    """From now on they redeem nothing at this store; what they redeemed stays theirs."""
    found = Clerk.objects.visible_to(actor).filter(pk=clerk_id).select_related("store__partner__union")
    clerk = found.first()
    require(clerk is not None, NOT_FOUND)
    require(may_staff(actor, clerk.store))
    live = Clerk.objects.unscoped("compare-and-set of a fetched row").filter(pk=clerk.pk, ended_at=None)
    require(live.update(ended_at=clock.now()), errors.CLERK_LEFT)
    return clerk


@action
def appoint_merchant(
    actor: Actor, *, partner_id: int, account: str, role: str, store_id: int | None = None
) -> MerchantRole:
    """An owner or manager, named by the union or by an owner; with `store_id` over that store alone."""
    partner = Partner.objects.visible_to(actor).filter(pk=partner_id).select_related("union").first()
    require(partner is not None, NOT_FOUND)
    require(_may_name(actor, partner))
    require(role in MerchantRole.Role, BAD_INPUT, detail=role)
    require(
        store_id is None or (role == "manager" and partner.stores.filter(pk=store_id).exists()), NOT_FOUND
    )
    user = _known_account(account)
    try:
        with transaction.atomic():
            return MerchantRole.objects.create(user=user, partner=partner, role=role, store_id=store_id)
    except IntegrityError as error:
        if "merchant_role_once" not in str(error):
            raise
        raise DomainError(errors.ROLE_ALREADY, user=str(user)) from error


def _may_name(actor: Actor, partner: Partner) -> bool:
    if actor.may("partners.write", partner.union.path):
        return True
    return partner.pk in actor.owns("partner") and _is_owner(actor)


def _is_owner(actor: Actor) -> bool:
    held = MerchantRole.objects.visible_to(actor).filter(user_id=actor.user_id, ended_at=None)
    return held.filter(role="owner").exists()


@action
def end_merchant_role(actor: Actor, *, merchantrole_id: int) -> MerchantRole:
    found = MerchantRole.objects.visible_to(actor).select_related("partner__union")
    held = found.filter(pk=merchantrole_id).first()
    require(held is not None, NOT_FOUND)
    require(_may_name(actor, held.partner))
    live = MerchantRole.objects.unscoped("compare-and-set of a fetched row")
    require(live.filter(pk=held.pk, ended_at=None).update(ended_at=clock.now()), errors.ROLE_ENDED)
    return held
