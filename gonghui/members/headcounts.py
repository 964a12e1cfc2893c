"""Reads of how many there are at and below a union: the folded totals and what waits to be folded, in one snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from gonghui.kit.actors import Actor, topmost
from gonghui.orgs.models import Union

VERB = "members.view"
BELOW = """
SELECT h.unions, h.members, h.verified FROM members_headcount h JOIN orgs_union u ON u.id = h.union_id
 WHERE u.path = ANY (%(paths)s)
 UNION ALL
SELECT d.unions, d.members, d.verified
  FROM (SELECT union_id, sum(unions) AS unions, sum(members) AS members, sum(verified) AS verified
          FROM members_headcountdelta GROUP BY union_id) d,
       LATERAL (SELECT path FROM orgs_union WHERE id = d.union_id OFFSET 0) u WHERE u.path ^@ ANY (%(paths)s)
"""
"""From the notes to their unions: asked for prefixes first, the database reads all unions there are."""
TOTALS = "SELECT coalesce(sum(unions), 0)::bigint, coalesce(sum(members), 0)::bigint, coalesce(sum(verified), 0)::bigint"
OF_PATHS = f"{TOTALS} FROM ({BELOW}) found"
OF_LINES = f"""
WITH bound AS MATERIALIZED (
    SELECT DISTINCT u.id FROM unnest(%(tops)s::text[], %(lines)s::text[]) AS held (path, line)
      JOIN orgs_industryline l ON l.code = held.line
      JOIN orgs_union u ON u.industry_line_id = l.id AND u.path ^@ held.path
     WHERE NOT (u.path ^@ ANY (%(paths)s::text[]))
)
{TOTALS} FROM (
    {BELOW}
    UNION ALL
    SELECT h.unions, h.members, h.verified FROM bound JOIN members_headcount h ON h.union_id = bound.id
    UNION ALL
    SELECT -h.unions, -h.members, -h.verified
      FROM bound JOIN orgs_union c ON c.parent_id = bound.id JOIN members_headcount h ON h.union_id = c.id
    UNION ALL
    SELECT d.unions, d.members, d.verified FROM bound JOIN members_headcountdelta d ON d.union_id = bound.id
) found
"""  # noqa: S608  of constants
"""Of a union alone: its total less those of the unions directly below, and the notes of its own. No member is read."""
OF_CHILDREN = """
WITH pending AS (
    SELECT (members_way(u.path))[cardinality(members_way(%(path)s)) + 1] AS id, sum(d.unions) AS unions,
           sum(d.members) AS members, sum(d.verified) AS verified
      FROM members_headcountdelta d, LATERAL (SELECT path FROM orgs_union WHERE id = d.union_id OFFSET 0) u
     WHERE u.path ^@ %(path)s GROUP BY 1
)
SELECT c.id, c.name, (coalesce(h.unions, 0) + coalesce(p.unions, 0))::bigint,
       (coalesce(h.members, 0) + coalesce(p.members, 0))::bigint AS members,
       (coalesce(h.verified, 0) + coalesce(p.verified, 0))::bigint
  FROM orgs_union c LEFT JOIN members_headcount h ON h.union_id = c.id LEFT JOIN pending p ON p.id = c.id
 WHERE c.parent_id = %(parent)s AND c.status NOT IN ('merged', 'dissolved')
 ORDER BY members DESC, c.pinyin, c.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Headcount:
    """Unions that live, live memberships, and those whose person is verified."""

    unions: int = 0
    members: int = 0
    verified: int = 0

    @property
    def share_verified(self) -> float | None:
        return self.verified / self.members if self.members else None


@dataclass(frozen=True, slots=True)
class ChildHeadcount:
    id: int
    name: str
    count: Headcount


def headcount_below(paths: Iterable[str]) -> Headcount:
    """Of these subtrees together, each union once."""
    with connection.cursor() as cursor:
        cursor.execute(OF_PATHS, {"paths": topmost(paths)})
        return Headcount(*cursor.fetchone())


def headcount_of(actor: Actor) -> Headcount:
    """Of all the actor may see members of, in one snapshot."""
    paths, bound = paths_of(actor), lines_of(actor)
    if not bound:
        return headcount_below(paths)
    tops, lines = zip(*bound, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(OF_LINES, {"paths": paths, "tops": list(tops), "lines": list(lines)})
        return Headcount(*cursor.fetchone())


def largest_children(actor: Actor, most: int) -> list[ChildHeadcount]:
    """The largest unions directly below the one the actor stands over; nothing where they stand over several."""
    tops = paths_of(actor)
    if len(tops) != 1 or lines_of(actor):
        return []
    parent = Union.objects.unscoped("a top of the actor's own").filter(path=tops[0]).first()
    if parent is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(OF_CHILDREN, {"path": parent.path, "parent": parent.pk, "most": most})
        return [ChildHeadcount(pk, name, Headcount(*counted)) for pk, name, *counted in cursor.fetchall()]


def paths_of(actor: Actor) -> list[str]:
    """The subtrees whose members the actor may see, all of them; what they see of one line elsewhere is `lines_of`."""
    if actor.is_system:
        roots = Union.objects.unscoped("all there is").filter(parent=None)
        return list(roots.values_list("path", flat=True))
    return actor.whole_paths(VERB)


def lines_of(actor: Actor) -> list[tuple[str, str]]:
    """Path and line of the grants that are bound to one and reach beyond `paths_of`."""
    bound = {(grant.path, grant.line) for grant in actor.reaches(VERB) if grant.line is not None}
    whole = tuple(actor.whole_paths(VERB)) if bound else ()
    return sorted((path, line) for path, line in bound if not path.startswith(whole))
