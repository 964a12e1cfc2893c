"""The merchant's pages: applying, the agreement and its signature, stores and clerks, traffic and money."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.errors import CODE_TOO_SOON
from gonghui.accounts.sessions import client_address
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.partners import actions, errors
from gonghui.partners.actions.agreements import request_signing_code, sign_with_code
from gonghui.partners.actions.partners import HONOUR
from gonghui.partners.models import (
    Agreement,
    ApplicationFile,
    Clerk,
    Partner,
    PartnerApplication,
    PayoutAccount,
)
from gonghui.partners.models.agreements import BINDING
from gonghui.partners.panels import merchant_panels
from gonghui.partners.queries import own_partners, own_stores
from gonghui.portal.doors import again, go, signed_in
from gonghui.portal.merchant.forms import (
    ApplyForm,
    ClerkForm,
    LeaveForm,
    NameForm,
    PayoutForm,
    PlaceForm,
    SignForm,
    filled_in,
)

APPLY, AGREEMENT, CODE, PAYOUT, LEAVE, PLACE = (
    f"portal/merchant/{name}.html" for name in ("apply", "agreement", "sign", "payout", "leave", "place")
)
STORES_SHOWN = 200


def merchant_facts(request: HttpRequest, here: str = "", **more) -> dict:
    """`here` is the tab of the merchant's own that the page belongs to."""
    return {"tab": "me", "sections": _sections(request.actor, here), **more}


def _sections(actor: Actor, here: str) -> list[dict]:
    """One's tabs; whoever has only applied needs none."""
    if not (actor.owns("books") or actor.owns("partner")):
        return []
    found = [("home", _("单位与协议"), reverse("merchant"))]
    if actor.owns("books"):
        found.append(("stores", _("门店与店员"), reverse("merchant_stores")))
    found += [(p.key, p.label, reverse("merchant_panel", args=[p.key])) for p in merchant_panels.values()]
    return [{"label": label, "url": url, "current": key == here} for key, label, url in found]


