"""Worlds for tests of audiences: the cast, and whoever else is needed."""

from __future__ import annotations

from typing import Any

from django.db import connection

from gonghui.audiences import actions
from gonghui.audiences.actions import Wording, rebuild_waiting
from gonghui.audiences.models import Audience
from gonghui.audiences.passes import CHUNK
from gonghui.audiences.queries import people_in


def tree(*parts: dict[str, Any], word: str = "all") -> dict[str, Any]:
    return {"version": 1, "tree": {word: list(parts)}}


VERIFIED = {"kind": "verified", "is": True}
FAR = 10 * CHUNK
RIDERS = {"kind": "group", "codes": ["food_rider"]}


def saved(
    cast, *parts: dict[str, Any], union: str = "city", who: str = "city_admin", **facts: Any
) -> Audience:
    """Saved by an administrator, and made."""
    given = {"name": facts.pop("name", f"受众{Audience.objects.unscoped('test').count() + 1}")}
    audience_id = facts.pop("audience_id", None)
    built = facts.pop("built", True)
    wording = Wording(union_id=cast.unions[union].pk, predicate=tree(*parts), **given, **facts)
    made = actions.save_audience(cast.actor(who), wording=wording, audience_id=audience_id)
    if built:
        rebuild_waiting()
    return Audience.objects.unscoped("test").select_related("union", "tally").get(pk=made.pk)


def names_in(cast, audience: Audience) -> list[str]:
    """Of the cast."""
    inside = set(people_in(audience.pk))
    return sorted(name for name, person in cast.people.items() if person.pk in inside)


def far_person(cast) -> int:
    """In the last of the ranges a rebuild goes through."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_person (id, token, name, pinyin, grams, id_type, id_index, groups, verification,"
            " verified_by, gender)"
            " VALUES (%s, gen_random_uuid(), '远', '', '{}', 'resident_id', sha256('far'), '{}', 'none', '', '')",
            [FAR],
        )
        cursor.execute(
            "INSERT INTO members_membership (person_id, union_id, status, source) VALUES (%s, %s, 'active', 'batch')",
            [FAR, cast.unions["city"].pk],
        )
    return FAR


def runs_of(audience: Audience) -> list[tuple]:
    return list(audience.runs.order_by("id").values_list("state", "cause", "people", "entered", "left"))


def fresh(audience: Audience) -> Audience:
    return Audience.objects.unscoped("test").select_related("union", "tally").get(pk=audience.pk)
