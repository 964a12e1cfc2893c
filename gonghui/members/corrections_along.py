"""更正申请 when a union ends: those of its members have followed them (sql/); the rest goes where the members went."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import CorrectionRequest
from gonghui.orgs.endings import Ending, InFlight
from gonghui.orgs.models import Union


def open_at(union: Union):
    return CorrectionRequest.objects.unscoped("of a union that ends").filter(union=union, state="open")


def carry(actor: Actor, ending: Ending) -> None:
    open_at(ending.union).update(union=ending.into, updated_at=clock.now())


FLIGHT = InFlight(_("待核对的更正申请"), lambda union: open_at(union).count(), carry)
