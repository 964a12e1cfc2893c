"""The words of the rooms of money for kinds of accounts and reasons of transfers."""

from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import KINDS, WORDS

KINDS.update(
    {
        "outside": _("外部资金"),
        "source": _("经费来源"),
        "budget": _("预算"),
        "commitment": _("经费预留"),
        "backing": _("福豆备付"),
        "issue": _("福豆发行"),
        "points": _("会员福豆"),
        "paid": _("职工自付"),
        "prepaid": _("线上代收"),
        "counter": _("商家柜台收款"),
        "concession": _("商家让利"),
        "payable": _("应付商家"),
        "bank": _("银行付款"),
    }
)
WORDS.update(
    {
        "receipt": _("经费到账"),
        "appropriate": _("拨入预算"),
        "allot": _("下拨预算"),
        "return_unused": _("结余退回"),
        "commit": _("预留"),
        "uncommit": _("预留退回"),
        "buy": _("采购付款"),
        "back_points": _("福豆备付"),
        "grant_points": _("发放福豆"),
        "expire_points": _("福豆到期"),
        "unback": _("福豆备付退回"),
        "spend_points": _("使用福豆"),
        "pay_points": _("福豆兑付"),
        "refund_points": _("福豆退回"),
        "refund_pay_points": _("福豆兑付退回"),
    }
)
