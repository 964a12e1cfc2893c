"""Every write of this app."""

from gonghui.activities.actions.attention import count_reads, like_activity, record_read, unlike_activity
from gonghui.activities.actions.plans import change_holiday, plan_year
from gonghui.activities.actions.sessions import cancel_session, follow_sessions, free_session
from gonghui.activities.actions.verbs import (
    announce_activity,
    end_activity,
    evaluate_activity,
    keep_activity,
    open_activity,
    retire_activity,
    review_activity,
    send_back_activity,
)
from gonghui.activities.actions.visits import answer_visit_survey, rate_visit
from gonghui.activities.actions.writing import (
    ActivityText,
    add_session,
    add_sessions,
    change_activity,
    drop_session,
    plan_release,
    write_activity,
)

__all__ = [
    "ActivityText",
    "add_session",
    "add_sessions",
    "announce_activity",
    "answer_visit_survey",
    "cancel_session",
    "change_activity",
    "change_holiday",
    "count_reads",
    "drop_session",
    "end_activity",
    "evaluate_activity",
    "follow_sessions",
    "free_session",
    "keep_activity",
    "like_activity",
    "open_activity",
    "plan_release",
    "plan_year",
    "rate_visit",
    "record_read",
    "retire_activity",
    "review_activity",
    "send_back_activity",
    "unlike_activity",
    "write_activity",
]
