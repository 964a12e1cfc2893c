"""The ledger's words of settlement."""

from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import PLAIN, WORDS

PLAIN.update({"fee": _("服务费")})

WORDS.update(
    {
        "pay_out": _("付款给商家"),
        "pay_out_back": _("付款被退回"),
        "adjust": _("结算补付"),
        "adjust_back": _("结算扣回"),
        "take_fee": _("服务费"),
        "give_back_fee": _("服务费退回"),
        "offset_payable": _("门店之间冲抵"),
    }
)
