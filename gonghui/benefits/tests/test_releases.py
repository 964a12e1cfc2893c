"""SM-12, the releases: who may move them, by which clock, with which reason; and who is entitled."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils.functional import SimpleLazyObject

from gonghui.benefits import messages, queries, tasks
from gonghui.benefits.actions import claims, news, releases, reminders, voids
from gonghui.benefits.models import Offer, Pool, Release, Reminder, Voucher
from gonghui.benefits.models.releases import RELEASE_VERBS
from gonghui.benefits.tests.crowd import counts, new_crowd
from gonghui.benefits.tests.plans import (
    SYSTEM,
    announced,
    drafted,
    fresh,
    in_minutes,
    jobs,
    opened,
    pool_of,
    refused,
    reviewed,
    terms,
    won,
)
from gonghui.kit.audit import trail_of
from gonghui.kit.states import move
from gonghui.members.models import Delegation, Person, WorkerGroup
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, Send

# --- Who may do what ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sister_admin", "finance_officer", "judge", "mei", "anonymous"])
def test_release_is_drafted_only_by_those_who_may(cast, name):
    code = refused(releases.write_offer, cast.actor(name), union=cast.unions["city"], title="x", kind="y")
    assert (code, Offer.objects.unscoped("test").count()) == ("not_allowed", 0)


def test_release_addresses_only_unions_its_writer_may_write_for(cast):
    province = cast.unions["province"].pk
    assert refused(drafted, cast, audience_union_id=province) == "not_allowed"
    assert Release.objects.unscoped("test").count() == 0
    assert drafted(cast, audience_union_id=cast.unions["district"].pk).state == "draft"


def test_maker_does_not_review_their_own_release(cast):
    release = drafted(cast)
    assert (
        refused(releases.review_release, cast.actor("city_admin"), release_id=release.pk)
        == "maker_is_checker"
    )
    assert fresh(release).state == "draft"


def test_maker_is_not_checker_of_a_release_in_the_database(cast):
    release = drafted(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.unscoped("test").filter(pk=release.pk).update(
            state="reviewed", checker_id=release.maker_id
        )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sister_admin", "not_found"),
        ("finance_officer", "not_allowed"),
        ("mei", "not_found"),
        ("anonymous", "not_found"),
    ],
)
def test_release_is_reviewed_only_by_those_who_may(cast, name, code):
    release = drafted(cast)
    assert refused(releases.review_release, cast.actor(name), release_id=release.pk) == code
    assert fresh(release).state == "draft"


def test_release_without_places_is_not_reviewed(cast):
    release = drafted(cast)
    Pool.objects.unscoped("test").filter(release=release).delete()
    assert refused(releases.review_release, cast.actor("province_admin"), release_id=release.pk) == "no_pools"


def test_release_whose_opening_has_passed_is_neither_reviewed_nor_announced(cast):
    release = drafted(cast)
    with time_machine.travel(in_minutes(11), tick=False):
        assert (
            refused(releases.review_release, cast.actor("province_admin"), release_id=release.pk)
            == "bad_times"
        )
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    with time_machine.travel(in_minutes(11), tick=False):
        assert (
            refused(releases.announce_release, cast.actor("city_admin"), release_id=release.pk) == "bad_times"
        )
    assert fresh(release).state == "reviewed"


def test_what_was_reviewed_is_what_is_released(cast):
    release = reviewed(cast)
    changed = terms(party_max=9)
    assert (
        refused(releases.change_release, cast.actor("city_admin"), release_id=release.pk, terms=changed)
        == "bad_input"
    )
    releases.send_back_release(cast.actor("province_admin"), release_id=release.pk, reason="人数太少")
    releases.change_release(cast.actor("city_admin"), release_id=release.pk, terms=changed)
    assert (fresh(release).state, fresh(release).party_max) == ("draft", 9)


ALLOWED = {(verb, start): end for verb, moves in RELEASE_VERBS.items() for start, end in moves.items()}


@pytest.mark.parametrize("verb", list(RELEASE_VERBS))
@pytest.mark.parametrize("state", [s.value for s in Release.State])
def test_release_moves_along_the_table_only(cast, verb, state):
    release = drafted(cast)
    checker = cast.users["province_admin"].pk
    why = "检修" if state == "paused" else ""
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        state=state, checker_id=checker, pause_reason=why
    )
    release = fresh(release)
    if (verb, state) in ALLOWED:
        said = {"pause_reason": "检修" if verb == "pause" else ""}
        assert move(release, RELEASE_VERBS, verb, **said) == ALLOWED[verb, state] == fresh(release).state
    else:
        assert refused(move, release, RELEASE_VERBS, verb) == "illegal_move"
        assert fresh(release).state == state


# --- The clock ----------------------------------------------------------------------------------------------


def test_announcing_sets_the_timers(cast):
    release = announced(cast)
    (opening,), (closing,), (reminding,) = jobs("open_release"), jobs("close_release"), jobs("send_reminders")
    assert opening == (release.opens_at, {"release_id": release.pk})
    assert closing == (release.closes_at, {"release_id": release.pk})
    assert reminding == (
        release.opens_at - dt.timedelta(minutes=5, seconds=30),
        {"release_id": release.pk},
    )


def test_release_opens_and_closes_by_the_clock(cast):
    """The scheduled jobs were lost: the sweep does it, at the minute, not before."""
    closes_at, late_at = in_minutes(24 * 60), in_minutes(60)
    early = announced(cast, closes_at=closes_at)
    late = announced(cast, opens_at=late_at, closes_at=closes_at + dt.timedelta(seconds=1))

    def states():
        return [fresh(early).state, fresh(late).state]

    seen = []
    second = dt.timedelta(seconds=1)
    for moment in (early.opens_at - second, early.opens_at, late_at - second, late_at, closes_at):
        with time_machine.travel(moment, tick=False):
            tasks.follow_the_clock(0)
            seen.append(states())
    assert seen == [
        ["announced", "announced"],
        ["open", "announced"],
        ["open", "announced"],
        ["open", "open"],
        ["closed", "open"],
    ]


def test_reviewed_release_is_announced_at_its_time(cast):
    release = reviewed(cast, announce_at=in_minutes(5))
    tasks.announce_release(release.pk)
    assert fresh(release).state == "reviewed"
    with time_machine.travel(in_minutes(5), tick=False):
        tasks.follow_the_clock(0)
    assert fresh(release).state == "announced"


def test_opening_by_hand_before_time_needs_a_reason_the_trail_keeps(cast):
    release, admin = announced(cast), cast.actor("city_admin")
    assert refused(releases.open_release, admin, release_id=release.pk) == "too_early_to_open"
    assert refused(releases.open_release, SYSTEM, release_id=release.pk, reason="x") == "too_early_to_open"
    assert fresh(release).state == "announced"
    releases.open_release(admin, release_id=release.pk, reason="场馆要求提前")
    assert fresh(release).opens_at < in_minutes(1)
    assert trail_of(release).first().reason == "场馆要求提前"
    assert won(pool_of(release), new_crowd(1)[0]).state == "confirmed"


def test_reason_is_kept_of_an_actor_built_lazily(cast):
    """A request's actor is built when first asked for."""
    release, actor = announced(cast), SimpleLazyObject(lambda: cast.actor("city_admin"))
    releases.open_release(actor, release_id=release.pk, reason="场馆要求提前")
    entry = trail_of(release).first()
    assert (entry.actor_id, entry.reason) == (cast.users["city_admin"].pk, "场馆要求提前")


