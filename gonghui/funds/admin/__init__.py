"""Back-office screens of the funds."""

from gonghui.funds.admin import budgets, desk, grants, liability, quorum, rulebook  # noqa: F401 - registers the screens
