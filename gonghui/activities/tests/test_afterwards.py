"""After the visit: only those who came speak, the system asks them, and news from releases moves activities."""

from uuid import uuid4

import pytest
import time_machine

from gonghui.activities import actions, queries, reactions, tasks
from gonghui.activities.events import ActivityAnnounced, ActivityEnded
from gonghui.activities.tests import stage
from gonghui.activities.tests.stage import SYSTEM, announced, fresh
from gonghui.activities.tests.test_activities import refused
from gonghui.benefits import engine
from gonghui.benefits.engine import Claim
from gonghui.benefits.events import ReleaseCancelled, ReleaseClosed, ReleaseOpened
from gonghui.benefits.models import Redemption, Release, Voucher
from gonghui.feedback.models import Rating, Response, Survey
from gonghui.feedback.queries import survey_in_use
from gonghui.kit import clock
from gonghui.members.models import Delegation
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, Send

ANSWERS = {"film": 5, "cinema": 4, "again": "愿意"}


def holding(cast, name: str = "mei", **fields) -> tuple:
    """An open activity and a ticket of it."""
    activity, session, release = announced(cast, **fields)
    stage.open_at_once(release)
    claim = Claim(cast.people[name].pk, key=uuid4(), seats=2)
    (answer,) = engine.settle_claims(session.pool_id, [claim])
    return activity, session, Voucher.objects.unscoped("test").get(pk=answer.voucher_id)


def came(cast, voucher: Voucher, arrived: int = 2) -> None:
    Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(state="redeemed")
    Redemption.objects.create(
        voucher=voucher,
        kind="check_in",
        at=clock.now(),
        store=cast.store,
        clerk=cast.users["clerk"],
        arrived=arrived,
        idempotency_key=uuid4(),
    )


def test_only_those_who_came_may_rate(cast):
    activity, _session, voucher = holding(cast)
    mei = cast.actor("mei")
    assert refused(actions.rate_visit, mei, voucher_id=voucher.pk, score=5) == "was_not_there"
    assert Rating.objects.unscoped("test").count() == 0
    came(cast, voucher)
    rating = actions.rate_visit(mei, voucher_id=voucher.pk, score=5, comment="好")
    assert (rating.subject_type, rating.subject_id, rating.union_id) == (
        "activity",
        activity.pk,
        activity.union_id,
    )
    assert refused(actions.rate_visit, mei, voucher_id=voucher.pk, score=1) == "already_rated"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("lan", "not_found"),
        ("clerk", "sign_in_first"),
        ("city_admin", "sign_in_first"),
        ("anonymous", "sign_in_first"),
    ],
)
def test_nobody_rates_for_others(cast, name, code):
    _activity, _session, voucher = holding(cast)
    came(cast, voucher)
    assert refused(actions.rate_visit, cast.actor(name), voucher_id=voucher.pk, score=1) == code
    assert Rating.objects.unscoped("test").count() == 0


def test_the_daughter_who_booked_may_rate(cast):
    lan, mei = cast.people["lan"], cast.people["mei"]
    Delegation.objects.create(person=lan, delegate=mei)
    _activity, session, _voucher = holding(cast)
    claim = Claim(lan.pk, key=uuid4(), booked_by_id=mei.pk)
    (answer,) = engine.settle_claims(session.pool_id, [claim])
    voucher = Voucher.objects.unscoped("test").get(pk=answer.voucher_id)
    came(cast, voucher)
    assert actions.rate_visit(cast.actor("mei"), voucher_id=voucher.pk, score=4).person_id == mei.pk


