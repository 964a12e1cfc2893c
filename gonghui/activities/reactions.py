"""What happens here when something happens to a release, or to an activity."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.activities.actions.sessions import follow_sessions
from gonghui.activities.actions.verbs import follow_announcement, open_activity
from gonghui.activities.actions.visits import survey_code
from gonghui.activities.events import ActivityAnnounced, ActivityEnded
from gonghui.activities.models import Activity
from gonghui.activities.queries import people_who_came
from gonghui.audiences.queries import tells_sensitive
from gonghui.benefits.events import ReleaseAnnounced, ReleaseCancelled, ReleaseClosed, ReleaseOpened
from gonghui.benefits.models import Release
from gonghui.feedback.actions import ensure_survey
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.notices.actions import Notice, tell_many
from gonghui.notices.models import MessageKind
from gonghui.orgs.models import Union

FOLLOWING = Actor.system("a release changed")


@reacts_to(ReleaseAnnounced)
def announce_with_release(event: ReleaseAnnounced) -> None:
    """The hour written on the plan has come: its releases announce themselves, each at its own."""
    found = Activity.objects.unscoped("the activity of a release that was announced").filter(
        offer__releases=event.release_id, state="reviewed"
    )
    for activity_id in found.values_list("id", flat=True):
        follow_announcement(FOLLOWING, activity_id=activity_id)


@reacts_to(ReleaseOpened)
def open_with_release(event: ReleaseOpened) -> None:
    follow_sessions(FOLLOWING, release_id=event.release_id)
    found = Activity.objects.unscoped("the activity of a release that opened").filter(
        offer__releases=event.release_id, state="announced"
    )
    for activity_id in found.values_list("id", flat=True):
        open_activity(FOLLOWING, activity_id=activity_id)


@reacts_to(ReleaseClosed)
def close_with_release(event: ReleaseClosed) -> None:
    follow_sessions(FOLLOWING, release_id=event.release_id)


@reacts_to(ReleaseCancelled)
def close_with_cancelled_release(event: ReleaseCancelled) -> None:
    follow_sessions(FOLLOWING, release_id=event.release_id)


@reacts_to(ActivityAnnounced)
def prepare_survey(event: ActivityAnnounced) -> None:
    """The kind's questions as a published survey of the topmost union; unchanged questions make no new version."""
    activity = (
        Activity.objects.unscoped("an activity just announced")
        .select_related("kind", "union")
        .get(pk=event.activity_id)
    )
    if not activity.kind.questions:
        return
    top = Union.objects.unscoped("the topmost union").get(pk=int(activity.union.path.split(".")[0]))
    ensure_survey(
        Actor.system("survey of a kind of activity"),
        union=top,
        code=survey_code(activity.kind.code),
        title=_("%s活动小问卷") % activity.kind.name,
        questions=activity.kind.questions,
    )


@reacts_to(ActivityEnded)
def ask_those_who_came(event: ActivityEnded) -> None:
    activity = Activity.objects.unscoped("an activity just ended").get(pk=event.activity_id)
    body = _("“%s”已经结束，谢谢您来。请用一分钟评个分，您的意见决定下次还办不办。") % activity.title
    releases = (
        Release.objects.unscoped("of the activity")
        .filter(offer_id=activity.offer_id)
        .select_related("audience")
    )
    is_sensitive = any(tells_sensitive(one.audience, one.audience_groups) for one in releases)
    link = f"/activities/{activity.pk}/rate"
    tell_many(
        Actor.system("asking those who came"),
        send_key=f"rate:{activity.pk}",
        people=people_who_came(activity),
        notice=Notice(MessageKind.SURVEY, _("这次活动怎么样？"), body, link, is_sensitive),
        union_id=activity.union_id,
    )
