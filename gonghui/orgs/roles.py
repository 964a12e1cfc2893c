"""Roles are data: a role is a set of verbs. A grant gives a role over a subtree (`orgs.Grant`)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VIEW = frozenset(
    {
        "unions.view",
        "members.view",
        "activities.view",
        "releases.view",
        "vouchers.view",
        "partners.view",
        "reports.view",
        "rosters.view",
        "feedback.view",
        "notices.view",
        "mall.view",
        "complaints.view",
        "joining.view",
        "audiences.view",
        "opsdesk.ask",
        "counter.view",
    }
)
RUN = frozenset(
    {
        "members.import",
        "members.unmask",
        "activities.write",
        "activities.announce",
        "releases.write",
        "releases.pause",
        "partners.write",
        "notices.send",
        "vouchers.void",
        "reports.export",
        "members.export",
        "exports.view",
        "draws.run",
        "feedback.write",
        "mall.write",
        "joining.write",
        "audiences.write",
        "opsdesk.answer",
        "counter.write",
    }
)
CHECK = frozenset(
    {
        "activities.review",
        "releases.review",
        "releases.pause",
        "rosters.apply",
        "draws.void",
        "members.verify",
        "partners.review",
        "mall.review",
        "complaints.rule",
        "unions.review",
        "joining.review",
        "transfers.decide",
        "exports.view",
        "exports.approve",
        "counter.confirm",
        "notices.review",
    }
)
SEE_MONEY = frozenset(
    {"ledger.view", "budgets.view", "points.view", "bills.view", "payments.view", "settlements.view"}
)


@dataclass(frozen=True, slots=True)
class Role:
    code: str
    name: str | Promise
    verbs: frozenset[str]


ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        Role(
            "org_admin",
            _("工会管理员"),
            VIEW
            | RUN
            | CHECK
            | SEE_MONEY
            | {
                "unions.write",
                "grants.write",
                "audit.view",
                "members.sensitive",
                "privacy.view",
                "privacy.write",
                "budgets.write",
                "points.write",
                "bills.refund",
                "settlements.approve",
                "health.view",
                "health.write",
                "health.review",
            },
        ),
        Role(
            "operator",
            _("运营人员"),
            VIEW
            | (RUN - {"members.unmask", "members.export"})
            | {"points.view", "points.write", "bills.view"},
        ),
        Role("reviewer", _("复核人员"), VIEW | CHECK),
        # Who takes part in a health plan is health data: a post of its own, beside the administrators. Plans are of cities
        # and the province only, so that a grant below them opens none.
        Role(
            "health_officer",
            _("健康关爱专员"),
            frozenset({"unions.view", "partners.view", "budgets.view", "health.view", "health.write"}),
        ),
        Role(
            "finance_officer",
            _("财务人员"),
            SEE_MONEY
            | {
                "unions.view",
                "activities.view",
                "releases.view",
                "partners.view",
                "reports.view",
                "reports.export",
                "exports.view",
                "funds.write",
                "budgets.approve",
                "rules.write",
                "points.check",
                "complaints.view",
                "payments.write",
                "bills.refund",
                "settlements.write",
            },
        ),
        Role(
            "audit_committee",
            _("经费审查委员会"),
            SEE_MONEY
            | {
                "unions.view",
                "activities.view",
                "releases.view",
                "partners.view",
                "reports.view",
                "audit.view",
                "complaints.view",
                "decisions.object",
            },
        ),
        Role("judge", _("评审专家"), frozenset({"unions.view"})),
        # Mends the platform for the whole province: sees what is asked of it, and nobody's data.
        Role(
            "technical_team",
            _("平台技术团队"),
            frozenset({"unions.view", "opsdesk.ask", "opsdesk.answer", "opsdesk.mend"}),
        ),
    )
}


def verbs_of(role: str) -> frozenset[str]:
    return ROLES[role].verbs if role in ROLES else frozenset()
