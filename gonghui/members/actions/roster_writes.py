"""What an applied roster writes, a batch at a time, in the run's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.db import connection

from gonghui.kit import clock
from gonghui.kit.copying import copy_lines
from gonghui.kit.fields import RowSealer
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.members.models import Membership, Person, Verification
from gonghui.members.roster import RosterRow
from gonghui.members.roster_match import CHANGED, NEW, Match, Matcher

PERSON_COLUMNS = (
    "token, name, pinyin, grams, id_type, row_secret, id_no, phone, id_index, phone_index, gender, birth_date, groups,"
    " verification, verified_by"
)
MEMBERSHIP_COLUMNS = "person_id, union_id, status, joined_on, source"
# Names of columns only, from above.
STAGE = (
    f"CREATE TEMP TABLE IF NOT EXISTS roster_people ON COMMIT DROP AS SELECT {PERSON_COLUMNS} FROM members_person"  # noqa: S608
    " WHERE false; TRUNCATE roster_people"
)
ADD_STAGED = (
    f"INSERT INTO members_person ({PERSON_COLUMNS}) SELECT {PERSON_COLUMNS} FROM roster_people ORDER BY id_index"  # noqa: S608
    " ON CONFLICT DO NOTHING RETURNING id, id_index"
)
PHONE_INDEX = Person._meta.get_field("phone_index")
NEW_ROW, NEW_PHONE = RowSealer(Person, "id_no", "phone"), RowSealer(Person, "phone")
PHONES_CHANGED = """
UPDATE members_person p SET phone = c.phone, phone_index = c.phone_index, updated_at = %s
  FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS c (id, phone, phone_index) WHERE p.id = c.id
"""
UPDATE_ROWS = 200
ROUNDS_MAX = 3


class StillMoving(RuntimeError):
    """Others keep adding the same people; the job is tried again."""


def write_matches(
    matches: Sequence[Match], matcher: Matcher, people: Mapping[int, str] | None = None
) -> list[Match]:
    """Writes what is new or changed; answers every row as it was finally settled. `people`: made before, by line.

    Somebody may add a person between our look and our insert: then the insert does nothing, and the row is looked
    at once more, now as that of a person who exists.
    """
    settled, waiting = [], list(matches)
    for _round in range(ROUNDS_MAX):
        added = _add_people([match for match in waiting if match.kind == NEW], people or {})
        _change_people([match for match in waiting if match.kind == CHANGED])
        settled += [match for match in waiting if match.kind != NEW or match.id_index in added]
        lost = [match.row for match in waiting if match.kind == NEW and match.id_index not in added]
        if not lost:
            return settled
        waiting = matcher.match(lost, lock=True)
    raise StillMoving(f"{len(lost)} people were added by others again and again")


def _add_people(matches: list[Match], people: Mapping[int, str]) -> set[bytes]:
    """Inserted in the order of their index, so that two imports of the same people cannot block each other."""
    if not matches:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy(f"COPY roster_people ({PERSON_COLUMNS}) FROM STDIN") as copy:
            made = (
                people.get(match.row.line_no) or person_line(match.row, match.id_index) for match in matches
            )
            copy.write("".join(made))
        cursor.execute(ADD_STAGED)
        added = {bytes(index): person_id for person_id, index in cursor.fetchall()}
    _join([(added[match.id_index], match) for match in matches if match.id_index in added])
    return set(added)


def person_line(row: RosterRow, id_index: bytes) -> str:
    """Somebody new, as they are copied in; needs no database."""
    sealed = NEW_ROW.columns(row.id_no, row.phone or None)
    phone_index = PHONE_INDEX.get_prep_value(row.phone or None)
    searched = pinyin_key(row.name), search_grams(row.name)
    known = row.id_type, *sealed, id_index, phone_index, row.gender, row.birth_date, list(row.group_codes)
    return copy_lines([(uuid.uuid4(), row.name, *searched, *known, Verification.NONE.value, "")])


def _join(people: Sequence[tuple[int, Match]]) -> None:
    if not people:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY members_membership ({MEMBERSHIP_COLUMNS}) FROM STDIN") as copy,
    ):
        copy.write(
            copy_lines((pk, match.union.id, "active", match.row.joined_on, "batch") for pk, match in people)
        )


def _change_people(matches: list[Match]) -> None:
    now = clock.now()
    _change_rows([match for match in matches if {"phone", "groups"} & set(match.changes)], now)
    moved = [match for match in matches if "union" in match.changes]
    Membership.objects.unscoped("of locked people").filter(pk__in=[m.live.id for m in moved]).update(
        status="ended", left_on=now.date(), updated_at=now
    )
    _join([(match.person.id, match) for match in matches if {"union", "joined"} & set(match.changes)])
    for match in matches:
        if "joined_on" in match.changes:
            dated = Membership.objects.unscoped("of a locked person").filter(pk=match.live.id)
            dated.update(joined_on=match.row.joined_on, updated_at=now)


def _change_rows(matches: list[Match], now) -> None:
    """Phone and groups apart, so that a change of groups does not seal the phone anew."""
    _change_phones([match for match in matches if "phone" in match.changes], now)
    people = [_changed_person(match, now) for match in matches if "groups" in match.changes]
    if people:
        found = Person.objects.unscoped("people locked by this batch")
        found.bulk_update(people, ["groups", "updated_at"], batch_size=UPDATE_ROWS)


def _change_phones(matches: list[Match], now) -> None:
    """Each under the secret of its row."""
    if not matches:
        return
    found = Person.objects.unscoped("people locked by this batch").filter(
        pk__in=[m.person.id for m in matches]
    )
    secrets = {person.pk: person.row_secret for person in found.only("id", "row_secret")}
    ids, phones, indexes = [], [], []
    for match in matches:
        ids.append(match.person.id)
        phones += NEW_PHONE.under(secrets[match.person.id], match.row.phone)
        indexes.append(PHONE_INDEX.get_prep_value(match.row.phone))
    with connection.cursor() as cursor:
        cursor.execute(PHONES_CHANGED, [now, ids, phones, indexes])


def _changed_person(match: Match, now) -> Person:
    row, known = match.row, match.person
    groups = [*known.groups, *(code for code in row.group_codes if code not in known.groups)]
    return Person(pk=known.id, groups=groups, updated_at=now)
