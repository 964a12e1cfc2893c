"""优惠 in the back office: the list with what was set aside and used, one offer with all that hangs on it, its verbs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills import plans, pricing
from gonghui.bills.actions import terms as actions
from gonghui.bills.actions.offer_sheets import known_to
from gonghui.bills.forms import stores_to_choose
from gonghui.bills.holidays import says_known_holidays
from gonghui.bills.models import Bill, BillOffer, BillPart, OfferLimit, OfferTerms, Programme, Purse
from gonghui.bills.offer_sheets import lines_of, template_columns
from gonghui.bills.price_history import GoodsPrice, doubtful_prices, prices_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    go_to,
    in_state,
    link_column,
    page_facts,
    related_filter,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.exporting import sheet_answer
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.sheets import Column
from gonghui.kit.templatetags.kit import count, yuan
from gonghui.members.models import WorkerGroup

TONES = {"draft": "info", "reviewed": "warning", "published": "success", "paused": "warning", "ended": "info"}
GIVEN = (Bill.State.HELD, Bill.State.SETTLED, Bill.State.REFUNDED)
READ = "figures of offers in the reader's scope"
LIVING = ("draft", "reviewed", "published", "paused")
FIGURES_MAX = 10
SHEET_CHUNK = 500


def offer_address(terms: OfferTerms) -> str:
    return reverse("admin:offer", args=[terms.pk])


class StoreToAddForm(VerbForm):
    store_id = forms.ChoiceField(label=gettext_lazy("门店"))

    def __init__(self, *args, actor, row, **kwargs):
        super().__init__(*args, actor=actor, row=row, **kwargs)
        there = set(row.offer_stores.values_list("store_id", flat=True))
        self.fields["store_id"].choices = [
            (store.pk, f"{store.partner.name} · {store.name}")
            for store in stores_to_choose(actor)
            if store.pk not in there
        ]

    def facts(self) -> dict[str, Any]:
        return {"store_id": int(self.cleaned_data["store_id"])}


class StoreToRemoveForm(StoreToAddForm):
    def __init__(self, *args, actor, row, **kwargs):
        super().__init__(*args, actor=actor, row=row, **kwargs)
        there = row.offer_stores.select_related("store__partner").order_by("store__partner__name", "store_id")
        self.fields["store_id"].choices = [
            (one.store_id, f"{one.store.partner.name} · {one.store.name}") for one in there
        ]


class ReviewForm(VerbForm):
    """Asks for words only where list prices were raised before the offer begins."""

    price_note = forms.CharField(
        label=gettext_lazy("价格说明"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args, actor, row, **kwargs):
        super().__init__(*args, actor=actor, row=row, **kwargs)
        figures = [one.says() for one in doubtful_prices(plans.plan_of(row))]
        if not figures:
            del self.fields["price_note"]
            return
        asked = _("优惠开始前 30 天内原价涨过，或者优惠价不比原来便宜。请向商户核实，写明为什么仍然通过。")
        self.fields["price_note"].help_text = asked + "".join(figures[:FIGURES_MAX])


class OfferVerb(Verb):
    """Comes back to the offer's own page."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return offer_address(row)


class CopyVerb(OfferVerb):
    def answer(self, screen, request: HttpRequest, row, form: VerbForm) -> HttpResponse:
        made = self.act(request.actor, terms_id=row.pk)
        messages.success(request, _("已复制成草稿，请修改后提交复核。"))
        return go_to(request, reverse("admin:offer_edit", args=[made.pk]))


def _verb(name: str, label, act, needs: str, kind: type[Verb] = OfferVerb, **facts: Any) -> Verb:
    return kind(name, label, act, needs, key="terms_id", **facts)


