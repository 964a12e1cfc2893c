"""The words of an agreement, from its terms; they are kept as signed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.partners.models import Agreement

NUMERALS = "一二三四五六七八九"


def text_of(row: Agreement) -> str:
    percent = f"{row.concession_permille / 10:g}"
    ends = _("{day} 止").format(day=row.ends_on) if row.ends_on else _("长期有效")
    parties = (
        _("甲方：{union}").format(union=row.union.name),
        _("乙方：{partner}（统一社会信用代码 {uscc}）").format(
            partner=row.partner.name, uscc=row.partner.uscc or _("未登记")
        ),
    )
    clauses = [
        _("让利内容：{text}").format(text=row.concession),
        _("除另有约定的券外，乙方按消费金额让利 {percent}%。").format(percent=percent),
        _("合作期限：{starts} 起，{ends}。").format(starts=row.starts_on, ends=ends),
        _("结算周期：{cycle}。乙方核对账单并确认后付款。").format(cycle=row.get_cycle_display()),
        _fee_clause(row),
        _("收款账户：{account}。").format(account=row.payout_shown or _("另行登记")),
        _("乙方不得因职工使用优惠而提高价格、降低质量或另设条件。"),
        _("任何一方可提出退出；退出前职工已领的券，乙方继续兑付至约定之日。"),
    ]
    if row.silent_days:
        silence = _("账单发出 {days} 天内乙方没有答复的，视为确认。")
        clauses.append(silence.format(days=row.silent_days))
    return "\n".join((*parties, *map("{}、{}".format, NUMERALS, clauses)))


def _fee_clause(row: Agreement) -> str:
    """As settlement counts it (settlement/sql/30_fees.sql)."""
    if not row.fee_bp:
        return _("服务费：甲方不收取。")
    said = _(
        "服务费：甲方付给乙方的结算款（工会补贴、单位补贴、福豆和线上代收）的 {percent}%，逐笔计算，不足一分的舍去，"
        "从结算款中扣除；消费当天的比例不因以后的协议改变，全部退货的消费不收。"
    )
    return said.format(percent=f"{row.fee_bp / 100:g}")
