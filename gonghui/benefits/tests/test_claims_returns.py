"""Seats that come back: returned, expired, a raised capacity; and who gets them."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.benefits import engine
from gonghui.benefits.actions import claims
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Voucher, WaitEntry
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.members.models import Delegation

pytestmark = pytest.mark.django_db
TIMER = Actor.system("test: the sweeper")


def settle(pool, *wanted: tuple[int, int]) -> list[engine.Answer]:
    """(person, seats) in order of arrival."""
    return engine.settle_claims(pool.pk, [Claim(person_id=p, key=uuid4(), seats=n) for p, n in wanted])


def line(pool) -> list[tuple[int, str]]:
    rows = WaitEntry.objects.unscoped("test").filter(pool=pool).order_by("position")
    return list(rows.values_list("person_id", "state"))


def holders(pool) -> list[int]:
    rows = Voucher.objects.unscoped("test").filter(pool=pool, state__in=["held", "confirmed"])
    return list(rows.order_by("serial").values_list("person_id", flat=True))


def overdue(pool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE benefits_voucher SET confirm_by = now() - interval '1 s' WHERE pool_id = %s", [pool.pk]
        )


@pytest.fixture
def union(cast):
    return cast.unions["city"]


def test_returned_seat_goes_to_the_first_in_line(union):
    pool = new_pool(new_release(union), capacity=1)
    a, b, c = new_crowd(3)
    won, *_ = settle(pool, (a, 1), (b, 1))
    settle(pool, (c, 1))
    done, promoted = engine.give_back(won.voucher_id, "returned")
    assert (done.outcome, [(p.outcome, p.person_id) for p in promoted]) == ("done", [("promoted", b)])
    assert holders(pool) == [b]
    assert line(pool) == [(b, "promoted")]
    assert counts(pool) == (1, 0)


def test_returned_seats_go_to_the_first_party_that_fits(union):
    pool = new_pool(new_release(union, party_max=4, waitlist_max=9), capacity=4)
    a, b, big, small, later = new_crowd(5)
    first, _second, *_ = settle(pool, (a, 2), (b, 2), (big, 3), (small, 1), (later, 1))
    _done, promoted = engine.give_back(first.voucher_id, "returned")
    assert [p.person_id for p in promoted] == [small, later]
    assert line(pool) == [(big, "waiting"), (small, "promoted"), (later, "promoted")]
    assert counts(pool) == (4, 0)


def test_promoted_ticket_answers_the_pass_that_waited(union):
    pool = new_pool(new_release(union), capacity=1)
    a, b = new_crowd(2)
    mine, waits = Claim(person_id=a, key=uuid4()), Claim(person_id=b, key=uuid4())
    won, waiting = engine.settle_claims(pool.pk, [mine, waits])
    _done, [promoted] = engine.give_back(won.voucher_id, "returned")
    again = engine.settle_claims(pool.pk, [waits, mine])
    assert [waiting.answer, *(x.answer for x in again)] == ["waiting", "won", "spent"]
    assert again[0].code == promoted.code
    assert Voucher.objects.unscoped("test").get(person_id=b).from_waitlist is True


def test_waiting_person_who_won_elsewhere_is_passed_over(union):
    release = new_release(union)
    full, other = new_pool(release, capacity=1), new_pool(release, capacity=1, label="10月2日")
    type(release).objects.unscoped("test").filter(pk=release.pk).update(waitlist_max=2)
    a, b, c, d = new_crowd(4)
    won, *_ = settle(full, (a, 1), (b, 1), (c, 1))
    with connection.cursor() as cursor:  # b's ticket elsewhere comes by another way than the engine's
        engine.settle_claims(other.pk, [Claim(person_id=b, key=uuid4())], issue=True)
        cursor.execute("UPDATE benefits_waitentry SET state = 'waiting' WHERE person_id = %s", [b])
    _done, promoted = engine.give_back(won.voucher_id, "returned")
    assert [p.person_id for p in promoted] == [c]
    assert line(full) == [(b, "lapsed"), (c, "promoted")]
    assert settle(full, (d, 1))[0].answer == "waiting"


def test_returning_twice_returns_once(union):
    pool = new_pool(new_release(union), capacity=2)
    won = settle(pool, (new_crowd(1)[0], 1))[0]
    assert engine.give_back(won.voucher_id, "returned")[0].outcome == "done"
    assert engine.give_back(won.voucher_id, "returned") == (
        engine.Settled(
            "returned", won.voucher_id, Voucher.objects.unscoped("test").get().person_id, won.code
        ),
        [],
    )
    assert counts(pool) == (0, 2)


def test_unknown_voucher_is_answered_not_raised(db):
    assert engine.give_back(987654321, "returned")[0].outcome == "unknown"


def test_nobody_is_promoted_into_a_cancelled_or_finished_release(union):
    release = new_release(union)
    pool = new_pool(release, capacity=1)
    a, b = new_crowd(2)
    won, _ = settle(pool, (a, 1), (b, 1))
    type(release).objects.unscoped("test").filter(pk=release.pk).update(state="cancelled")
    assert engine.give_back(won.voucher_id, "voided")[1] == []
    assert counts(pool) == (0, 1)


def test_holds_nobody_confirmed_expire_and_move_on(union):
    pool = new_pool(new_release(union, confirm_within_s=600), capacity=2)
    a, b, c = new_crowd(3)
    settle(pool, (a, 1), (b, 1), (c, 1))
    assert claims.expire_vouchers(TIMER) == 0
    overdue(pool)
    assert claims.expire_vouchers(TIMER) == 2
    assert holders(pool) == [c]
    assert counts(pool) == (1, 1)
    job = ProcrastinateJob.objects.get(task_name=claims.TELL_PROMOTED)
    assert job.args == {"voucher_ids": [Voucher.objects.unscoped("test").get(person_id=c).pk]}


def test_raised_capacity_finds_those_who_wait(union):
    pool = new_pool(new_release(union), capacity=1)
    a, b, c = new_crowd(3)
    settle(pool, (a, 1), (b, 1))
    settle(pool, (c, 1))
    pool.capacity = 3
    pool.save()
    assert claims.fill_idle_pools(TIMER) == 1
    assert holders(pool) == [a, b]
    assert claims.fill_idle_pools(TIMER) == 0


# --- The Django door ----------------------------------------------------------------------------------------


@pytest.fixture
def pool(union):
    return new_pool(new_release(union, party_max=3, names_required=True), capacity=3)


def test_member_claims_confirms_and_returns(cast, pool):
    mei = cast.actor("mei")
    answer = claims.claim(mei, pool_id=pool.pk, key=uuid4(), seats=3)
    assert (answer.answer, answer.state) == ("won", "held")
    with pytest.raises(DomainError, match="还差 1 位"):
        claims.confirm_voucher(mei, voucher_id=answer.voucher_id, companions=["陈大伟", " "])
    voucher = claims.confirm_voucher(mei, voucher_id=answer.voucher_id, companions=["陈大伟", "陈小强"])
    assert (voucher.state, voucher.companions) == ("confirmed", ["陈大伟", "陈小强"])
    assert claims.return_voucher(mei, voucher_id=answer.voucher_id) == []
    assert counts(pool) == (0, 3)


def test_ticket_confirmed_already_hears_that_it_is_and_keeps_its_names(cast, pool):
    """By a second tap, or by the job that seats a party between the page and the tap."""
    mei, once = cast.actor("mei"), ["陈大伟"]
    answer = claims.claim(mei, pool_id=pool.pk, key=uuid4(), seats=2)
    for names in (once, ["  陈大伟 "]):
        voucher = claims.confirm_voucher(mei, voucher_id=answer.voucher_id, companions=names)
        assert (voucher.state, voucher.companions) == ("confirmed", once)
    with pytest.raises(DomainError) as caught:
        claims.confirm_voucher(mei, voucher_id=answer.voucher_id, companions=["陈小强"])
    assert caught.value.code == "not_held"
    assert Voucher.objects.unscoped("test").get(pk=answer.voucher_id).companions == once


def test_names_given_with_the_claim_confirm_it(cast, pool):
    answer = claims.claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4(), seats=2, companions=["陈大伟"])
    voucher = Voucher.objects.unscoped("test").get(pk=answer.voucher_id)
    assert (voucher.state, voucher.companions) == ("confirmed", ["陈大伟"])


def test_more_companions_than_seats_are_refused_and_nothing_is_claimed(cast, pool):
    with pytest.raises(DomainError) as caught:
        claims.claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4(), seats=2, companions=["甲", "乙"])
    assert caught.value.code == "bad_input"
    assert counts(pool) == (0, 3)


def test_hold_cannot_be_confirmed_after_its_time(cast, pool):
    mei = cast.actor("mei")
    answer = claims.claim(mei, pool_id=pool.pk, key=uuid4(), seats=2)
    overdue(pool)
    with pytest.raises(DomainError) as caught:
        claims.confirm_voucher(mei, voucher_id=answer.voucher_id, companions=["陈大伟"])
    assert caught.value.code == "not_held"
    assert Voucher.objects.unscoped("test").get(pk=answer.voucher_id).state == "held"


def test_return_after_the_cut_off_is_refused(cast, union):
    now = timezone.now()
    times = {"opens_at": now - dt.timedelta(hours=2), "cancel_until": now - dt.timedelta(hours=1)}
    pool = new_pool(new_release(union, **times))
    mei = cast.actor("mei")
    answer = claims.claim(mei, pool_id=pool.pk, key=uuid4())
    with pytest.raises(DomainError) as caught:
        claims.return_voucher(mei, voucher_id=answer.voucher_id)
    assert caught.value.code == "too_late_to_return"
    assert counts(pool) == (1, 2)


@pytest.mark.parametrize("who", ["lan", "qiang", "city_admin", "stranger", "anonymous"])
def test_nobody_else_returns_or_confirms_my_ticket(cast, pool, who):
    answer = claims.claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4(), seats=2)
    for verb in (claims.return_voucher, claims.confirm_voucher):
        with pytest.raises(DomainError) as caught:
            verb(cast.actor(who), voucher_id=answer.voucher_id)
        assert caught.value.code == "not_found"
    assert Voucher.objects.unscoped("test").get(pk=answer.voucher_id).state == "held"


@pytest.mark.parametrize(
    ("who", "code"), [("hua", "not_verified"), ("qiang", "not_in_audience"), ("stranger", "not_verified")]
)
def test_who_is_not_entitled_is_told_why(cast, pool, who, code):
    with pytest.raises(DomainError) as caught:
        claims.claim(cast.actor(who), pool_id=pool.pk, key=uuid4())
    assert caught.value.code == code
    assert counts(pool) == (0, 3)


def test_group_release_is_for_the_group(cast):
    release = new_release(cast.unions["province"], audience_groups=["food_rider"])
    pool = new_pool(release)
    assert claims.claim(cast.actor("qiang"), pool_id=pool.pk, key=uuid4()).answer == "won"
    with pytest.raises(DomainError) as caught:
        claims.claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4())
    assert caught.value.code == "not_in_groups"


def test_booking_for_somebody_needs_their_leave(cast, union):
    pool = new_pool(new_release(union))
    mei, lan = cast.actor("mei"), cast.people["lan"]
    with pytest.raises(DomainError) as caught:
        claims.claim(mei, pool_id=pool.pk, key=uuid4(), person_id=lan.pk)
    assert caught.value.code == "not_delegated"
    Delegation.objects.create(person=lan, delegate=cast.people["mei"])
    answer = claims.claim(mei, pool_id=pool.pk, key=uuid4(), person_id=lan.pk)
    voucher = Voucher.objects.unscoped("test").get(pk=answer.voucher_id)
    assert (voucher.person, voucher.booked_by) == (lan, cast.people["mei"])
    assert claims.return_voucher(mei, voucher_id=voucher.pk) == []


def test_client_key_counts_for_its_person_and_pool_only(cast, union):
    release = new_release(union, per_person=2)
    one, two = new_pool(release), new_pool(release, label="10月2日")
    key = uuid4()
    first = claims.claim(cast.actor("mei"), pool_id=one.pk, key=key)
    assert claims.claim(cast.actor("mei"), pool_id=one.pk, key=key) == first
    assert claims.claim(cast.actor("lan"), pool_id=one.pk, key=key).answer == "won"
    assert claims.claim(cast.actor("mei"), pool_id=two.pk, key=key).answer == "won"


def test_leaving_the_line_makes_room(cast, union):
    pool = new_pool(new_release(union, waitlist_max=1), capacity=1)
    settle(pool, (new_crowd(1)[0], 1))
    mei, lan = cast.actor("mei"), cast.actor("lan")
    assert claims.join_waiting_list(mei, pool_id=pool.pk, key=uuid4()).place == 1
    assert claims.join_waiting_list(lan, pool_id=pool.pk, key=uuid4()).answer == "sold_out"
    claims.leave_waiting_list(mei, pool_id=pool.pk)
    assert claims.join_waiting_list(lan, pool_id=pool.pk, key=uuid4()).place == 1
    with pytest.raises(DomainError) as caught:
        claims.leave_waiting_list(mei, pool_id=pool.pk)
    assert caught.value.code == "not_waiting"
