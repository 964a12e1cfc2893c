"""What goes by itself when its time is over. An app says so in its `forgetting.py`, next to what becomes of a person's rows.

ends("messages", "notices.Message", _("消息"), days=730)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.apps import apps
from django.db import transaction
from django.db.models import F, Q
from django.utils.functional import Promise

from gonghui.kit import clock
from gonghui.kit.actions import name_actor
from gonghui.kit.actors import Actor

log = structlog.get_logger("gonghui.members")
BATCH_ROWS = 1000
WHY = "removed when its time is over"


@dataclass(frozen=True, slots=True)
class Kind:
    """`over` says of which rows the time is over, were it now; by their age unless told."""

    code: str
    label: str
    what: str | Promise
    days: int
    over: Callable[[datetime], Q]


kinds: dict[str, Kind] = {}


def ends(
    code: str,
    label: str,
    what: str | Promise,
    *,
    days: int,
    over: Callable[[datetime], Q] = lambda before: Q(created_at__lt=before),
) -> None:
    kinds[code] = Kind(code, label, what, days, over)


def rules() -> dict[str, Any]:
    """Kind → its rule; one that is new gets the days its app proposes."""
    model: Any = apps.get_model("members.RetentionRule")
    fresh = [model(kind=kind.code, days=kind.days) for kind in kinds.values()]
    model.objects.bulk_create(fresh, ignore_conflicts=True)
    return {rule.kind: rule for rule in model.objects.filter(kind__in=kinds)}


def remove_what_is_over(actor: Actor) -> dict[str, int]:
    """Batch by batch, each counted in its own transaction: a killed run has lost nothing it counted."""
    found = {}
    for code, rule in rules().items():
        kind, moment = kinds[code], clock.now()
        type(rule).objects.filter(pk=rule.pk).update(removed_last=0, ran_at=moment)
        found[code] = 0
        while gone := _one_batch(actor, kind, rule, moment - timedelta(days=rule.days)):
            found[code] += gone
        if found[code]:
            log.info("retention_removed", kind=code, rows=found[code])
    return found


def _one_batch(actor: Actor, kind: Kind, rule: Any, before: datetime) -> int:
    manager = apps.get_model(kind.label)._default_manager
    with transaction.atomic():
        name_actor(actor)
        over = manager.unscoped(WHY).filter(kind.over(before)).order_by("pk")
        ids = list(
            over.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH_ROWS]
        )
        manager.unscoped(WHY).filter(pk__in=ids).delete()
        counted = type(rule).objects.filter(pk=rule.pk)
        counted.update(removed=F("removed") + len(ids), removed_last=F("removed_last") + len(ids))
    return len(ids)
