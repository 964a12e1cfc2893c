"""投放一批券: how many coupons of an offer go out, when, how and to whom; a draft that another person reviews."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.audiences.queries import usable
from gonghui.benefits.actions.releases import PoolPlan, ReleaseTerms, draft_release
from gonghui.benefits.models import Release
from gonghui.benefits.models.releases import PER_PERSON_MAX
from gonghui.bills import terms_errors
from gonghui.bills.admin.offers import terms_seen
from gonghui.bills.models import OfferTerms
from gonghui.funds.admin.asking import written_unions
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import console_page
from gonghui.kit.console.asking import ask, moment_field
from gonghui.kit.errors import require
from gonghui.members.groups import groups_open_to

PLACES_MAX = 1_000_000


class CouponsForm(forms.Form):
    halves = (
        "mode", "places", "per_person", "audience_union", "opens_at", "closes_at", "valid_from", "valid_until",
    )  # fmt: skip
    title = forms.CharField(label=gettext_lazy("投放名称"), max_length=120)
    mode = forms.ChoiceField(label=gettext_lazy("方式"), choices=Release.Mode)
    places = forms.IntegerField(label=gettext_lazy("多少张"), min_value=1, max_value=PLACES_MAX)
    per_person = forms.IntegerField(
        label=gettext_lazy("每人最多几张"), min_value=1, max_value=PER_PERSON_MAX, initial=1
    )
    audience_union = forms.ModelChoiceField(
        None, label=gettext_lazy("面向的工会"), required=False, empty_label=gettext_lazy("本工会和下级工会")
    )  # fmt: skip
    audience_groups = forms.MultipleChoiceField(
        label=gettext_lazy("面向的群体"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选表示所有会员。"),
    )  # fmt: skip
    audience = forms.ModelChoiceField(
        None, label=gettext_lazy("面向的受众"), required=False, empty_label=gettext_lazy("上面的所有人")
    )  # fmt: skip
    verified_only = forms.BooleanField(label=gettext_lazy("仅限实名会员"), required=False, initial=True)
    announce_at = moment_field(gettext_lazy("预告时间"))
    opens_at = moment_field(gettext_lazy("开放时间"))
    closes_at = moment_field(gettext_lazy("结束时间"))
    valid_from = moment_field(
        gettext_lazy("可用时间起"), required=False, help_text=gettext_lazy("不填表示领到就能用。")
    )
    valid_until = moment_field(
        gettext_lazy("可用时间止"), help_text=gettext_lazy("到时没用的作废，为它留的钱退回预算。")
    )

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["audience_union"].queryset = written_unions(actor, "releases.write")
        fields["audience"].queryset = usable(actor)
        open_to = groups_open_to(actor, "releases.write")
        fields["audience_groups"].choices = list(open_to.values_list("code", "name"))

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        in_order = ("announce_at", "opens_at", "closes_at")
        for before, after in pairwise(in_order):
            if given.get(before) and given.get(after) and given[before] > given[after]:
                self.add_error(after, _("时间要依次为：预告、开放、结束。"))
        if given.get("opens_at") and given.get("closes_at") == given["opens_at"]:
            self.add_error("closes_at", _("结束时间要在开放时间之后。"))
        start = given.get("valid_from") or given.get("opens_at")
        if start and given.get("valid_until") and given["valid_until"] <= start:
            self.add_error("valid_until", _("可用时间止要在开放和可用时间起之后。"))
        return given

    def facts(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        pool = PoolPlan(
            label=given["title"], capacity=given.pop("places"), valid_from=given.pop("valid_from"),
            valid_until=given.pop("valid_until"),
        )  # fmt: skip
        union = given.pop("audience_union")
        audience = given.pop("audience")
        meant = {
            "audience_union_id": union.pk if union else None,
            "audience_groups": tuple(given.pop("audience_groups")),
            "audience_id": audience.pk if audience else None,
        }
        terms = ReleaseTerms(**given, **meant)
        return {"terms": terms, "pools": [pool]}


def first_guess(terms: OfferTerms) -> dict[str, Any]:
    """The first of the coming month at nine, for the month: what most offers do."""
    today = clock.today()
    first = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    ends = (first + dt.timedelta(days=32)).replace(day=1)
    at = lambda day, hour: dt.datetime.combine(day, dt.time(hour), clock.CHINA)  # noqa: E731
    return {
        "title": f"{terms.offer.title}（{first.month}月）"[:120],
        "announce_at": at(first - dt.timedelta(days=2), 9),
        "opens_at": at(first, 9),
        "closes_at": at(ends, 0),
        "valid_until": at(ends, 0),
    }


@console_page("bills/offers/<int:terms_id>/release", name="offer_release", needs="releases.write")
def release_coupons(request: HttpRequest, terms_id: int) -> HttpResponse:
    terms = terms_seen(request, terms_id)
    require(request.actor.may("releases.write", terms.offer.union.path))
    require(terms.needs_voucher, terms_errors.NOT_BY_VOUCHER, offer=terms.offer.title)
    form = CouponsForm(request.POST or None, actor=request.actor, initial=first_guess(terms))
    return ask(
        request,
        form,
        lambda actor, **facts: draft_release(actor, offer_id=terms.offer_id, **facts),
        title=_("投放一批券"),
        goes_to=lambda made: reverse("admin:benefits_release_change", args=[made.pk]),
        says=_("已存为草稿，请另一位同事复核。复核时按张数从预算留足补贴。"),
    )
