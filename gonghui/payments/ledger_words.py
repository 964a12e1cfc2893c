"""The ledger's words of this app."""

from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import KINDS, WORDS


def register_words() -> None:
    KINDS.update({"paid": _("职工自付"), "prepaid": _("线上收款待结")})
    WORDS.update({"pay_online": _("线上支付"), "refund_online": _("线上退款")})
