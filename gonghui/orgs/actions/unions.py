"""Writes to the union tree and employers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Concat, Length, Replace, Substr
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.scope import ScopedQuerySet
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.orgs import errors, queries, rules
from gonghui.orgs.codes import NO_EVIDENCE, Evidence, employer_code, evidence_columns, union_code
from gonghui.orgs.events import UnionMoved
from gonghui.orgs.models import Employer, Union, UnionKind
from gonghui.orgs.models.unions import ENDED

DEPTH = Length("path") - Length(Replace(F("path"), Value("."), Value("")))
NO_REASON = _("请写明理由，至少四个字。")


def _union_to_write(actor: Actor, union_id: int) -> Union:
    """Fetched, allowed and locked against other writers; members may still come in meanwhile."""
    seen = Union.objects.visible_to(actor).filter(pk=union_id)
    union = seen.select_for_update(of=("self",), no_key=True).first()
    require(union is not None, NOT_FOUND)
    require(actor.may("unions.write", union.path, line_of(union)))
    return union


def _living_to_write(actor: Actor, union_id: int) -> Union:
    union = _union_to_write(actor, union_id)
    require(union.status not in ENDED, errors.UNION_HAS_ENDED, union=union.name)
    return union


def line_of(union: Union) -> str | None:
    return union.industry_line.code if union.industry_line_id else None


def lock_the_tree() -> None:
    """Moves, births and ends change paths: one at a time, so that no path is read while it is rewritten."""
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
    evidence: Evidence = NO_EVIDENCE


@action
def add_union(actor: Actor, *, parent_id: int, new: NewUnion) -> Union:
    """A level, a group or a pool below a union of the actor's subtree; unions of members are applied for."""
    lock_the_tree()
    parent = _union_to_write(actor, parent_id)
    applied_for = new.kind in rules.REGISTERED_KINDS and not actor.is_system
    require(not applied_for, errors.UNION_NEEDS_REGISTRATION)
    return plant_union(parent, new, by_id=actor.user_id)


@action
def open_pool(actor: Actor, *, union_id: int, name: str = "") -> Union:
    """周转库 of a union: whoever has no union of their own waits here, known to those who look after the place."""
    lock_the_tree()
    parent = _union_to_write(actor, union_id)
    standing = queries.children_living(parent).filter(kind=UnionKind.POOL).first()
    require(standing is None, errors.POOL_EXISTS, parent=parent.name, pool=standing and standing.name)
    name = name.strip() or _("{union}周转库").format(union=parent.name)
    return plant_union(parent, NewUnion(name, UnionKind.POOL, region_id=parent.region_id))


def plant_union(parent: Union | None, new: NewUnion, *, by_id: int | None = None) -> Union:
    """For actions that hold the lock of the tree; without a parent it is the root. `by_id` has looked at its code."""
    union_id, name = _next_union_id(), new.name.strip()
    path = rules.child_path(parent.path if parent else "", union_id)
    _require_room(path)
    if parent is not None:
        _require_place(parent, name)
    code = union_code(new.uscc, new.kind, new.evidence)
    try:
        with transaction.atomic():
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
                uscc=code.value,
                **evidence_columns([code], new.evidence, by_id),
            )
    except IntegrityError as error:
        raise _taken(error, code.value) from error


def _require_place(parent: Union, name: str) -> None:
    require(parent.status == "active", errors.UNION_NOT_ACTIVE, union=parent.name)
    require(not parent.is_pool, errors.POOL_HOLDS_NO_UNIONS, pool=parent.name)
    taken = queries.namesakes(parent.pk, name).exists()
    require(not taken, errors.UNION_NAME_TAKEN, parent=parent.name, name=name)


def _taken(error: IntegrityError, code: str | None) -> Exception:
    said = str(error)
    if "union_one_an_employer" in said:
        return DomainError(errors.EMPLOYER_HAS_UNION, employer=_("这个单位"))
    if "uscc" in said and code:
        return DomainError(errors.CODE_TAKEN, code=code, whose=_("工会"))
    return error


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
    union = _living_to_write(actor, union_id)
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
    union, parent = _living_to_write(actor, union_id), _union_to_write(actor, parent_id)
    require(not rules.is_root(union.path), errors.UNION_ROOT_STAYS)
    below_itself = rules.is_at_or_below(parent.path, union.path)
    require(not below_itself, errors.UNION_BELOW_ITSELF, union=union.name)
    require(union.parent_id != parent.pk, errors.UNION_ALREADY_THERE, union=union.name, parent=parent.name)
    require(not union.is_pool, errors.POOL_BELONGS_THERE)
    _require_place(parent, union.name)
    moved = rewrite_paths(union, rules.child_path(parent.path, union.pk), queries.subtree(union.path))
    Union.objects.unscoped("moved just now").filter(pk=union.pk).update(parent=parent, updated_at=clock.now())
    emit(UnionMoved(union_id=union.pk, from_id=union.parent_id))
    return moved


