"""Every write of the tree, of grants and of staff accounts."""

from gonghui.orgs.actions.grants import NewGrant, end_grant, hand_on_grant
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
    dissolve_union,
    move_union,
    register_employer,
    rename_union,
    resume_union,
    suspend_union,
)

__all__ = [
    "NewGrant",
    "NewUnion",
    "add_colleague",
    "add_union",
    "dissolve_union",
    "end_grant",
    "forget_colleague_totp",
    "hand_on_grant",
    "move_union",
    "open_first_account",
    "register_employer",
    "rename_union",
    "reset_colleague_password",
    "resume_union",
    "suspend_union",
    "switch_off_colleague",
    "switch_on_colleague",
]