@pytest.mark.parametrize("name", ["finance_officer", "sister_admin", "mei"])
def test_release_is_opened_by_hand_only_by_those_who_may(cast, name):
    release = announced(cast)
    assert (
        refused(releases.open_release, cast.actor(name), release_id=release.pk, reason="x") == "not_allowed"
    )
    assert fresh(release).state == "announced"


def test_opening_twice_is_refused_and_the_timer_shrugs(cast):
    release = opened(cast)
    assert refused(releases.open_release, SYSTEM, release_id=release.pk) == "illegal_move"
    tasks.open_release(release.pk)
    assert fresh(release).state == "open"


def test_closing_by_hand_needs_a_reason(cast):
    release, admin = opened(cast), cast.actor("city_admin")
    assert refused(releases.close_release, admin, release_id=release.pk) == "too_early_to_open"
    releases.close_release(admin, release_id=release.pk, reason="名额另作安排")
    assert (fresh(release).state, fresh(release).closes_at < in_minutes(1)) == ("closed", True)


def test_more_places_go_down_the_line(cast):
    release = opened(cast, places=1)
    pool, admin = pool_of(release), cast.actor("city_admin")
    first, second = cast.people["mei"].pk, cast.people["lan"].pk
    won(pool, first)
    claims.claim(cast.actor("lan"), pool_id=pool.pk, key=releases_key())
    assert refused(releases.change_capacity, admin, pool_id=pool.pk, capacity=0, reason="少") == "bad_input"
    releases.change_capacity(admin, pool_id=pool.pk, capacity=2, reason="加座")
    tasks.fill_pool(pool.pk)
    holders = Voucher.objects.unscoped("test").order_by("serial").values_list("person_id", flat=True)
    assert list(holders) == [first, second]


