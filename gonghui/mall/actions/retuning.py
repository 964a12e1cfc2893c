"""月度调整: what each ranked section gets of a month's subsidy; drawn up, agreed by another, begun as one offer a section."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from gonghui.bills import pricing
from gonghui.bills.actions import terms as offers
from gonghui.bills.models import OfferTerms
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.funds.models import Budget, Section
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.mall import errors
from gonghui.mall.actions.ranking import FEWEST, LOOK_BACK
from gonghui.mall.allotting import VERSION, Demand, allotted
from gonghui.mall.models import Interest, RankingSnapshot, Retune, Shop, Subsidy
from gonghui.mall.models.retunes import RETUNE_VERBS

WHY = "sums of sections"


@dataclass(frozen=True, slots=True)
class RetunePlan:
    """满 threshold 减 off in the ranked sections from `starts_on` to `ends_on`, `total_fen` from `budget` in all.
    `wave_two_on`: one half of the shops begins on that day only, so that the first days show what the subsidy brings."""

    budget: Budget
    total_fen: int
    threshold_fen: int
    off_fen: int
    starts_on: date
    ends_on: date
    wave_two_on: date | None = None
    times_a_month: int = 1


@action
def draft_retune(actor: Actor, *, snapshot_id: int, plan: RetunePlan) -> Retune:
    """Worked out from the snapshot's sections; the figures it was worked out from stay with it."""
    snapshot = RankingSnapshot.objects.unscoped(WHY).filter(pk=snapshot_id).first()
    require(snapshot, NOT_FOUND)
    require(snapshot.items, errors.NOTHING_RANKED, few=FEWEST)
    require(actor.user_id and actor.may("releases.write", plan.budget.union.path))
    last = plan.ends_on if plan.wave_two_on is None else plan.wave_two_on
    require(clock.today() <= plan.starts_on <= last <= plan.ends_on, errors.RETUNE_DAYS)
    store_ids = store_ids_of(plan.budget)
    require(store_ids, errors.NO_SHOPS_HERE)
    first = first_half(snapshot, store_ids) if plan.wave_two_on else []
    require(plan.wave_two_on is None or first, errors.TOO_FEW_SHOPS)
    demands = demands_of(snapshot, plan.budget)
    row = Retune.objects.create(
        snapshot=snapshot,
        version=VERSION,
        inputs=[asdict(one) for one in demands],
        items=[asdict(one) for one in allotted(demands, plan.total_fen)],
        first_stores=first,
        maker_id=actor.user_id,
        **{name: getattr(plan, name) for name in RetunePlan.__slots__},
    )
    write_offers(actor, row, store_ids)
    return row


def write_offers(actor: Actor, row: Retune, store_ids: list[int]) -> None:
    """A draft for each section that gets enough for one bill."""
    given = {item["code"]: item["fen"] for item in row.items if item["fen"] >= row.off_fen}
    for section in Section.objects.filter(code__in=given).order_by("id"):
        plan = _offer_plan(row, section, given[section.code], tuple(store_ids))
        written = offers.write_terms(actor, union_id=row.budget.union_id, plan=plan)
        Subsidy.objects.create(snapshot_id=row.snapshot_id, terms=written, retune=row, section=section)


def demands_of(snapshot: RankingSnapshot, budget: Budget) -> list[Demand]:
    """Of people who consented; the four weeks of the snapshot and the four before. Two queries."""
    codes = [item["code"] for item in snapshot.items]
    since, until = snapshot.from_day, snapshot.to_day
    now, earlier = Q(day__gte=since, day__lte=until), Q(day__gte=since - LOOK_BACK, day__lt=since)
    found = Interest.objects.unscoped(WHY).filter(now | earlier, product__section__code__in=codes)
    grouped = ~Q(person__groups=[])
    rows = found.values("product__section__code").annotate(
        people=Count("person", distinct=True, filter=now),
        buyers=Count("person", distinct=True, filter=now & Q(kind=Interest.Kind.PURCHASE)),
        before=Count("person", distinct=True, filter=earlier),
        priority=Count("person", distinct=True, filter=now & grouped),
    )
    counted = {row.pop("product__section__code"): row for row in rows}
    was = fens_before(budget)
    nobody = {"people": 0, "buyers": 0, "before": 0, "priority": 0}
    return [Demand(code=code, was_fen=was.get(code, 0), **counted.get(code, nobody)) for code in codes]


def running(budget: Budget) -> Retune | None:
    return Retune.objects.unscoped(WHY).filter(budget=budget, state=Retune.State.STARTED).first()


def fens_before(budget: Budget) -> dict[str, int]:
    """Of the allotment that holds now."""
    last = running(budget)
    return {item["code"]: item["fen"] for item in last.items} if last else {}


