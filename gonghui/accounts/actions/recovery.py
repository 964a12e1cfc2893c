"""恢复码: ten codes on paper, each opens the second step once when the phone with the authenticator is lost."""

from __future__ import annotations

import structlog

from gonghui.accounts import rules
from gonghui.accounts.actions import answered
from gonghui.accounts.actions.lockouts import count_failures, forget_failures, lock_refusal
from gonghui.accounts.errors import TOTP_WRONG
from gonghui.accounts.models import RecoveryCode, User
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, DomainError, require
from gonghui.kit.locks import lock_name

log = structlog.get_logger("gonghui.accounts")


def make_recovery_codes(actor: Actor, *, code: str, address: str = "") -> list[str]:
    """Shown once, kept as hashes; those made before are void. Asks for a time-based code: an open screen is not enough."""
    return answered(_try_making(actor, code=rules.digits_of(code), address=address))


@action
def _try_making(actor: Actor, *, code: str, address: str) -> list[str] | DomainError:
    subjects = (("totp", str(actor.user_id)), ("address", address))
    lock_name("totp", str(actor.user_id))
    if refused := lock_refusal(*subjects):
        return refused
    found = User.objects.visible_to(actor).filter(pk=actor.user_id, is_staff=True, is_active=True)
    user = found.exclude(totp_confirmed_at=None).select_for_update().first()
    require(user, NOT_ALLOWED)
    step = rules.matching_totp_step(user.totp_secret, code, now())
    if step is None or step <= user.totp_last_step:
        count_failures(actor, subjects=subjects)
        return lock_refusal(*subjects) or DomainError(TOTP_WRONG)
    User.objects.visible_to(actor).filter(pk=user.pk).update(totp_last_step=step, updated_at=now())
    forget_failures(actor, subjects=subjects[:1])
    codes = [rules.recovery_code() for _nth in range(rules.RECOVERY_CODES)]
    drop_recovery_codes(user.pk)
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, code_hash=rules.recovery_hash(user.pk, one)) for one in codes
    )
    log.info("recovery_codes_made", user=user.pk)
    return codes


def spend_recovery_code(user_id: int, code: str) -> bool:
    """For actions: compare-and-set, so of two who send the same code one gets in."""
    unused = RecoveryCode.objects.unscoped("of the user whose password was checked").filter(
        user_id=user_id, code_hash=rules.recovery_hash(user_id, code), used_at=None
    )
    return bool(unused.update(used_at=now()))


def drop_recovery_codes(user_id: int) -> None:
    """For actions: a new authenticator, or new codes, void them all."""
    RecoveryCode.objects.unscoped("the action's own user").filter(user_id=user_id).delete()
