"""What becomes of the books when somebody is forgotten: nothing, they prove each other."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import FINANCE, stays

stays("ledger.LedgerAccount", _("福豆的账户和流水"), FINANCE)
