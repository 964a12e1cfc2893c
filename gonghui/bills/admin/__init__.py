"""Back-office screens of offers and bills."""

from gonghui.bills.admin import bills, editing, offers, releasing  # noqa: F401 - registers the screens
