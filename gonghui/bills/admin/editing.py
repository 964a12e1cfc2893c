"""The editor of one offer: new ones and drafts, with a trial beside it that follows what one types."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.bills import plans, pricing
from gonghui.bills.actions.terms import write_terms
from gonghui.bills.admin.offers import terms_seen
from gonghui.bills.forms import OfferEditor
from gonghui.bills.holidays import says_known_holidays
from gonghui.bills.models import OfferTerms
from gonghui.bills.terms_errors import TERMS_NOT_DRAFT
from gonghui.kit import clock
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.sending import key_of, sent_once
from gonghui.kit.errors import DomainError, require
from gonghui.kit.templatetags.kit import yuan
from gonghui.members.models import WorkerGroup

REST = (
    "codes", "stacking", "stack_class", "bill_cap_fen", "bill_offers_max", "order", "basis", "category", "festival",
)  # fmt: skip


@console_page(
    "bills/offers/new", name="offer_new", needs="releases.write", title=gettext_lazy("新建优惠"), icon="add",
    group="bills", order=5,
)  # fmt: skip
def new_offer(request: HttpRequest) -> HttpResponse:
    return _edited(request, OfferEditor(request.actor, request.POST or None), title=_("新建优惠"))


@console_page("bills/offers/<int:terms_id>/edit", name="offer_edit", needs="releases.write")
def edit_offer(request: HttpRequest, terms_id: int) -> HttpResponse:
    terms = terms_seen(request, terms_id)
    union = terms.offer.union
    require(request.actor.may("releases.write", union.path))
    is_draft = terms.state == OfferTerms.State.DRAFT
    require(is_draft, TERMS_NOT_DRAFT, state=terms.get_state_display())
    editor = OfferEditor(request.actor, request.POST or None, plans.plan_of(terms), union)
    return _edited(request, editor, title=_("修改优惠"), terms_id=terms.pk)


def _edited(
    request: HttpRequest, editor: OfferEditor, *, title: str, terms_id: int | None = None
) -> HttpResponse:
    if request.headers.get("X-Preview"):
        editor.form.fields["title"].required = False
        return JsonResponse(tried(editor))
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        if editor.is_valid():
            union = editor.form.cleaned_data["union"]

            def write() -> str:
                made = write_terms(request.actor, union_id=union.pk, plan=editor.plan(), terms_id=terms_id)
                return reverse("admin:offer", args=[made.pk])

            try:
                leads_to, _is_new = sent_once(request, write)
            except DomainError as error:
                problems = [("", str(error))]
            else:
                messages.success(request, _("已存为草稿，请另一位同事复核。"))
                return HttpResponseRedirect(leads_to)
        problems = problems or editor.errors()
    facts: dict[str, Any] = {
        "editor": editor,
        "form": editor.form,
        "names": [editor.form[name] for name in ("title", "kind", "union", "programme")],
        "rest": [editor.form[name] for name in REST],
        "trial": tried(editor) if request.method == "POST" else {},
        "problems": problems,
        "says_holidays": says_known_holidays(),
        "sent": key_of(request),
        "is_begun": terms_id is not None or request.method == "POST",
    }
    status = 422 if problems else 200
    return render(request, "bills/console/editor.html", page_facts(request, title, **facts), status=status)


def tried(editor: OfferEditor) -> dict[str, Any]:
    """What the offer says and does as typed so far, and what is still wrong with it."""
    if not editor.is_valid():
        said = [text for _anchor, text in editor.errors()]
        return {"says": [], "tried": "", "most": "", "wrong": said}
    plan = editor.plan()
    wrong = plans.wrong_plan(plan, clock.now())
    says = [] if any(plans.wrong_price(plan.price)) else said_on_screen(editor, plan)
    if wrong:
        return {"says": says, "tried": "", "most": "", "wrong": wrong}
    fen = editor.form.cleaned_data["sample_fen"] or plans.sample_fen(plan.price)
    return {"says": says, "tried": plans.tried_on(plan, fen), "most": most_words(plan), "wrong": []}


def said_on_screen(editor: OfferEditor, plan: plans.TermsPlan) -> list[str]:
    stores = {store.pk: store.name for store in editor.form.places}
    return pricing.says(
        plan.windows, plan.price, dict(WorkerGroup.objects.values_list("code", "name")), stores
    ).split("\n")


def most_words(plan: plans.TermsPlan) -> str:
    """How much has to be set aside for one voucher."""
    if not plan.needs_voucher:
        return ""
    shares = [share.as_share for share in plan.shares]
    most = plans.most_of_shares(plan.price, shares)
    fen = sum(
        of or 0 for share, of in zip(shares, most, strict=True) if share.payer != pricing.Payer.MERCHANT
    )
    return _("复核投放时，每张券要从预算预留 %s 元。") % yuan(fen) if fen else ""
