"""Writes of this app: opened and followed by the member, answered by the merchant, ruled on by the union."""

from gonghui.complaints.actions.answering import agree_to_complaint, answer_complaint
from gonghui.complaints.actions.opening import (
    Asked,
    accept_answer,
    escalate_complaint,
    open_complaint,
    withdraw_complaint,
)
from gonghui.complaints.actions.ruling import escalate_unanswered, let_rest, rule_complaint

__all__ = [
    "Asked",
    "accept_answer",
    "agree_to_complaint",
    "answer_complaint",
    "escalate_complaint",
    "escalate_unanswered",
    "let_rest",
    "open_complaint",
    "rule_complaint",
    "withdraw_complaint",
]
