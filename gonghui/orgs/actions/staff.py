"""Writes to staff accounts: the first one, colleagues of one's own subtree, and help when they cannot get in."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.accounts.actions.staff import (
    NewAccount,
    OneTimePassword,
    drop_second_factor,
    open_account,
    renew_password,
    switch_account,
)
from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.audit import REASON_LENGTH_MIN
from gonghui.kit.errors import BAD_INPUT, NOT_ALLOWED, NOT_FOUND, require
from gonghui.orgs import errors, queries
from gonghui.orgs.actions.grants import NewGrant, fitting_grants, hand_on_grant, lock_the_staff
from gonghui.orgs.actions.unions import NewUnion, lock_the_tree, plant_union
from gonghui.orgs.models import Grant, Union

TOP_ROLE = "org_admin"


@action
def open_first_account(actor: Actor, *, union: NewUnion, account: NewAccount) -> OneTimePassword:
    """By the command line: the root of the tree where there is none, and its administrator where it has none."""
    require(actor.is_system, NOT_ALLOWED)
    lock_the_tree()
    root = Union.objects.unscoped("there is one root").filter(parent=None).order_by("pk").first()
    if root is None:
        root = plant_union(None, union)
    require(root.name == union.name.strip(), errors.ROOT_HAS_ANOTHER_NAME, union=root.name)
    first = queries.administrators_of(root, TOP_ROLE).first()
    require(first is None, errors.FIRST_ACCOUNT_EXISTS, union=root.name, login=first and first.user.login)
    grant = NewGrant(role=TOP_ROLE, union_id=root.pk, starts_on=clock.today())
    return add_colleague(actor, account=account, grant=grant)


@action
def add_colleague(actor: Actor, *, account: NewAccount, grant: NewGrant) -> OneTimePassword:
    """An account with its first grant, within what the actor holds; both or neither."""
    require(actor.may_anywhere("grants.write"), NOT_ALLOWED)
    made = open_account(actor, new=account)
    hand_on_grant(actor, login=made.user.login, new=grant)
    return made


@action
def reset_colleague_password(actor: Actor, *, staff_id: int, reason: str) -> OneTimePassword:
    """The old one stops at once; the new one for 72 hours, and only to choose another."""
    actor, user = _colleague(actor, staff_id, reason)
    require(user.is_active, errors.STAFF_IS_OFF, user=str(user))
    return renew_password(actor, user=user)


@action
def forget_colleague_totp(actor: Actor, *, staff_id: int, reason: str) -> None:
    """The phone is lost: the next sign-in sets an authenticator up again."""
    actor, user = _colleague(actor, staff_id, reason)
    drop_second_factor(actor, user=user)


@action
def switch_off_colleague(actor: Actor, *, staff_id: int, reason: str) -> None:
    """Signed out everywhere at once; grants stay on record and wait."""
    actor, user = _colleague(actor, staff_id, reason)
    require(user.is_active, errors.STAFF_IS_OFF, user=str(user))
    switch_account(actor, user=user, on=False)


@action
def switch_on_colleague(actor: Actor, *, staff_id: int, reason: str) -> None:
    actor, user = _colleague(actor, staff_id, reason)
    require(not user.is_active, errors.STAFF_IS_ON, user=str(user))
    switch_account(actor, user=user, on=True)


def _colleague(actor: Actor, staff_id: int, reason: str) -> tuple[Actor, User]:
    """Locked, and allowed: never oneself, nobody with a grant beyond the actor's own. The reason goes on record."""
    reason = reason.strip()
    require(len(reason) >= REASON_LENGTH_MIN, BAD_INPUT, detail=_("请写明理由，至少四个字。"))
    lock_the_staff()
    seen = queries.seen_staff(actor, "grants.write").filter(pk=staff_id)
    require(seen.exists(), NOT_FOUND)
    require(staff_id != actor.user_id, errors.STAFF_ONESELF)
    user = User.objects.unscoped("seen just now").select_for_update().get(pk=staff_id)
    _require_reach(actor, user)
    actor = actor.because(reason)
    name_actor(actor)
    return actor, user


def _require_reach(actor: Actor, user: User) -> None:
    """Whoever resets an account could act as it: every grant it holds must be one the actor could give."""
    if actor.is_system:
        return
    held, today = queries.held_grants(actor), clock.today()
    for grant in _grants_that_count(user):
        span = (max(grant.starts_on, today), grant.ends_on)
        fits = fitting_grants(held, grant.union.path, grant.role, grant.industry_line_id, span=span)
        until = grant.ends_on or _("长期有效")
        require(fits, errors.STAFF_BEYOND, user=str(user), grant=str(grant), until=until)


def _grants_that_count(user: User) -> list[Grant]:
    """Those of today and later; of an account that has none any more, all it ever had."""
    ever = Grant.objects.unscoped("of a locked account").filter(user=user).select_related("union")
    return list(ever.filter(queries.not_over_on(clock.today()))) or list(ever)
