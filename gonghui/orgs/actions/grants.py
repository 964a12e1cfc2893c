"""Writes to grants: handing on what one holds, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from gonghui.accounts.actions.devices import end_sessions
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.orgs import errors, queries, rules
from gonghui.orgs.actions.unions import line_of
from gonghui.orgs.models import Grant, Union
from gonghui.orgs.roles import ROLES, verbs_of


@dataclass(frozen=True, slots=True)
class NewGrant:
    role: str
    union_id: int
    starts_on: date
    ends_on: date | None = None
    industry_line_id: int | None = None


@action
def hand_on_grant(actor: Actor, *, login: str, new: NewGrant) -> Grant:
    """Only what the actor holds, within their own subtree and dates, and never to themselves."""
    lock_the_staff()
    actor = _as_they_are_now(actor)
    user = queries.staff_with_login(login)
    require(user is not None, errors.NO_SUCH_STAFF, login=login)
    require(user.pk != actor.user_id, errors.GRANT_TO_ONESELF)
    require(new.ends_on is None or new.ends_on >= new.starts_on, errors.GRANT_DATES)
    union = Union.objects.visible_to(actor).filter(pk=new.union_id).first()
    require(union is not None, NOT_FOUND)
    require(actor.may("grants.write", union.path, line_of(union)))
    require(union.status == "active", errors.UNION_NOT_ACTIVE, union=union.name)
    _require_held(actor, union, new)
    try:
        with transaction.atomic():
            return Grant.objects.create(
                user=user,
                role=new.role,
                union=union,
                industry_line_id=new.industry_line_id,
                starts_on=new.starts_on,
                ends_on=new.ends_on,
                granted_by_id=actor.user_id,
            )
    except IntegrityError as error:
        if "grant_once" not in str(error):
            raise
        role = str(ROLES[new.role].name)
        raise DomainError(errors.GRANT_TWICE, user=str(user), union=union.name, role=role) from error


def _require_held(actor: Actor, union: Union, new: NewGrant) -> None:
    """One grant of the actor must hold all of it; two that hold half each do not add up."""
    if actor.is_system:
        return
    wanted = verbs_of(new.role)
    require(wanted, NOT_FOUND)
    asked = (union.path, new.role, new.industry_line_id)
    fitting = fitting_grants(queries.held_grants(actor), *asked)
    require(fitting, errors.GRANT_NOT_HELD, role=str(ROLES[new.role].name), union=union.name)
    if not fitting_grants(fitting, *asked, span=(new.starts_on, new.ends_on)):
        widest = max(fitting, key=lambda held: held.ends_on or date.max)
        limit = f"{widest.starts_on:%Y-%m-%d} — {widest.ends_on or '…'}"
        raise DomainError(errors.GRANT_OUTLIVES, limit=limit)


def fitting_grants(
    held: list[Grant], path: str, role: str, line_id: int | None, *, span: rules.Span | None = None
) -> list[Grant]:
    """Those of `held` that allow to hand on this role at this place, and for all of `span` where one is given."""
    return [
        grant
        for grant in held
        if "grants.write" in verbs_of(grant.role)
        and verbs_of(role) <= verbs_of(grant.role)
        and rules.is_at_or_below(path, grant.union.path)
        and rules.covers_line(grant.industry_line_id, line_id)
        and (span is None or rules.covers_dates((grant.starts_on, grant.ends_on), span))
    ]


def lock_the_staff() -> None:
    """One at a time: two administrators who take it from each other at once would leave nobody."""
    lock_name("staff_accounts", "")


@action
def end_grant(actor: Actor, *, grant_id: int, with_handed_on: bool = False) -> Grant:
    """Taken back from this moment on, and its holder signed out everywhere; the row stays. What they handed on is the union's
    and goes on, unless it is taken back along with it: from hand to hand, all that nothing else its giver holds would allow."""
    lock_the_staff()
    actor = _as_they_are_now(actor)
    grant = Grant.objects.visible_to(actor).filter(pk=grant_id).select_related("union__industry_line").first()
    require(grant is not None, NOT_FOUND)
    require(grant.user_id != actor.user_id, errors.GRANT_TO_ONESELF)
    require(actor.may("grants.write", grant.union.path, line_of(grant.union)))
    require(grant.ends_on is None or grant.ends_on >= clock.today(), errors.GRANT_OVER)
    live = Grant.objects.unscoped("compare-and-set of a fetched row").filter(ended_at=None)
    now = clock.now()
    ended = {"ended_at": now, "updated_at": now}
    require(live.filter(pk=grant.pk).update(**ended), errors.GRANT_OVER)
    gone = {grant.pk}
    if with_handed_on:
        gone |= _handed_on_from(grant, but=actor.user_id)
        live.filter(pk__in=gone).update(**ended)
    everybody = Grant.objects.unscoped("whose sessions end").filter(pk__in=gone)
    for user_id in sorted(set(everybody.values_list("user_id", flat=True))):
        end_sessions(actor, user_id=user_id)
    return grant


def _handed_on_from(grant: Grant, *, but: int | None) -> set[int]:
    """Without it unsupported, like grants of a database; `but` whoever takes it back."""
    over, givers = {grant.pk}, {grant.user_id}
    while givers:
        held = [row for row in queries.grants_held(givers) if row.pk not in over]
        found = [
            row
            for row in queries.handed_on_by(givers, grant.union.path)
            if row.pk not in over and row.user_id != but and not _still_allowed(row, held)
        ]
        over |= {row.pk for row in found}
        givers = {row.user_id for row in found}
    return over - {grant.pk}


def _still_allowed(row: Grant, held: list[Grant]) -> bool:
    own = [one for one in held if one.user_id == row.granted_by_id]
    return bool(fitting_grants(own, row.union.path, row.role, row.industry_line_id))


def _as_they_are_now(actor: Actor) -> Actor:
    """With what they hold now, not when the request began: under the lock of the staff it cannot be taken back meanwhile."""
    return actor if actor.is_system else actor.holding(queries.grants_of(actor.user_id))
