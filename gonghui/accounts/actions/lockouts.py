"""Repeated failures lock a phone, a login or an address for a while."""

from __future__ import annotations

import structlog

from gonghui.accounts.errors import LOCKED
from gonghui.accounts.models import Lockout
from gonghui.accounts.rules import LOCK_POLICIES, within_window
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import DomainError
from gonghui.kit.templatetags.kit import cn_when

log = structlog.get_logger("gonghui.accounts")
Subject = tuple[str, str]
"""(kind, value): ("phone", "138…"), ("address", "10.0.0.0"). An empty value is nobody and never locks."""


def _subjects(*subjects: Subject) -> list[str]:
    return [f"{kind}:{value}" for kind, value in subjects if value]


def lock_refusal(*subjects: Subject) -> DomainError | None:
    """The refusal that says until when, if any of these is locked now."""
    locks = Lockout.objects.unscoped("asked by the subject's hash").filter(
        subject__in=_subjects(*subjects), locked_until__gt=now()
    )
    until = max((lock.locked_until for lock in locks), default=None)
    return DomainError(LOCKED, until=cn_when(until)) if until else None


def require_unlocked(*subjects: Subject) -> None:
    if refused := lock_refusal(*subjects):
        raise refused


@action
def count_failures(actor: Actor, *, subjects: tuple[Subject, ...]) -> None:
    """One more failure each; a full window locks. Call it so that the count outlives the refusal."""
    for kind, value in subjects:
        if value:
            _count(kind, f"{kind}:{value}")


def _count(kind: str, subject: str) -> None:
    policy, moment = LOCK_POLICIES[kind], now()
    Lockout.objects.bulk_create([Lockout(subject=subject, kind=kind)], ignore_conflicts=True)
    row = Lockout.objects.unscoped("this subject's own row").select_for_update().get(subject=subject)
    row.failed_at = [*within_window(row.failed_at, moment, policy), moment]
    if len(row.failed_at) >= policy.failures_max:
        row.locked_until, row.failed_at = moment + policy.lock, []
        log.warning("locked", kind=kind)
    row.save(update_fields=["failed_at", "locked_until", "updated_at"])


@action
def forget_failures(actor: Actor, *, subjects: tuple[Subject, ...]) -> None:
    """After success: the window starts empty. An address is never forgiven by one success among many."""
    Lockout.objects.unscoped("this subject's own row").filter(subject__in=_subjects(*subjects)).update(
        failed_at=[], locked_until=None
    )
