"""入会: applications with what was said of them, posters, and the rule for how long a review may take."""

from gonghui.joining.models.applications import (
    IN_REVIEW,
    OPEN,
    VERBS,
    WORDS_MAX,
    Channel,
    How,
    JoinApplication,
    JoinEntry,
)
from gonghui.joining.models.posters import JoinPoster, JoinRule, PosterDay

__all__ = [
    "IN_REVIEW",
    "OPEN",
    "VERBS",
    "WORDS_MAX",
    "Channel",
    "How",
    "JoinApplication",
    "JoinEntry",
    "JoinPoster",
    "JoinRule",
    "PosterDay",
]
