"""SM-12 of the activity: who may move it where, and what the database holds whoever writes."""

import pytest
from django.db import IntegrityError, transaction

from gonghui.activities import actions
from gonghui.activities.actions import ActivityText
from gonghui.activities.models import ACTIVITY_VERBS, Activity, ActivityKind
from gonghui.activities.tests import stage
from gonghui.activities.tests.stage import announced, fresh, planned, reviewed, with_session, written
from gonghui.benefits.models import Offer, Release
from gonghui.kit.audit import trail_of
from gonghui.kit.errors import DomainError
from gonghui.kit.states import move


def refused(verb, /, *args, **kwargs) -> str:
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    return refusal.value.code


def test_kinds_are_the_seven_of_the_programme(db):
    assert list(ActivityKind.objects.values_list("code", flat=True)) == [
        "sport",
        "film",
        "culture",
        "learning",
        "lecture",
        "leisure",
        "family",
    ]


def test_activity_written_holds_its_offer_and_details(cast):
    activity = written(cast)
    assert (activity.state, activity.maker_id) == ("draft", cast.users["city_admin"].pk)
    assert activity.details == {"film": "望海", "length_min": 118}
    assert activity.offer.list_price_fen == 4000
    assert activity.cost_per_head_fen == 2600


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"film": "望海"}, "请填写“片长（分钟）”。"),
        ({"film": "望海", "length_min": "长"}, "“片长（分钟）”要填整数。"),
        ({"film": "望海", "length_min": 9000}, "“片长（分钟）”要在 1 到 600 之间。"),
        ({"film": "望海", "length_min": 90, "speaker": "x"}, "“speaker”不是这一类活动的字段。"),
        ({"film": "望海", "length_min": 90, "format": "8D"}, "“制式”要从给出的选项里选。"),
    ],
)
def test_activity_with_wrong_details_is_refused(cast, details, says):
    with pytest.raises(DomainError) as refusal:
        written(cast, details=details)
    assert says in refusal.value.message
    assert Activity.objects.unscoped("test").count() == 0
    assert Offer.objects.unscoped("test").count() == 0


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sister_admin", "not_allowed"),
        ("finance_officer", "not_allowed"),
        ("mei", "not_allowed"),
        ("anonymous", "not_allowed"),
    ],
)
def test_activity_is_written_only_by_those_who_may(cast, name, code):
    text = ActivityText(kind="film", title="x", details=stage.FILM)
    assert refused(actions.write_activity, cast.actor(name), union=cast.unions["city"], text=text) == code
    assert Activity.objects.unscoped("test").count() == 0


def test_draft_is_seen_by_its_subtree_only(cast):
    activity = written(cast)

    def sees(name):
        return Activity.objects.visible_to(cast.actor(name)).filter(pk=activity.pk).exists()

    seen = {
        name: sees(name)
        for name in ("province_admin", "city_admin", "finance_officer", "sister_admin", "mei", "anonymous")
    }
    assert seen == {
        "province_admin": True,
        "city_admin": True,
        "finance_officer": True,
        "sister_admin": False,
        "mei": False,
        "anonymous": False,
    }


def test_announced_is_seen_by_everybody(cast):
    activity, _session, _release = announced(cast)
    for name in ("sister_admin", "mei", "stranger", "anonymous"):
        assert Activity.objects.visible_to(cast.actor(name)).filter(pk=activity.pk).exists()


def test_maker_does_not_review_their_own(cast):
    activity = written(cast)
    planned(cast, activity, [with_session(cast, activity)])
    assert (
        refused(actions.review_activity, cast.actor("city_admin"), activity_id=activity.pk)
        == "maker_is_checker"
    )
    assert fresh(activity).state == "draft"


