"""One plan at work: places and money as bars, the hospitals' days, the report."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.scope import BySubtree
from gonghui.partners.models import Store
from gonghui.wellbeing import queries
from gonghui.wellbeing.models import HealthPlan, Slot

DAYS_SHOWN = 14


def plan_for_staff(request: HttpRequest, plan_id: int) -> HealthPlan:
    """With a health verb over its union; a plan that is merely public is not there."""
    found = HealthPlan.objects.unscoped("narrowed to the actor's subtrees here").select_related(
        "union", "commitment"
    )
    here = BySubtree("union__path", verb="health.view").condition(request.actor)
    plan = found.filter(here, pk=plan_id).first()
    require(plan, NOT_FOUND)
    return plan


@console_page("health/<int:plan_id>", name="health_progress", needs="health.view")
def progress(request: HttpRequest, plan_id: int) -> HttpResponse:
    plan = plan_for_staff(request, plan_id)
    facts = {
        "plan": plan,
        "figures": queries.plan_figures(plan),
        "report": queries.report_rows(plan),
        "hidden_below": queries.HIDDEN_BELOW,
        "stores": hospitals_of(plan),
        "may_write": request.actor.may("health.write", plan.union.path),
    }
    return render(request, "wellbeing/console/progress.html", page_facts(request, plan.title, **facts))


def hospitals_of(plan: HealthPlan) -> list[Store]:
    found = Store.objects.unscoped("the hospitals of a plan in hand")
    return list(found.filter(health_packages__plan=plan).distinct().order_by("id"))


@console_page("health/<int:plan_id>/calendar", name="health_calendar", needs="health.view")
def calendar(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Two weeks of one hospital: hours down, days across."""
    plan = plan_for_staff(request, plan_id)
    stores = hospitals_of(plan)
    wanted = row_id(request.GET.get("store", ""))
    store = next((one for one in stores if one.pk == wanted), stores[0] if stores else None)
    first = first_day(request, plan)
    last = first + dt.timedelta(days=DAYS_SHOWN - 1)
    slots = queries.slot_calendar(plan, store.pk, first, last) if store else []
    facts = {
        "plan": plan,
        "stores": stores,
        "store": store,
        "days": [first + dt.timedelta(days=n) for n in range(DAYS_SHOWN)],
        "rows": by_hour(slots, first),
        "before": first - dt.timedelta(days=DAYS_SHOWN),
        "after": last + dt.timedelta(days=1),
    }
    return render(request, "wellbeing/console/calendar.html", page_facts(request, _("号源日历"), **facts))


def first_day(request: HttpRequest, plan: HealthPlan) -> dt.date:
    try:
        asked = dt.date.fromisoformat(request.GET.get("from", ""))
        return min(max(asked, dt.date(2020, 1, 1)), dt.date(2100, 1, 1))
    except ValueError:
        return max(plan.starts_on, clock.today())


def by_hour(slots: list[Slot], first: dt.date) -> list[tuple[dt.time, list[Slot | None]]]:
    hours: dict[dt.time, list[Slot | None]] = {}
    for slot in slots:
        hours.setdefault(slot.from_time, [None] * DAYS_SHOWN)[(slot.day - first).days] = slot
    return sorted(hours.items())
