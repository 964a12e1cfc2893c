"""Many applications out of one sheet: right lines are submitted, wrong ones come back with why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.orgs.actions.registrations import draft_registration, parent_to_write, send_registration
from gonghui.orgs.models import UnionRegistration
from gonghui.orgs.registration_sheets import Line, Reader


@dataclass(frozen=True, slots=True)
class Settled:
    line: Line
    row: UnionRegistration | None = None
    refusal: str = ""


@action
def apply_by_sheet(actor: Actor, *, parent_id: int, lines: Sequence[Line]) -> list[Settled]:
    """Each line by itself; the same sheet again brings nothing twice. Papers are shown to whoever decides."""
    parent_to_write(actor, parent_id)
    reader = Reader(lines)
    return [_settled(actor, parent_id, line, reader) for line in lines]


def _settled(actor: Actor, parent_id: int, line: Line, reader: Reader) -> Settled:
    try:
        with transaction.atomic():
            row = draft_registration(actor, parent_id=parent_id, new=reader.read(line))
            return Settled(line, send_registration(row))
    except DomainError as error:
        return Settled(line, refusal=str(error))
