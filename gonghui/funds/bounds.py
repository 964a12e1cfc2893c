"""What rules say besides caps: which share of those who took part, until which day, how many days, in which words.

Asked when a grant is drafted, submitted, checked and begun; each refusal cites the clause.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from gonghui.funds import bound_errors as errors
from gonghui.funds.models import BenefitRule, PointGrant
from gonghui.funds.models.rules import BOUNDED
from gonghui.funds.rulebook import region_code_of
from gonghui.kit.errors import Refusal, require


def bounds_of(grant: PointGrant, on: date) -> list[BenefitRule]:
    """The rules that say more than a cap and bind this grant on that day."""
    source = grant.budget.source
    code = region_code_of(grant.union.path)
    places = ["00", *(code[:size] for size in range(1, len(code) + 1))]
    found = BenefitRule.objects.unscoped("rules are public").filter(
        BOUNDED,
        category=grant.category,
        festival__in=("", grant.festival),
        source_kind__in=("", source.kind),
        source_level__in=("", source.level),
        effective_from__lte=on,
        region__code__in=places,
    )
    return list(
        found.exclude(effective_until__lte=on).select_related("region").order_by("region__code", "pk")
    )


def require_said(grant: PointGrant, rules: Iterable[BenefitRule]) -> None:
    """What the rules ask the maker for: how many took part, how many days, and the words they affirm."""
    for rule in rules:
        _hold(rule, rule.share_whole is None or grant.took_part is not None, errors.TOOK_PART_MISSING)
        _hold(rule, rule.condition in ("", *grant.affirmed), errors.WORDS_MISSING, words=rule.condition)
        most = most_days_of(rule, is_paired=grant.is_paired)
        if most is not None:
            _hold(rule, grant.days is not None, errors.DAYS_MISSING)
            _hold(rule, (grant.days or 0) <= most, errors.DAYS_PASSED, most=most, days=grant.days)


def require_in_time(grant: PointGrant, rules: Iterable[BenefitRule], on: date) -> None:
    """Given before the last day for it, and spent before the last day for that."""
    for rule in rules:
        in_time = not rule.given_until or f"{on:%m-%d}" <= rule.given_until
        _hold(rule, in_time, errors.GIVEN_TOO_LATE, until=day_words(rule.given_until))
        if rule.spent_until:
            until = f"{on.year + (rule.spent_until < rule.given_until)}-{rule.spent_until}"
            facts = {"until": until, "day": grant.expires_on}
            _hold(rule, grant.expires_on.isoformat() <= until, errors.SPENT_TOO_LATE, **facts)


def require_share(grant: PointGrant, rules: Iterable[BenefitRule], people: int) -> None:
    for rule in rules:
        if rule.share_part and rule.share_whole:
            took_part = grant.took_part or 0
            most = took_part * rule.share_part // rule.share_whole
            facts = {"share": share_words(rule), "most": most, "took_part": took_part, "people": people}
            _hold(rule, people <= most, errors.SHARE_PASSED, **facts)


def most_days_of(rule: BenefitRule, *, is_paired: bool) -> int | None:
    return (is_paired and rule.most_days_paired) or rule.most_days


def _hold(rule: BenefitRule, holds: bool, refusal: Refusal, **facts: Any) -> None:
    unread = "" if rule.is_verified else _("这条依据还没有核实原文。")
    place = {"place": rule.region.name, "what": rule.get_category_display(), "clause": rule.clause}
    require(holds, refusal, **place, unread=unread, **facts)


# --- in words -----------------------------------------------------------------------------------------------


def said_of(rule: BenefitRule) -> list[str]:
    """Everything it says besides its cap, for the list of rules and the draft of a grant."""
    said = []
    if rule.share_whole:
        said.append(_("人数不超过参加人数的 {share}").format(share=share_words(rule)))
    if rule.given_until:
        said.append(_("每年 {day}以前发放").format(day=day_words(rule.given_until)))
    if rule.spent_until:
        said.append(_("{day}以前用完").format(day=day_words(rule.spent_until)))
    if rule.most_days:
        said.append(_("不超过 {n} 天").format(n=rule.most_days))
    if rule.most_days_paired:
        said.append(_("对口地区不超过 {n} 天").format(n=rule.most_days_paired))
    return [*said, *([rule.condition] if rule.condition else [])]


def share_words(rule: BenefitRule) -> str:
    return f"{rule.share_part}%" if rule.share_whole == 100 else f"{rule.share_part}/{rule.share_whole}"


def day_words(month_day: str) -> str:
    """ "03-31": 3 月 31 日."""
    month, _dash, day = month_day.partition("-")
    return _("{month} 月 {day} 日").format(month=int(month), day=int(day)) if day else ""
