"""Where the money comes from, what may be spent on whom, and the grants of points."""

from gonghui.funds.models.budgets import Budget, BudgetChange, Commitment
from gonghui.funds.models.grants import GrantedPerson, PointGrant, Section
from gonghui.funds.models.lives import LifeRule, LotFate
from gonghui.funds.models.quorum import Consent, Decision, Matter, QuorumRule
from gonghui.funds.models.rules import BenefitRule, BenefitTally, BenefitUse
from gonghui.funds.models.sources import FundReceipt, FundSource

__all__ = [
    "BenefitRule",
    "BenefitTally",
    "BenefitUse",
    "Budget",
    "BudgetChange",
    "Commitment",
    "Consent",
    "Decision",
    "FundReceipt",
    "FundSource",
    "GrantedPerson",
    "LifeRule",
    "LotFate",
    "Matter",
    "PointGrant",
    "QuorumRule",
    "Section",
]
