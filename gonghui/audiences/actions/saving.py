"""An audience is saved as a version, never over one; what it may ask is what its union sees and its maker may use."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from gonghui.audiences import errors
from gonghui.audiences.actions.rebuilding import begin_run
from gonghui.audiences.models import Audience, AudienceRun, AudienceTally, AudienceVersion, PeopleList
from gonghui.audiences.predicates import leaves_of, read_predicate, written
from gonghui.audiences.predicates.known import SENSITIVE_PURPOSES, HasConsent, HasTag, InAudience, OnList
from gonghui.audiences.predicates.tree import Group
from gonghui.audiences.predicates.who import InGroup, InUnion
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_ALLOWED, NOT_FOUND, DomainError, require
from gonghui.members.groups import are_sensitive
from gonghui.orgs.models import Union
from gonghui.orgs.queries import may_at

WRITE = "audiences.write"
HEALTH_TAGS = ("disabled", "illness", "injury")
OF_EMPLOYERS = ("enterprise", "group")
Cause = AudienceRun.Cause


@dataclass(frozen=True, slots=True)
class Wording:
    """What the builder sends."""

    union_id: int
    name: str
    predicate: str | dict
    rule: int = Audience.Rule.DAILY
    note: str = ""


@action
def save_audience(actor: Actor, *, wording: Wording, audience_id: int | None = None) -> Audience:
    """A new audience, or a new version of one where its wording changed. It is made in the background."""
    tree, union = read_wording(actor, wording)
    name = " ".join(wording.name.split())
    require(name, errors.NAME_NEEDED)
    require(wording.rule in Audience.Rule.values, BAD_INPUT, detail="更新")
    facts = {"name": name[:60], "note": wording.note.strip()[:200], "rule": wording.rule}
    try:
        with transaction.atomic():
            audience = (
                _new(actor, union, facts)
                if audience_id is None
                else _changed(actor, audience_id, union, facts)
            )
    except IntegrityError as error:
        if "audience_name_once" not in str(error):
            raise
        raise DomainError(errors.NAME_TAKEN, name=facts["name"]) from error
    if _add_version(actor, audience, tree):
        begin_run(audience, Cause.SAVED)
    return audience


def require_whole(actor: Actor, union: Union) -> None:
    """Over all of the union: an audience is computed below it, whatever line of industry a member is of."""
    of_line = errors.OF_A_LINE if may_at(actor, WRITE, union) else NOT_ALLOWED
    require(actor.may(WRITE, union.path), of_line)


def require_somewhere_whole(actor: Actor) -> None:
    """Said before a form that would offer no union."""
    require(actor.whole_paths(WRITE), errors.OF_A_LINE)


def read_wording(actor: Actor, wording: Wording) -> tuple[Group, Union]:
    """The tree, all of which this actor may ask of this union; also for a count before anything is saved."""
    union = Union.objects.visible_to(actor).filter(pk=wording.union_id).first() if wording.union_id else None
    require(union, errors.EMPTY_UNION)
    require_whole(actor, union)
    tree = read_predicate(wording.predicate)
    _require_within(actor, tree, union)
    if is_sensitive(tree) or asks_sensitive(tree):
        require(actor.may("members.sensitive", union.path), errors.SENSITIVE_VERB)
        require(not asks_lists(tree), errors.SENSITIVE_LIST)
        is_of_employer = union.kind in OF_EMPLOYERS
        require(
            not is_of_employer or not (tells_of_health(tree) or asks_sensitive(tree)),
            errors.HEALTH_OF_EMPLOYER,
        )
    return tree, union


def _require_within(actor: Actor, tree: Group, union: Union) -> None:
    """Unions, audiences and lists of a wording: at or below its own union, and seen by who writes it."""
    leaves = list(leaves_of(tree))
    below = {"union__path__startswith": union.path}
    wanted = {pk for leaf in leaves if isinstance(leaf, InUnion) for pk in leaf.ids}
    seen = Union.objects.visible_to(actor).filter(path__startswith=union.path)
    require(seen.filter(pk__in=wanted).count() == len(wanted), errors.OUTSIDE)
    asked = {leaf.audience_id for leaf in leaves if isinstance(leaf, InAudience)}
    # One of a union above may be asked too, by who sees it: people stay below this union all the same.
    audiences = Audience.objects.visible_to(actor).filter(pk__in=asked, state=Audience.State.ACTIVE)
    require(audiences.count() == len(asked), errors.OUTSIDE)
    lists = {leaf.list_id for leaf in leaves if isinstance(leaf, OnList)}
    found = PeopleList.objects.visible_to(actor).filter(pk__in=lists, **below)
    require(found.count() == len(lists), errors.OUTSIDE)


def is_sensitive(tree: Group) -> bool:
    """By its own leaves."""
    leaves = list(leaves_of(tree))
    codes = {code for leaf in leaves if isinstance(leaf, InGroup) for code in leaf.codes}
    return any(leaf.is_sensitive for leaf in leaves) or are_sensitive(codes)


def tells_of_health(tree: Group) -> bool:
    """Who is ill, hurt or takes part in a check-up is nothing an employer's own union asks, be it in tens."""
    leaves = list(leaves_of(tree))
    tags = {kind for leaf in leaves if isinstance(leaf, HasTag) for kind in leaf.kinds}
    asked = {leaf.purpose for leaf in leaves if isinstance(leaf, HasConsent)}
    return not tags.isdisjoint(HEALTH_TAGS) or not asked.isdisjoint(SENSITIVE_PURPOSES)


