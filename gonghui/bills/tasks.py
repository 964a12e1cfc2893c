"""Jobs of this app, by room."""

from gonghui.bills import external_tasks  # noqa: F401 - registers its jobs
