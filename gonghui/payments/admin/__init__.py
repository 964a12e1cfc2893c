"""Back-office screens of payments."""

from gonghui.payments.admin import payments, reconciliation  # noqa: F401
