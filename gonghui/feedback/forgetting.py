"""What becomes of ratings and answers when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import changes, stays

changes("feedback.Rating", _("评价"), _("分数继续计入平均分，写的话删去"), comment="")
stays("feedback.Response", _("问卷的选择"), _("只作统计，不再显示是谁"))
