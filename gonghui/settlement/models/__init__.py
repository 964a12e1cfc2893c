"""The nouns of settlement: periods, statements with their lines and funders, disputes, adjustments, payouts, measures."""

from gonghui.settlement.models.disputes import Adjustment, Dispute
from gonghui.settlement.models.measures import Measure
from gonghui.settlement.models.payouts import Payout, PayoutBatch
from gonghui.settlement.models.periods import Period
from gonghui.settlement.models.statements import (
    Sending,
    Statement,
    StatementAccount,
    StatementFunder,
    StatementLine,
)
from gonghui.settlement.models.unstated import Unstated

__all__ = [
    "Adjustment",
    "Dispute",
    "Measure",
    "Payout",
    "PayoutBatch",
    "Period",
    "Sending",
    "Statement",
    "StatementAccount",
    "StatementFunder",
    "StatementLine",
    "Unstated",
]
