"""Members of the demo, streamed into the database by COPY, so that a million is a matter of minutes."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from itertools import islice

from django.db import connection, transaction

from gonghui.config.world.names import Invented, invented_people
from gonghui.config.world.tree import Tree
from gonghui.kit.copying import copy_lines
from gonghui.kit.crypto import get_keyring
from gonghui.kit.fields import RowSealer
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.members.models import Person

VERIFIED_SHARE = 8.55 / 14.29
BATCH = 5000
PERSON_COLUMNS = [
    "id",
    "token",
    "name",
    "pinyin",
    "grams",
    "id_type",
    "row_secret",
    "id_no",
    "phone",
    "id_index",
    "phone_index",
    "gender",
    "birth_date",
    "groups",
    "verification",
    "verified_at",
    "verified_by",
]


def build_people(tree: Tree, count: int, seed: int, progress) -> None:
    """Heavy tail as in life: federations of the new employment are large, workshops small."""
    rng = random.Random(seed + 1)  # noqa: S311
    homes = list(tree.homes)
    weights = [rng.paretovariate(1.2) * (4 if group else 1) for _union, group in homes]
    people = invented_people(count, seed)
    while batch := list(islice(people, BATCH)):
        chosen = rng.choices(homes, weights, k=len(batch))
        _copy_batch(batch, chosen, rng)
        progress.advance(len(batch))


def _copy_batch(batch: list[Invented], chosen: list, rng: random.Random) -> None:
    now = dt.datetime.now(dt.UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('members_person', 'id')) FROM generate_series(1, %s)",
            [len(batch)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        with cursor.copy(f"COPY members_person ({', '.join(PERSON_COLUMNS)}) FROM STDIN") as copy:
            copy.write(copy_lines(person_rows(batch, ids, chosen, now, rng)))
        with cursor.copy(
            "COPY members_membership (person_id, union_id, status, joined_on, source) FROM STDIN"
        ) as copy:
            copy.write(copy_lines(membership_rows(ids, [union.pk for union, _group in chosen], rng)))


def membership_rows(ids: list[int], unions: list[int], rng: random.Random) -> Iterator[tuple]:
    for person_id, union_id in zip(ids, unions, strict=True):
        joined = dt.date(2019, 10, 1) + dt.timedelta(days=rng.randrange(2000))
        yield person_id, union_id, "active", joined, "batch"


def person_rows(
    batch: list[Invented], ids: list[int], chosen: list, now: dt.datetime, rng: random.Random
) -> Iterator[tuple]:
    keyring, sealer = get_keyring(), RowSealer(Person, "id_no", "phone")
    for person_id, one, (_union, group) in zip(ids, batch, chosen, strict=True):
        verified = rng.random() < VERIFIED_SHARE
        yield (
            person_id,
            uuid.UUID(int=rng.getrandbits(128), version=4),
            one.name,
            pinyin_key(one.name),
            search_grams(one.name),
            "resident_id",
            *sealer.columns(one.id_no, one.phone),
            keyring.blind_index("id_no", one.id_no),
            keyring.blind_index("phone", one.phone),
            one.gender,
            one.birth_date,
            [group] if group else [],
            "verified" if verified else "none",
            now if verified else None,
            "roster" if verified else "",
        )
