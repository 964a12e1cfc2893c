"""Which colour a state has."""

PERIODS = {"open": "info", "closing": "warning", "closed": "success"}
STATEMENTS = {
    "draft": "info", "sent": "warning", "disputed": "danger", "confirmed": "info", "approved": "info", "paid": "success",
    "closed": "success",
}  # fmt: skip
DISPUTES = {"open": "danger", "stands": "info", "adjusted": "success"}
ADJUSTMENTS = {"proposed": "warning", "approved": "success", "rejected": "info"}
BATCHES = {"made": "warning", "approved": "info", "done": "success", "cancelled": "info"}
PAYOUTS = {"made": "warning", "sent": "info", "paid": "success", "bounced": "danger", "cancelled": "info"}
