"""福豆发放 in the back office: the list, a guided draft that counts as one types, progress, who got none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.audiences.models import COUNT_SHOWN_MIN
from gonghui.audiences.queries import shown_count, tells_sensitive
from gonghui.funds import bounds
from gonghui.funds.actions import grants as actions
from gonghui.funds.admin.quorum import said_after
from gonghui.funds.decided import hands_of
from gonghui.funds.forms import GrantForm
from gonghui.funds.models import GrantedPerson, Matter, PointGrant
from gonghui.funds.queries import budget_figures
from gonghui.funds.worth import POINT_FEN
from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
    link_column,
    number,
    page_facts,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.exporting import record_export, sheet_answer
from gonghui.kit.console.sending import key_of, sent_once
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.masks import mask_name
from gonghui.kit.sheets import Column
from gonghui.kit.templatetags.kit import yuan
from gonghui.notices.results import shown_number

EXCEPTIONS_SHOWN = 50
SHEET_ROWS_MAX = 50_000
TONES = {
    "draft": "info", "submitted": "warning", "checked": "info", "granting": "warning", "partially_failed": "danger",
    "granted": "success", "expiring": "warning", "expired": "info", "cancelled": "danger",
}  # fmt: skip


def grant_address(grant: PointGrant) -> str:
    return reverse("admin:point_grant", args=[grant.pk])


@dataclass(frozen=True)
class GrantVerb(Verb):
    """Comes back to the grant's own page."""

    key: str = "point_grant_id"

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return grant_address(row)


def is_screened(grant: PointGrant) -> bool:
    return grant.state == "submitted" and not grant.is_screening


VERBS = (
    GrantVerb("submit", gettext_lazy("提交复核"), actions.submit_grant, "points.write", icon="send", tone="primary",
              when=in_state("draft"), question=gettext_lazy("按名册日期固定名单，并按支出规则逐人核对。")),
    GrantVerb("check", gettext_lazy("复核通过"), actions.check_grant, "points.check", icon="fact_check", tone="primary",
              when=is_screened, question=gettext_lazy("再按支出规则核对一遍，并从预算预留全部金额。"), done=said_after("grant")),
    GrantVerb("send_back", gettext_lazy("退回"), actions.send_back_grant, "points.check", icon="undo", form=ReasonForm,
              when=in_state("submitted")),
    GrantVerb("run", gettext_lazy("开始发放"), actions.run_grant, "points.write", icon="send_money", tone="primary",
              when=in_state("checked", "partially_failed"),
              question=gettext_lazy("发放后不能取消。每位会员都会收到一条消息。")),
    GrantVerb("cancel", gettext_lazy("取消"), actions.cancel_grant, "points.write", icon="cancel", tone="danger",
              form=ReasonForm, when=in_state("draft", "submitted", "checked"),
              question=gettext_lazy("取消后不能恢复，预留的经费退回预算。")),
)  # fmt: skip


@admin.register(PointGrant)
class PointGrantAdmin(ScopedAdmin):
    icon, order = "redeem", 40
    view_verb, export_verb = "points.view", "reports.export"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("发放名称")
    empty_hint = gettext_lazy("有了批准的预算，就可以给会员发福豆：一人拟、一人核，逐人按规则核对。")
    list_display = (
        link_column(gettext_lazy("名称"), grant_address, lambda row: row.title),
        "union",
        "category",
        "points_each",
        "progress",
        "expires_on",
        state_column("state", TONES),
    )
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter), ("category", ChoicesDropdownFilter))
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "union",
                    "budget",
                    ("category", "festival"),
                    "per_head",
                    "state",
                    ("maker", "checker"),
                )
            },
        ),
        (
            gettext_lazy("给谁"),
            {"fields": ("audience_union", "audience", "audience_groups", ("birthday_month", "roster_on"))},
        ),
        (gettext_lazy("怎么用"), {"fields": (("expires_on", "sections"), ("meant", "left_out", "given"))}),
    )
    verbs = VERBS
    untold = frozenset({"people", "refused", "granted", "screened", "screened_to"})
    """Of a sensitive grant they would tell of each; the grant's page says them as they may be said."""

    new_page = ("point_grant_new", "points.write", gettext_lazy("发放福豆"))

    @display(description=gettext_lazy("每人福豆"), ordering="per_head")
    def points_each(self, row: PointGrant) -> Amount:
        return number(row.per_head)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "meant", "left_out", "given"]

    @display(description=gettext_lazy("应发人数"))
    def meant(self, row: PointGrant) -> str:
        return shown_number(row.people, is_sensitive=row.is_sensitive)

    @display(description=gettext_lazy("未发人数"))
    def left_out(self, row: PointGrant) -> str:
        return shown_number(row.refused, is_sensitive=row.is_sensitive)

    @display(description=gettext_lazy("已发人数"))
    def given(self, row: PointGrant) -> str:
        return shown_number(row.granted, is_sensitive=row.is_sensitive)

    @display(description=gettext_lazy("已发 / 应发"))
    def progress(self, row: PointGrant) -> Amount | str:
        if not row.people:
            return Amount.of("—", None)
        if row.is_sensitive:
            return shown_count(row.people - row.refused, is_sensitive=True)
        return Amount.of(f"{row.granted:,} / {row.people - row.refused:,}", row.granted)


