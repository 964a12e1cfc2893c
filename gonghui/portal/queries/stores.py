"""惠工地图: the stores that give something to members, what each gives, and how far it is. What 优惠 prints, by store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.partners.models import Store
from gonghui.partners.models.venues import PartnerKind
from gonghui.portal.distances import Place, metres_to, said_distance
from gonghui.portal.queries.offers import OfferShown, offers_without_stores

GIVEN_NAMED = 3
STREET = re.compile(r"\s*(\D{1,6}[路街道巷][东南西北中]?)\s*\d")
STREET_DEGREES = 0.02
KIND_ICONS = {
    "park": "tree", "cinema": "film", "theatre": "culture", "museum": "culture", "sports": "sport", "cruise": "boat",
    "library": "learning", "palace": "org", "department": "org", "food": "bowl", "retail": "bag", "car": "car",
    "health": "cross", "living": "home",
}  # fmt: skip


class Wanted(NamedTuple):
    """By what the reader narrows the map down; nothing: everything."""

    kind: str = ""
    now: bool = False
    family: bool = False
    mine: bool = False

    def takes(self, given: Given) -> bool:
        shown = given.shown
        return (
            (given.is_usable or not self.now)
            and (shown.terms.family or not self.family)
            and (given.suits or not self.mine)
        )


EVERYTHING = Wanted()


class Given(NamedTuple):
    """One offer as it stands at one store: of its windows only those that hold there."""

    shown: OfferShown
    is_usable: bool
    is_open: bool
    suits: bool
    rank: tuple = ()


@dataclass(frozen=True, slots=True)
class StoreShown:
    """As a row, a pin or a page shows it; what can be used now comes first."""

    store: Store
    given: tuple[Given, ...]
    metres: float | None = None

    @property
    def kind(self) -> str:
        return self.store.partner.kind

    @property
    def kind_label(self) -> str:
        return self.store.partner.get_kind_display()

    @property
    def icon(self) -> str:
        return KIND_ICONS.get(self.kind, "store")

    @property
    def far(self) -> str:
        return "" if self.metres is None else said_distance(self.metres)

    @property
    def is_usable(self) -> bool:
        return self.given[0].is_usable

    @property
    def has_place(self) -> bool:
        return self.store.latitude is not None and self.store.longitude is not None

    @property
    def given_named(self) -> tuple[Given, ...]:
        return self.given[:GIVEN_NAMED]

    @property
    def given_more(self) -> int:
        return max(0, len(self.given) - GIVEN_NAMED)

    @property
    def rank(self) -> tuple:
        """The nearest first; where nobody knows, what can be used now, then by name."""
        far = inf if self.metres is None else self.metres
        return (far, not self.is_usable, not self.given[0].is_open, self.store.name, self.store.pk)


def stores_now(
    actor: Actor, wanted: Wanted = EVERYTHING, *, near: Place | None = None, store_id: int | None = None
) -> list[StoreShown]:
    """Six queries at most, however many stores; the work grows with the stores that give something, not with the page."""
    offers = {one.row.pk: one for one in offers_without_stores(actor, store_id=store_id)}
    kept: dict[tuple, Given | None] = {}
    shown = []
    for store in _open_stores(list(offers), store_id):
        given = filter(None, (_given(offers[pk], store.pk, kept) for pk in store.terms_ids))
        if taken := sorted((one for one in given if wanted.takes(one)), key=lambda one: one.rank):
            shown.append(StoreShown(store, tuple(taken), metres_to(store, near)))
    return sorted(of_kind(shown, wanted.kind), key=lambda one: one.rank)


def store_now(actor: Actor, store_id: int, *, near: Place | None = None) -> StoreShown:
    found = stores_now(actor, near=near, store_id=store_id)
    require(found, NOT_FOUND)
    return found[0]


def of_kind(shown: Iterable[StoreShown], kind: str) -> list[StoreShown]:
    return [one for one in shown if not kind or one.kind == kind]


def kinds_of(shown: Iterable[StoreShown]) -> list[tuple[str, str, int]]:
    """Code, name and number of stores of every kind there is, most first, then in the order of the glossary."""
    counts = Counter(one.kind for one in shown)
    found = [(code, str(label), counts[code]) for code, label in PartnerKind.choices if code in counts]
    return sorted(found, key=lambda kind: -kind[2])


def streets_of(shown: Iterable[StoreShown]) -> list[tuple]:
    """Names on the ground where no tiles are: of the streets on which two stores or more stand, each with the places halfway
    from one store to the next."""
    found: dict[str, list[Place]] = {}
    for one in shown:
        street = STREET.match(one.store.address)
        if street and one.has_place:
            found.setdefault(street[1], []).append(
                Place(float(one.store.latitude), float(one.store.longitude))
            )
    return [
        (name, *_halfway(places))
        for name, places in found.items()
        if len(places) > 1 and _spread(places) < STREET_DEGREES
    ]


def _halfway(places: list[Place]) -> list[Place]:
    lies_across = max(one.longitude for one in places) - min(one.longitude for one in places)
    lies_down = max(one.latitude for one in places) - min(one.latitude for one in places)
    along = sorted(places, key=lambda one: one.longitude if lies_across > lies_down else one.latitude)
    return [
        Place(round((a.latitude + b.latitude) / 2, 5), round((a.longitude + b.longitude) / 2, 5))
        for a, b in pairwise(along)
    ]


def _spread(places: list[Place]) -> float:
    """Two streets of one name in two towns are none."""
    return max(max(axis) - min(axis) for axis in zip(*places, strict=True))


def _open_stores(terms_ids: list[int], store_id: int | None) -> Iterable[Store]:
    """Of partners that stand: a suspended one has left the members' pages, also for its own clerks. Each with `terms_ids`."""
    here = Q(offer_stores__terms__in=terms_ids)
    found = Store.objects.unscoped("printed on the offer").filter(here, partner__state="active")
    if store_id:
        found = found.filter(pk=store_id)
    found = found.annotate(terms_ids=ArrayAgg("offer_stores__terms", filter=here))
    names = ("name", "address", "phone", "latitude", "longitude", "partner__name", "partner__kind")
    return found.select_related("partner").only(*names)


def _given(shown: OfferShown, store_id: int, kept: dict[tuple, Given | None]) -> Given | None:
    """Worked out once for all stores where the same windows hold."""
    here = tuple(one for one in shown.windows if not one.store_ids or store_id in one.store_ids)
    key = (shown.row.pk, *(one.id for one in here))
    if key not in kept:
        holds = here or not shown.windows
        kept[key] = given_of(replace(shown, printed=replace(shown.printed, windows=here))) if holds else None
    return kept[key]


def given_of(shown: OfferShown) -> Given:
    usable, is_open = shown.is_usable, shown.is_open
    return Given(shown, usable, is_open, shown.suits_reader, (not usable, not is_open, shown.rank))


def stores_of(shown: OfferShown) -> list[StoreShown]:
    """Of one offer, for the small map of its page; its stores are read already."""
    given = (given_of(shown),)
    return [
        StoreShown(store, given)
        for store in shown.stores
        if store.partner.state == "active" and store.latitude is not None
    ]
