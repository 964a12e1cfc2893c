"""From a transfer to the bill, the offer or the provider's coupon it was made for."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.benefits.models import Release
from gonghui.bills.models import Bill, BillRefund, ExternalUse, OfferTerms, StockFunding
from gonghui.bills.origins import lineage_of
from gonghui.funds.leads import budget_lead
from gonghui.funds.models import Budget
from gonghui.kit.actors import Actor
from gonghui.ledger.leads import LEADERS, Lead

WHY = "the name of what a transfer already seen was made for"


def funder_lead(actor: Actor, budget: Budget, detail: str = "") -> Lead:
    """A budget that gave, with its way from the source in words. The caller has fetched its union."""
    way = " → ".join(step.name for step in lineage_of({budget.pk})[budget.pk])
    said = f"{detail} · {way}" if detail else way
    return budget_lead(actor, budget, label=_("出资预算"), detail=said)


def bill_lead(actor: Actor, bill: Bill) -> Lead:
    sees = actor.may("bills.view", bill.union.path)
    address = reverse("admin:bill", args=[bill.pk]) if sees else ""
    return Lead(_("账单"), f"B{bill.pk}", address, bill.store.name)


def of_bill(actor: Actor, bill_id: int) -> list[Lead]:
    found = Bill.objects.unscoped(WHY).select_related("union", "store").filter(pk=bill_id)
    return [bill_lead(actor, bill) for bill in found]


def of_refund(actor: Actor, refund_id: int) -> list[Lead]:
    found = BillRefund.objects.unscoped(WHY).filter(pk=refund_id)
    return [lead for refund in found for lead in of_bill(actor, refund.bill_id)]


def of_use(actor: Actor, use_id: int) -> list[Lead]:
    use = (
        ExternalUse.objects.unscoped(WHY)
        .select_related("funding__stock__union", "funding__budget__union")
        .filter(pk=use_id)
        .first()
    )
    if use is None:
        return []
    stock = use.funding.stock
    sees = actor.may("payments.view", stock.union.path)
    address = reverse("admin:external_use", args=[use.pk]) if sees else ""
    return [Lead(_("外部券使用"), stock.name, address, use.use_id), funder_lead(actor, use.funding.budget)]


def of_stock(actor: Actor, stock_id: int) -> list[Lead]:
    found = (
        StockFunding.objects.unscoped(WHY).select_related("stock__union").filter(stock_id=stock_id).first()
    )
    if found is None:
        return []
    sees = actor.may("payments.view", found.stock.union.path)
    address = reverse("admin:bills_stockfunding_change", args=[found.pk]) if sees else ""
    return [Lead(_("外部券批次"), found.stock.name, address)]


def of_offer(actor: Actor, terms_id: int) -> list[Lead]:
    terms = OfferTerms.objects.unscoped(WHY).select_related("offer__union").filter(pk=terms_id).first()
    if terms is None:
        return []
    sees = actor.may("releases.view", terms.offer.union.path)
    return [Lead(_("优惠"), terms.offer.title, reverse("admin:offer", args=[terms.pk]) if sees else "")]


def of_release(actor: Actor, release_id: int) -> list[Lead]:
    release = Release.objects.unscoped(WHY).select_related("offer", "union").filter(pk=release_id).first()
    if release is None:
        return []
    sees = actor.may("releases.view", release.union.path)
    address = reverse("admin:benefits_release_change", args=[release.pk]) if sees else ""
    return [Lead(_("发放批次"), release.offer.title, address)]


def register_leads() -> None:
    told = {"bill": of_bill, "bill_refund": of_refund, "external": of_use, "stock": of_stock,
            "offer": of_offer, "release": of_release}  # fmt: skip
    for word, leader in told.items():
        LEADERS[word].append(leader)