VERBS = (
    _verb("review", gettext_lazy("复核通过"), actions.review_terms, "releases.review", icon="fact_check", tone="primary",
          form=ReviewForm, when=in_state("draft"),
          question=gettext_lazy("复核后内容不能再改，除非退回。经办人不能复核自己的优惠。")),
    _verb("send_back", gettext_lazy("退回"), actions.send_back_terms, "releases.review", icon="undo", form=ReasonForm,
          when=in_state("reviewed")),
    _verb("publish", gettext_lazy("上线"), actions.publish_terms, "releases.write", icon="campaign", tone="primary",
          when=in_state("reviewed"),
          question=gettext_lazy("上线后门店就可以使用。不凭券的，预留的钱现在从预算划出；凭券的，在复核投放时按名额留足。")),
    _verb("pause", gettext_lazy("暂停"), actions.pause_terms, "releases.write", icon="pause_circle", form=ReasonForm,
          when=in_state("published"), question=gettext_lazy("暂停期间一律不能使用，已领的券也不能。")),
    _verb("resume", gettext_lazy("恢复"), actions.resume_terms, "releases.write", icon="play_circle", tone="primary",
          when=in_state("paused"), question=gettext_lazy("恢复后立即可以使用。")),
    _verb("add_store", gettext_lazy("加门店"), actions.add_store, "releases.write", icon="add_business",
          form=StoreToAddForm, when=in_state(*LIVING)),
    _verb("remove_store", gettext_lazy("减门店"), actions.remove_store, "releases.write", icon="domain_disabled",
          form=StoreToRemoveForm, when=in_state(*LIVING),
          question=gettext_lazy("减掉后，这家门店立即不能使用这项优惠。")),
    _verb("copy", gettext_lazy("复制一份"), actions.copy_terms, "releases.write", CopyVerb, icon="content_copy",
          question=gettext_lazy("按现在的内容建一份新的草稿，原来的不受影响。")),
    _verb("end", gettext_lazy("结束"), actions.end_terms, "releases.write", icon="block", tone="danger", form=ReasonForm,
          when=in_state(*LIVING),
          question=gettext_lazy("结束后不能恢复。已领的券照样用到过期，没用完的钱退回预算。")),
)  # fmt: skip


def with_money(found: QuerySet) -> QuerySet:
    """Adds what was set aside for each and what bills took of it."""
    aside = Purse.objects.unscoped(READ).filter(share__terms=OuterRef("pk")).order_by().values("share__terms")
    used = (
        BillPart.objects.unscoped(READ)
        .filter(offer=OuterRef("offer_id"), account__isnull=False, line__bill__state__in=GIVEN)
        .order_by()
        .values("offer")
    )
    return found.annotate(
        _aside=Coalesce(Subquery(aside.annotate(fen=Sum("commitment__amount_fen")).values("fen")), Value(0)),
        _used=Coalesce(
            Subquery(used.annotate(left=Sum(F("fen") - F("refunded_fen"))).values("left")), Value(0)
        ),
        _stores=Count("offer_stores", distinct=True),
    )


