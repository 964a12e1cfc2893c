"""闲时名额 for the union: how well the windows it funds are used, by weekday and hour."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.scope import BySubtree
from gonghui.partners.models import Store
from gonghui.settlement.seats import SHOWN_MAX, seats_of
from gonghui.settlement.traffic import FEWEST, WINDOW

STORES = BySubtree("partner__union__path", verb="settlements.view")


def stores_below(actor: Actor) -> list[int]:
    """Of merchants with an agreement below the actor's unions."""
    found = Store.objects.unscoped("below the actor's unions").filter(STORES.condition(actor))
    return list(found.order_by("id").values_list("pk", flat=True))


@console_page(
    "settlement/seats", name="seats", needs="settlements.view", title=gettext_lazy("闲时名额"), icon="event_seat",
    group="settlement", order=65,
)  # fmt: skip
def seats_page(request: HttpRequest) -> HttpResponse:
    facts = {
        "seats": seats_of(stores_below(request.actor)),
        "days": WINDOW.days,
        "few": FEWEST,
        "most": SHOWN_MAX,
    }
    return render(request, "settlement/console/seats.html", page_facts(request, _("闲时名额"), **facts))
