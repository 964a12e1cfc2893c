"""Worker groups people may be picked by: those that tell of hardship by who holds `members.sensitive` only."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from gonghui.kit.actors import Actor
from gonghui.members.models import WorkerGroup

SENSITIVE_GROUPS = ("hardship",)
"""Kinds of worker groups that are sensitive personal data, as the tags of `models.tags.SENSITIVE` are."""


def groups_open_to(actor: Actor, verb: str) -> QuerySet[WorkerGroup]:
    """Sensitive ones where the actor may use them wherever they may do `verb`."""
    found = WorkerGroup.objects.order_by("id")
    held = actor.reaches(verb)
    is_trusted = bool(held) and all(actor.may("members.sensitive", one.path, one.line) for one in held)
    return found if is_trusted or actor.is_system else found.exclude(kind__in=SENSITIVE_GROUPS)


def are_sensitive(codes: Iterable[str]) -> bool:
    """Any of these groups is."""
    wanted = list(codes)
    found = WorkerGroup.objects.filter(code__in=wanted, kind__in=SENSITIVE_GROUPS)
    return bool(wanted) and found.exists()
