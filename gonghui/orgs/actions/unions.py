"""Writes to the union tree and employers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Substr

from gonghui.kit import states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.locks import lock_name
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.orgs import errors, queries, rules
from gonghui.orgs.models import Employer, Union


def _union_to_write(actor: Actor, union_id: int) -> Union:
    """Fetched, allowed and locked against moves of anything above it."""
    union = Union.objects.visible_to(actor).filter(pk=union_id).select_for_update(of=("self",)).first()
    require(union is not None, NOT_FOUND)
    require(actor.may("unions.write", union.path, line_of(union)))
    return union


def line_of(union: Union) -> str | None:
    return union.industry_line.code if union.industry_line_id else None


def lock_the_tree() -> None:
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
    lock_the_tree()
    parent = _union_to_write(actor, parent_id)
    require(parent.status == "active", errors.UNION_NOT_ACTIVE, union=parent.name)
    name = new.name.strip()
    require(
        not queries.namesakes(parent.pk, name).exists(),
        errors.UNION_NAME_TAKEN,
        parent=parent.name,
        name=name,
    )
    return plant_union(parent, new)


def plant_union(parent: Union | None, new: NewUnion) -> Union:
    """For actions that hold the lock of the tree; without a parent it is the root."""
    union_id, name = _next_union_id(), new.name.strip()
    path = rules.child_path(parent.path if parent else "", union_id)
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
    lock_the_tree()
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
