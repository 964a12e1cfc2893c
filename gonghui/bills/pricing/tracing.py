"""How a price came about, in sentences for the clerk and the member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from gonghui.bills.pricing.screen import says_day, says_terms
from gonghui.bills.pricing.terms import Form, Payer
from gonghui.kit.templatetags.kit import yuan

if TYPE_CHECKING:
    from gonghui.bills.pricing.outcomes import Applied, Quote


def trace_of(quote: Quote) -> tuple[str, ...]:
    said = [_("原价 %s 元。") % yuan(quote.list_fen)]
    for applied in quote.applied:
        said += _says_offer(applied)
    if quote.points:
        said.append(_("用 %(points)d 个福豆抵 %(points)d 元。") % {"points": quote.points})
    if quote.points < quote.points_asked:
        facts = {"asked": quote.points_asked, "most": quote.points}
        said.append(_("想用 %(asked)d 个福豆，这一单最多可用 %(most)d 个。") % facts)
    if not quote.is_best:
        said.append(_("可用的优惠很多，已从试算过的组合里选出最省的一种。"))
    return (*said, _("职工应付 %s 元。") % yuan(quote.due_fen))


def _says_offer(applied: Applied) -> list[str]:
    facts = {
        "title": applied.title,
        "terms": says_terms(applied.terms),
        "off": yuan(applied.discount_fen),
        "by": _says_funders(applied),
    }
    if applied.terms.form != Form.GIFT:
        said = [_("“%(title)s”（%(terms)s）：减 %(off)s 元，其中%(by)s。") % facts]
    elif applied.discount_fen:
        said = [_("“%(title)s”（%(terms)s，价值 %(off)s 元）：%(by)s。") % facts]
    else:
        said = [_("“%(title)s”（%(terms)s）。") % facts]
    if applied.window and applied.window.capacity is not None:
        said.append(_("占用%s这一时段的一个名额。") % says_day(applied.window_day))
    if applied.shrunk_fen:
        said.append(_("因出资额度不足，少减 %s 元。") % yuan(applied.shrunk_fen))
    return said


def _says_funders(applied: Applied) -> str:
    names = {Payer.MERCHANT: _("商家让利"), Payer.UNION: _("工会补贴"), Payer.EMPLOYER: _("单位补贴")}
    by_payer: dict[Payer, int] = {}
    for part in applied.parts:
        by_payer[part.payer] = by_payer.get(part.payer, 0) + part.fen
    return "、".join(
        _("%(who)s %(fen)s 元") % {"who": names[p], "fen": yuan(fen)} for p, fen in by_payer.items()
    )
