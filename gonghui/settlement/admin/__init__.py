"""Back-office screens of settlement."""

from gonghui.settlement.admin import disputes, home, payouts, periods, programmes, statements  # noqa: F401 - registers