def test_maker_is_not_checker_in_the_database(cast):
    activity = written(cast)
    found = Activity.objects.unscoped("test").filter(pk=activity.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(state="reviewed", checker_id=activity.maker_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(state="reviewed")
    assert fresh(activity).state == "draft"


def test_review_takes_the_drafted_releases_along(cast):
    activity, _session, release = reviewed(cast)
    checker = cast.users["province_admin"].pk
    assert (activity.state, activity.checker_id) == ("reviewed", checker)
    assert (release.state, release.checker_id) == ("reviewed", checker)


def test_review_without_sessions_is_refused(cast):
    activity = written(cast)
    assert (
        refused(actions.review_activity, cast.actor("province_admin"), activity_id=activity.pk)
        == "no_sessions"
    )
    assert fresh(activity).state == "draft"


@pytest.mark.parametrize("name", ["sister_admin", "mei"])
def test_review_by_strangers_finds_nothing(cast, name):
    activity = written(cast)
    assert refused(actions.review_activity, cast.actor(name), activity_id=activity.pk) == "not_found"


def test_finance_officer_sees_but_does_not_review(cast):
    activity = written(cast)
    assert (
        refused(actions.review_activity, cast.actor("finance_officer"), activity_id=activity.pk)
        == "not_allowed"
    )


def test_announce_waits_for_every_session_and_release(cast):
    activity, _session, _release = reviewed(cast)
    more = with_session(cast, activity, day=3)
    admin = cast.actor("city_admin")
    assert refused(actions.announce_activity, admin, activity_id=activity.pk) == "sessions_not_released"
    planned(cast, activity, [more])
    assert refused(actions.announce_activity, admin, activity_id=activity.pk) == "releases_not_reviewed"
    assert fresh(activity).state == "reviewed"


def test_announce_announces_its_releases(cast):
    activity, _session, release = announced(cast)
    assert (activity.state, release.state) == ("announced", "announced")
    assert activity.announced_at is not None


def test_send_back_needs_a_reason_and_keeps_it(cast):
    activity, _session, _release = reviewed(cast)
    checker = cast.actor("province_admin")
    assert (
        refused(actions.send_back_activity, checker, activity_id=activity.pk, reason=" ") == "reason_missing"
    )
    actions.send_back_activity(checker, activity_id=activity.pk, reason="片名写错了")
    assert (fresh(activity).state, fresh(activity).checker_id) == ("draft", None)
    assert trail_of(activity).first().reason == "片名写错了"


def test_change_is_for_drafts_only(cast):
    activity, _session, _release = reviewed(cast)
    text = ActivityText(kind="film", title="改了名", details=stage.FILM)
    assert (
        refused(actions.change_activity, cast.actor("city_admin"), activity_id=activity.pk, text=text)
        == "bad_input"
    )
    assert fresh(activity).title == "国庆电影专场"


def test_changing_makes_one_the_maker(cast):
    activity = written(cast)
    text = ActivityText(kind="lecture", title="讲座", details={"speaker": "李明", "topic": "健康"})
    actions.change_activity(cast.actor("province_admin"), activity_id=activity.pk, text=text)
    changed = fresh(activity)
    assert (changed.maker_id, changed.kind.code, changed.offer.title) == (
        cast.users["province_admin"].pk,
        "lecture",
        "讲座",
    )


def test_activity_ends_only_when_sessions_are_over(cast):
    activity, session, _release = announced(cast)
    admin = cast.actor("city_admin")
    assert refused(actions.end_activity, admin, activity_id=activity.pk) == "activity_not_over"
    actions.cancel_session(admin, session_id=session.pk, reason="台风")
    assert actions.end_activity(admin, activity_id=activity.pk).state == "ended"


def test_activity_is_evaluated_then_kept_or_retired_with_a_reason(cast):
    activity, session, _release = announced(cast)
    admin = cast.actor("city_admin")
    actions.cancel_session(admin, session_id=session.pk, reason="台风")
    actions.end_activity(admin, activity_id=activity.pk)
    assert refused(actions.keep_activity, admin, activity_id=activity.pk, reason="好") == "illegal_move"
    evaluated = actions.evaluate_activity(admin, activity_id=activity.pk, note="没有办成")
    assert evaluated.evaluation["figures"]["places"] == 0
    assert "评 4 分及以上" in evaluated.evaluation["figures"]["satisfaction_definition"]
    assert refused(actions.retire_activity, admin, activity_id=activity.pk, reason="") == "reason_missing"
    assert actions.retire_activity(admin, activity_id=activity.pk, reason="天气不可控").state == "retired"


ALLOWED = {(verb, start): end for verb, moves in ACTIVITY_VERBS.items() for start, end in moves.items()}


@pytest.mark.parametrize("verb", list(ACTIVITY_VERBS))
@pytest.mark.parametrize("state", [s.value for s in Activity.State])
def test_activity_moves_along_the_table_only(cast, verb, state):
    activity = written(cast)
    Activity.objects.unscoped("test").filter(pk=activity.pk).update(
        state=state,
        checker_id=cast.users["province_admin"].pk,
        announced_at=stage.in_minutes(0),
        evaluation={},
        verdict_reason="x",
    )
    activity = fresh(activity)
    if (verb, state) in ALLOWED:
        assert move(activity, ACTIVITY_VERBS, verb) == ALLOWED[verb, state] == fresh(activity).state
    else:
        assert refused(move, activity, ACTIVITY_VERBS, verb) == "illegal_move"
        assert fresh(activity).state == state


def test_releases_of_an_activity_open_one_after_the_other(cast):
    activity = written(cast)
    first, second = with_session(cast, activity, day=2), with_session(cast, activity, day=3)
    early = planned(cast, activity, [first], opens_at=stage.in_minutes(10))
    late = planned(cast, activity, [second], opens_at=stage.in_minutes(60))
    actions.review_activity(cast.actor("province_admin"), activity_id=activity.pk)
    actions.announce_activity(cast.actor("city_admin"), activity_id=activity.pk)
    states = Release.objects.unscoped("test").order_by("opens_at").values_list("pk", "state")
    assert list(states) == [(early.pk, "announced"), (late.pk, "announced")]
