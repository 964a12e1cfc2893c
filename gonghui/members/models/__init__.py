"""People, whether they are verified, and which union they belong to. Registered, verified and member are three states."""

from gonghui.members.models.cards import MemberCard, PayCodeUse
from gonghui.members.models.corrections import CorrectionPaper, CorrectionRequest
from gonghui.members.models.counter import CounterRequest
from gonghui.members.models.exports import ExportFile, ExportRequest
from gonghui.members.models.farewells import Farewell, Forgotten
from gonghui.members.models.headcounts import Headcount, HeadcountCheck, HeadcountDelta
from gonghui.members.models.identity import Consent, MergeCase, VerificationTry
from gonghui.members.models.marks import MemberMark, MemberName
from gonghui.members.models.memberships import Membership, MembershipChange
from gonghui.members.models.people import Delegation, Person, Verification, WorkerGroup
from gonghui.members.models.retention import RetentionRule
from gonghui.members.models.rosters import RosterBlock, RosterImport, RosterRefusal, RosterSheet
from gonghui.members.models.tags import PersonTag
from gonghui.members.models.transfers import TransferRequest, TransferRule, TransferStep

__all__ = [
    "Consent",
    "CorrectionPaper",
    "CorrectionRequest",
    "CounterRequest",
    "Delegation",
    "ExportFile",
    "ExportRequest",
    "Farewell",
    "Forgotten",
    "Headcount",
    "HeadcountCheck",
    "HeadcountDelta",
    "MemberCard",
    "MemberMark",
    "MemberName",
    "Membership",
    "MembershipChange",
    "MergeCase",
    "PayCodeUse",
    "Person",
    "PersonTag",
    "RetentionRule",
    "RosterBlock",
    "RosterImport",
    "RosterRefusal",
    "RosterSheet",
    "TransferRequest",
    "TransferRule",
    "TransferStep",
    "Verification",
    "VerificationTry",
    "WorkerGroup",
]