@admin.register(OfferTerms)
class OfferTermsAdmin(ScopedAdmin):
    icon, order = "local_offer", 10
    new_page = ("offer_new", "releases.write", gettext_lazy("新建优惠"))
    import_page = ("offer_import", "releases.write")
    empty_hint = gettext_lazy(
        "满减、折扣、一口价、赠品：写明谁出钱、在哪里用、什么时候用，由另一位同事复核后上线。"
    )
    view_verb, export_verb = "releases.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("offer__title")
    search_help_text = gettext_lazy("优惠名称")
    list_display = (
        link_column(gettext_lazy("优惠"), offer_address, lambda row: row.offer.title),
        "says", "union_name", "programme", "funders", "stores", "used_shown", state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("offer__union", "programme")
    list_filter = (
        subtree_filter("offer__union__path"),
        ("state", ChoicesDropdownFilter),
        ("form", ChoicesDropdownFilter),
        related_filter("programme"),
    )
    ordering = ("-id",)
    fields = ("offer", "says", "programme", "funders", "stores", "used_shown", "state", ("maker", "checker"))
    verbs = VERBS

    class Media:
        css = {"all": ["bills/console.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("offer__union", "programme", "maker", "checker")
        return with_money(found).prefetch_related("shares")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ["says", "funders", "stores", "used_shown"]
        return [*super().get_readonly_fields(request, obj), *own]

    def _sheet(self, request: HttpRequest, found: QuerySet) -> FileResponse:
        """As the import reads it, with what the list says besides."""
        columns = [*template_columns(known_to(request.actor)), Column(_("状态")), Column(_("内容"), 40)]
        return sheet_answer(
            columns, offer_lines(request.actor, found), name=_("优惠"), day=f"{clock.now():%Y%m%d-%H%M}"
        )

    @display(description=gettext_lazy("内容"))
    def says(self, row: OfferTerms) -> str:
        return pricing.says_terms(plans.price_of(row))

    @display(description=gettext_lazy("工会"), ordering="offer__union__path")
    def union_name(self, row: OfferTerms) -> str:
        return row.offer.union.name

    @display(description=gettext_lazy("出资"))
    def funders(self, row: OfferTerms) -> str:
        return "、".join(dict.fromkeys(str(share.get_payer_display()) for share in row.shares.all())) or "—"

    @display(description=gettext_lazy("门店"))
    def stores(self, row: OfferTerms) -> int:
        return row._stores

    @display(description=gettext_lazy("已用 / 预留（元）"))
    def used_shown(self, row: OfferTerms) -> str:
        if not row._aside:
            return "—"
        return format_html(
            '<progress class="bo-bar" max="{}" value="{}"></progress><span class="bo-n">{} / {}</span>',
            row._aside, min(row._used, row._aside), yuan(row._used), yuan(row._aside),
        )  # fmt: skip


def offer_lines(actor: Actor, found: QuerySet) -> Iterator[list[Any]]:
    found = found.select_related("offer__union", "sheet_key").prefetch_related(*plans.PARTS)
    rows = found.iterator(chunk_size=SHEET_CHUNK)
    while chunk := list(islice(rows, SHEET_CHUNK)):
        known = known_to(actor, chunk)
        for row in chunk:
            kept = getattr(row, "sheet_key", None)
            plan = plans.plan_fetched(row)
            lines = lines_of(kept.key if kept else f"#{row.pk}", row.offer.union_id, plan, known)
            said = [row.get_state_display(), pricing.says_terms(plan.price)]
            for nth, line in enumerate(lines):
                yield [*line, *(said if not nth else [None, None])]


@admin.register(Programme)
class ProgrammeAdmin(ScopedAdmin):
    icon, order = "flag", 20
    view_verb, write_verb, export_verb = "releases.view", "releases.write", "reports.export"
    path_field = "union__path"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("项目名称")
    list_display = ("title", "union", "starts_on", "ends_on", "offers")
    list_select_related = ("union",)
    list_filter = (subtree_filter(),)
    ordering = ("-id",)
    fields = ("union", "title", "starts_on", "ends_on")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(_offers=Count("terms"))

    @display(description=gettext_lazy("优惠"))
    def offers(self, row: Programme) -> int:
        return row._offers


# --- One offer ----------------------------------------------------------------------------------------------


def terms_seen(request: HttpRequest, terms_id: int) -> OfferTerms:
    found = admin.site._registry[OfferTerms].get_queryset(request).filter(pk=terms_id)
    terms = found.select_related(
        "offer__union", "programme", "audience_union", "audience", "audience_version", "maker", "checker"
    ).first()
    require(terms, NOT_FOUND)
    return terms


@console_page("bills/offers/<int:terms_id>", name="offer", needs="releases.view")
def offer_page(request: HttpRequest, terms_id: int) -> HttpResponse:
    terms = terms_seen(request, terms_id)
    plan = plans.plan_of(terms)
    path = terms.offer.union.path
    bills = BillOffer.objects.unscoped(READ).filter(offer_id=terms.offer_id)
    names = dict(WorkerGroup.objects.values_list("code", "name"))
    stores = terms.offer_stores.select_related("store__partner").order_by("store__partner__name", "store_id")
    named = {one.store_id: one.store.name for one in stores}
    facts: dict[str, Any] = {
        "terms": terms,
        "tone": TONES[terms.state],
        "screen": pricing.says(plan.windows, plan.price, names, named).split("\n"),
        "tried": plans.tried_on(plan, plans.sample_fen(plan.price)),
        "shares": shares_shown(terms),
        "limits": [says_limit(limit) for limit in terms.limits.order_by("id")],
        "stores": stores,
        **prices_shown(terms, plan),
        "groups": [names.get(code, code) for code in terms.groups],
        "bill_count": bills.filter(bill__state__in=GIVEN[1:]).count(),
        "says_holidays": says_known_holidays() if any(w.holidays != "any" for w in plan.windows) else "",
        "verbs": [
            {"verb": verb, "url": reverse(f"admin:bills_offerterms_{verb.name}", args=[terms.pk])}
            for verb in VERBS
            if verb.when(terms) and request.actor.may(verb.needs, path)
        ],
        "may_edit": terms.state == OfferTerms.State.DRAFT and request.actor.may("releases.write", path),
        "may_release": terms.needs_voucher
        and terms.state == OfferTerms.State.PUBLISHED
        and request.actor.may("releases.write", path),
        "sees_bills": request.actor.may("bills.view", path),
    }
    return render(request, "bills/console/offer.html", page_facts(request, terms.offer.title, **facts))


def prices_shown(terms: OfferTerms, plan: plans.TermsPlan) -> dict[str, Any]:
    """Of an offer for whatever is sold only until it is up: that reads all bills of its stores."""
    is_asked = bool(plan.codes) or terms.state in ("draft", "reviewed")
    goods = prices_of(plan) if is_asked and plan.store_ids else []
    notes = terms.price_notes.select_related("checker").order_by("id")
    return {
        "goods": [(one, doubt_of(one, plan.price)) for one in goods],
        "is_asked": is_asked,
        "price_notes": notes,
    }


def doubt_of(one: GoodsPrice, price: pricing.Terms) -> str:
    if one.is_raised:
        return _("涨过价")
    return _("优惠价不低于原来") if one.is_no_bargain(price) else ""


def says_limit(limit: OfferLimit) -> str:
    per = limit.get_per_display()
    if limit.most_fen:
        return _("%(per)s最多补贴 %(fen)s 元") % {"per": per, "fen": yuan(limit.most_fen)}
    return _("%(per)s %(n)s 次") % {"per": per, "n": count(limit.most)}


def shares_shown(terms: OfferTerms) -> list[dict[str, Any]]:
    """Each funder with its purses and what bills took of them."""
    used = dict(
        BillPart.objects.unscoped(READ)
        .filter(offer_id=terms.offer_id, account__isnull=False, line__bill__state__in=GIVEN)
        .order_by()
        .values_list("account")
        .annotate(fen=Sum(F("fen") - F("refunded_fen")))
    )
    purses: dict[int, list[dict[str, Any]]] = {}
    found = (
        Purse.objects.unscoped(READ)
        .filter(share__terms=terms)
        .select_related("release", "commitment__account")
    )
    for purse in found.order_by("id"):
        commitment = purse.commitment
        row = {
            "name": purse.release.title if purse.release_id else _("整项优惠"),
            "amount": commitment.amount_fen,
            "used": used.get(commitment.account_id, 0),
            "left": commitment.account.available,
            "is_over": commitment.state == "released",
        }
        purses.setdefault(purse.share_id, []).append(row)
    return [
        {"share": share, "part": part_words(share), "purses": purses.get(share.pk, [])}
        for share in terms.shares.select_related("budget__union").order_by("nth")
    ]


def part_words(share) -> str:
    if share.takes_rest:
        said = _("承担余额")
    elif share.fixed_fen:
        said = _("每单 %s 元") % yuan(share.fixed_fen)
    elif share.permille:
        said = _("优惠的 %s%%") % f"{share.permille / 10:g}"
    else:
        said = _("前一方不够时补上")
    return said + (_("，每单最多 %s 元") % yuan(share.max_fen) if share.max_fen else "")