def releases_key():
    from uuid import uuid4

    return uuid4()


def test_cancelled_release_refuses_claims_and_voids_what_is_out(cast):
    release = opened(cast)
    pool = pool_of(release)
    holder = new_crowd(1)[0]
    won(pool, holder)
    assert (
        refused(releases.cancel_release, cast.actor("city_admin"), release_id=release.pk, reason="")
        == "reason_missing"
    )
    releases.cancel_release(cast.actor("city_admin"), release_id=release.pk, reason="场馆检修")
    answer = claims.claim(cast.actor("mei"), pool_id=pool.pk, key=releases_key())
    assert answer.answer == "cancelled"
    ((_when, arguments),) = jobs("void_pool")
    tasks.void_pool(**arguments)
    assert counts(pool) == (0, 3)
    assert "场馆检修" in Message.objects.unscoped("test").get(person_id=holder).body


# --- Entitlement --------------------------------------------------------------------------------------------


def refusal(cast, name: str, release: Release, for_person: int | None = None) -> str | None:
    found = queries.entitlement(cast.actor(name), pool_of(release).pk, for_person)
    return found.refusal and found.refusal.code


def test_entitlement_says_why_not(cast):
    release = opened(cast)
    answers = {
        name: refusal(cast, name, release) for name in ("mei", "hua", "qiang", "stranger", "anonymous")
    }
    assert answers == {
        "mei": None,
        "hua": "not_verified",
        "qiang": "not_in_audience",
        "stranger": "not_verified",
        "anonymous": "sign_in_first",
    }


def test_entitlement_knows_groups_and_tickets(cast):
    release = opened(cast, audience_groups=("food_rider",))
    assert refusal(cast, "mei", release) == "not_in_groups"
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(groups=["food_rider"])
    assert refusal(cast, "mei", release) is None
    won(pool_of(release), cast.people["mei"].pk)
    assert refusal(cast, "mei", release) == "holds_enough"


def test_entitlement_follows_the_release(cast):
    release = announced(cast)
    assert refusal(cast, "mei", release) is None
    Release.objects.unscoped("test").filter(pk=release.pk).update(state="closed")
    assert refusal(cast, "mei", release) == "release_over"
    Release.objects.unscoped("test").filter(pk=release.pk).update(state="cancelled")
    assert refusal(cast, "mei", release) == "release_called_off"


def test_draft_is_not_found_by_members(cast):
    release = drafted(cast)
    assert refused(queries.entitlement, cast.actor("mei"), pool_of(release).pk) == "not_found"


def test_booking_for_another_needs_their_leave(cast):
    release = opened(cast)
    lan = cast.people["lan"]
    assert refusal(cast, "mei", release, for_person=lan.pk) == "not_delegated"
    leave = Delegation.objects.create(person=lan, delegate=cast.people["mei"])
    assert refusal(cast, "mei", release, for_person=lan.pk) is None
    leave.ended_at = in_minutes(0)
    leave.save()
    assert refusal(cast, "mei", release, for_person=lan.pk) == "not_delegated"


def test_entitlement_takes_four_queries(cast, django_assert_num_queries):
    release, actor = opened(cast), cast.actor("mei")
    pool_id = pool_of(release).pk
    with django_assert_num_queries(4):
        queries.entitlement(actor, pool_id)


# --- Reminders and news -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "is_sensitive"), [("hardship", True), ("new_employment", False)])
def test_reminder_of_a_sensitive_release_says_so(cast, kind, is_sensitive):
    WorkerGroup.objects.create(code="cared_for", name="帮扶对象", kind=kind)
    release = announced(cast)
    Release.objects.unscoped("test").filter(pk=release.pk).update(audience_groups=["cared_for"])
    reminders.subscribe_reminder(cast.actor("mei"), release_id=release.pk)
    with time_machine.travel(release.opens_at - dt.timedelta(minutes=5), tick=False):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 1
    assert Send.objects.unscoped("test").get().is_sensitive is is_sensitive


def test_reminder_is_sent_once_five_minutes_before(cast):
    release = announced(cast)
    mei = cast.actor("mei")
    for _twice in range(2):
        reminders.subscribe_reminder(mei, release_id=release.pk)
    assert Reminder.objects.unscoped("test").count() == 1
    with time_machine.travel(release.opens_at - dt.timedelta(minutes=5, seconds=31), tick=False):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 0
    with time_machine.travel(release.opens_at - dt.timedelta(minutes=5, seconds=30), tick=False):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 1
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 0
        deliver(SYSTEM, send_id=Send.objects.unscoped("test").get().pk)
        assert Message.objects.unscoped("test").count() == 0
    with time_machine.travel(release.opens_at - dt.timedelta(minutes=5), tick=False):
        deliver(SYSTEM, send_id=Send.objects.unscoped("test").get().pk)
    message = Message.objects.unscoped("test").get()
    assert (message.person_id, message.title) == (cast.people["mei"].pk, "马上开抢")


