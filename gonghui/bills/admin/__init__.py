"""Back-office screens of offers and bills."""

from gonghui.bills.admin import bills, days, editing, external, offers, packs, releasing, series  # noqa: F401 - registers the screens
