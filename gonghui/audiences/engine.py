"""Predicates asked: how many, who for example, whether this one, and why. Always within the subtree of the audience's union."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from gonghui.audiences.models import Audience, AudienceVersion
from gonghui.audiences.naming import names_for
from gonghui.audiences.predicates import AnyOne, Leaf, Node, NoneOf, Portrait, SetQuery, leaves_of, tree_of
from gonghui.audiences.predicates.portrait import portrait_of
from gonghui.audiences.predicates.set_query import SLICE, Span
from gonghui.audiences.predicates.tree import Group, Names
from gonghui.kit import clock

COUNT_MS, SAMPLE_MS = 2500, 1200
SLICES_TRIED = 24
TIMED = "SELECT set_config('statement_timeout', %s, true)"
TOO_LONG = "57014"


@dataclass(frozen=True, slots=True)
class Ground:
    """What an audience's union and secret add to its wording."""

    path: str
    salt: bytes

    @classmethod
    def of(cls, audience: Audience) -> Ground:
        return cls(audience.union.path, bytes(audience.salt))


@dataclass(frozen=True, slots=True)
class Count:
    people: int
    is_exact: bool


# --- of sets


def people_sql(
    tree: Group, ground: Ground, today: date, span: Span | None = None, people: Collection[int] | None = None
) -> tuple[str, dict]:
    """A SELECT of the ids of all who fit, each once; of a range, or of some."""
    query = SetQuery(today, span, people)
    condition = f"{query.below(ground.path)} AND ({tree.sql(query, ground.salt)})"
    return (
        f"SELECT p.id {query.source()} WHERE {query.where()} AND {condition}",
        query.params,
    )


def ids_of(tree: Group, ground: Ground, today: date, people: Collection[int] | None = None) -> set[int]:
    text, params = people_sql(tree, ground, today, people=people)
    with connection.cursor() as cursor:
        return {pk for (pk,) in cursor.execute(text, params)}


def count_people(tree: Group, ground: Ground, within_ms: int = COUNT_MS) -> Count:
    """Exact where that takes no longer than allowed; otherwise reckoned from some slices of all persons."""
    text, params = people_sql(tree, ground, clock.today())
    counted = _timed(f"SELECT count(*) FROM ({text}) found", params, within_ms)  # noqa: S608
    if counted is not None:
        return Count(counted[0][0], True)
    return Count(_reckoned(tree, ground), False)


def _reckoned(tree: Group, ground: Ground) -> int:
    with connection.cursor() as cursor:
        least, most = cursor.execute("SELECT min(id) / 4096, max(id) / 4096 FROM members_person").fetchone()
        every = range(least, most + 1)
        tried = random.sample(every, min(SLICES_TRIED, len(every)))
        found = 0
        for slice_no in tried:
            span = Span(slice_no * SLICE, (slice_no + 1) * SLICE)
            text, params = people_sql(tree, ground, clock.today(), span)
            found += cursor.execute(f"SELECT count(*) FROM ({text}) found", params).fetchone()[0]  # noqa: S608
    return round(found * len(every) / len(tried))


def sample_people(tree: Group, ground: Ground, most: int = 8) -> list[int] | None:
    """Some who fit, whoever comes first; None where even that takes too long."""
    text, params = people_sql(tree, ground, clock.today())
    rows = _timed(f"{text} LIMIT %(most)s", params | {"most": most}, SAMPLE_MS)
    return None if rows is None else [pk for (pk,) in rows]


def _timed(text: str, params: dict, within_ms: int) -> list[tuple] | None:
    with connection.cursor() as cursor:
        before = cursor.execute("SELECT current_setting('statement_timeout')").fetchone()[0]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TIMED, [str(within_ms)])
            rows = cursor.execute(text, params).fetchall()
            cursor.execute(TIMED, [before])
            return rows
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != TOO_LONG:
            raise
        return None


# --- of one person


