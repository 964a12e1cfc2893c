"""Which sections are liked best, and a subsidy for them: from the day's counts to an offer that waits for its review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from gonghui.bills import pricing
from gonghui.bills.actions.terms import write_terms
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.funds.models import Budget
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.mall import errors
from gonghui.mall.models import Interest, RankingSnapshot, Shop, Subsidy
from gonghui.mall.models.interest import RANKED_MAX
from gonghui.members.models import Consent

PURPOSE = "interests"
VERSION = 1
WEIGHTS = {"view": 1, "favourite": 3, "purchase": 5}
LOOK_BACK = timedelta(days=28)
KEPT = timedelta(days=90)
FEWEST = 10
"""A section fewer people cared about is no figure."""
WHY = "sums of sections"


def note_interest(actor: Actor, *, product_ids: Iterable[int], kind: str) -> None:
    """Once a day, and only with the consent."""
    if actor.person_id is None or not has_consented(actor):
        return
    day = clock.today()
    rows = [Interest(person_id=actor.person_id, product_id=pk, kind=kind, day=day) for pk in product_ids]
    Interest.objects.bulk_create(rows, ignore_conflicts=True)


def has_consented(actor: Actor) -> bool:
    return Consent.objects.visible_to(actor).filter(purpose=PURPOSE, withdrawn_at=None).exists()


@action
def take_snapshot(actor: Actor, *, day: date) -> RankingSnapshot:
    """Of the four weeks before `day`; taken once. What nobody consents to any more, and what is old, goes first."""
    known = RankingSnapshot.objects.unscoped(WHY).filter(to_day=day, version=VERSION).first()
    if known:
        return known
    _forget(day)
    found = Interest.objects.unscoped(WHY).filter(day__gt=day - LOOK_BACK, day__lte=day)
    counts = {f"{kind}s": Count("pk", filter=Q(kind=kind)) for kind in WEIGHTS}
    rows = found.values("product__section__code", "product__section__name").annotate(
        people=Count("person", distinct=True), **counts
    )
    items = [_item(row) for row in rows.filter(people__gte=FEWEST)]
    items.sort(key=lambda item: (-item["score"], item["code"]))
    return RankingSnapshot.objects.create(
        from_day=day - LOOK_BACK + timedelta(days=1), to_day=day, version=VERSION, weights=WEIGHTS, items=items[:RANKED_MAX]
    )  # fmt: skip


def _item(row: dict) -> dict:
    counted = {kind: row[f"{kind}s"] for kind in WEIGHTS}
    score = sum(weight * counted[kind] for kind, weight in WEIGHTS.items())
    return {
        "code": row["product__section__code"],
        "name": row["product__section__name"],
        **counted,
        "score": score,
    }


def _forget(day: date) -> None:
    consents = Consent.objects.unscoped(WHY).filter(purpose=PURPOSE, withdrawn_at=None)
    kept = Interest.objects.unscoped(WHY)
    kept.exclude(person__user_id__in=consents.values("user_id")).delete()
    kept.filter(day__lte=day - KEPT).delete()


# --- the subsidy --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubsidyPlan:
    """满 threshold 减 off, paid from `budget`, of which `set_aside_fen` is put aside when the offer goes up."""

    title: str
    budget: Budget
    threshold_fen: int
    off_fen: int
    set_aside_fen: int
    times_a_month: int = 1


@action
def draft_subsidy(actor: Actor, *, snapshot_id: int, plan: SubsidyPlan) -> Subsidy:
    """A draft offer for the ranked sections at the open shops of one's unions; another reviews it, as any offer."""
    snapshot = RankingSnapshot.objects.unscoped(WHY).filter(pk=snapshot_id).first()
    require(snapshot, NOT_FOUND)
    require(snapshot.items, errors.NOTHING_RANKED, few=FEWEST)
    union = plan.budget.union
    shops = Shop.objects.unscoped("open shops of the union").filter(
        is_open=True, store__partner__state="active"
    )
    stores = shops.filter(store__partner__union__path__startswith=union.path).order_by("store_id")
    store_ids = tuple(stores.values_list("store_id", flat=True))
    require(store_ids, errors.NO_SHOPS_HERE)
    off = pricing.Terms(pricing.Form.THRESHOLD_OFF, threshold_fen=plan.threshold_fen, off_fen=plan.off_fen)
    share = SharePlan("union", plan.budget.pk, takes_rest=True, set_aside_fen=plan.set_aside_fen)
    written = TermsPlan(
        plan.title, "retail", off, (share,), limits=(("person_month", plan.times_a_month),), store_ids=store_ids,
        needs_voucher=False, sections=tuple(item["code"] for item in snapshot.items),
        says=_("按 %(day)s 的热度排名，补贴最受欢迎的 %(n)s 类商品。") % {"day": snapshot.to_day, "n": len(snapshot.items)},
    )  # fmt: skip
    terms = write_terms(actor, union_id=union.pk, plan=written)
    return Subsidy.objects.create(snapshot=snapshot, terms=terms)
