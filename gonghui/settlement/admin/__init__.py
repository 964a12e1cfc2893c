"""Back-office screens of settlement."""

from gonghui.settlement.admin import (  # noqa: F401 - registers
    disputes,
    home,
    payouts,
    periods,
    programmes,
    seats,
    statements,
)
