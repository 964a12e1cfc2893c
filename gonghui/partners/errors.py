"""Refusals about partners and clerks: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NO_SUCH_ACCOUNT = refusal(
    "no_such_account",
    _("没有找到用“{given}”登录的账号。"),
    advice=_("请对方先用这个手机号登录一次，再来添加。"),
    status=422,
)
CLERK_ALREADY = refusal("clerk_already", _("{user}已经是“{store}”的店员。"), advice=_("不需要重复添加。"))
CLERK_LEFT = refusal("clerk_left", _("这位店员已经离岗。"), advice=_("不需要再次操作。"))