@never_cache
@require_safe
def merchant(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    applications = PartnerApplication.objects.visible_to(actor).filter(applicant_id=actor.user_id)
    agreements = Agreement.objects.visible_to(actor).filter(partner_id__in=actor.owns("partner"))
    shown = agreements.exclude(state="draft", sent_at=None).select_related("partner", "union")
    partners = list(own_partners(actor).select_related("union", "parent"))
    mine = list(applications.select_related("union").order_by("-id")[:10])
    facts = merchant_facts(
        request,
        "home",
        partners=partners,
        payouts={row.partner_id: row for row in PayoutAccount.objects.visible_to(actor)[:200]},
        owned=actions.partners_owned(actor, partners),
        applications=mine,
        is_new=not partners and not any(row.is_open for row in mine),
        agreements=shown.order_by("-id")[:50],
    )
    return render(request, "portal/merchant/home.html", facts)


@never_cache
@sensitive_post_parameters("contact_name", "contact_phone")
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """One's draft, or the application that is asked about."""
    actor = signed_in(request)
    found = PartnerApplication.objects.visible_to(actor).filter(
        applicant_id=actor.user_id, state__in=("needs_info", "draft")
    )
    row = found.order_by("-state").first()
    if request.method == "POST":
        return _save(request, row)
    form = ApplyForm(initial=filled_in(row) if row else {})
    return render(request, APPLY, _apply_facts(request, form, row))


def _apply_facts(request: HttpRequest, form: ApplyForm, row: PartnerApplication | None) -> dict:
    kept = (
        ApplicationFile.objects.visible_to(request.actor).filter(application=row).exists() if row else False
    )
    return merchant_facts(request, form=form, application=row, has_licence=kept)


def _save(request: HttpRequest, row: PartnerApplication | None) -> HttpResponse:
    form = ApplyForm(request.POST, request.FILES)
    facts = _apply_facts(request, form, row)
    if not form.is_valid():
        return again(request, APPLY, facts)
    try:
        asked = row.pk if row and row.state == "needs_info" else None
        row = actions.save_application(request.actor, application_id=asked, **form.filled())
        if licence := form.licence_bytes():
            name, content = licence
            actions.attach_licence(request.actor, application_id=row.pk, name=name, content=content)
        if request.POST.get("do") == "submit":
            actions.submit_application(request.actor, application_id=row.pk)
            messages.success(request, _("申请已提交，审核结果会发到您的消息里。"))
            return go("merchant")
    except DomainError as error:
        return again(request, APPLY, facts, error)
    messages.success(request, _("草稿已保存。"))
    return go("merchant_apply")


@require_POST
def withdraw(request: HttpRequest, application_id: int) -> HttpResponse:
    actions.withdraw_application(signed_in(request), application_id=application_id)
    messages.success(request, _("申请已撤回。"))
    return go("merchant")


@never_cache
@sensitive_post_parameters("code", "name")
@require_http_methods(["GET", "HEAD", "POST"])
def agreement(request: HttpRequest, agreement_id: int) -> HttpResponse:
    """The whole text; under it the signature: name, then the code sent to the signer's phone."""
    actor = signed_in(request)
    found = Agreement.objects.visible_to(actor).filter(pk=agreement_id, partner_id__in=actor.owns("partner"))
    row = found.exclude(state="draft", sent_at=None).select_related("partner", "union").first()
    require(row is not None, NOT_FOUND)
    if request.method == "POST":
        return _sign(request, row) if request.POST.get("step") == "code" else _ask_code(request, row)
    form = NameForm(initial={"text_sha256": row.text_sha256})
    return render(request, AGREEMENT, merchant_facts(request, agreement=row, form=form))


def _ask_code(request: HttpRequest, row: Agreement) -> HttpResponse:
    form = NameForm(request.POST)
    facts = merchant_facts(request, agreement=row, form=form)
    if not form.is_valid():
        return again(request, AGREEMENT, facts)
    code_page = facts | {"form": SignForm(initial=form.cleaned_data)}
    try:
        require(row.text_sha256 == form.cleaned_data["text_sha256"], errors.AGREEMENT_TEXT_CHANGED)
        code = request_signing_code(request.actor, agreement_id=row.pk, address=client_address(request))
    except DomainError as error:
        if error.reason is CODE_TOO_SOON:
            return again(request, CODE, code_page, error)
        return again(request, AGREEMENT, facts, error)
    return render(request, CODE, code_page | {"demo_code": code if settings.GONGHUI_SHOW_CODES else ""})


def _sign(request: HttpRequest, row: Agreement) -> HttpResponse:
    form = SignForm(request.POST)
    facts = merchant_facts(request, agreement=row, form=form)
    if settings.GONGHUI_SHOW_CODES:
        facts["demo_code"] = request.POST.get("demo_code", "")
    if not form.is_valid():
        return again(request, CODE, facts)
    try:
        address = client_address(request)
        sign_with_code(request.actor, agreement_id=row.pk, address=address, **form.cleaned_data)
    except DomainError as error:
        return again(request, CODE, facts, error)
    messages.success(request, _("协议已签署。"))
    return HttpResponseRedirect(reverse("merchant_agreement", args=[row.pk]))


@never_cache
@require_safe
def stores(request: HttpRequest) -> HttpResponse:
    return _stores_page(request)


def _stores_page(
    request: HttpRequest, form: ClerkForm | None = None, error: DomainError | None = None
) -> HttpResponse:
    actor = signed_in(request)
    require(actor.owns("books"), errors.NOT_A_MERCHANT)
    on_duty = Clerk.objects.visible_to(actor).filter(ended_at=None).select_related("user").order_by("id")
    clerks = Prefetch("clerks", queryset=on_duty, to_attr="on_duty")
    shown = list(own_stores(actor).prefetch_related(clerks)[:STORES_SHOWN])
    facts = merchant_facts(request, "stores", shown=shown, form=form or ClerkForm(auto_id=False), error=error)
    status = error.status if error else 422 if form else 200
    return render(request, "portal/merchant/stores.html", facts, status=status)


@require_POST
@sensitive_post_parameters("phone")
def clerk_new(request: HttpRequest, store_id: int) -> HttpResponse:
    actor = signed_in(request)
    require(int(store_id) in actor.owns("books"), NOT_FOUND)
    form = ClerkForm(request.POST, auto_id=False)
    if not form.is_valid():
        return _stores_page(request, form)
    try:
        actions.appoint_clerk(actor, store_id=int(store_id), account=form.cleaned_data["phone"])
    except DomainError as error:
        return _stores_page(request, form, error)
    messages.success(request, _("店员已添加，对方登录后打开“核销台”即可。"))
    return go("merchant_stores")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def store_place(request: HttpRequest, store_id: str) -> HttpResponse:
    """门店位置: on the spot by the phone, on the map by a tap, or by typing."""
    row = own_stores(signed_in(request)).filter(pk=int(store_id)).first()
    require(row is not None, NOT_FOUND)
    known = {"latitude": row.latitude, "longitude": row.longitude}
    form = PlaceForm(request.POST or None, initial=known)
    facts = merchant_facts(request, "stores", store=row, form=form)
    if request.method != "POST":
        return render(request, PLACE, facts)
    if not form.is_valid():
        return again(request, PLACE, facts)
    try:
        actions.locate_store(request.actor, store_id=row.pk, **form.cleaned_data)
    except DomainError as error:
        return again(request, PLACE, facts, error)
    messages.success(request, _("“%s”的位置已保存，会员在惠工地图上能看到。") % row.name)
    return go("merchant_stores")


@require_POST
def clerk_end(request: HttpRequest, clerk_id: int) -> HttpResponse:
    actions.dismiss_clerk(signed_in(request), clerk_id=clerk_id)
    messages.success(request, _("店员已离岗，立即不能再核销。"))
    return go("merchant_stores")


@never_cache
@require_safe
def panel(request: HttpRequest, key: str) -> HttpResponse:
    """What settlement shows of traffic and money."""
    actor = signed_in(request)
    found = merchant_panels.get(key)
    require(found is not None, NOT_FOUND)
    require(actor.owns("books") or actor.owns("partner"), errors.NOT_A_MERCHANT)
    return render(request, found.template, merchant_facts(request, key, panel=found, **found.facts(actor)))


# --- what only an owner does --------------------------------------------------------------------------------


def _owned(request: HttpRequest, partner_id: int) -> Partner:
    return actions.owned_partner(signed_in(request), int(partner_id))


@never_cache
@sensitive_post_parameters("account")
@require_http_methods(["GET", "HEAD", "POST"])
def payout(request: HttpRequest, partner_id: int) -> HttpResponse:
    """收款账户: shown by its last digits, typed whole each time."""
    partner = _owned(request, partner_id)
    kept = PayoutAccount.objects.visible_to(request.actor).filter(partner=partner).first()
    agreements = Agreement.objects.visible_to(request.actor).filter(partner=partner, state__in=BINDING)
    written = agreements.exclude(payout_shown="").order_by("-starts_on").first()
    if request.method != "POST":
        known = {"holder": kept.holder if kept else partner.name, "bank": kept.bank if kept else ""}
        facts = merchant_facts(
            request, "home", partner=partner, written=written, form=PayoutForm(initial=known)
        )
        return render(request, PAYOUT, facts)
    form = PayoutForm(request.POST)
    facts = merchant_facts(request, "home", partner=partner, written=written, form=form)
    if not form.is_valid():
        return again(request, PAYOUT, facts)
    try:
        actions.set_payout(request.actor, partner_id=partner.pk, **form.cleaned_data)
    except DomainError as error:
        return again(request, PAYOUT, facts, error)
    messages.success(request, _("收款账户已保存。"))
    return go("merchant")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, partner_id: int) -> HttpResponse:
    """退出合作, for good: what it means stands above the button."""
    partner = _owned(request, partner_id)
    require(partner.state != "exited", errors.PARTNER_EXITED, partner=partner.name)
    form = LeaveForm(request.POST or None)
    facts = merchant_facts(request, "home", partner=partner, form=form, days=HONOUR.days)
    if request.method != "POST":
        return render(request, LEAVE, facts)
    if not form.is_valid():
        return again(request, LEAVE, facts)
    try:
        actions.leave_partner(request.actor, partner_id=partner.pk, reason=form.cleaned_data["reason"])
    except DomainError as error:
        return again(request, LEAVE, facts, error)
    messages.success(request, _("已退出合作。会员已领的券请继续兑付 30 天。"))
    return go("merchant")
