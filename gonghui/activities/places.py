"""The places an organiser may choose from: halls with their seats, and stores without halls."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from gonghui.activities.rules import Place
from gonghui.kit.actors import Actor
from gonghui.kit.console.choosing import choices_of
from gonghui.partners.models import Hall, Store

SEATS_MAX = 100_000
SEATS_DIGITS_MAX = 6


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    key: str
    place: Place
    partner_id: int
    partner: str
    address: str = ""

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def seats(self) -> int:
        """0 where the organiser says how many."""
        return self.place.seats

    @property
    def seats_name(self) -> str:
        return f"seats-{self.key}"

    def with_seats(self, typed: str | None) -> Place:
        """With the number typed beside it; a hall left empty gives all its seats."""
        text = (typed or "").strip()
        if not text and self.seats:
            return self.place
        if not text.isdecimal() or len(text) > SEATS_DIGITS_MAX or not 1 <= int(text) <= SEATS_MAX:
            raise ValidationError(_("请填写“%s”每场的名额。") % self.name)
        if self.seats and int(text) > self.seats:
            raise ValidationError(
                _("“%(name)s”只有 %(seats)s 座。") % {"name": self.name, "seats": self.seats}
            )
        return replace(self.place, seats=int(text))


def place_choices(actor: Actor) -> list[PlaceChoice]:
    """Stores of partners in the actor's subtree, and those a union above them has signed for all."""
    above = {
        int(part) for grant in actor.reaches("activities.write") for part in grant.path.strip(".").split(".")
    }
    stores = (
        Store.objects.visible_to(actor)
        .filter(
            Q(pk__in=choices_of(admin.site, Store, actor).order_by().values("pk"))
            | Q(partner__union__in=above)
        )
        .filter(partner__state="active")
        .select_related("partner")
        .prefetch_related(Prefetch("halls", Hall.objects.visible_to(actor).order_by("name")))
        .order_by("partner__name", "name")
    )
    return [choice for store in stores for choice in _choices_at(store)]


def _choices_at(store: Store) -> list[PlaceChoice]:
    partner = {"partner_id": store.partner_id, "partner": store.partner.name, "address": store.address}
    halls = [
        PlaceChoice(
            f"h{hall.pk}", Place(store.pk, f"{store.name} {hall.name}", hall.seats, hall.pk), **partner
        )
        for hall in store.halls.all()
    ]
    return halls or [PlaceChoice(f"s{store.pk}", Place(store.pk, store.name, 0), **partner)]
