"""Back-office screens of offers and bills."""

from gonghui.bills.admin import bills, editing, offers, packs, releasing, series  # noqa: F401 - registers the screens
