"""How a price came about, in sentences for the clerk and the member."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from gonghui.benefits.pricing.choosing import Given, is_gift
from gonghui.benefits.pricing.screen import says_day, says_terms
from gonghui.benefits.pricing.terms import Payer
from gonghui.kit.templatetags.kit import yuan


def trace_of(
    list_fen: int, given: Sequence[Given], *, points: int, points_asked: int, due_fen: int
) -> list[str]:
    said = [_("原价 %s 元。") % yuan(list_fen)]
    for one in given:
        said += _says_offer(one)
    if points:
        said.append(_("用 %(points)d 个福豆抵 %(points)d 元。") % {"points": points})
    if points < points_asked:
        facts = {"asked": points_asked, "most": points}
        said.append(_("想用 %(asked)d 个福豆，这一单最多可用 %(most)d 个。") % facts)
    return [*said, _("职工应付 %s 元。") % yuan(due_fen)]


def _says_offer(one: Given) -> list[str]:
    offer = one.candidate.offer
    facts = {"title": offer.title, "terms": says_terms(offer.terms), "off": yuan(one.split.given_fen)}
    if is_gift(one.candidate) and not one.split.given_fen:
        said = [_("“%(title)s”（%(terms)s）。") % facts]
    elif is_gift(one.candidate):
        said = [
            _("“%(title)s”（%(terms)s，价值 %(off)s 元）：%(by)s。") % {**facts, "by": _says_funders(one)}
        ]
    else:
        said = [
            _("“%(title)s”（%(terms)s）：减 %(off)s 元，其中%(by)s。") % {**facts, "by": _says_funders(one)}
        ]
    if one.candidate.window and one.candidate.window.capacity is not None:
        said.append(_("占用%s这一时段的一个名额。") % says_day(one.candidate.window_day))
    if one.split.given_fen < one.wanted_fen:
        said.append(_("因出资额度不足，少减 %s 元。") % yuan(one.wanted_fen - one.split.given_fen))
    return said


def _says_funders(one: Given) -> str:
    names = {Payer.MERCHANT: _("商家让利"), Payer.UNION: _("工会补贴"), Payer.EMPLOYER: _("单位补贴")}
    by_payer: dict[Payer, int] = {}
    for share, fen in zip(one.candidate.offer.shares, one.split.fens, strict=True):
        by_payer[share.payer] = by_payer.get(share.payer, 0) + fen
    return "、".join(
        _("%(who)s %(fen)s 元") % {"who": names[p], "fen": yuan(fen)} for p, fen in by_payer.items() if fen
    )
