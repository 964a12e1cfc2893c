"""Back-office screens of the funds."""

from gonghui.funds.admin import grants, liability  # noqa: F401 - registers the screens
