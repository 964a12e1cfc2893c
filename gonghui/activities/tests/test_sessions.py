"""Sessions: halls that hold one at a time, places that fit, states that follow pool and clock."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from gonghui.activities import actions
from gonghui.activities.models import SESSION_VERBS, Session
from gonghui.activities.rules import Place, SessionFacts, session_verb_due, timetable
from gonghui.activities.tests import stage
from gonghui.activities.tests.stage import (
    SYSTEM,
    announced,
    fresh,
    in_minutes,
    planned,
    with_session,
    written,
)
from gonghui.activities.tests.test_activities import refused
from gonghui.benefits import engine
from gonghui.benefits.actions import voids
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Pool, Voucher, WaitEntry
from gonghui.benefits.tests.crowd import counts, new_crowd
from gonghui.kit.errors import DomainError
from gonghui.kit.states import move
from gonghui.notices.models import Message
from gonghui.partners.models import Hall

DAY = dt.date(2026, 10, 1)
SHOWINGS = [(dt.time(15, 0), dt.time(17, 0)), (dt.time(19, 30), dt.time(21, 30))]


def palace(cast) -> list[Place]:
    """市二宫: three halls, 600 seats in all (N08)."""
    halls = [
        Hall.objects.create(store=cast.store, name=n, seats=s)
        for n, s in (("一号厅", 300), ("二号厅", 180), ("三号厅", 120))
    ]
    return [Place(cast.store.pk, h.name, h.seats, h.pk) for h in halls]


def test_three_halls_two_showings_a_week_in_one_go(cast):
    activity = written(cast)
    days = [DAY + dt.timedelta(days=n) for n in range(7)]
    made = actions.add_sessions(
        cast.actor("city_admin"), activity_id=activity.pk, places=palace(cast), days=days, showings=SHOWINGS
    )
    assert len(made) == 42
    first_day = [s.seats for s in made if s.starts_at.date() == DAY]
    assert sum(first_day) == 1200
    assert made[0].label == "10月1日 15:00 一号厅"


def test_wetland_park_has_a_thousand_places_a_day(cast):
    activity = written(cast)
    park = Place(cast.store.pk, "湿地公园", 1000)
    days = [DAY + dt.timedelta(days=n) for n in range(7)]
    made = actions.add_sessions(
        cast.actor("city_admin"),
        activity_id=activity.pk,
        places=[park],
        days=days,
        showings=[(dt.time(8), dt.time(18))],
    )
    assert [(s.label, s.seats) for s in made[:2]] == [("10月1日 08:00", 1000), ("10月2日 08:00", 1000)]


def test_timetable_runs_past_midnight():
    (slot,) = timetable([Place(1, "江", 1)], [DAY], [(dt.time(23), dt.time(1))])
    assert (slot.ends_at - slot.starts_at) == dt.timedelta(hours=2)


def test_sessions_all_or_none(cast):
    activity = written(cast)
    big = Place(cast.store.pk, cast.hall.name, 381, cast.hall.pk)
    admin = cast.actor("city_admin")
    places = [*palace(cast), big]
    code = refused(
        actions.add_sessions, admin, activity_id=activity.pk, places=places, days=[DAY], showings=SHOWINGS
    )
    assert code == "hall_too_small"
    assert Session.objects.unscoped("test").count() == 0


def test_seats_never_exceed_the_hall_whoever_writes(cast):
    activity = written(cast)
    (made,) = actions.add_sessions(
        cast.actor("city_admin"),
        activity_id=activity.pk,
        places=[Place(cast.store.pk, "船", 380, cast.hall.pk)],
        days=[DAY],
        showings=SHOWINGS[:1],
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.unscoped("test").filter(pk=made.pk).update(seats=381)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hall.objects.unscoped("test").filter(pk=cast.hall.pk).update(seats=379)
    assert fresh(made).seats == 380


def test_pool_never_holds_more_than_its_session(cast):
    _activity, session, _release = announced(cast, seats=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pool.objects.unscoped("test").filter(pk=session.pool_id).update(capacity=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.unscoped("test").filter(pk=session.pk).update(seats=2)


def test_hall_holds_one_at_a_time(cast):
    activity, admin = written(cast), cast.actor("city_admin")
    place = Place(cast.store.pk, "船", 100, cast.hall.pk)
    starts = in_minutes(3000)
    facts = {"activity_id": activity.pk, "place": place}
    first = actions.add_session(
        admin, label="甲", starts_at=starts, ends_at=starts + dt.timedelta(hours=2), **facts
    )
    half_in = starts + dt.timedelta(hours=1)
    code = refused(
        actions.add_session,
        admin,
        label="乙",
        starts_at=half_in,
        ends_at=half_in + dt.timedelta(hours=2),
        **facts,
    )
    assert code == "hall_taken"
    assert Session.objects.unscoped("test").count() == 1
    after = starts + dt.timedelta(hours=2)
    actions.add_session(admin, label="丙", starts_at=after, ends_at=after + dt.timedelta(hours=1), **facts)
    actions.cancel_session(admin, session_id=first.pk, reason="换片")
    actions.add_session(admin, label="丁", starts_at=starts, ends_at=starts + dt.timedelta(hours=1), **facts)


@pytest.mark.django_db(transaction=True)
def test_hall_holds_one_at_a_time_under_concurrent_inserts(cast):
    """Eight planners, one hall, one evening: one session stands, seven are told why not."""
    activity, admin = written(cast), cast.actor("city_admin")
    starts, answers, gate = in_minutes(3000), [], threading.Barrier(8)

    def plan(n: int) -> None:
        gate.wait()
        begin = starts + dt.timedelta(minutes=n)
        try:
            actions.add_session(
                admin,
                activity_id=activity.pk,
                place=Place(cast.store.pk, "船", 10, cast.hall.pk),
                label=f"并发{n}",
                starts_at=begin,
                ends_at=begin + dt.timedelta(hours=2),
            )
            answers.append("made")
        except DomainError as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    planners = [threading.Thread(target=plan, args=(n,)) for n in range(8)]
    [p.start() for p in planners]
    [p.join() for p in planners]
    assert sorted(answers) == ["hall_taken"] * 7 + ["made"]
    assert Session.objects.unscoped("test").count() == 1


def test_same_label_twice_is_refused(cast):
    activity = written(cast)
    with_session(cast, activity)
    with pytest.raises(DomainError) as refusal:
        with_session(cast, activity)
    assert refusal.value.code == "session_label_taken"


def test_session_goes_out_once(cast):
    activity = written(cast)
    session = with_session(cast, activity)
    release = planned(cast, activity, [session])
    with pytest.raises(DomainError) as refusal:
        planned(cast, activity, [fresh(session)])
    assert refusal.value.code == "session_already_released"
    pool = Pool.objects.unscoped("test").get(release=release)
    assert (pool.capacity, pool.remaining, pool.valid_until) == (3, 3, session.ends_at)


def test_released_session_is_not_dropped(cast):
    activity = written(cast)
    session, spare = with_session(cast, activity), with_session(cast, activity, day=3)
    planned(cast, activity, [session])
    admin = cast.actor("city_admin")
    assert refused(actions.drop_session, admin, session_id=session.pk) == "session_already_released"
    actions.drop_session(admin, session_id=spare.pk)
    assert list(Session.objects.unscoped("test").values_list("pk", flat=True)) == [session.pk]


ALLOWED = {(verb, start): end for verb, moves in SESSION_VERBS.items() for start, end in moves.items()}


@pytest.mark.parametrize("verb", list(SESSION_VERBS))
@pytest.mark.parametrize("state", [s.value for s in Session.State])
def test_session_moves_along_the_table_only(cast, verb, state):
    session = with_session(cast, written(cast))
    Session.objects.unscoped("test").filter(pk=session.pk).update(state=state, cancel_reason="x")
    session = fresh(session)
    if (verb, state) in ALLOWED:
        assert move(session, SESSION_VERBS, verb) == ALLOWED[verb, state] == fresh(session).state
    else:
        assert refused(move, session, SESSION_VERBS, verb) == "illegal_move"
        assert fresh(session).state == state


AT = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("state", "facts", "verb"),
    [
        ("scheduled", {}, None),
        ("scheduled", {"is_open": True, "remaining": 3}, "release"),
        ("released", {"is_open": True, "remaining": 0}, "sell_out"),
        ("sold_out", {"is_open": True, "remaining": 1}, "restock"),
        ("sold_out", {"is_open": True, "remaining": 0}, None),
        ("released", {"is_closed": True, "remaining": 1}, "close"),
        ("closed", {"is_closed": True}, None),
        ("closed", {"starts_at": AT, "is_closed": True}, "start"),
        ("running", {"starts_at": AT - HOUR}, None),
        ("running", {"starts_at": AT - HOUR, "ends_at": AT}, "finish"),
        ("done", {"ends_at": AT - HOUR, "starts_at": AT - 2 * HOUR}, None),
        ("cancelled", {"starts_at": AT - HOUR, "ends_at": AT}, None),
    ],
)
def test_session_follows_pool_and_clock(state, facts, verb):
    given = {"starts_at": AT + HOUR, "ends_at": AT + 2 * HOUR} | facts
    assert session_verb_due(state, SessionFacts(**given), AT) == verb


def test_session_sells_out_and_comes_back(cast):
    _activity, session, release = announced(cast, seats=1)
    stage.open_at_once(release)
    person = new_crowd(1)[0]
    actions.follow_sessions(SYSTEM)
    assert fresh(session).state == "released"
    (answer,) = engine.settle_claims(session.pool_id, [Claim(person, key=stage.key())])
    actions.follow_sessions(SYSTEM)
    assert fresh(session).state == "sold_out"
    engine.give_back(answer.voucher_id, "returned")
    actions.follow_sessions(SYSTEM)
    assert fresh(session).state == "released"
    with time_machine.travel(session.ends_at, tick=False):
        actions.follow_sessions(SYSTEM)
    assert fresh(session).state == "done"


def test_only_the_system_makes_sessions_follow(cast):
    session = with_session(cast, written(cast))
    code = refused(actions.sessions.move_session, cast.actor("city_admin"), session=session, verb="start")
    assert (code, fresh(session).state) == ("not_allowed", "scheduled")


# --- Calling off --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"),
    [("finance_officer", "not_allowed"), ("sister_admin", "not_allowed"), ("mei", "not_allowed")],
)
def test_session_is_cancelled_only_by_its_organiser(cast, name, code):
    _activity, session, _release = announced(cast)
    assert refused(actions.cancel_session, cast.actor(name), session_id=session.pk, reason="x") == code
    assert fresh(session).state == "scheduled"


def test_session_is_not_cancelled_without_a_reason(cast):
    _activity, session, _release = announced(cast)
    code = refused(actions.cancel_session, cast.actor("city_admin"), session_id=session.pk, reason="  ")
    assert (code, fresh(session).state) == ("reason_missing", "scheduled")


def test_cancelled_session_takes_no_claims_and_ends_its_line(cast):
    _activity, session, release = announced(cast, seats=1)
    stage.open_at_once(release)
    holder, waiter, late = new_crowd(3)
    engine.settle_claims(session.pool_id, [Claim(holder, key=stage.key()), Claim(waiter, key=stage.key())])
    actions.cancel_session(cast.actor("city_admin"), session_id=session.pk, reason="台风")
    (answer,) = engine.settle_claims(session.pool_id, [Claim(late, key=stage.key())])
    assert answer.answer == "closed"
    assert list(WaitEntry.objects.unscoped("test").values_list("person_id", "state")) == [(waiter, "lapsed")]
    assert voids.void_pool(SYSTEM, pool_id=session.pool_id, reason="台风") == 1
    assert Voucher.objects.unscoped("test").get().state == "voided"
    assert counts(session.pool) == (0, 1)
    told = dict(Message.objects.unscoped("test").values_list("person_id", "title"))
    assert told == {holder: "场次取消，票已作废", waiter: "场次取消，候补结束"}


def test_session_with_a_thousand_holders_is_called_off_in_batches(cast):
    _activity, session, release = announced(cast, seats=1000)
    stage.open_at_once(release)
    crowd = new_crowd(1000)
    engine.settle_claims(session.pool_id, [Claim(p, key=stage.key()) for p in crowd])
    assert counts(session.pool) == (1000, 0)
    actions.cancel_session(cast.actor("city_admin"), session_id=session.pk, reason="暴雨")
    # The job is killed after three batches and starts again.
    for _batch in range(3):
        voids.void_batch(SYSTEM, pool_id=session.pool_id, reason="暴雨")
    assert counts(session.pool) == (700, 300)
    assert voids.void_pool(SYSTEM, pool_id=session.pool_id, reason="暴雨") == 700
    assert voids.void_pool(SYSTEM, pool_id=session.pool_id, reason="暴雨") == 0
    assert counts(session.pool) == (0, 1000)
    messages = Message.objects.unscoped("test")
    assert (messages.count(), messages.values("person_id").distinct().count()) == (1000, 1000)


def test_session_is_freed_only_when_its_pool_is_over(cast):
    _activity, session, _release = announced(cast)
    code = refused(actions.free_session, cast.actor("city_admin"), session_id=session.pk)
    assert (code, fresh(session).pool_id) == ("session_already_released", session.pool_id)
