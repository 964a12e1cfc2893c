"""The hospital's desk: scan or type, see who it is, one tap. With or without scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gonghui.kit import clock
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.masks import mask_name
from gonghui.partners.models import Store
from gonghui.wellbeing import errors, queries
from gonghui.wellbeing.actions import desk as actions
from gonghui.wellbeing.models import Appointment

WAITING = (errors.STALE_CODE, errors.ANOTHER_DAY, errors.ATTENDED_BEFORE)


def own_hospitals(request: HttpRequest) -> list[Store]:
    require(request.actor.user_id, SIGN_IN_FIRST)
    owned = request.actor.owns("store")
    found = (
        Store.objects.visible_to(request.actor).filter(pk__in=owned, partner__kind="health").order_by("id")
    )
    stores = list(found.select_related("partner")) if owned else []
    require(stores, errors.NOT_A_CLERK)
    return stores


def at_hand(request: HttpRequest, stores: list[Store]) -> Store:
    wanted = request.POST.get("store") or request.GET.get("store") or ""
    return next((store for store in stores if str(store.pk) == wanted), stores[0])


@never_cache
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    return page(request, None)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Who it is and whether it is today."""
    stores = own_hospitals(request)
    try:
        text = request.POST.get("text", "")
        seen = actions.appointment_at_desk(request.actor, text=text, store_id=at_hand(request, stores).pk)
        found = expected(seen)
    except DomainError as refusal:
        found = refused(refusal)
    return page(request, found)


@require_POST
def check_in(request: HttpRequest) -> HttpResponse:
    stores = own_hospitals(request)
    try:
        text = request.POST.get("text", "")
        done = actions.attend(request.actor, text=text, store_id=at_hand(request, stores).pk)
        found = noted(done)
    except DomainError as refusal:
        found = refused(refusal)
    return page(request, found)


def expected(appointment: Appointment) -> dict:
    slot = appointment.slot
    return {
        "tone": "ok",
        "word": _("可以体检"),
        "title": mask_name(appointment.enrolment.person.name),
        "facts": [
            (_("套餐"), appointment.enrolment.package.title),
            (_("时段"), f"{slot.from_time:%H:%M}–{slot.to_time:%H:%M}"),
        ],
        "advice": _("职工自付部分已在线付清，这里不收钱。"),
        "code": appointment.enrolment.code,
    }


def noted(appointment: Appointment) -> dict:
    return {
        "tone": "ok",
        "word": _("到检已登记"),
        "title": mask_name(appointment.enrolment.person.name),
        "facts": [(_("套餐"), appointment.enrolment.package.title)],
        "advice": _("费用随本期结算单支付。体检结果只交给本人，不用上传。"),
    }


def refused(refusal: DomainError) -> dict:
    return {
        "tone": "warn" if refusal.reason in WAITING else "no",
        "word": _("先等一下") if refusal.reason in WAITING else _("不能登记"),
        "title": refusal.message,
        "facts": [],
        "advice": refusal.advice,
    }


def page(request: HttpRequest, found: dict | None) -> HttpResponse:
    stores = own_hospitals(request)
    store = at_hand(request, stores)
    today = queries.desk_day(request.actor, store.pk, clock.today())
    came = sum(one.state == "attended" for one in today)
    facts = {"stores": stores, "store": store, "found": found, "today": today, "came": came}
    return render(request, "wellbeing/desk.html", facts)
