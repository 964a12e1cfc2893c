"""Every write of settlement."""

from gonghui.settlement.actions.disputes import (
    Amends,
    answer_dispute,
    approve_adjustment,
    dispute_line,
    propose_adjustment,
    reject_adjustment,
)
from gonghui.settlement.actions.payouts import (
    approve_batch,
    cancel_batch,
    download_batch,
    make_payout_batch,
    record_payout,
)
from gonghui.settlement.actions.periods import close_period, make_statements, open_periods
from gonghui.settlement.actions.statements import (
    approve_statement,
    confirm_statement,
    follow_silence,
    send_statement,
    send_statements,
)

__all__ = [
    "Amends",
    "answer_dispute",
    "approve_adjustment",
    "approve_batch",
    "approve_statement",
    "cancel_batch",
    "close_period",
    "confirm_statement",
    "dispute_line",
    "download_batch",
    "follow_silence",
    "make_payout_batch",
    "make_statements",
    "open_periods",
    "propose_adjustment",
    "record_payout",
    "reject_adjustment",
    "send_statement",
    "send_statements",
]