def rewrite_paths(union: Union, new: str, below: ScopedQuerySet) -> int:
    """Of `below`, rows of this union's subtree: the part of their path that was the union's becomes `new`."""
    old = union.path
    measured = below.annotate(length=Length("path")).aggregate(longest=Max("length"), deepest=Max(DEPTH))
    if measured["longest"] is None:
        return 0
    deepest = measured["deepest"] + rules.depth(new) - rules.depth(old)
    longest = measured["longest"] + len(new) - len(old)
    fits = deepest <= rules.DEPTH_MAX and longest <= rules.PATH_LENGTH_MAX
    require(fits, errors.UNION_TOO_DEEP, limit=rules.DEPTH_MAX)
    return below.update(path=Concat(Value(new), Substr(F("path"), len(old) + 1)))


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
def register_employer(
    actor: Actor, *, union_id: int, name: str, uscc: str | None = None, evidence: Evidence = NO_EVIDENCE
) -> Employer:
    """An employer comes into the actor's sight as the employer of one of their unions."""
    union = _living_to_write(actor, union_id)
    require(not union.is_pool, errors.KIND_HAS_NO_CODE)
    employer = employer_of(name, uscc, evidence, by_id=actor.user_id)
    union.employer = employer
    try:
        with transaction.atomic():
            union.save(update_fields=["employer", "updated_at"])
    except IntegrityError as error:
        raise _taken(error, None) from error
    return employer


def employer_of(
    name: str, uscc: str | None, evidence: Evidence, *, by_id: int | None, **facts: str
) -> Employer:
    """The one of this code, made where nobody has it yet."""
    code, name = employer_code(uscc, evidence), name.strip()
    columns = {"name": name, **facts, **evidence_columns([code], evidence, by_id)}
    if code.value is None:
        return Employer.objects.create(**columns)
    known = Employer.objects.unscoped("one employer a code")
    employer, _is_new = known.get_or_create(uscc=code.value, defaults=columns)
    return employer


@action
def record_union_code(
    actor: Actor, *, union_id: int, uscc: str, document: str = "", reason: str = ""
) -> Union:
    """The code came later, or was wrong; one that fails the check is let in by what is shown for it."""
    union, evidence = _living_to_write(actor, union_id), Evidence(document, reason)
    code = union_code(uscc, union.kind, evidence)
    _write_code(union, code.value, evidence_columns([code], evidence, actor.user_id), _("工会"))
    return union


@action
def record_employer_code(
    actor: Actor, *, employer_id: int, uscc: str, document: str = "", reason: str = ""
) -> Employer:
    """By whoever writes one of its unions."""
    seen = Employer.objects.visible_to(actor).filter(pk=employer_id).order_by().values("pk")
    held = Employer.objects.unscoped("seen just now").filter(pk__in=seen).select_for_update(no_key=True)
    employer = held.first()
    require(employer is not None, NOT_FOUND)
    unions = Union.objects.unscoped("of an employer seen").filter(employer=employer)
    may = any(actor.may("unions.write", u.path, line_of(u)) for u in unions.select_related("industry_line"))
    require(may)
    evidence = Evidence(document, reason)
    code = employer_code(uscc, evidence)
    _write_code(employer, code.value, evidence_columns([code], evidence, actor.user_id), _("用人单位"))
    return employer


def _write_code(row: Union | Employer, code: str | None, evidence: dict, whose) -> None:
    for name, value in {"uscc": code, **evidence}.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save(update_fields=["uscc", "code_document", "code_reason", "code_by", "updated_at"])
    except IntegrityError as error:
        if "uscc" not in str(error):
            raise
        raise DomainError(errors.CODE_TAKEN, code=code, whose=whose) from error
