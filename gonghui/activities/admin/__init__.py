"""The back office of activities: the guided pages, the activity's own page, lists, and what the first page says of them."""

from gonghui.activities import report_views
from gonghui.activities.admin import activities, desk, lists, writing

__all__ = ["activities", "desk", "lists", "report_views", "writing"]