@pytest.mark.parametrize("verb", ["postpone", "cancel"])
def test_reminder_prepared_for_a_minute_that_is_moved_does_not_go(cast, verb):
    release, mei = announced(cast), cast.actor("mei")
    reminders.subscribe_reminder(mei, release_id=release.pk)
    admin, minute = cast.actor("city_admin"), release.opens_at - dt.timedelta(minutes=5)
    with time_machine.travel(minute - dt.timedelta(seconds=20), tick=False):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 1
        if verb == "postpone":
            later = release.opens_at + dt.timedelta(hours=1)
            releases.postpone_release(admin, release_id=release.pk, opens_at=later, reason="暴雨，码头停航")
        else:
            releases.cancel_release(admin, release_id=release.pk, reason="暴雨，码头停航")
    with time_machine.travel(minute, tick=False):
        for send in Send.objects.unscoped("test").order_by("id"):
            deliver(SYSTEM, send_id=send.pk)
    told = Message.objects.unscoped("test").filter(person_id=mei.person_id)
    assert "马上开抢" not in [message.title for message in told]


def test_reminder_can_be_taken_back(cast):
    release, mei = announced(cast), cast.actor("mei")
    reminders.subscribe_reminder(mei, release_id=release.pk)
    assert reminders.unsubscribe_reminder(mei, release_id=release.pk) is True
    assert reminders.unsubscribe_reminder(mei, release_id=release.pk) is False


def test_reminder_is_refused_once_open(cast):
    release = opened(cast)
    assert (
        refused(reminders.subscribe_reminder, cast.actor("mei"), release_id=release.pk) == "reminder_too_late"
    )
    assert (
        refused(reminders.subscribe_reminder, cast.actor("anonymous"), release_id=release.pk)
        == "sign_in_first"
    )


def test_winners_of_the_gate_are_told_once(cast):
    """The gate writes vouchers and tells nobody; the job does, nobody twice, though it runs thrice."""
    release = opened(cast, places=300)
    pool = pool_of(release)
    crowd = new_crowd(250)
    for person in crowd:
        won(pool, person)
    assert [news.tell_news(SYSTEM), news.tell_news(SYSTEM)] == [250, 0]
    late = new_crowd(1)[0]
    won(pool, late)
    assert news.tell_news(SYSTEM) == 1
    told = list(Message.objects.unscoped("test").order_by("id").values_list("person_id", flat=True))
    assert told == [*crowd, late]


def test_pool_whose_news_cannot_be_told_keeps_no_other_waiting(cast, monkeypatch):
    broken, whole = pool_of(opened(cast)), pool_of(opened(cast))
    lost, heard = new_crowd(2)
    won(broken, lost)
    won(whole, heard)
    say = messages.won

    def choke(voucher):
        if voucher.pool_id == broken.pk:
            raise KeyError("no word for it")
        return say(voucher)

    monkeypatch.setattr(messages, "won", choke)
    with pytest.raises(KeyError):
        news.tell_news(SYSTEM)
    assert list(Message.objects.unscoped("test").values_list("person_id", flat=True)) == [heard]
    monkeypatch.setattr(messages, "won", say)
    assert news.tell_news(SYSTEM) == 1
    assert Message.objects.unscoped("test").filter(person_id=lost).count() == 1


def test_booker_and_holder_are_both_told(cast):
    release = opened(cast)
    lan, mei = cast.people["lan"], cast.people["mei"]
    Delegation.objects.create(person=lan, delegate=mei)
    claims.claim(cast.actor("mei"), pool_id=pool_of(release).pk, key=releases_key(), person_id=lan.pk)
    news.tell_news(SYSTEM)
    told = Message.objects.unscoped("test").order_by("person_id").values_list("person_id", flat=True)
    assert sorted(told) == sorted([lan.pk, mei.pk])


def test_the_promoted_are_told_as_such(cast):
    release = opened(cast, places=1)
    pool = pool_of(release)
    first = won(pool, cast.people["mei"].pk)
    claims.claim(cast.actor("lan"), pool_id=pool.pk, key=releases_key())
    news.tell_news(SYSTEM)
    promoted = claims.return_voucher(cast.actor("mei"), voucher_id=first.pk)
    ((_when, arguments),) = jobs("tell_promoted")
    assert arguments == {"voucher_ids": [promoted[0].voucher_id]}
    tasks.tell_promoted(**arguments)
    titles = Message.objects.unscoped("test").filter(person_id=cast.people["lan"].pk)
    assert [m.title for m in titles] == ["候补到票了"]


