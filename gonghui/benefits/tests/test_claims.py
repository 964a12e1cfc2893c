"""The engine by itself: one batch, its answers, and what stands in the database afterwards."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from gonghui.benefits import engine
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Pool, Voucher, WaitEntry
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.kit.tokens import normalise_short_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def union(cast):
    return cast.unions["city"]


def ask(pool, *claims, issue=False) -> list[str]:
    return [a.answer for a in engine.settle_claims(pool.pk, claims, issue=issue)]


def fresh(person: int, **facts) -> Claim:
    return Claim(person_id=person, key=uuid4(), **facts)


def serials(pool) -> list[tuple[int, int]]:
    rows = Voucher.objects.unscoped("test").filter(pool=pool).order_by("serial")
    return list(rows.values_list("serial", "person_id"))


def test_batch_gives_seats_in_order_of_arrival(union):
    pool = new_pool(new_release(union, waitlist_max=1), capacity=2)
    a, b, c, d = new_crowd(4)
    answers = engine.settle_claims(pool.pk, [fresh(a), fresh(b), fresh(c), fresh(d)])
    assert [(x.answer, x.serial, x.place, x.remaining) for x in answers] == [
        ("won", 1, None, 1),
        ("won", 2, None, 0),
        ("waiting", None, 1, 0),
        ("sold_out", None, None, 0),
    ]
    assert serials(pool) == [(1, a), (2, b)]
    assert counts(pool) == (2, 0)


def test_every_voucher_has_a_code_a_counter_can_check(union):
    pool = new_pool(new_release(union), capacity=200)
    answers = engine.settle_claims(pool.pk, [fresh(p) for p in new_crowd(200)])
    assert len({a.code for a in answers}) == 200
    assert [normalise_short_code(a.code) for a in answers] == [a.code for a in answers]


def test_same_key_again_gets_the_same_answer(union):
    pool = new_pool(new_release(union), capacity=1)
    a, b, c = new_crowd(3)
    first, second, third = fresh(a), fresh(b), fresh(c, wait=False)
    before = engine.settle_claims(pool.pk, [first, second, third])
    again = engine.settle_claims(pool.pk, [third, second, first, first])
    assert [(x.answer, x.code, x.place) for x in again] == [
        (before[2].answer, None, None),
        ("waiting", None, 1),
        ("won", before[0].code, None),
        ("won", before[0].code, None),
    ]
    assert counts(pool) == (1, 0)


def test_same_key_fifty_times_in_one_batch_is_one_ticket(union):
    pool = new_pool(new_release(union), capacity=60)
    claim = fresh(new_crowd(1)[0])
    answers = engine.settle_claims(pool.pk, [claim] * 50)
    assert {(x.answer, x.code) for x in answers} == {("won", answers[0].code)}
    assert counts(pool) == (1, 59)


def test_second_key_of_a_holder_is_already(union):
    pool = new_pool(new_release(union))
    (a,) = new_crowd(1)
    won, already = engine.settle_claims(pool.pk, [fresh(a), fresh(a)])
    later = engine.settle_claims(pool.pk, [fresh(a)])[0]
    facts = [(x.answer, x.code, x.voucher_id, x.state) for x in (already, later)]
    assert facts == [("already", won.code, won.voucher_id, "confirmed")] * 2
    assert counts(pool) == (1, 2)


def test_limit_counts_across_the_pools_of_a_release(union):
    release = new_release(union, per_person=2)
    first, second = new_pool(release), new_pool(release, label="10月2日 19:30")
    (a,) = new_crowd(1)
    assert ask(first, fresh(a), fresh(a), fresh(a)) == ["won", "won", "already"]
    assert ask(second, fresh(a)) == ["already"]
    assert counts(second) == (0, 3)


def test_returned_slot_is_used_again_when_more_than_one_is_allowed(union):
    pool = new_pool(new_release(union, per_person=2))
    (a,) = new_crowd(1)
    first, _second = engine.settle_claims(pool.pk, [fresh(a), fresh(a)])
    engine.give_back(first.voucher_id, "returned")
    assert ask(pool, fresh(a), fresh(a)) == ["won", "already"]
    live = Voucher.objects.unscoped("test").filter(pool=pool).exclude(state="returned")
    assert sorted(live.values_list("nth", flat=True)) == [0, 1]


def test_party_that_does_not_fit_waits_and_a_smaller_one_wins(union):
    pool = new_pool(new_release(union, party_max=4), capacity=5)
    a, b, c = new_crowd(3)
    answers = engine.settle_claims(pool.pk, [fresh(a, seats=4), fresh(b, seats=2), fresh(c)])
    assert [(x.answer, x.remaining) for x in answers] == [("won", 1), ("waiting", 1), ("won", 0)]
    assert counts(pool) == (5, 0)


def test_party_that_does_not_fit_and_does_not_wait_is_told_what_is_left(union):
    pool = new_pool(new_release(union, party_max=4), capacity=2)
    answer = engine.settle_claims(pool.pk, [fresh(new_crowd(1)[0], seats=3, wait=False)])[0]
    assert (answer.answer, answer.remaining) == ("sold_out", 2)
    assert answer.words(seats=3)[0] == "剩余名额不够"


@pytest.mark.parametrize("seats", [0, -1, 3, 40000])
def test_party_outside_the_limit_is_refused(union, seats):
    pool = new_pool(new_release(union, party_max=2))
    assert ask(pool, fresh(new_crowd(1)[0], seats=seats)) == ["too_many"]
    assert counts(pool) == (0, 3)


def test_waiting_list_holds_as_many_as_allowed(union):
    people = new_crowd(5)
    none = new_pool(new_release(union, waitlist_max=0), capacity=1)
    assert ask(none, *map(fresh, people[:2])) == ["won", "sold_out"]
    like_capacity = new_pool(new_release(union), capacity=2)
    assert ask(like_capacity, *map(fresh, people)) == ["won", "won", "waiting", "waiting", "sold_out"]


def test_waiting_person_keeps_the_place_whatever_they_press(union):
    pool = new_pool(new_release(union), capacity=1)
    a, b = new_crowd(2)
    answers = engine.settle_claims(pool.pk, [fresh(a), fresh(b), fresh(b)])
    later = engine.settle_claims(pool.pk, [fresh(b)])[0]
    assert [(x.answer, x.place) for x in [*answers[1:], later]] == [("waiting", 1)] * 3
    assert WaitEntry.objects.unscoped("test").filter(pool=pool).count() == 1


def test_winner_elsewhere_in_the_release_gives_up_their_places(union):
    release = new_release(union)
    full, free = new_pool(release, capacity=1), new_pool(release, label="10月2日")
    a, b = new_crowd(2)
    assert ask(full, fresh(a), fresh(b)) == ["won", "waiting"]
    assert ask(free, fresh(b)) == ["won"]
    assert WaitEntry.objects.unscoped("test").get(person_id=b).state == "lapsed"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"state": "draft"}, "not_open"),
        ({"state": "reviewed"}, "not_open"),
        ({"state": "announced"}, "won"),
        ({"state": "closed"}, "closed"),
        ({"state": "cancelled"}, "cancelled"),
        ({"mode": "draw"}, "not_grab"),
        ({"opens_at": dt.timedelta(seconds=30)}, "not_open"),
        ({"opens_at": dt.timedelta(hours=-2), "closes_at": dt.timedelta(seconds=-1)}, "closed"),
    ],
)
def test_release_that_is_not_open_refuses(union, facts, expected):
    now = timezone.now()
    facts = {k: now + v if isinstance(v, dt.timedelta) else v for k, v in facts.items()}
    pool = new_pool(new_release(union, **facts))
    assert ask(pool, fresh(new_crowd(1)[0])) == [expected]
    assert counts(pool)[0] == (expected == "won")


def test_pool_times_override_those_of_the_release(union):
    now = timezone.now()
    pool = new_pool(new_release(union), opens_at=now + dt.timedelta(hours=1))
    assert ask(pool, fresh(new_crowd(1)[0])) == ["not_open"]


def test_retry_after_closing_still_tells_the_truth(union):
    release = new_release(union)
    pool = new_pool(release)
    claim = fresh(new_crowd(1)[0])
    assert ask(pool, claim) == ["won"]
    type(release).objects.unscoped("test").filter(pk=release.pk).update(state="closed")
    assert ask(pool, claim) == ["won"]


def test_unknown_pool_is_answered_not_raised(union):
    assert [a.answer for a in engine.settle_claims(987654321, [fresh(new_crowd(1)[0])])] == ["unknown"]


def test_key_of_somebody_else_shows_nothing(union):
    pool = new_pool(new_release(union))
    a, b = new_crowd(2)
    mine = fresh(a)
    answers = engine.settle_claims(pool.pk, [mine, Claim(person_id=b, key=mine.key)])
    later = engine.settle_claims(pool.pk, [Claim(person_id=b, key=mine.key)])[0]
    assert [(x.answer, x.code, x.voucher_id) for x in (answers[1], later)] == [
        ("key_conflict", None, None)
    ] * 2
    assert counts(pool) == (1, 2)


def test_issue_sets_clock_and_mode_aside(union):
    pool = new_pool(new_release(union, mode="draw", state="closed"), capacity=1)
    a, b = new_crowd(2)
    assert ask(pool, fresh(a), fresh(b), issue=True) == ["won", "sold_out"]


def test_parties_with_named_companions_are_held_first(union):
    pool = new_pool(new_release(union, party_max=3, names_required=True), capacity=9)
    a, b = new_crowd(2)
    engine.settle_claims(pool.pk, [fresh(a), fresh(b, seats=3)])
    states = (
        Voucher.objects.unscoped("test").filter(pool=pool).order_by("serial").values_list("state", flat=True)
    )
    assert list(states) == ["confirmed", "held"]


# --- What holds for every writer, not only for the functions ------------------------------------------------


def refused(sql: str, *args) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, args)
    return str(caught.value)


@pytest.fixture
def full(union):
    """A pool of two, both gone, one waiting."""
    pool = new_pool(new_release(union), capacity=2)
    a, b, c = new_crowd(3)
    engine.settle_claims(pool.pk, [fresh(a), fresh(b), fresh(c)])
    return pool


INSERT = (
    "INSERT INTO benefits_voucher (pool_id, release_id, person_id, nth, seats, code, serial, claim_key,"
    " from_waitlist, state, claimed_at)"
    " VALUES (%s, %s, %s, %s, 1, 'HANDMADE', 99, gen_random_uuid(), false, 'confirmed', now())"
)


def test_hand_written_voucher_cannot_oversell(full):
    (d,) = new_crowd(1)
    assert "benefits_pool_never_oversold" in refused(INSERT, full.pk, full.release_id, d, 0)
    assert counts(full) == (2, 0)


def test_hand_written_voucher_cannot_be_the_second_one(union, full):
    pool = new_pool(full.release, label="另一场")
    holder = Voucher.objects.unscoped("test").filter(pool=full).first().person_id
    assert "benefits_voucher_one_each" in refused(INSERT, pool.pk, full.release_id, holder, 0)


def test_hand_written_voucher_belongs_to_its_pools_release(union, full):
    other = new_release(union)
    assert "benefits_voucher_pool_of_release" in refused(
        INSERT + "; SET CONSTRAINTS ALL IMMEDIATE", full.pk, other.pk, new_crowd(1)[0], 0
    )


def test_remaining_written_by_hand_is_ignored(full):
    Pool.objects.unscoped("test").filter(pk=full.pk).update(remaining=2, next_serial=1)
    full.refresh_from_db()
    assert (full.remaining, full.next_serial) == (0, 3)
    full.remaining = 1
    full.save()
    assert counts(full) == (2, 0)


def test_capacity_moves_remaining_and_never_below_what_is_out(full):
    full.capacity = 5
    full.save()
    assert counts(full) == (2, 3)
    assert "benefits_pool_never_oversold" in refused(
        "UPDATE benefits_pool SET capacity = 1 WHERE id = %s", full.pk
    )


def test_deleted_or_voided_by_hand_gives_the_seats_back(full):
    first, second = Voucher.objects.unscoped("test").filter(pool=full).order_by("serial")
    Voucher.objects.unscoped("test").filter(pk=first.pk).update(state="voided")
    assert counts(full) == (1, 1)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM benefits_voucher WHERE id = %s", [second.pk])
    assert counts(full) == (0, 2)


@pytest.mark.parametrize(
    "change", ["seats = 2", "pool_id = pool_id + 1", "code = 'OTHER'", "person_id = person_id + 1"]
)
def test_what_a_voucher_says_does_not_change(full, change):
    assert "does not change" in refused(f"UPDATE benefits_voucher SET {change} WHERE pool_id = %s", full.pk)


@pytest.mark.parametrize(
    ("old", "new"), [("returned", "confirmed"), ("redeemed", "confirmed"), ("confirmed", "held")]
)
def test_state_moves_along_the_table_only(full, old, new):
    ticket = Voucher.objects.unscoped("test").filter(pool=full).first()
    if old != "confirmed":
        Voucher.objects.unscoped("test").filter(pk=ticket.pk).update(state=old)
    assert f"from {old} to {new}" in refused(
        "UPDATE benefits_voucher SET state = %s WHERE id = %s", new, ticket.pk
    )


def test_python_and_database_know_the_same_transitions():
    from gonghui.benefits.models.vouchers import GONE_STATES, VOUCHER_VERBS

    table = {f"{old}>{new}" for moves in VOUCHER_VERBS.values() for old, new in moves.items()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'benefits_voucher_guard'")
        source = cursor.fetchone()[0]
        cursor.execute("SELECT s, benefits_is_live(s) FROM unnest(%s::text[]) s", [Voucher.State.values])
        live = dict(cursor.fetchall())
    assert set(re.findall(r"'(\w+>\w+)'", source)) == table
    assert {s for s, is_live in live.items() if not is_live} == set(GONE_STATES)


def test_code_drawn_twice_is_drawn_again(union):
    pool = new_pool(new_release(union))
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE draws")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION benefits_new_code() RETURNS text LANGUAGE sql VOLATILE"
            " RETURN 'CODE' || (nextval('draws') / 3)"
        )
    a, b = new_crowd(2)
    codes = [x.code for x in engine.settle_claims(pool.pk, [fresh(a)])]
    codes += [x.code for x in engine.settle_claims(pool.pk, [fresh(b)])]
    assert codes == ["CODE0", "CODE1"]


def test_code_in_use_is_not_drawn(union):
    """Nor is a batch written twice for it: among a hundred million tickets that would be every other one."""
    pool = new_pool(new_release(union))
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE draws")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION benefits_code_of(n bigint) RETURNS text LANGUAGE sql VOLATILE"
            " RETURN 'CODE' || (nextval('draws') / 3)"
        )
        codes = []
        for person in new_crowd(2):
            cursor.execute(
                "SELECT code FROM benefits_claim_batch(%s, %s, %s, %s, %s, %s)",
                [pool.pk, [person], [None], [1], [uuid4()], [False]],
            )
            codes += cursor.fetchone()
    assert codes == ["CODE0", "CODE1"]


def test_claim_keys_are_uuids_of_sixteen_bytes(union):
    pool = new_pool(new_release(union))
    key = UUID(bytes=b"\xff" * 16)
    assert ask(pool, Claim(person_id=new_crowd(1)[0], key=key)) == ["won"]
    assert Voucher.objects.unscoped("test").get(pool=pool).claim_key == key