def portrait_for(person_id: int, trees: list[Group], today: date | None = None) -> Portrait | None:
    """With whatever these trees ask, in a bounded number of queries; None: no live member."""
    day = today or clock.today()
    needs = {need for tree in trees for leaf in leaves_of(tree) for need in leaf.needs(day)}
    return portrait_of(person_id, needs, day)


def fits_ground(tree: Node, ground: Ground, portrait: Portrait | None) -> bool:
    """The single evaluator: of somebody outside the union's subtree it is never so."""
    return portrait is not None and portrait.path.startswith(ground.path) and tree.fits(portrait, ground.salt)


def version_in_force(audience: Audience) -> AudienceVersion:
    return audience.versions.order_by("-number")[0]


def fits(audience: Audience, person_id: int, version: AudienceVersion | None = None) -> bool:
    """Right now, whatever the slices say: for the moment of a claim. `version`: as something was released with."""
    tree = tree_of((version or version_in_force(audience)).predicate)
    return fits_ground(tree, Ground.of(audience), portrait_for(person_id, [tree]))


def fitting_versions(person_id: int, version_ids: Iterable[int]) -> frozenset[int]:
    """Of these wordings, those one person fits right now; seven queries at most, however many."""
    found = AudienceVersion.objects.unscoped("wordings something was reviewed with")
    versions = list(found.filter(pk__in=set(version_ids)).select_related("audience__union"))
    trees = {version.pk: tree_of(version.predicate) for version in versions}
    portrait = portrait_for(person_id, list(trees.values()))
    fitting = (v.pk for v in versions if fits_ground(trees[v.pk], Ground.of(v.audience), portrait))
    return frozenset(fitting)


@dataclass(frozen=True, slots=True)
class Why:
    """One node's answer in words; of a group, those below it."""

    says: str
    is_so: bool
    parts: tuple[Why, ...] = ()


def why(audience: Audience, person_id: int, version: AudienceVersion | None = None) -> Why:
    """Every leaf with yes or no. The first part is the union's subtree, which no wording leaves."""
    tree, ground = tree_of((version or version_in_force(audience)).predicate), Ground.of(audience)
    portrait = portrait_for(person_id, [tree])
    is_below = portrait is not None and portrait.path.startswith(ground.path)
    scope = Why(_("是{union}（含下级）的会员").format(union=audience.union.name), is_below)
    if portrait is None:
        return Why(_("不是在籍会员"), False, (scope,))
    asked = _why(tree, portrait, ground.salt, names_for(tree))
    return Why(_("同时满足"), is_below and asked.is_so, (scope, asked))


def _why(node: Node, portrait: Portrait, salt: bytes, names: Names) -> Why:
    if isinstance(node, Leaf):
        return Why(node.says(names), node.fits(portrait, salt))
    if is_plain_no(node):
        return Why(plain_no(node, names), node.fits(portrait, salt))
    parts = tuple(_why(part, portrait, salt, names) for part in node.parts)
    return Why(group_says(node), node.fits(portrait, salt), parts)


def is_plain_no(node: Node) -> bool:
    """A row of the builder that says "not"."""
    return isinstance(node, NoneOf) and len(node.parts) == 1 and isinstance(node.parts[0], Leaf)


def plain_no(node: Node, names: Names) -> str:
    return _("不满足：{leaf}").format(leaf=node.parts[0].says(names))


def group_says(node: Group) -> str:
    if isinstance(node, AnyOne):
        return _("满足任意一条")
    if isinstance(node, NoneOf):
        return _("一条都不满足")
    return _("同时满足") if node.parts else _("没有别的条件")


@dataclass(frozen=True, slots=True)
class Said:
    """A wording as it is read."""

    says: str
    parts: tuple[Said, ...] = ()


def said(tree: Node, names: Names | None = None) -> Said:
    known = names or names_for(tree)
    if isinstance(tree, Leaf):
        return Said(tree.says(known))
    if is_plain_no(tree):
        return Said(plain_no(tree, known))
    return Said(group_says(tree), tuple(said(part, known) for part in tree.parts))