def test_kind_brings_its_survey(cast):
    activity, _session, voucher = holding(cast)
    for _twice in range(2):
        reactions.prepare_survey(ActivityAnnounced(activity_id=activity.pk))
    survey = Survey.objects.unscoped("test").get()
    assert (survey.union_id, survey.code, survey.state) == (
        cast.unions["province"].pk,
        "after-film",
        "published",
    )
    assert survey_in_use("after-film", activity.union.path).pk == survey.pk
    mei = cast.actor("mei")
    facts = {"voucher_id": voucher.pk, "answers": ANSWERS}
    assert refused(actions.answer_visit_survey, mei, **facts) == "was_not_there"
    came(cast, voucher)
    actions.answer_visit_survey(mei, **facts)
    assert Response.objects.unscoped("test").get().answers == ANSWERS


def test_survey_without_a_version_in_use_is_closed(cast):
    _activity, _session, voucher = holding(cast)
    came(cast, voucher)
    code = refused(actions.answer_visit_survey, cast.actor("mei"), voucher_id=voucher.pk, answers=ANSWERS)
    assert code == "survey_closed"


def test_those_who_came_are_asked_once(cast):
    activity, session, voucher = holding(cast, seats=10)
    engine.settle_claims(session.pool_id, [Claim(cast.people["lan"].pk, key=uuid4())])
    came(cast, voucher)
    for _twice in range(2):
        reactions.ask_those_who_came(ActivityEnded(activity_id=activity.pk))
    deliver(SYSTEM, send_id=Send.objects.unscoped("test").get().pk)
    asked = Message.objects.unscoped("test").values_list("person_id", "title")
    assert list(asked) == [(cast.people["mei"].pk, "这次活动怎么样？")]


def test_activity_opens_with_its_first_release(cast):
    activity, session, release = announced(cast)
    stage.open_at_once(release)
    reactions.open_with_release(ReleaseOpened(release_id=release.pk))
    reactions.open_with_release(ReleaseOpened(release_id=release.pk))
    assert (fresh(activity).state, fresh(session).state) == ("open", "released")


def test_sessions_close_with_their_release(cast):
    _activity, session, release = announced(cast)
    stage.open_at_once(release)
    reactions.open_with_release(ReleaseOpened(release_id=release.pk))
    Release.objects.unscoped("test").filter(pk=release.pk).update(state="closed")
    reactions.close_with_release(ReleaseClosed(release_id=release.pk))
    assert fresh(session).state == "closed"
    reactions.close_with_cancelled_release(ReleaseCancelled(release_id=release.pk))
    assert fresh(session).state == "closed"


def test_timetable_carries_an_activity_from_announcement_to_end(cast):
    """Every reaction was lost: the sweep does it all."""
    activity, session, release = announced(cast)
    stage.open_at_once(release)
    tasks.follow_timetable(0)
    assert (fresh(activity).state, fresh(session).state) == ("open", "released")
    with time_machine.travel(session.starts_at, tick=False):
        tasks.follow_timetable(0)
        assert (fresh(activity).state, fresh(session).state) == ("open", "running")
    with time_machine.travel(session.ends_at, tick=False):
        tasks.follow_timetable(0)
        assert (fresh(activity).state, fresh(session).state) == ("ended", "done")


def test_home_page_lists_what_opens_next_and_what_is_open(cast):
    _first, _session, early = announced(cast, opens_at=stage.in_minutes(10))
    _second, _session, late = announced(cast, opens_at=stage.in_minutes(60))
    mei = cast.actor("mei")
    assert [r.pk for r in queries.openings_ahead(mei)] == [early.pk, late.pk]
    stage.open_at_once(early)
    assert [r.pk for r in queries.openings_ahead(mei)] == [late.pk]
    assert [(r.pk, r.places_left) for r in queries.open_now(mei)] == [(early.pk, 3)]


@pytest.mark.parametrize("activities", [1, 3])
def test_lists_take_the_same_queries_however_long(cast, django_assert_num_queries, activities):
    for _n in range(activities):
        announced(cast)
    mei = cast.actor("mei")
    with django_assert_num_queries(1):
        rows = list(queries.announced_activities(mei, kind="film"))
        assert [(a.kind.name, a.offer.title, a.reads_total) for a in rows] == [
            ("电影", "国庆电影专场", 0)
        ] * activities
