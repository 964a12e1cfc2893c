"""What becomes of rows of this room when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import RECORD, goes, stays

goes("referrals.InviteCode", _("邀请码"))
stays("referrals.Referral", _("携手入会的记录"), RECORD)
