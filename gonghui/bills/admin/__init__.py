"""Back-office screens of offers and bills."""

from gonghui.bills.admin import (  # noqa: F401 - registers the screens
    bills,
    days,
    editing,
    exceptions,
    external,
    offer_sheets,
    offers,
    packs,
    releasing,
    series,
    trying,
    uses,
)
