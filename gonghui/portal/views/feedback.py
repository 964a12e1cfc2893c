"""After the visit: stars, a few words, and the short survey of the kind."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gonghui.activities.actions import answer_visit_survey, rate_visit
from gonghui.activities.actions.visits import SUBJECT, survey_code
from gonghui.activities.errors import NOT_THERE
from gonghui.activities.models import Session
from gonghui.benefits.models import Redemption, Voucher
from gonghui.feedback.models import Rating, Response, Survey
from gonghui.feedback.queries import survey_in_use
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.portal.doors import signed_in
from gonghui.portal.forms import RatingForm
from gonghui.portal.queries import mine
from gonghui.portal.tickets import ticket_of
from gonghui.portal.views.tickets import own_ticket


@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, code: str) -> HttpResponse:
    actor = signed_in(request)
    voucher = own_ticket(actor, code)
    session = Session.objects.unscoped("of one's own ticket").filter(pool_id=voucher.pool_id)
    session = session.select_related("activity__kind", "activity__union").first()
    require(session, NOT_FOUND)
    if Rating.objects.unscoped("is it rated?").filter(voucher_id=voucher.pk).exists():
        return render(request, "portal/thanks.html", {"tab": "tickets", "ticket": ticket_of(voucher)})
    came = Redemption.objects.unscoped("did they come?").filter(voucher=voucher).exists()
    require(came, NOT_THERE)
    survey = _open_survey(actor, session)
    form = RatingForm(survey.questions if survey else [], request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _rated(request, voucher, survey, form)
    facts = {"tab": "tickets", "ticket": ticket_of(voucher), "form": form, "survey": survey}
    return render(request, "portal/rate.html", facts, status=422 if form.errors else 200)


def _open_survey(actor: Actor, session: Session) -> Survey | None:
    """The kind's survey, once a person and activity however many tickets they had."""
    activity = session.activity
    survey = survey_in_use(survey_code(activity.kind.code), activity.union.path)
    given = Response.objects.visible_to(actor).filter(
        survey=survey, person_id=actor.person_id, subject_type=SUBJECT, subject_id=activity.pk
    )
    return None if survey is None or given.exists() else survey


def _rated(request: HttpRequest, voucher: Voucher, survey: Survey | None, form: RatingForm) -> HttpResponse:
    try:
        with transaction.atomic():
            given = form.cleaned_data
            rate_visit(request.actor, voucher_id=voucher.pk, score=given["score"], comment=given["comment"])
            if survey and form.answers:
                answer_visit_survey(request.actor, voucher_id=voucher.pk, answers=form.answers)
    except DomainError as error:
        facts = {
            "tab": "tickets",
            "ticket": ticket_of(voucher),
            "form": form,
            "survey": survey,
            "error": error,
        }
        return render(request, "portal/rate.html", facts, status=error.status)
    return redirect("ticket_rate", voucher.code)


@require_safe
def rate_activity(request: HttpRequest, activity_id: str) -> HttpResponse:
    """Where the message after an activity leads: to the ticket the reader came with."""
    actor = signed_in(request)
    came = mine.own_tickets(actor).filter(
        pool__session__activity_id=int(activity_id), redemptions__isnull=False
    )
    code = came.order_by("-id").values_list("code", flat=True).first()
    if code is None:
        messages.error(request, _("没有查到您的到场记录，到场的会员才能评价。"))
        return redirect("activity", int(activity_id))
    return redirect("ticket_rate", code)
