"""Every write of the tree, of applications for new unions, of grants and of staff accounts."""

from gonghui.orgs.actions.calendar import write_notice
from gonghui.orgs.actions.endings import dissolve_union, merge_union
from gonghui.orgs.actions.grants import NewGrant, end_grant, hand_on_grant
from gonghui.orgs.actions.registration_sheets import apply_by_sheet
from gonghui.orgs.actions.registrations import (
    NewRegistration,
    amend_and_resubmit,
    amend_registration,
    apply_for_union,
    approve_registration,
    draft_registration,
    reject_registration,
    return_registration,
    submit_registration,
    withdraw_registration,
)
from gonghui.orgs.actions.staff import (
    add_colleague,
    forget_colleague_totp,
    open_first_account,
    reset_colleague_password,
    switch_off_colleague,
    switch_on_colleague,
)
from gonghui.orgs.actions.unions import (
    NewUnion,
    add_union,
    move_union,
    open_pool,
    record_employer_code,
    record_union_code,
    register_employer,
    rename_union,
    resume_union,
    suspend_union,
)

__all__ = [
    "NewGrant",
    "NewRegistration",
    "NewUnion",
    "add_colleague",
    "add_union",
    "amend_and_resubmit",
    "amend_registration",
    "apply_by_sheet",
    "apply_for_union",
    "approve_registration",
    "dissolve_union",
    "draft_registration",
    "end_grant",
    "forget_colleague_totp",
    "hand_on_grant",
    "merge_union",
    "move_union",
    "open_first_account",
    "open_pool",
    "record_employer_code",
    "record_union_code",
    "register_employer",
    "reject_registration",
    "rename_union",
    "reset_colleague_password",
    "resume_union",
    "return_registration",
    "submit_registration",
    "suspend_union",
    "switch_off_colleague",
    "switch_on_colleague",
    "withdraw_registration",
    "write_notice",
]
