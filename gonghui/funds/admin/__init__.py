"""Back-office screens of the funds."""

from gonghui.funds.admin import budgets, desk, grants, liability, lives, quorum, rulebook  # noqa: F401 - registers the screens
