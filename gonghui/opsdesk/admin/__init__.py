"""运营协同 in the back office: lists with their verbs, and the pages of the desk."""

from gonghui.opsdesk.admin import (
    answers,
    broadcasts,
    cases,
    desk,
    digests,
    escalations,
    groups,
    messages,
    questions,
    rules,
)

__all__ = [
    "answers",
    "broadcasts",
    "cases",
    "desk",
    "digests",
    "escalations",
    "groups",
    "messages",
    "questions",
    "rules",
]
