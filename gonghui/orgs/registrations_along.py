"""Applications for unions below one that ends: they go along, to be decided where it went."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.orgs import errors
from gonghui.orgs.endings import Ending, InFlight
from gonghui.orgs.models import Union, UnionRegistration
from gonghui.orgs.models.registrations import LIVE_STATES


def _open_at(union: Union):
    found = UnionRegistration.objects.unscoped("below a union that ends").filter(parent=union)
    return found.filter(state__in=("draft", *LIVE_STATES))


def carry(actor: Actor, ending: Ending) -> None:
    """Approving waits for the tree, so nobody decides meanwhile. Two of one name below one union are settled first."""
    waiting = _open_at(ending.union)
    sent = _open_at(ending.into).filter(state__in=LIVE_STATES).values("name")
    twins = waiting.filter(state__in=LIVE_STATES, name__in=sent).order_by("name")
    names = list(twins.values_list("name", flat=True)[:3])
    require(not names, errors.REGISTRATION_NAMESAKES, names="”“".join(names))
    waiting.update(parent=ending.into, updated_at=clock.now())


FLIGHT = InFlight(_("建会申请"), lambda union: _open_at(union).count(), carry)
