"""Every write to partners, applications, agreements, roles and clerks."""

from gonghui.partners.actions.agreements import (
    draft_agreement,
    follow_agreement,
    recall_agreement,
    register_payout_account,
    renew_agreement,
    send_agreement,
    sign_agreement,
    terminate_agreement,
)
from gonghui.partners.actions.applications import (
    approve_application,
    ask_applicant,
    attach_licence,
    enter_application,
    reject_application,
    save_application,
    submit_application,
    take_application,
    withdraw_application,
)
from gonghui.partners.actions.partners import (
    exit_partner,
    leave_partner,
    place_partner,
    resume_partner,
    suspend_partner,
)
from gonghui.partners.actions.people import (
    account_reached_by,
    appoint_clerk,
    appoint_merchant,
    dismiss_clerk,
    end_merchant_role,
)

__all__ = [
    "account_reached_by",
    "appoint_clerk",
    "appoint_merchant",
    "approve_application",
    "ask_applicant",
    "attach_licence",
    "dismiss_clerk",
    "draft_agreement",
    "end_merchant_role",
    "enter_application",
    "exit_partner",
    "follow_agreement",
    "leave_partner",
    "place_partner",
    "recall_agreement",
    "register_payout_account",
    "reject_application",
    "renew_agreement",
    "resume_partner",
    "save_application",
    "send_agreement",
    "sign_agreement",
    "submit_application",
    "suspend_partner",
    "take_application",
    "terminate_agreement",
    "withdraw_application",
]
