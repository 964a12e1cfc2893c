"""Back-office screens of the funds."""

from gonghui.funds.admin import (  # noqa: F401 - registers the screens
    budgets,
    desk,
    expenses,
    grants,
    liability,
    lives,
    quorum,
    rulebook,
    sections,
)
