"""试算 on an offer's page: who writes or reviews it sees it beside the other offers of a store before anybody else does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.bills import plans, pricing
from gonghui.bills.admin.offers import terms_seen
from gonghui.bills.forms import group_choices
from gonghui.bills.models import OfferTerms, Payer
from gonghui.bills.selling import typed_line
from gonghui.bills.trials import Supposed, try_together
from gonghui.funds.models import Section
from gonghui.kit import clock
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.asking import YuanField, moment_field
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import DomainError
from gonghui.payments.models.payments import AMOUNT_FEN_MAX

ANY = [("", gettext_lazy("不分专区"))]


class TrialForm(forms.Form):
    halves = ("store", "fen", "at", "section", "code")
    store = forms.TypedChoiceField(label=gettext_lazy("门店"), coerce=int)
    fen = YuanField(label=gettext_lazy("消费金额（元）"), min_value=0, max_value=AMOUNT_FEN_MAX // 100)
    at = moment_field(gettext_lazy("什么时候"))
    section = forms.ChoiceField(label=gettext_lazy("专区"), required=False)
    code = forms.CharField(
        label=gettext_lazy("商品编码"), required=False, max_length=40,
        help_text=gettext_lazy("有只用于某些商品的优惠时填。"),
    )  # fmt: skip
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("会员属于"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选表示普通会员。"),
    )  # fmt: skip
    is_verified = forms.BooleanField(label=gettext_lazy("已经实名"), required=False)
    is_family = forms.BooleanField(label=gettext_lazy("是会员的家属"), required=False)
    has_vouchers = forms.BooleanField(label=gettext_lazy("手里有要用的券"), required=False)

    def __init__(self, *args, terms: OfferTerms, **kwargs):
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        stores = terms.offer_stores.select_related("store").order_by("store__name", "store_id")
        fields["store"].choices = [(one.store_id, one.store.name) for one in stores]
        sections = Section.objects.order_by("id").values_list("code", "name")
        fields["section"].choices = [*ANY, *sections]
        fields["groups"].choices = group_choices()
        for name, field in fields.items():
            dress(field)
            field.is_half = name in self.halves

    def supposed(self) -> Supposed:
        given = self.cleaned_data
        return Supposed(
            store_id=given["store"],
            line=typed_line(_("商品"), given["fen"], section=given["section"], code=given["code"]),
            at=given["at"],
            groups=frozenset(given["groups"]),
            is_verified=given["is_verified"],
            is_family=given["is_family"],
            has_vouchers=given["has_vouchers"],
        )


def first_guess(terms: OfferTerms) -> dict[str, Any]:
    """A bill on which the offer shows what it does, now, of a verified member it is for."""
    return {
        "fen": plans.sample_fen(plans.price_of(terms)) // 100,
        "at": timezone.localtime(clock.now(), clock.CHINA),
        "groups": terms.groups[:1],
        "is_verified": True,
        "has_vouchers": True,
    }


@console_page("bills/offers/<int:terms_id>/try", name="offer_try", needs="releases.view")
def try_offer(request: HttpRequest, terms_id: int) -> HttpResponse:
    """Read with GET: a trial can be sent on to who reviews it, and nothing it asks is written anywhere."""
    terms = terms_seen(request, terms_id)
    form = TrialForm(request.GET if "fen" in request.GET else None, terms=terms, initial=first_guess(terms))
    facts: dict[str, Any] = {"terms": terms, "form": form, "union": terms.audience_union or terms.offer.union}
    if form.is_bound and form.is_valid():
        try:
            facts |= shown(try_together(terms, form.supposed()), terms)
        except DomainError as error:
            form.add_error(None, str(error))
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "bills/console/try.html", page_facts(request, _("试算"), **facts), status=status)


def shown(quote: pricing.Quote, terms: OfferTerms) -> dict[str, Any]:
    """What is given, in the order in which it is taken off, and why the others are not."""
    return {
        "quote": quote,
        "applied": [_given(one, one.offer_id == terms.offer_id) for one in quote.applied],
        "refused": [(one, one.offer_id == terms.offer_id) for one in quote.refused],
    }


def _given(one: pricing.Applied, is_this: bool) -> dict[str, Any]:
    labels, sums = dict(Payer.choices), dict[str, int]()
    for part in one.parts:
        sums[part.payer] = sums.get(part.payer, 0) + part.fen
    return {
        "title": one.title,
        "is_this": is_this,
        "says": pricing.says_terms(one.terms),
        "off_fen": one.discount_fen,
        "payers": [(labels[payer], fen) for payer, fen in sums.items() if fen],
    }
