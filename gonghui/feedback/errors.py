from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

ALREADY_RATED = refusal(
    "already_rated", _("您已经评价过这一次了。"), advice=_("每张票、每张账单只能评价一次，谢谢您的意见。")
)
ALREADY_ANSWERED = refusal(
    "already_answered", _("您已经填过这份问卷。"), advice=_("谢谢您的意见，不需要再填。")
)
SURVEY_CLOSED = refusal(
    "survey_closed", _("这份问卷现在不能填写。"), advice=_("请到“我的”查看其他待填问卷。")
)
COMMENT_TOO_LONG = refusal(
    "comment_too_long",
    _("评价写了 {length} 个字，最多 {limit} 个字。"),
    advice=_("请删短一些再提交。"),
    status=422,
)
