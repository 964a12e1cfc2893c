"""Writes to the union tree, employers and grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Substr

from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.orgs import errors, queries, rules
from gonghui.orgs.models import Employer, Grant, Union
from gonghui.orgs.roles import ROLES, verbs_of


def _union_to_write(actor: Actor, union_id: int) -> Union:
    """Fetched, allowed and locked against moves of anything above it."""
    union = Union.objects.visible_to(actor).filter(pk=union_id).select_for_update(of=("self",)).first()
    require(union is not None, NOT_FOUND)
    require(actor.may("unions.write", union.path, _line_of(union)))
    return union


def _line_of(union: Union) -> str | None:
    return union.industry_line.code if union.industry_line_id else None


def _lock_the_tree() -> None:
    """Moves and births change paths: one at a time, so that no path is read while it is rewritten."""
    lock_name("union_tree", "")


@dataclass(frozen=True, slots=True)
class NewUnion:
    """What a union is born with; everything but name and kind may wait."""

    name: str
    kind: str
    region_id: int | None = None
    industry_line_id: int | None = None
    employer_id: int | None = None
    uscc: str | None = None


@action
def add_union(actor: Actor, *, parent_id: int, new: NewUnion) -> Union:
    """Below a union of the actor's subtree."""
    _lock_the_tree()
    parent = _union_to_write(actor, parent_id)
    require(parent.status == "active", errors.UNION_NOT_ACTIVE, union=parent.name)
    name = new.name.strip()
    require(
        not queries.namesakes(parent.pk, name).exists(),
        errors.UNION_NAME_TAKEN,
        parent=parent.name,
        name=name,
    )
    union_id = _next_union_id()
    path = rules.child_path(parent.path, union_id)
    _require_room(path)
    return Union.objects.create(
        id=union_id,
        parent=parent,
        path=path,
        name=name,
        pinyin=pinyin_key(name),
        grams=search_grams(name),
        kind=new.kind,
        region_id=new.region_id,
        industry_line_id=new.industry_line_id,
        employer_id=new.employer_id,
        uscc=new.uscc or None,
    )


def _next_union_id() -> int:
    """The path holds the row's own id, so the id comes first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('orgs_union', 'id'))")
        return cursor.fetchone()[0]


def _require_room(path: str) -> None:
    fits = rules.depth(path) <= rules.DEPTH_MAX and len(path) <= rules.PATH_LENGTH_MAX
    require(fits, errors.UNION_TOO_DEEP, limit=rules.DEPTH_MAX)


@action
def rename_union(actor: Actor, *, union_id: int, name: str) -> Union:
    union = _union_to_write(actor, union_id)
    name = name.strip()
    taken = queries.namesakes(union.parent_id, name, but=union.pk).exists()
    require(not taken, errors.UNION_NAME_TAKEN, parent=union.parent or "", name=name)
    union.name, union.pinyin, union.grams = name, pinyin_key(name), search_grams(name)
    union.save(update_fields=["name", "pinyin", "grams", "updated_at"])
    return union


@action
def move_union(actor: Actor, *, union_id: int, parent_id: int) -> int:
    """With everything below it, in one statement; answers how many unions moved. Both places must be the actor's."""
    _lock_the_tree()
    union, parent = _union_to_write(actor, union_id), _union_to_write(actor, parent_id)
    require(not rules.is_root(union.path), errors.UNION_ROOT_STAYS)
    below_itself = rules.is_at_or_below(parent.path, union.path)
    require(not below_itself, errors.UNION_BELOW_ITSELF, union=union.name)
    require(union.parent_id != parent.pk, errors.UNION_ALREADY_THERE, union=union.name, parent=parent.name)
    require(parent.status == "active", errors.UNION_NOT_ACTIVE, union=parent.name)
    taken = queries.namesakes(parent.pk, union.name, but=union.pk).exists()
    require(not taken, errors.UNION_NAME_TAKEN, parent=parent.name, name=union.name)
    return _rewrite_paths(union, parent)