def store_ids_of(budget: Budget) -> list[int]:
    """Of the open shops of the budget's union and those below."""
    shops = Shop.objects.unscoped("open shops of the union").filter(
        is_open=True,
        store__partner__state="active",
        store__partner__union__path__startswith=budget.union.path,
    )
    return list(shops.order_by("store_id").values_list("store_id", flat=True))


def first_half(snapshot: RankingSnapshot, store_ids: list[int]) -> list[int]:
    """By lot, the same for the same snapshot; empty where there are no two."""
    drawn = sorted(store_ids, key=lambda pk: hashlib.sha256(f"{snapshot.pk}:{pk}".encode()).digest())
    return sorted(drawn[: len(drawn) // 2])


# --- agreed, begun, withdrawn -------------------------------------------------------------------------------


@action
def agree_retune(actor: Actor, *, retune_id: int) -> Retune:
    """By another: all of its offers are reviewed, or none is."""
    row = _held(actor, retune_id, "releases.review")
    require(actor.user_id and actor.user_id != row.maker_id, errors.RETUNE_MAKER_IS_CHECKER)
    for terms_id in offers_of(row, OfferTerms.State.DRAFT):
        offers.review_terms(actor, terms_id=terms_id)
    move(row, RETUNE_VERBS, "agree", checker_id=actor.user_id)
    return row


def _offer_plan(row: Retune, section: Section, fen: int, store_ids: tuple[int, ...]) -> TermsPlan:
    off = pricing.Terms(
        pricing.Form.THRESHOLD_OFF, threshold_fen=row.threshold_fen, off_fen=row.off_fen, repeat_max=1
    )
    return TermsPlan(
        _("%(section)s满减补贴 %(month)s") % {"section": section.name, "month": f"{row.starts_on:%Y-%m}"},
        "retail",
        off,
        (SharePlan("union", row.budget_id, takes_rest=True, set_aside_fen=fen),),
        windows=_windows(row, store_ids),
        limits=(("person_month", row.times_a_month),),
        store_ids=store_ids,
        needs_voucher=False,
        sections=(section.code,),
        says=_("按 %s 的热度排名和需求分配的当月补贴，用完为止。") % row.snapshot.to_day,
    )


def _windows(row: Retune, store_ids: tuple[int, ...]) -> tuple[pricing.Window, ...]:
    if row.wave_two_on is None:
        return (pricing.Window(id=1, starts_on=row.starts_on, ends_on=row.ends_on),)
    first = frozenset(row.first_stores)
    second = frozenset(store_ids) - first
    return (
        pricing.Window(id=1, starts_on=row.starts_on, ends_on=row.ends_on, store_ids=first),
        pricing.Window(id=2, starts_on=row.wave_two_on, ends_on=row.ends_on, store_ids=second),
    )


@action
def start_retune(actor: Actor, *, retune_id: int) -> Retune:
    """Every section's money is set aside, or nothing begins. The one before ends: what it did not use goes home."""
    row = _held(actor, retune_id, "releases.write")
    require(row.ends_on >= clock.today(), errors.RETUNE_DAYS)
    before = running(row.budget)
    if before:
        end_offers(actor, before, _("由下一次月度调整替换"))
        move(before, RETUNE_VERBS, "replace")
    move(row, RETUNE_VERBS, "start")
    for terms_id in offers_of(row, OfferTerms.State.REVIEWED):
        offers.publish_terms(actor, terms_id=terms_id)
    return row


@action
def withdraw_retune(actor: Actor, *, retune_id: int, reason: str) -> Retune:
    """Before it begins; offers that were reviewed end with it."""
    row = _held(actor, retune_id, "releases.write")
    require(reason.strip(), errors.REASON_MISSING)
    end_offers(actor, row, reason.strip())
    move(row, RETUNE_VERBS, "withdraw")
    return row


def end_offers(actor: Actor, row: Retune, reason: str) -> None:
    for terms_id in offers_of(row, "draft", "reviewed", "published", "paused"):
        offers.end_terms(actor, terms_id=terms_id, reason=reason)


def offers_of(row: Retune, *states: str) -> list[int]:
    found = Subsidy.objects.unscoped(WHY).filter(retune=row, terms__state__in=states)
    return list(found.order_by("terms_id").values_list("terms_id", flat=True))


def _held(actor: Actor, retune_id: int, verb: str) -> Retune:
    found = Retune.objects.visible_to(actor).select_related("budget__union", "snapshot")
    row = found.filter(pk=retune_id).select_for_update(of=("self",), no_key=True).first()
    require(row, NOT_FOUND)
    require(actor.may(verb, row.budget.union.path))
    return row


def month_after(day: date) -> tuple[date, date]:
    """First and last day of the next month: what the form begins with."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
