"""The union tree, employers, regions, lines of industry, applications for new unions, and grants."""

from gonghui.orgs.models.registrations import RegistrationPaper, UnionRegistration
from gonghui.orgs.models.unions import Employer, Grant, IndustryLine, Region, Staff, Union, UnionKind

__all__ = [
    "Employer",
    "Grant",
    "IndustryLine",
    "Region",
    "RegistrationPaper",
    "Staff",
    "Union",
    "UnionKind",
    "UnionRegistration",
]
