"""携手入会 in the back office: campaigns by two, and the introductions somebody should look at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.benefits.models import Pool
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    home_of,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.masks import mask_name
from gonghui.kit.scope import BySubtree
from gonghui.members.groups import groups_open_to
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Union
from gonghui.referrals import queries
from gonghui.referrals.actions import (
    CampaignTerms,
    clear_referral,
    draft_campaign,
    end_campaign,
    start_campaign,
    void_referral,
)
from gonghui.referrals.models import PER_REFERRER_MAX, Referral, ReferralCampaign

CAMPAIGN_TONES = {"draft": "warning", "running": "success", "ended": "info"}
TONES = {"pending": "info", "qualified": "warning", "rewarded": "success", "void": "danger"}
CHOOSE = gettext_lazy("请选择")


class PoolField(forms.ModelChoiceField):
    def label_from_instance(self, row: Pool) -> str:
        return _("%(release)s · %(pool)s（剩 %(n)d 份）") % {
            "release": row.release.title, "pool": row.label, "n": row.remaining,
        }  # fmt: skip


class CampaignForm(forms.Form):
    question = gettext_lazy(
        "先把两种券各建一份“随礼包发放”的投放并复核，钱在那时留足。奖励只给获批的入会，不给转发。"
    )
    halves = ("starts_at", "ends_at", "per_referrer", "stay_days")
    union = forms.ModelChoiceField(None, label=gettext_lazy("主办工会"), empty_label=CHOOSE)
    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    joiner_pool = PoolField(None, label=gettext_lazy("新会员的券"), empty_label=CHOOSE)
    referrer_pool = PoolField(None, label=gettext_lazy("介绍人的券"), empty_label=CHOOSE)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("面向的群体"), required=False, help_text=gettext_lazy("不选表示不限。"),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    starts_at = forms.DateTimeField(
        label=gettext_lazy("开始"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=gettext_lazy("结束"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    per_referrer = forms.IntegerField(
        label=gettext_lazy("每人最多奖励几次"), min_value=1, max_value=PER_REFERRER_MAX, initial=10
    )
    stay_days = forms.IntegerField(
        label=gettext_lazy("几天内退会则作废"), min_value=0, max_value=365, initial=30
    )

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        mine = Union.objects.unscoped("narrowed to what the actor writes to").filter(
            BySubtree("path", verb="joining.write").condition(actor), status="active"
        )
        fields["union"].queryset = mine.order_by("path")
        fields["union"].initial = home_of(actor, "joining.write")
        pools = Pool.objects.visible_to(actor).select_related("release").order_by("-release_id", "id")
        living = pools.filter(release__mode="pack", release__state__in=("reviewed", "announced", "open"))
        fields["joiner_pool"].queryset = fields["referrer_pool"].queryset = living
        fields["groups"].choices = groups_open_to(actor, "joining.write").values_list("code", "name")

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        terms = CampaignTerms(
            given["name"],
            given["starts_at"],
            given["ends_at"],
            given["joiner_pool"].pk,
            given["referrer_pool"].pk,
            given["groups"],
            given["per_referrer"],
            given["stay_days"],
        )
        return {"union_id": given["union"].pk, "terms": terms}


@console_page("referrals/campaigns/new", name="referral_campaign_new", needs="joining.write")
def new_campaign(request: HttpRequest) -> HttpResponse:
    form = CampaignForm(request.POST or None, actor=request.actor)
    return ask(
        request,
        form,
        draft_campaign,
        title=_("新建携手入会活动"),
        goes_to=lambda made: reverse("admin:referrals_referralcampaign_change", args=[made.pk]),
        says=_("已保存，请另一位同事复核后开始。"),
    )


@admin.register(ReferralCampaign)
class ReferralCampaignAdmin(ScopedAdmin):
    icon, order = "diversity_3", 40
    view_verb, export_verb = "joining.view", "reports.export"
    new_page = ("referral_campaign_new", "joining.write", gettext_lazy("新建携手入会活动"))
    empty_hint = gettext_lazy("老会员带新会员入会，获批后双方各得一张券；在这里办一个活动。")
    state_field = "state"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("活动名称")
    list_display = (
        "name", "union", "period", "brought", "given", state_column("state", CAMPAIGN_TONES),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        "name", "union", "state", ("starts_at", "ends_at"), ("joiner_gift", "referrer_gift"),
        ("per_referrer", "stay_days"), "group_names", "figures", ("maker", "checker"),
    )  # fmt: skip
    verbs = (
        Verb("start", gettext_lazy("复核并开始"), start_campaign, "releases.review", key="campaign_id", icon="play_arrow",
             tone="primary", when=in_state("draft"),
             question=gettext_lazy("开始后，承诺的内容不能再改；奖励从两份投放的名额里出。")),
        Verb("end", gettext_lazy("结束"), end_campaign, "joining.write", key="campaign_id", icon="stop", tone="danger",
             when=in_state("draft", "running"),
             question=gettext_lazy("结束后的新申请不再计入；已经申请的照样奖励。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("union", "maker", "checker")
        found = found.select_related("joiner_pool__release", "referrer_pool__release")
        given = Count("referrals", filter=Q(referrals__state="rewarded"))
        return found.annotate(_brought=Count("referrals"), _given=given)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list:
        own = ["joiner_gift", "referrer_gift", "group_names", "figures"]
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=gettext_lazy("时间"))
    def period(self, row: ReferralCampaign) -> str:
        return f"{row.starts_at:%Y-%m-%d} — {row.ends_at:%Y-%m-%d}"

    @display(description=gettext_lazy("用了邀请码"))
    def brought(self, row: ReferralCampaign) -> int:
        return row._brought

    @display(description=gettext_lazy("已发券"))
    def given(self, row: ReferralCampaign) -> int:
        return row._given

    @display(description=gettext_lazy("新会员的券"))
    def joiner_gift(self, row: ReferralCampaign) -> str:
        return f"{row.joiner_pool.release.title}（剩 {row.joiner_pool.remaining:,}）"

    @display(description=gettext_lazy("介绍人的券"))
    def referrer_gift(self, row: ReferralCampaign) -> str:
        return f"{row.referrer_pool.release.title}（剩 {row.referrer_pool.remaining:,}）"

    @display(description=gettext_lazy("面向的群体"))
    def group_names(self, row: ReferralCampaign) -> str:
        names = dict(WorkerGroup.objects.values_list("code", "name"))
        return "、".join(names.get(code, code) for code in row.groups) or _("不限")

    @display(description=gettext_lazy("效果"))
    def figures(self, row: ReferralCampaign) -> str:
        told = queries.tally(row)
        return _("申请 {a}，入会 {j}，已发券 {r}，无效 {v}，待看 {t}").format(
            a=told.applied, j=told.joined, r=told.rewarded, v=told.void, t=told.to_look
        )


@admin.register(Referral)
class ReferralAdmin(ScopedAdmin):
    icon, order = "handshake", 42
    view_verb, export_verb, export_people = "joining.view", "reports.export", ("referrer", "joinee")
    empty_hint = gettext_lazy("有人用邀请码申请入会后，会出现在这里。")
    state_field = "state"
    search = SmallNameSearch("referrer__name")
    search_help_text = gettext_lazy("介绍人姓名")
    list_display = (
        "introducer", "newcomer", "campaign", "flagged", when_column("created_at", gettext_lazy("申请")),
        state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("campaign", "referrer", "joinee")
    list_filter = (
        subtree_filter("campaign__union__path"),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = ("introducer", "newcomer", "campaign", "state", "flagged", "looked_by", "why_void", "settled_at")
    verbs = (
        Verb("clear", gettext_lazy("核对无误，发券"), clear_referral, "joining.review", key="referral_id", icon="check",
             tone="primary", form=ReasonForm, when=lambda row: row.needs_a_look,
             question=gettext_lazy("同一台手机或一家人，也可能是真的介绍；请核对后写明依据。")),
        Verb("void", gettext_lazy("作废"), void_referral, "joining.review", key="referral_id", icon="block", tone="danger",
             form=ReasonForm, when=in_state("pending", "qualified", "rewarded"),
             question=gettext_lazy("没用的券会收回；用掉的不追回。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("campaign__union", "referrer", "joinee")
        return found.select_related("looked_by").defer(*SEALED)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list:
        return [*super().get_readonly_fields(request, obj), "introducer", "newcomer", "flagged"]

    @display(description=gettext_lazy("介绍人"))
    def introducer(self, row: Referral) -> str:
        return mask_name(row.referrer.name)

    @display(description=gettext_lazy("新会员"))
    def newcomer(self, row: Referral) -> str:
        return mask_name(row.joinee.name) if row.joinee else "—"

    @display(description=gettext_lazy("需要看看"))
    def flagged(self, row: Referral) -> str:
        return "、".join(str(Referral.Flag(flag).label) for flag in row.flags) or "—"


SEALED = ("referrer__id_no", "referrer__phone", "joinee__id_no", "joinee__phone")


@waiting(needs="joining.review", order=30)
def introductions_to_look_at(actor: Actor) -> Figure:
    count = queries.to_look_at(actor).count()
    address = reverse("admin:referrals_referral_changelist") + "?state__exact=qualified"
    return Figure(str(_("携手入会待核对")), count, "handshake", address)
