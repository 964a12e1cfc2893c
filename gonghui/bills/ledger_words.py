"""The ledger's words of bills."""

from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import KINDS, WORDS

KINDS.update({"provider": _("渠道代付")})
WORDS.update(
    {
        "concede": _("商家让利"),
        "subsidise": _("补贴商家"),
        "pay_counter": _("柜台付款"),
        "hand_over": _("线上付款转商家"),
        "refund_concede": _("让利退回"),
        "refund_subsidise": _("补贴退回"),
        "refund_pay_counter": _("柜台退款"),
        "refund_hand_over": _("线上付款退回"),
        "use_external": _("外部券使用"),
        "return_external": _("外部券退回"),
    }
)
