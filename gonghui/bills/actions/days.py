"""工惠日: written by a union for itself and all below it, followed by offers and series, ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta

from django.utils.translation import gettext as _

from gonghui.bills import terms_errors
from gonghui.bills.models import BenefitDay, OfferWindow, ReleaseSeries
from gonghui.bills.pricing.named_days import DayRule, NamedDays
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, require
from gonghui.members.groups import are_sensitive
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Union

OURS = "of a union the actor writes for"
ONE_DAY = timedelta(days=1)
AHEAD_DAYS = 400


@dataclass(frozen=True, slots=True)
class DayPlan:
    name: str
    rule: str
    day: int = 1
    nth: int = -1
    weekday: int = 5
    days: tuple[date, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def named(self) -> NamedDays:
        facts = (DayRule(self.rule), self.day, self.nth, self.weekday, frozenset(self.days))
        return NamedDays(0, self.name, *facts, frozenset(self.groups))

    def as_fields(self) -> dict:
        lists = {"days": sorted(set(self.days)), "groups": sorted(set(self.groups))}
        return {one.name: getattr(self, one.name) for one in fields(self)} | lists


def coming_days(named: NamedDays, today: date) -> Iterator[date]:
    """Today's and later ones, within a year and a month."""
    days = (today + n * ONE_DAY for n in range(AHEAD_DAYS))
    return (day for day in days if named.has(day))


def wrong_day(plan: DayPlan, today: date) -> list[str]:
    wrong = []
    if not plan.name.strip():
        wrong.append(_("请填写名称。"))
    if plan.rule == DayRule.DATES and not plan.days:
        wrong.append(_("请填写指定的日子。"))
    if not 1 <= plan.day <= 31:
        wrong.append(_("每月几号要在 1 到 31 之间。"))
    if not wrong and next(coming_days(plan.named, today), None) is None:
        wrong.append(_("今后一年里没有这样的日子。"))
    known = set(WorkerGroup.objects.filter(code__in=plan.groups).values_list("code", flat=True))
    return wrong + [_("没有“%s”这个群体。") % code for code in plan.groups if code not in known]


@action
def write_benefit_day(actor: Actor, *, union_id: int, plan: DayPlan, day_id: int | None = None) -> BenefitDay:
    """A new one, or one written anew; what reviewed offers and series follow only gets further dates and another name."""
    union = Union.objects.unscoped(OURS).filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.may("releases.write", union.path))
    require(not are_sensitive(plan.groups), terms_errors.GROUP_AT_THE_TILL)
    wrong = wrong_day(plan, clock.today())
    require(not wrong, BAD_INPUT, detail="".join(wrong))
    row = day_for(actor, day_id) if day_id else BenefitDay(union=union)
    same = BenefitDay.objects.filter(union=union, name=plan.name.strip()).exclude(pk=row.pk)
    require(not same.exists(), BAD_INPUT, detail=_("本工会已经有同名的工惠日。"))
    if day_id and is_followed(row):
        may_be = {**plan_of(row).as_fields(), "name": plan.name, "days": plan.as_fields()["days"]}
        is_kept = row.union_id == union_id and plan.as_fields() == may_be and set(row.days) <= set(plan.days)
        require(is_kept, terms_errors.DAY_IS_FOLLOWED, name=row.name)
    for name, value in ({"union": union} | plan.as_fields()).items():
        setattr(row, name, value)
    row.name = plan.name.strip()
    row.save()
    return row


@action
def end_benefit_day(actor: Actor, *, day_id: int) -> BenefitDay:
    """Nobody chooses it any more; what follows it goes on."""
    row = day_for(actor, day_id)
    if row.ended_at is None:
        row.ended_at = clock.now()
        row.save(update_fields=["ended_at", "updated_at"])
    return row


def day_for(actor: Actor, day_id: int) -> BenefitDay:
    """Fetched, locked and allowed in one call."""
    found = BenefitDay.objects.select_related("union").select_for_update(of=("self",))
    row = found.filter(pk=day_id).first()
    require(row, NOT_FOUND)
    require(actor.may("releases.write", row.union.path))
    return row


def plan_of(row: BenefitDay) -> DayPlan:
    return DayPlan(
        row.name, row.rule, row.day, row.nth, row.weekday, days=tuple(row.days), groups=tuple(row.groups)
    )


def is_followed(row: BenefitDay) -> bool:
    """By an offer that was reviewed, or by a series that runs."""
    offers = OfferWindow.objects.filter(benefit_day=row).exclude(terms__state="draft")
    running = ReleaseSeries.objects.unscoped("asked whether there is one").filter(
        benefit_day=row, state="reviewed"
    )
    return offers.exists() or running.exists()


def require_day_of_line(day_id: int, union: Union) -> BenefitDay:
    """Of the union itself or of one above it."""
    row = BenefitDay.objects.select_related("union").filter(pk=day_id).first()
    require(row and union.path.startswith(row.union.path), terms_errors.DAY_OF_OTHERS)
    return row


def ended_days(day_ids: Iterable[int]) -> list[str]:
    """A sentence for each that may not be followed any more. Locks them: none changes while a review looks at it."""
    wanted = BenefitDay.objects.filter(pk__in=list(day_ids)).order_by("pk").select_for_update()
    return [_("工惠日“%s”已经停用。") % row.name for row in wanted if row.ended_at]