def test_expired_holders_are_told_once(cast):
    release = opened(cast, confirm_within_s=60)
    voucher = won(pool_of(release), cast.people["mei"].pk)
    Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(confirm_by=in_minutes(-1))
    tasks.expire_vouchers(0)
    tasks.expire_vouchers(0)
    assert fresh(voucher).state == "expired"
    titles = Message.objects.unscoped("test").order_by("id").values_list("title", flat=True)
    assert list(titles) == ["未按时确认，票已过期"]


def test_shut_pool_keeps_its_times_in_order(cast):
    """A pool that would have opened tomorrow is called off today."""
    release = announced(cast)
    pool = pool_of(release)
    Pool.objects.unscoped("test").filter(pk=pool.pk).update(opens_at=in_minutes(60), closes_at=in_minutes(90))
    voids.shut_pool(SYSTEM, pool_id=pool.pk, reason="x")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT closes_at <= clock_timestamp(), opens_at IS NULL FROM benefits_pool WHERE id = %s",
            [pool.pk],
        )
        assert cursor.fetchone() == (True, True)


# --- Postponing ---------------------------------------------------------------------------------------------


def test_postponed_release_tells_who_asked_and_reminds_them_again(cast):
    release, mei = announced(cast), cast.actor("mei")
    reminders.subscribe_reminder(mei, release_id=release.pk)
    with time_machine.travel(in_minutes(6), tick=False):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 1
        later = in_minutes(60)
        releases.postpone_release(
            cast.actor("city_admin"), release_id=release.pk, opens_at=later, reason="暴雨，码头停航"
        )
    assert fresh(release).opens_at == later
    assert [when for when, _args in jobs("open_release")] == [release.opens_at, later]
    for send in Send.objects.unscoped("test").order_by("id"):
        deliver(SYSTEM, send_id=send.pk)
    told = Message.objects.unscoped("test").filter(person_id=mei.person_id).order_by("id")
    assert [message.title for message in told] == ["马上开抢", "开放时间推迟了"]
    assert "暴雨，码头停航" in told[1].body
    tasks.open_release(release.pk)
    assert fresh(release).state == "announced"
    with time_machine.travel(later - dt.timedelta(minutes=2), tick=False):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == 1
    with time_machine.travel(later, tick=False):
        tasks.open_release(release.pk)
    assert fresh(release).state == "open"


@pytest.mark.parametrize(
    ("minutes", "code"), [(5, "not_later"), (9, "not_later"), (48 * 60, "bad_times"), (60, None)]
)
def test_release_is_postponed_only_to_a_later_time_that_fits(cast, minutes, code):
    release = announced(cast)
    asked = {"release_id": release.pk, "opens_at": in_minutes(minutes), "reason": "设备检修"}
    if code:
        assert refused(releases.postpone_release, cast.actor("city_admin"), **asked) == code
        assert fresh(release).opens_at == release.opens_at
    else:
        releases.postpone_release(cast.actor("city_admin"), **asked)
        assert fresh(release).opens_at == asked["opens_at"]


@pytest.mark.parametrize(
    ("fields", "code"), [({"mode": "draw"}, "draw_keeps_its_times"), ({}, "reason_missing")]
)
def test_draw_and_postponing_without_a_reason_are_refused(cast, fields, code):
    release = announced(cast, **fields)
    reason = "" if code == "reason_missing" else "设备检修"
    asked = {"release_id": release.pk, "opens_at": in_minutes(60), "reason": reason}
    assert refused(releases.postpone_release, cast.actor("city_admin"), **asked) == code
    assert fresh(release).opens_at == release.opens_at


def test_release_that_is_open_is_not_postponed(cast):
    release = opened(cast)
    asked = {"release_id": release.pk, "opens_at": in_minutes(60), "reason": "设备检修"}
    assert refused(releases.postpone_release, cast.actor("city_admin"), **asked) == "postpone_too_late"


@pytest.mark.parametrize("name", ["sister_admin", "finance_officer", "clerk", "mei"])
def test_nobody_else_postpones(cast, name):
    release = announced(cast)
    asked = {"release_id": release.pk, "opens_at": in_minutes(60), "reason": "设备检修"}
    assert refused(releases.postpone_release, cast.actor(name), **asked) in ("not_found", "not_allowed")
    assert fresh(release).opens_at == release.opens_at