# --- the guided draft ---------------------------------------------------------------------------------------


@console_page("points/new", name="point_grant_new", needs="points.write")
def new_grant(request: HttpRequest) -> HttpResponse:
    form = GrantForm(request.POST or None, actor=request.actor)
    if request.method == "POST":
        right = form.is_valid()
        if "X-Preview" in request.headers:
            return JsonResponse(count_facts(form))
        if right:
            try:
                leads_to, _is_new = sent_once(
                    request, lambda: grant_address(actions.draft_grant(request.actor, **form.facts()))
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("已存为草稿。核对无误后提交复核。"))
                return HttpResponseRedirect(leads_to)
    status = 422 if form.is_bound and form.errors else 200
    facts = {"form": form, "parts": form.parts(), "counted": count_facts(form), "sent": key_of(request)}
    return render(
        request, "funds/console/grant_new.html", page_facts(request, _("发放福豆"), **facts), status=status
    )


def count_facts(form: GrantForm) -> dict[str, Any]:
    """How many people, how much, and what the budget has left; dashes until it can be said."""
    given = getattr(form, "cleaned_data", {}) if form.is_bound else {}
    budget = given.get("budget")
    left_fen = budget_figures(budget).available if budget else None
    facts: dict[str, Any] = {
        "people": "—",
        "sum": "—",
        "left": yuan(left_fen) if budget else "—",
        "short": False,
        **rules_said(given),
    }
    if all(given.get(name) for name in ("union", "roster_on")):
        sketch = PointGrant(
            union=given["union"], audience_union=given.get("audience_union"), roster_on=given["roster_on"],
            audience_groups=given.get("audience_groups") or [], birthday_month=given.get("birthday_month") or None,
            audience=given.get("audience"),
        )  # fmt: skip
        people = actions.audience_of(sketch).count()
        facts["people"] = f"{people:,}"
        if tells_sensitive(sketch.audience, sketch.audience_groups):
            return facts | {"people": shown_count(people, is_sensitive=True)}
        if given.get("per_head"):
            total_fen = people * given["per_head"] * POINT_FEN
            facts |= {"sum": yuan(total_fen), "short": left_fen is not None and total_fen > left_fen}
    return facts


def rules_said(given: dict[str, Any]) -> dict[str, Any]:
    """What rules ask besides caps, as soon as it can be said; `asks_words` where the maker has to affirm some of it."""
    if not all(given.get(name) for name in ("union", "budget", "category", "roster_on")):
        return {"said": [], "asks_words": False}
    names = ("union", "budget", "category", "festival", "roster_on")
    sketch = PointGrant(**{name: given[name] for name in names})
    rules = bounds.bounds_of(sketch, actions.day_of(sketch))
    said = [
        _("{place}：{what}（依据：{clause}）").format(
            place=rule.region.name, what=_("；").join(bounds.said_of(rule)), clause=rule.clause
        )
        for rule in rules
    ]
    return {"said": said, "asks_words": any(rule.condition for rule in rules)}


# --- one grant ----------------------------------------------------------------------------------------------


def grant_for(request: HttpRequest, grant_id: int) -> PointGrant:
    seen = PointGrant.objects.visible_to(request.actor)
    grant = (
        seen.select_related(
            "union", "budget__source", "budget__union", "audience_union", "audience", "maker", "checker"
        )
        .filter(pk=grant_id)
        .first()
    )
    require(grant, NOT_FOUND)
    return grant


