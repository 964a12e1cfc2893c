"""运营协同: groups, broadcasts, questions and their answers, escalations, the digest of five."""

from gonghui.opsdesk.models.answers import Answer, AnswerMark
from gonghui.opsdesk.models.broadcasts import Broadcast, BroadcastGroup, BroadcastRecipient
from gonghui.opsdesk.models.cases import CaseAward
from gonghui.opsdesk.models.digests import DigestEntry, DigestIssue, DigestRead
from gonghui.opsdesk.models.escalations import Escalation, ReleaseNote
from gonghui.opsdesk.models.groups import DeskRule, GroupPick, OperatorGroup
from gonghui.opsdesk.models.papers import QuestionPaper
from gonghui.opsdesk.models.questions import Question, QuestionEntry

__all__ = [
    "Answer",
    "AnswerMark",
    "Broadcast",
    "BroadcastGroup",
    "BroadcastRecipient",
    "CaseAward",
    "DeskRule",
    "DigestEntry",
    "DigestIssue",
    "DigestRead",
    "Escalation",
    "GroupPick",
    "OperatorGroup",
    "Question",
    "QuestionEntry",
    "QuestionPaper",
    "ReleaseNote",
]