def asks_sensitive(tree: Group) -> bool:
    """Through an audience."""
    asked = {leaf.audience_id for leaf in leaves_of(tree) if isinstance(leaf, InAudience)}
    return bool(asked) and (
        Audience.objects.unscoped("what it asks was seen").filter(pk__in=asked, is_sensitive=True).exists()
    )


def asks_lists(tree: Group) -> bool:
    """By its own leaf, or through an audience however far down."""
    if any(isinstance(leaf, OnList) for leaf in leaves_of(tree)):
        return True
    asked = {leaf.audience_id for leaf in leaves_of(tree) if isinstance(leaf, InAudience)}
    return any(asks_lists(read_predicate(v.predicate)) for v in in_force(asked))


def in_force(audience_ids) -> list[AudienceVersion]:
    found = AudienceVersion.objects.unscoped("wordings of audiences in hand").filter(
        audience__in=audience_ids
    )
    return list(found.order_by("audience_id", "-number").distinct("audience_id"))


def _new(actor: Actor, union: Union, facts: dict) -> Audience:
    audience = Audience.objects.create(union=union, maker_id=actor.user_id, **facts)
    AudienceTally.objects.create(audience=audience)
    return audience


def _changed(actor: Actor, audience_id: int, union: Union, facts: dict) -> Audience:
    audience = held(actor, audience_id)
    require(audience.union_id == union.pk, errors.OUTSIDE)
    require(audience.state == Audience.State.ACTIVE, errors.RETIRED)
    for name, value in facts.items():
        setattr(audience, name, value)
    audience.save(update_fields=[*facts, "updated_at"])
    return audience


def held(actor: Actor, audience_id: int) -> Audience:
    """Locked, for who may write it."""
    found = Audience.objects.visible_to(actor).select_related("union").filter(pk=audience_id)
    audience = found.select_for_update(of=("self",), no_key=True).first()
    require(audience, NOT_FOUND)
    require(actor.may("audiences.write", audience.union.path))
    if audience.is_sensitive:
        require(actor.may("members.sensitive", audience.union.path), errors.SENSITIVE_VERB)
    return audience


def _add_version(actor: Actor, audience: Audience, tree: Group) -> bool:
    """False where the wording is the one in force."""
    predicate = written(tree)
    last = audience.versions.order_by("-number").first()
    if last is not None and last.predicate == predicate:
        return False
    leaves = list(leaves_of(tree))
    try:
        with transaction.atomic():
            AudienceVersion.objects.create(
                audience=audience,
                number=(last.number if last else 0) + 1,
                predicate=predicate,
                uses=sorted({leaf.audience_id for leaf in leaves if isinstance(leaf, InAudience)}),
                topics=sorted({leaf.topic() for leaf in leaves}),
                is_sensitive=is_sensitive(tree),
                maker_id=actor.user_id,
            )
    except IntegrityError as error:
        if "audience_no_circle" not in str(error):
            raise
        raise DomainError(errors.CYCLE) from error
    mark_sensitive([audience.pk])
    return True


def mark_sensitive(audience_ids: list[int]) -> None:
    """These, and whatever asks them, by the wordings in force."""
    seen: set[int] = set()
    waiting = list(audience_ids)
    while waiting:
        pk = waiting.pop()
        if pk in seen:
            continue
        seen.add(pk)
        [version] = in_force([pk])
        asked = Audience.objects.unscoped("what it asks").filter(pk__in=version.uses, is_sensitive=True)
        now = version.is_sensitive or asked.exists()
        changed = Audience.objects.unscoped("follows its wording").filter(pk=pk).exclude(is_sensitive=now)
        changed.update(is_sensitive=now)
        askers = AudienceVersion.objects.unscoped("who asks it").filter(uses__contains=[pk])
        waiting += askers.values_list("audience_id", flat=True).distinct()


@action
def retire_audience(actor: Actor, *, audience_id: int) -> Audience:
    """Out of use: its people are let go, its wordings and the history of its size stay."""
    audience = held(actor, audience_id)
    require(audience.state == Audience.State.ACTIVE, errors.RETIRED)
    askers = [v.audience_id for v in in_force(_askers_of(audience)) if audience.pk in v.uses]
    using = Audience.objects.unscoped("named to who retires what they ask").filter(
        pk__in=askers, state=Audience.State.ACTIVE
    )
    names = "、".join(using.values_list("name", flat=True))
    require(not names, errors.USED_ELSEWHERE, names=names)
    audience.state = Audience.State.RETIRED
    audience.save(update_fields=["state", "updated_at"])
    audience.slices.all().delete()
    audience.tally.version = audience.tally.made_at = None
    audience.tally.count = 0
    audience.tally.save()
    return audience


def _askers_of(audience: Audience):
    found = AudienceVersion.objects.unscoped("who asks it").filter(uses__contains=[audience.pk])
    return found.values_list("audience_id", flat=True)


@action
def restore_audience(actor: Actor, *, audience_id: int) -> Audience:
    audience = held(actor, audience_id)
    require(audience.state == Audience.State.RETIRED, BAD_INPUT, detail=audience.get_state_display())
    audience.state = Audience.State.ACTIVE
    try:
        with transaction.atomic():
            audience.save(update_fields=["state", "updated_at"])
    except IntegrityError as error:
        raise DomainError(errors.NAME_TAKEN, name=audience.name) from error
    begin_run(audience, Cause.ASKED)
    return audience