@console_page("points/<int:grant_id>", name="point_grant", needs="points.view")
def grant_page(request: HttpRequest, grant_id: int) -> HttpResponse:
    grant = grant_for(request, grant_id)
    refused = [] if grant.is_sensitive else exceptions_of(grant)[:EXCEPTIONS_SHOWN]  # nobody is named
    expected = 0 if grant.people else actions.audience_of(grant).count()
    people = expected or grant.people - grant.refused
    sum_fen = people * grant.per_head * POINT_FEN
    hands = hands_of(request.actor, Matter.GRANT, grant.pk, union=grant.union, amount_fen=sum_fen)
    sees_budget = request.actor.may("budgets.view", grant.budget.union.path)
    facts = {
        "expected": shown_count(expected, is_sensitive=grant.is_sensitive),
        "budget_link": reverse("admin:budget", args=[grant.budget_id]) if sees_budget else "",
        "grant": grant,
        "tone": TONES[grant.state],
        "progress": progress_facts(grant),
        "sum": shown_sum(grant, people),
        "hands": hands,
        "exceptions": [exception_facts(row) for row in refused],
        "hidden": max(0, grant.refused - EXCEPTIONS_SHOWN),
        "verbs": [
            item for item in verbs_for(request, grant) if item["verb"].name != "check" or not hands.is_decided
        ],
        "may_export": request.actor.may("reports.export", grant.union.path),
    }
    return render(request, "funds/console/grant.html", page_facts(request, grant.title, **facts))


def shown_sum(grant: PointGrant, people: int) -> str:
    """Of a sensitive grant as exact as its people are shown: the books have it to the fen."""
    each_fen = grant.per_head * POINT_FEN
    if not grant.is_sensitive:
        return yuan(people * each_fen)
    if people < COUNT_SHOWN_MIN:
        return _("不足 {yuan}").format(yuan=yuan(COUNT_SHOWN_MIN * each_fen))
    return _("约 {yuan}").format(yuan=yuan(people // COUNT_SHOWN_MIN * COUNT_SHOWN_MIN * each_fen))


def verbs_for(request: HttpRequest, grant: PointGrant) -> list[dict[str, Any]]:
    return [
        {"verb": verb, "url": reverse(f"admin:funds_pointgrant_{verb.name}", args=[grant.pk])}
        for verb in VERBS
        if verb.when(grant) and request.actor.may(verb.needs, grant.union.path)
    ]


def progress_facts(grant: PointGrant) -> dict[str, Any]:
    """Of the rules being asked, or of the points being given."""
    asks = grant.is_screening
    hidden = grant.is_sensitive
    done = grant.screened if asks else grant.granted
    total = grant.people if asks else max(grant.people - grant.refused, 0)
    return {
        "done": None if hidden else done,
        "total": shown_count(total, is_sensitive=True) if hidden else total,
        "label": _("人已按支出规则核对") if asks else _("人已到账"),
        "refused": shown_count(grant.refused, is_sensitive=hidden) if grant.refused or hidden else "",
        "is_running": asks or grant.state == "granting",
        "state": str(grant.get_state_display()),
    }


@console_page("points/<int:grant_id>/progress", name="point_grant_progress", needs="points.view")
def grant_progress(request: HttpRequest, grant_id: int) -> HttpResponse:
    return JsonResponse(progress_facts(grant_for(request, grant_id)))


def exceptions_of(grant: PointGrant):
    found = GrantedPerson.objects.unscoped("people of a grant already fetched").filter(
        grant=grant, state="refused"
    )
    return found.select_related("person", "rule").order_by("pk")


def exception_facts(row: GrantedPerson) -> dict[str, str]:
    """Why somebody gets none: names masked, the clause whole."""
    return {
        "name": mask_name(row.person.name),
        "cap": f"{yuan(row.rule.cap_fen or 0)} {_('元')} / {row.rule.get_period_display()}"
        if row.rule
        else "",
        "clause": row.rule.clause if row.rule else row.reason,
    }


@console_page("points/<int:grant_id>/exceptions.xlsx", name="point_grant_exceptions", needs="points.view")
def grant_exceptions(request: HttpRequest, grant_id: int) -> HttpResponse | FileResponse:
    """How many by each clause: who they are leaves the console only by two (members.actions.exports)."""
    grant = grant_for(request, grant_id)
    require(request.actor.may("reports.export", grant.union.path))
    why = ((facts["clause"], facts["cap"]) for facts in map(exception_facts, exceptions_of(grant)))
    rows = [
        [*asked, shown_number(people, is_sensitive=True) if grant.is_sensitive else people]
        for asked, people in Counter(why).most_common(SHEET_ROWS_MAX)
    ]
    record_export(
        request.actor, table=GrantedPerson._meta.db_table, count=len(rows), asked={"grant": grant.pk}
    )
    columns = [
        Column(_("依据"), 60),
        Column(_("限额"), 20),
        Column(_("人数"), 12, "text" if grant.is_sensitive else "number"),
    ]
    return sheet_answer(columns, rows, name=f"{_('未发原因')}-{grant.title}")