def _rewrite_paths(union: Union, parent: Union) -> int:
    old, new = union.path, rules.child_path(parent.path, union.pk)
    below = queries.subtree(old)
    longest = below.annotate(length=Length("path")).aggregate(n=Max("length"))["n"]
    deepest = max(rules.depth(path) for path in below.values_list("path", flat=True))
    shift = rules.depth(new) - rules.depth(old)
    fits = deepest + shift <= rules.DEPTH_MAX and longest + len(new) - len(old) <= rules.PATH_LENGTH_MAX
    require(fits, errors.UNION_TOO_DEEP, limit=rules.DEPTH_MAX)
    moved = below.update(path=Concat(Value(new), Substr(F("path"), len(old) + 1)))
    queries.subtree(new).filter(pk=union.pk).update(parent=parent)
    return moved


def _change_status(actor: Actor, union_id: int, verb: str) -> Union:
    union = _union_to_write(actor, union_id)
    require(not rules.is_root(union.path), errors.UNION_ROOT_STAYS)
    states.move(union, rules.STATUS_VERBS, verb, field="status")
    return union


@action
def suspend_union(actor: Actor, *, union_id: int) -> Union:
    """Its grants stop at once: only grants over active unions count."""
    return _change_status(actor, union_id, "suspend")


@action
def resume_union(actor: Actor, *, union_id: int) -> Union:
    return _change_status(actor, union_id, "resume")


@action
def dissolve_union(actor: Actor, *, union_id: int) -> Union:
    union = _union_to_write(actor, union_id)
    living = (
        queries.subtree(union.path).exclude(pk=union.pk).exclude(status__in=("dissolved", "merged")).count()
    )
    require(not living, errors.UNION_HAS_CHILDREN, union=union.name, count=living)
    return _change_status(actor, union_id, "dissolve")


@action
def register_employer(actor: Actor, *, union_id: int, name: str, uscc: str | None = None) -> Employer:
    """An employer comes into the actor's sight as the employer of one of their unions."""
    union = _union_to_write(actor, union_id)
    employer = None
    if uscc:
        employer = Employer.objects.unscoped("one employer a code").filter(uscc=uscc).first()
    if employer is None:
        employer = Employer.objects.create(name=name.strip(), uscc=uscc or None)
    union.employer = employer
    union.save(update_fields=["employer", "updated_at"])
    return employer


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
    user = queries.staff_with_login(login)
    require(user is not None, errors.NO_SUCH_STAFF, login=login)
    require(user.pk != actor.user_id, errors.GRANT_TO_ONESELF)
    require(new.ends_on is None or new.ends_on >= new.starts_on, errors.GRANT_DATES)
    union = Union.objects.visible_to(actor).filter(pk=new.union_id).first()
    require(union is not None, NOT_FOUND)
    require(actor.may("grants.write", union.path, _line_of(union)))
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
    fitting = [
        held
        for held in queries.held_grants(actor)
        if "grants.write" in verbs_of(held.role)
        and wanted <= verbs_of(held.role)
        and rules.is_at_or_below(union.path, held.union.path)
        and rules.covers_line(held.industry_line_id, new.industry_line_id)
    ]
    require(fitting, errors.GRANT_NOT_HELD, role=str(ROLES[new.role].name), union=union.name)
    span = (new.starts_on, new.ends_on)
    if not any(rules.covers_dates((held.starts_on, held.ends_on), span) for held in fitting):
        widest = max(fitting, key=lambda held: held.ends_on or date.max)
        limit = f"{widest.starts_on:%Y-%m-%d} — {widest.ends_on or '…'}"
        raise DomainError(errors.GRANT_OUTLIVES, limit=limit)


@action
def end_grant(actor: Actor, *, grant_id: int) -> Grant:
    """Taken back from this moment on; the row stays."""
    grant = Grant.objects.visible_to(actor).filter(pk=grant_id).select_related("union__industry_line").first()
    require(grant is not None, NOT_FOUND)
    require(grant.user_id != actor.user_id, errors.GRANT_TO_ONESELF)
    require(actor.may("grants.write", grant.union.path, _line_of(grant.union)))
    require(grant.ends_on is None or grant.ends_on >= clock.today(), errors.GRANT_OVER)
    live = Grant.objects.unscoped("compare-and-set of a fetched row").filter(pk=grant.pk, ended_at=None)
    now = clock.now()
    require(live.update(ended_at=now, updated_at=now), errors.GRANT_OVER)
    return grant
