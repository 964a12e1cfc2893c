"""支出规则 in the back office: the list, who verified what, ended and new ones."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.actions import rules as actions
from gonghui.funds.admin import asking
from gonghui.funds.bounds import said_of
from gonghui.funds.festivals import festival_name
from gonghui.funds.models import BenefitRule
from gonghui.funds.models.rules import BenefitCategory
from gonghui.kit import clock
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.errors import NOT_FOUND, require

RULES_SHOWN = 500


def list_address(_rule: Any = None) -> str:
    return reverse("admin:rules")


@console_page(
    "funds/rules",
    name="rules",
    needs="budgets.view",
    title=gettext_lazy("支出规则"),
    icon="gavel",
    group="funds",
    order=20,
)
def rule_list(request: HttpRequest) -> HttpResponse:
    """`category` and `place` narrow it; ended ones stand below those in force."""
    category = request.GET.get("category", "")
    place = request.GET.get("place", "")
    found = BenefitRule.objects.visible_to(request.actor).select_related("region", "verified_by")
    places = sorted({(rule.region.code, rule.region.name) for rule in found.order_by("region__code")})
    found = found.filter(category=category) if category in BenefitCategory.values else found
    found = found.filter(region__code=place) if place in dict(places) else found
    rows = [
        rule_facts(rule) for rule in found.order_by("region__code", "category", "festival", "-effective_from")
    ]
    facts = {
        "rows": sorted(rows, key=lambda row: not row["is_in_force"])[:RULES_SHOWN],
        "unverified": sum(not row["rule"].is_verified for row in rows),
        "places": places,
        "place": place,
        "categories": BenefitCategory.choices,
        "category": category,
        "may_write": request.actor.may_anywhere("rules.write"),
    }
    return render(request, "funds/console/rules.html", page_facts(request, _("支出规则"), **facts))


def rule_facts(rule: BenefitRule) -> dict[str, Any]:
    today = clock.today()
    return {
        "rule": rule,
        "festival": festival_name(rule.festival),
        "bounds": said_of(rule),
        "is_in_force": rule.effective_from <= today
        and (rule.effective_until is None or today < rule.effective_until),
    }


@console_page("funds/rules/new", name="rule_new", needs="rules.write")
def new_rule(request: HttpRequest) -> HttpResponse:
    form = asking.RuleForm(request.POST or None, actor=request.actor)
    return asking.ask(
        request,
        form,
        actions.write_rule,
        title=_("写一条规则"),
        goes_to=list_address,
        says=_("规则已写下，从生效日期起约束发放。"),
        back=list_address(),
    )


@console_page("funds/rules/<int:rule_id>/verify", name="rule_verify", needs="rules.write")
def verify_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    return _decide(request, rule_id, actions.verify_rule, asking.VerifyRuleForm, _("核实规则"), _("已核实。"))


@console_page("funds/rules/<int:rule_id>/end", name="rule_end", needs="rules.write")
def end_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    return _decide(
        request, rule_id, actions.end_rule, asking.EndRuleForm, _("停用规则"), _("已记下停用日期。")
    )


def _decide(request: HttpRequest, rule_id: int, act, form_class, title: str, says: str) -> HttpResponse:
    rule = BenefitRule.objects.visible_to(request.actor).select_related("region").filter(pk=rule_id).first()
    require(rule, NOT_FOUND)
    form = form_class(request.POST if request.method == "POST" else None, actor=request.actor)
    form.question = f"{rule.region.name} · {rule.get_category_display()} · {rule.clause}"

    def decide(actor, **facts):
        return act(actor, rule_id=rule.pk, **facts)

    return asking.ask(
        request, form, decide, title=title, goes_to=list_address, says=says, back=list_address()
    )
