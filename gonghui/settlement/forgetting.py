"""Money of merchants stays in the books when a member is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import BUSINESS, stays

stays("settlement.Payout", _("给商户的付款"), BUSINESS)
stays("settlement.PayoutBatch", _("银行文件"), BUSINESS)
