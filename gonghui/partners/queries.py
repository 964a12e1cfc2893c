"""Reads others build on: the tree, the agreement of a day, whether a store may trade."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet

from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.partners import errors
from gonghui.partners.models import Agreement, MerchantRole, Partner, Store
from gonghui.partners.models.agreements import BINDING

CHAIN = """
WITH RECURSIVE chain(id, parent_id, step) AS (
    SELECT id, parent_id, 0 FROM partners_partner WHERE id = %s
    UNION ALL
    SELECT p.id, p.parent_id, c.step + 1 FROM partners_partner p JOIN chain c ON p.id = c.parent_id
)
SELECT id FROM chain ORDER BY step
"""


def chain_of(partner_id: int) -> list[int]:
    """The partner and those above it, nearest first."""
    with connection.cursor() as cursor:
        cursor.execute(CHAIN, [partner_id])
        return [row[0] for row in cursor.fetchall()]


def stores_of_partner(partner_id: int) -> QuerySet[Store]:
    return Store.objects.unscoped("the stores of one partner").filter(partner_id=partner_id).order_by("id")


def agreement_on(partner_id: int, day: date) -> Agreement | None:
    """In force that day: its own, or else that of the nearest above it in the chain."""
    chain = chain_of(partner_id)
    found = Agreement.objects.unscoped("the agreement of a day").filter(
        Q(ends_on=None) | Q(ends_on__gte=day), partner_id__in=chain, state__in=BINDING, starts_on__lte=day
    )
    return min(found.order_by("id"), key=lambda one: chain.index(one.partner_id), default=None)


TRADE = """
WITH RECURSIVE chain(id, parent_id, step) AS (
    SELECT p.id, p.parent_id, 0 FROM partners_partner p JOIN partners_store s ON s.partner_id = p.id WHERE s.id = %(store)s
    UNION ALL
    SELECT p.id, p.parent_id, c.step + 1 FROM partners_partner p JOIN chain c ON p.id = c.parent_id
)
SELECT p.state, p.name, c.step = 0,
       EXISTS (SELECT FROM partners_agreement a WHERE a.partner_id = p.id AND a.state = ANY(%(binding)s)
                  AND a.starts_on <= %(day)s AND (a.ends_on IS NULL OR a.ends_on >= %(day)s))
  FROM chain c JOIN partners_partner p ON p.id = c.id ORDER BY p.id
"""


def may_trade(store_id: int, day: date) -> DomainError | None:
    """Why nothing new may be offered or honoured at this store that day; None where it may. One query: every bill asks."""
    with connection.cursor() as cursor:
        cursor.execute(TRADE, {"store": store_id, "day": day, "binding": list(BINDING)})
        chain = cursor.fetchall()
    for state, name, _own, _agreed in chain:
        if state != "active":
            reason = errors.PARTNER_EXITED if state == "exited" else errors.PARTNER_SUSPENDED
            return DomainError(reason, partner=name)
    if not any(agreed for *_facts, agreed in chain):
        return DomainError(errors.NO_AGREEMENT, partner=next(name for _state, name, own, _a in chain if own))
    return None


def merchant_user_ids(partner_id: int, *, owners_only: bool = False) -> list[int]:
    """Who acts for this partner: those over it and over those above it."""
    found = MerchantRole.objects.unscoped("whom to tell").filter(
        partner_id__in=chain_of(partner_id), ended_at=None, store=None
    )
    if owners_only:
        found = found.filter(role="owner")
    return list(found.order_by("user_id").values_list("user_id", flat=True).distinct())


def own_partners(actor: Actor) -> QuerySet[Partner]:
    """The actor's own and those below, whatever their state."""
    return Partner.objects.visible_to(actor).filter(pk__in=actor.owns("partner")).order_by("id")


def own_stores(actor: Actor) -> QuerySet[Store]:
    """Whose clerks and money the actor may see."""
    found = Store.objects.visible_to(actor).filter(pk__in=actor.owns("books"))
    return found.select_related("partner").order_by("partner_id", "id")


def partner_names(ids: list[int]) -> dict[int, str]:
    """For accounts and transfers already seen."""
    found = Partner.objects.unscoped("names on a statement").filter(pk__in=ids)
    return dict(found.values_list("pk", "name"))
