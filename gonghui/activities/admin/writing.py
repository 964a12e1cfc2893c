"""新建活动 in one guided page; mending a draft; more sessions. Saved by the app's own actions, all or nothing."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.activities import actions, errors
from gonghui.activities.actions.writing import activity_for
from gonghui.activities.admin.page import page_address
from gonghui.activities.forms import GuidedForm, PlanForm, SessionsForm, TextForm, WhenForm, text_of
from gonghui.activities.models import Activity, Session
from gonghui.kit.actors import Actor
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.errors import DomainError

PREVIEW_ROWS = 60
# Where on the page a refusal belongs.
FIELD_OF = {
    errors.HALL_TAKEN.code: "places",
    errors.HALL_TOO_SMALL.code: "places",
    errors.LABEL_TAKEN.code: "from_1",
}


@console_page(
    "activities/new",
    name="activity_new",
    needs="activities.write",
    title=gettext_lazy("新建活动"),
    icon="add_circle",
    group="activities",
    order=5,
)
def new_activity(request: HttpRequest) -> HttpResponse:
    form = PlanForm(request.POST or None, actor=request.actor, initial=_beginning(request))
    if request.method == "POST":
        return _answer(request, form, _save_plan, _("新建活动"))
    return _page(request, form, _("新建活动"))


def _beginning(request: HttpRequest) -> dict:
    """The kind or holiday named in the address."""
    return {
        "kind": "film",
        **{name: request.GET[name] for name in ("kind", "holiday") if name in request.GET},
    }


def _save_plan(actor: Actor, form: PlanForm) -> Activity:
    activity = actions.write_activity(
        actor,
        union=form.cleaned_data["union"],
        text=form.text(),
        split=form.split(),
        terms=form.cleaned_data["usage"],
    )
    _save_sessions(actor, activity, form)
    return activity


def _save_sessions(actor: Actor, activity: Activity, form: SessionsForm) -> None:
    given = form.cleaned_data
    facts = {name: given[name] for name in ("places", "days", "showings")}
    sessions = actions.add_sessions(actor, activity_id=activity.pk, **facts)
    of_slot = {(s.starts_at, s.store_id, s.hall_id): s.pk for s in sessions}
    for number, stage in enumerate(form.stages, start=1):
        title = activity.title
        if len(form.stages) > 1:
            title = _("%(title)s（第 %(number)s 批）") % {"title": title, "number": number}
        ids = [of_slot[slot.starts_at, slot.place.store_id, slot.place.hall_id] for slot in stage.slots]
        actions.plan_release(
            actor,
            activity_id=activity.pk,
            session_ids=ids,
            terms=form.terms(title, stage),
            honour_by=given["honour_by"],
        )


@console_page("activities/<int:activity_id>/text", name="activity_text", needs="activities.write")
def change_text(request: HttpRequest, activity_id: int) -> HttpResponse:
    activity = activity_for(request.actor, activity_id, "activities.write")
    form = TextForm(request.POST or None, actor=request.actor, initial=text_of(activity))
    form.fields.pop("union")

    def save(actor: Actor, given: TextForm) -> Activity:
        facts = {"text": given.text(), "split": given.split(), "terms": given.cleaned_data["usage"]}
        return actions.change_activity(actor, activity_id=activity.pk, **facts)

    title = _("修改草稿")
    if activity.state != Activity.State.DRAFT:
        messages.warning(request, _("只有草稿可以修改。已复核的活动请先由复核人退回。"))
        return HttpResponseRedirect(page_address(activity))
    if request.method == "POST":
        return _answer(request, form, save, title, activity=activity)
    return _page(request, form, title, activity=activity)


@console_page("activities/<int:activity_id>/sessions/new", name="activity_sessions", needs="activities.write")
def add_sessions(request: HttpRequest, activity_id: int) -> HttpResponse:
    activity = activity_for(request.actor, activity_id, "activities.write")
    start = {name: activity.kind.defaults.get(name) for name in ("party_max", "names_required")}
    form = SessionsForm(request.POST or None, actor=request.actor, initial=start)

    def save(actor: Actor, given: SessionsForm) -> Activity:
        _save_sessions(actor, activity, given)
        return activity

    title = _("增加场次")
    if request.method == "POST":
        return _answer(request, form, save, title, activity=activity)
    return _page(request, form, title, activity=activity)


# --- One page, three uses -----------------------------------------------------------------------------------


def _answer(request: HttpRequest, form: GuidedForm, save, title: str, **facts) -> HttpResponse:
    is_right = form.is_valid()
    if "X-Preview" in request.headers:
        return render(request, "activities/console/preview.html", _preview(form))
    if "preview" not in request.POST and is_right:
        try:
            with transaction.atomic():
                activity = save(request.actor, form)
        except DomainError as error:
            name = FIELD_OF.get(error.code)
            form.add_error(name if name in form.fields else None, str(error))
        else:
            messages.success(request, _("已存为草稿。核对无误后，请另一位同事复核。"))
            return HttpResponseRedirect(page_address(activity))
    return _page(request, form, title, **facts)


def _page(request: HttpRequest, form: GuidedForm, title: str, **facts) -> HttpResponse:
    steps = [
        {"name": name, "n": n, "template": f"activities/console/part_{name}.html"}
        for n, name in enumerate(form.parts, 1)
    ]
    # Answered with the page again, filled in as it was.
    status = 422 if form.is_bound and form.errors and "preview" not in request.POST else 200
    page = page_facts(request, title, form=form, steps=steps, wrong=_wrong(form), **_preview(form), **facts)
    return render(request, "activities/console/guided.html", page, status=status)


def _wrong(form: GuidedForm) -> list[tuple[str, str]]:
    """(where, what) for the list above the page."""
    found = [("", text) for text in form.non_field_errors()]
    wrong = [bound for bound in form if bound.errors]
    return found + [
        (bound.id_for_label or bound.html_name, f"{bound.label}：{bound.errors[0]}") for bound in wrong
    ]


def _preview(form: GuidedForm) -> dict:
    """What will be made, as far as it can be said yet."""
    slots = form.slots if isinstance(form, WhenForm) and form.is_bound else []
    split = form.split() if hasattr(form, "split") else None
    seats = sum(slot.place.seats for slot in slots)
    per_head = split.union_fen + split.employer_fen if split else 0
    return {
        "slots": slots[:PREVIEW_ROWS],
        "slots_count": len(slots),
        "slots_hidden": max(0, len(slots) - PREVIEW_ROWS),
        "seats_total": seats,
        "stages": getattr(form, "stages", []) if slots else [],
        "split": split,
        "per_head_fen": per_head,
        "budget_fen": per_head * seats,
        "taken": _taken(slots),
    }


def _taken(slots) -> set[str]:
    """Labels of slots whose hall is held by another session at that time; told before saving."""
    halls = {slot.place.hall_id for slot in slots if slot.place.hall_id}
    if not halls:
        return set()
    held = list(
        Session.objects.unscoped("is the hall free? only yes or no is said")
        .filter(
            hall__in=halls,
            starts_at__lt=max(s.ends_at for s in slots),
            ends_at__gt=min(s.starts_at for s in slots),
        )
        .exclude(state="cancelled")
        .values_list("hall_id", "starts_at", "ends_at")
    )
    return {
        slot.label
        for slot in slots
        if any(
            hall == slot.place.hall_id and start < slot.ends_at and end > slot.starts_at
            for hall, start, end in held
        )
    }
