"""The ledger's words of this app."""

from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import WORDS

WORDS.update({"keep_co_pay": _("不退的自付款归补贴")})
