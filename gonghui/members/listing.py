"""Lists of members at the size of a province: counted by what is kept, walked union by union.

A wide list is ordered by the unions' paths, so that a page of it is a range of two indexes, whoever asks and however many
there are; a short one is sorted by name. docs/decisions/0016-lists-at-province-size.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from gonghui.kit.console import subtree_filter
from gonghui.kit.console.listing import FoundRows, Listing
from gonghui.kit.search import word_patterns
from gonghui.members.headcounts import headcount_below, lines_of, paths_of
from gonghui.members.models import MemberMark, Membership

FOUND_MOST = 100
WALKED_MOST = 2_000
NAMES_WALKED_WHOLE, NAMES_WALKED_FIRST, NAMES_WALKED_MOST = 150_000, 20_000, 600_000
NAMES_WALKED_AS_WRITTEN = 150_000
UNDER = "under"

# Neither the people nor their memberships are read; the order is whatever the unions' is.
NAMED = """
SELECT person_id
  FROM (SELECT n.person_id, n.words
          FROM orgs_union u, LATERAL (SELECT person_id, words FROM members_membername WHERE union_id = u.id OFFSET 0) n
         WHERE {unions} LIMIT %(rows)s) walked
 WHERE {terms} LIMIT %(most)s
"""  # of each path apart: of several at once the index of paths is not asked

_Under = subtree_filter("memberships__union__path")


class LiveUnder(_Under):  # type: ignore[misc, valid-type]
    """People whose live membership is at or below the picked union."""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        row = self.chosen
        return queryset.none() if row is None else queryset.filter(self.condition(row))

    def condition(self, row: Any) -> Q:
        return super().condition(row) & Q(memberships__status__in=Membership.LIVE)


class WalkedByUnion(Listing):
    """`walked_key` is the column of a membership that is this list's id."""

    found_most = FOUND_MOST
    walked_key = "pk"
    walked: Q = Q()
    finds_names = False
    """Of people: a search reads `MemberName`, union by union, where that is the shorter way."""
    marked_by: dict[str, Callable[[str], str]] = {}
    """Of people: the filters that stand in `MemberMark`, and how their value is written there; the narrowest first."""

    def rows_listed(self, request: HttpRequest, changelist: Any) -> QuerySet | FoundRows:
        """Filters alone and searches alone are read where they stand union by union, and stop at as many."""
        found = self._named(request, changelist) if changelist.query else self._marked(request, changelist)
        return super().rows_listed(request, changelist) if found is None else self.rows_found(request, found)

    def _marked(self, request: HttpRequest, changelist: Any) -> list[int] | None:
        asked = filters_asked(changelist)
        marks = [write(asked[name]) for name, write in self.marked_by.items() if name in asked]
        paths = self._paths_walked(request, changelist, self.marked_by.keys()) if marks else None
        return None if paths is None else people_marked(marks, paths, self.found_most + 1)

    def _named(self, request: HttpRequest, changelist: Any) -> list[int] | None:
        if not self.finds_names or self._exact(changelist.query.strip()) is not None:
            return None
        paths = self._paths_walked(request, changelist)
        return None if paths is None else people_named(changelist.query, paths, self.found_most + 1)

    def whole_list(self, request: HttpRequest, changelist: Any) -> FoundRows | None:
        paths = None if changelist.query else self._paths_walked(request, changelist)
        if paths is None:
            return None
        count = headcount_below(paths).members
        if count <= FOUND_MOST:
            return None
        walk = Membership.objects.unscoped("narrowed to the actor's subtrees here")
        walk = walk.filter(at_or_below(paths), self.walked)
        ids = walk.order_by("union__path", "id").values_list(self.walked_key, flat=True)

        def page(start: int, stop: int) -> list:
            wanted = list(ids[start:stop])
            rows = self.dressed(request, self.model.objects.unscoped("found in scope just now"))
            found = rows.in_bulk(wanted)
            return [found[pk] for pk in wanted if pk in found]

        return FoundRows(page, count, reach=WALKED_MOST)

    def _paths_walked(
        self, request: HttpRequest, changelist: Any, filters: Iterable[str] = ()
    ) -> list[str] | None:
        """The subtrees of a list that no other filter narrows, of an actor who sees all that is in them."""
        asked = filters_asked(changelist)
        if lines_of(request.actor) or asked.keys() - {UNDER, *filters}:  # type: ignore[attr-defined]
            return None
        own = paths_of(request.actor)  # type: ignore[attr-defined]
        if UNDER not in asked:
            return own
        picked = next(
            (spec for spec in changelist.filter_specs if getattr(spec, "parameter_name", "") == UNDER), None
        )
        return common(own, picked.chosen.path) if picked is not None and picked.chosen else None


def filters_asked(changelist: Any) -> dict[str, str]:
    """The form of the filters sends those left open as well."""
    sent = changelist.get_filters_params().items()
    return {name: str(values[-1]) for name, values in sent if any(values)}


def common(paths: list[str], picked: str) -> list[str]:
    """Who may see a union need not see its members: what lies both in these subtrees and in the picked one."""
    if any(picked.startswith(path) for path in paths):
        return [picked]
    return [path for path in paths if path.startswith(picked)]


def at_or_below(paths: list[str]) -> Q:
    found = Q(pk__in=[])
    for path in paths:
        found |= Q(union__path__startswith=path)
    return found


def people_marked(marks: list[str], paths: list[str], most: int) -> list[int]:
    """So many of the live members of these subtrees who bear all the marks, whichever stand first."""
    first, *others = marks
    found = MemberMark.objects.unscoped("narrowed to the actor's subtrees here").filter(mark=first)
    if not any(path.count(".") == 1 for path in paths):
        found = found.filter(at_or_below(paths))
    same = {"union_id": OuterRef("union_id"), "person_id": OuterRef("person_id")}
    for other in others:
        also = MemberMark.objects.unscoped("of the same member").filter(mark=other, **same)
        found = found.filter(Exists(also))
    return list(found.values_list("person_id", flat=True)[:most])


def people_named(question: str, paths: list[str], most: int) -> list[int] | None:
    """So many of the live members of these subtrees whose name meets the question; None where the index of names is shorter.

    A few thousand are looked at first. They tell how far one would have to go for as many as are wanted: not far for a surname,
    too far for a rare name among millions. The index holds 张伟 as it is written; of zhangw it holds pieces that every third name
    has, so that one goes further before asking it.
    """
    if headcount_below(paths).members <= NAMES_WALKED_WHOLE:
        return _named_among(question, paths, None, most)
    found = _named_among(question, paths, NAMES_WALKED_FIRST, most)
    if len(found) == most:
        return found
    far = NAMES_WALKED_MOST if any(map(str.isascii, question.split())) else NAMES_WALKED_AS_WRITTEN
    if len(found) * far < most * NAMES_WALKED_FIRST:
        return None
    found = _named_among(question, paths, far, most)
    return found if len(found) == most else None


def _named_among(question: str, paths: list[str], rows: int | None, most: int) -> list[int]:
    terms = {f"term{n}": patterns for n, patterns in enumerate(word_patterns(question))}
    below = {f"path{n}": path for n, path in enumerate(paths)}
    sql = NAMED.format(
        unions=" OR ".join(f"u.path ^@ %({name})s" for name in below) or "false",
        terms=" AND ".join(f"words LIKE ANY (%({name})s)" for name in terms) or "false",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"rows": rows, "most": most, **below, **terms})
        return [person_id for (person_id,) in cursor.fetchall()]
