"""券包 and 入会礼包 in the back office: what is in a pack, which pack welcomes new members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.benefits.models import Pool, Release
from gonghui.bills.actions import packs as actions
from gonghui.bills.admin.bills import right
from gonghui.bills.forms import in_line
from gonghui.bills.models import PackItem, PackOpening, WelcomePack
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    link_column,
    page_facts,
    subtree_filter,
    when_column,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.scope import BySubtree
from gonghui.kit.templatetags.kit import count as count_words

ROWS = 4
CHOOSE = gettext_lazy("请选择")
PARTNER = "pool__release__offer__priced_by__offer_stores__store__partner"
LIVING = ("reviewed", "announced", "open", "paused")


def _pools(actor: Actor) -> QuerySet[Pool]:
    """Of releases that go out in packs, reviewed and not over."""
    found = Pool.objects.unscoped("narrowed to the actor's line").select_related("release")
    found = found.filter(in_line(actor, "release__union"), release__mode="pack", release__state__in=LIVING)
    return found.order_by("-release_id", "id")


class PoolField(forms.ModelChoiceField):
    def label_from_instance(self, row: Pool) -> str:
        return _("%(release)s · %(pool)s（%(n)d 份）") % {
            "release": row.release.title, "pool": row.label, "n": row.capacity,
        }  # fmt: skip


class PackForm(forms.Form):
    question = gettext_lazy(
        "礼包领一次，里面的券分开用。先把每种券各建一份“随礼包发放”的投放并复核（补贴资金在那时留足），再装进礼包的投放草稿。"
    )
    halves = tuple(f"{kind}{n}" for n in range(1, ROWS + 1) for kind in ("pool", "count"))
    release = forms.ModelChoiceField(None, label=gettext_lazy("礼包的投放草稿"), empty_label=CHOOSE)

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        rule = BySubtree("union__path", verb="releases.write")
        drafts = Release.objects.unscoped("narrowed to what the actor writes to").filter(
            rule.condition(actor)
        )
        fields: dict[str, Any] = self.fields
        fields["release"].queryset = drafts.filter(state="draft").order_by("-id")
        for n in range(1, ROWS + 1):
            fields[f"pool{n}"] = PoolField(
                _pools(actor), label=_("第 %d 种券") % n, required=n == 1, empty_label=CHOOSE
            )
            fields[f"count{n}"] = forms.IntegerField(
                label=_("每包几张"), min_value=1, max_value=30, initial=1, required=n == 1
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        chosen = [given[f"pool{n}"].pk for n in range(1, ROWS + 1) if given.get(f"pool{n}")]
        if len(set(chosen)) != len(chosen):
            self.add_error(None, _("同一种券只能选一次，要多张请改张数。"))
        return given

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        rows = [(given[f"pool{n}"], given[f"count{n}"]) for n in range(1, ROWS + 1)]
        items = [(pool.pk, count or 1) for pool, count in rows if pool]
        return {"release_id": given["release"].pk, "items": items}


class WelcomeForm(forms.Form):
    question = gettext_lazy(
        "从现在起，新入会的会员每人自动得到一份，一生只有一次；给谁由这份投放面向的工会和群体决定。"
    )
    pool = PoolField(
        None, label=gettext_lazy("送哪个礼包"), empty_label=CHOOSE,
        help_text=gettext_lazy("这里列出已经复核的“随礼包发放”投放。"),
    )  # fmt: skip

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["pool"]
        field.queryset = _pools(actor)

    def facts(self) -> dict[str, Any]:
        return {"pool_id": self.cleaned_data["pool"].pk}


@console_page("bills/packs/new", name="pack_new", needs="releases.write")
def new_pack(request: HttpRequest) -> HttpResponse:
    form = PackForm(request.POST or None, actor=request.actor)

    def goes_to(made: list[PackItem]) -> str:
        return reverse("admin:benefits_release_change", args=[made[0].pack_id])

    return ask(
        request,
        form,
        actions.fill_pack,
        title=_("装礼包"),
        goes_to=goes_to,
        says=_("已装好，请另一位同事复核这份投放。"),
    )


@console_page("bills/welcome/new", name="welcome_new", needs="releases.write")
def new_welcome(request: HttpRequest) -> HttpResponse:
    form = WelcomeForm(request.POST or None, actor=request.actor)
    return ask(
        request,
        form,
        actions.set_welcome_pack,
        title=_("设置入会礼包"),
        goes_to=lambda made: reverse("admin:bills_welcomepack_change", args=[made.pk]),
        says=_("已设置，新会员会自动收到。"),
    )


@admin.register(PackItem)
class PackItemAdmin(ScopedAdmin):
    icon, order = "inventory_2", 16
    new_page = ("pack_new", "releases.write", gettext_lazy("装礼包"))
    empty_hint = gettext_lazy("把几家商户的券装成一个礼包，例如充电、洗车、体检：领一次，分开用。")
    search = SmallNameSearch("pack__title")
    search_help_text = gettext_lazy("礼包名称")
    list_display = (
        link_column(gettext_lazy("礼包"), lambda row: pack_address(row.pack), lambda row: row.pack.title),
        "what", "merchants", "count", "places",
    )  # fmt: skip
    list_select_related = ("pack", "pool__release__offer")
    list_filter = (subtree_filter("pack__union__path"),)
    ordering = ("-pack_id", "id")
    fields = ("pack", "what", "merchants", "pool", "count")

    class Media:
        css = {"all": ["bills/console.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_merchants(super().get_queryset(request))

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "what", "merchants"]

    @display(description=gettext_lazy("优惠"))
    def what(self, row: PackItem) -> str:
        return row.pool.release.offer.title

    @display(description=gettext_lazy("商户"))
    def merchants(self, row: PackItem) -> str:
        return row._merchants or "—"

    @display(description=gettext_lazy("名额"))
    def places(self, row: PackItem) -> str:
        return right(count_words(row.pool.capacity))


def with_merchants(found: QuerySet) -> QuerySet:
    named = StringAgg(f"{PARTNER}__name", "、", distinct=True)
    return found.annotate(_merchants=named)


def pack_address(pack: Release) -> str:
    return reverse("admin:pack", args=[pack.pk])


@console_page("bills/packs/<int:release_id>", name="pack", needs="releases.view")
def pack_page(request: HttpRequest, release_id: int) -> HttpResponse:
    found = admin.site._registry[PackItem].get_queryset(request).filter(pack_id=release_id)
    items = list(found.select_related("pack__union", "pool__release__offer__priced_by").order_by("id"))
    require(items, NOT_FOUND)
    pack = items[0].pack
    facts: dict[str, Any] = {
        "pack": pack,
        "contents": [{"row": row, "merchants": row._merchants or "—"} for row in items],
        "pools": pack.pools.order_by("id"),
        "opened": PackOpening.objects.unscoped("of a pack in sight").filter(voucher__release=pack).count(),
        "welcomes": WelcomePack.objects.visible_to(request.actor).filter(pool__release=pack).order_by("-id"),
    }
    return render(request, "bills/console/pack.html", page_facts(request, pack.title, **facts))


@admin.register(WelcomePack)
class WelcomePackAdmin(ScopedAdmin):
    icon, order = "waving_hand", 18
    new_page = ("welcome_new", "releases.write", gettext_lazy("设置入会礼包"))
    empty_hint = gettext_lazy("选一个礼包，新入会的会员每人自动收到一份。")
    search = SmallNameSearch("pool__release__title")
    search_help_text = gettext_lazy("礼包名称")
    list_display = ("release_title", "union_name", "given", when_column("ended_at", gettext_lazy("停用")))
    list_select_related = ("pool__release__union",)
    list_filter = (subtree_filter("pool__release__union__path"),)
    ordering = ("-id",)
    fields = ("release_title", "union_name", "given", "maker", "ended_at")
    verbs = (
        Verb("end", gettext_lazy("停用"), actions.end_welcome_pack, "releases.write", key="welcome_id", icon="block",
             tone="danger", when=lambda row: row.ended_at is None, question=gettext_lazy("停用后新会员不再收到。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request).select_related("pool__release__union", "maker")
        return found.annotate(_given=Count("gifts"))

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "release_title", "union_name", "given"]

    @display(description=gettext_lazy("礼包"))
    def release_title(self, row: WelcomePack) -> str:
        return row.pool.release.title

    @display(description=gettext_lazy("工会"))
    def union_name(self, row: WelcomePack) -> str:
        return row.pool.release.union.name

    @display(description=gettext_lazy("已送"))
    def given(self, row: WelcomePack) -> int:
        return row._given
