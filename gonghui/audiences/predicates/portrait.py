"""The single evaluator's facts: what a predicate asks of one person, in at most six queries however much it asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from gonghui.audiences.behaviours import behaviour_of

PERSON = """
SELECT p.id, p.token, p.verification, p.gender, p.birth_date, p.groups, p.user_id, m.status, m.joined_on, u.path, l.code
  FROM members_membership m
  JOIN members_person p ON p.id = m.person_id
  JOIN orgs_union u ON u.id = m.union_id
  LEFT JOIN orgs_industryline l ON l.id = u.industry_line_id
 WHERE p.id = %s AND m.status IN ('active', 'transferring', 'retained')
"""
TAGS = """
SELECT DISTINCT kind FROM members_persontag
 WHERE person_id = %s AND ended_at IS NULL AND since <= %s AND (until IS NULL OR until >= %s)
"""
CONSENTS = "SELECT DISTINCT purpose FROM members_consent WHERE user_id = %s AND withdrawn_at IS NULL"
AUDIENCES = """
SELECT audience_id FROM audiences_audienceslice WHERE audience_id = ANY (%s) AND slice_no = %s / 4096 AND %s = ANY (people)
"""
LISTS = "SELECT id FROM audiences_peoplelist WHERE id = ANY (%s) AND %s = ANY (people)"


@dataclass(frozen=True, slots=True)
class Portrait:
    """A live member as both evaluators see one."""

    person_id: int
    token: UUID
    today: date
    path: str
    status: str
    line: str | None = None
    joined_on: date | None = None
    verification: str = "none"
    gender: str = ""
    birth_date: date | None = None
    groups: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    done: dict[tuple[str, datetime | None], int] = field(default_factory=dict)
    """(behaviour, since) → how often."""
    audiences: frozenset[int] = frozenset()
    lists: frozenset[int] = frozenset()


def portrait_of(person_id: int, needs: Collection[tuple], today: date) -> Portrait | None:
    """None of somebody who is no live member anywhere. `needs` as leaves say them."""
    with connection.cursor() as cursor:
        row = cursor.execute(PERSON, [person_id]).fetchone()
        if row is None:
            return None
        pk, token, verification, gender, birth_date, groups, user_id, status, joined_on, path, line = row
        asked = {kind: {need[1:] for need in needs if need[0] == kind} for kind in KINDS}
        known: dict[str, frozenset] = {}
        if asked["tags"]:
            known["tags"] = _first(cursor.execute(TAGS, [pk, today, today]))
        if asked["consents"] and user_id is not None:
            known["consents"] = _first(cursor.execute(CONSENTS, [user_id]))
        if asked["audience"]:
            known["audiences"] = _first(cursor.execute(AUDIENCES, [_ids(asked["audience"]), pk, pk]))
        if asked["list"]:
            known["lists"] = _first(cursor.execute(LISTS, [_ids(asked["list"]), pk]))
        done = _done(cursor, pk, sorted(asked["did"], key=repr))
    return Portrait(
        person_id=pk, token=token, today=today, path=path, status=status, line=line, joined_on=joined_on,
        verification=verification, gender=gender, birth_date=birth_date, groups=frozenset(groups), done=done, **known,
    )  # fmt: skip


KINDS = ("tags", "consents", "audience", "list", "did")


def _first(rows: Iterable[tuple]) -> frozenset:
    return frozenset(row[0] for row in rows)


def _ids(found: Iterable[tuple]) -> list[int]:
    return sorted(need[0] for need in found)


def _done(cursor, person_id: int, asked: list[tuple]) -> dict[tuple[str, datetime | None], int]:
    """All behaviours in one statement."""
    parts, params, keys = [], list[object](), list[tuple]()
    for code, since in asked:
        behaviour = behaviour_of(code)
        keys.append((code, since))
        # Names of a registered behaviour, never anybody's input.
        parts.append(
            f"SELECT {len(keys) - 1}, count(*) FROM {behaviour.rows} WHERE {behaviour.person} = %s"  # noqa: S608
            f" AND ({behaviour.where}) AND (%s::timestamptz IS NULL OR {behaviour.at} >= %s)"
        )
        params += [person_id, since, since]
    if not parts:
        return {}
    found = cursor.execute(" UNION ALL ".join(parts), params)
    return {keys[place]: count for place, count in found}
