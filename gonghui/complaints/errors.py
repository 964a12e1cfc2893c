"""Why a complaint cannot be made, answered or ruled on; and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NOT_SOLD = refusal(
    "complaint_not_sold",
    _("这张账单还没有完成：{state}。"),
    advice=_("付款完成以后才能提意见；没有付成的，不会扣您的钱。"),
)
TOO_LATE = refusal(
    "complaint_too_late",
    _("这笔消费已经过了 {days} 天，不能在这里提意见。"),
    advice=_("请拨打职工服务热线 12351，由工会人工核对。"),
)
LINES_MISSING = refusal(
    "complaint_lines_missing", _("请选择是哪几样。"), advice=_("至少勾选一样，再提交。"), status=422
)
NOT_ITS_LINE = refusal(
    "complaint_foreign_line", _("选的商品不在这张账单上。"), advice=_("请刷新页面后重新选择。"), status=422
)
WORDS_MISSING = refusal(
    "complaint_words_missing", _("请写明原因。"), advice=_("对方会看到这段话，写得清楚处理得快。"), status=422
)
LINE_IN_ANOTHER = refusal(
    "complaint_line_in_another",
    _("“{name}”已经在处理中的意见里。"),
    advice=_("请到“我的意见”里看进展，不用重复提。"),
)
RULED_ALREADY = refusal(
    "complaint_ruled_already",
    _("“{name}”工会已经裁定过。"),
    advice=_("对裁定有疑问，请拨打职工服务热线 12351。"),
)
NOTHING_LEFT = refusal(
    "complaint_nothing_left",
    _("选的这些已经全部退过，没有可以再退的。"),
    advice=_("请改选别的商品，或者改选“说明情况”“道歉”。"),
)
KEY_TAKEN = refusal(
    "complaint_key_taken",
    _("这次提交已经提过另一条意见。"),
    advice=_("请到“我的意见”核对；要再提一条，请重新打开页面。"),
)
OWN_COMPLAINT = refusal(
    "complaint_own",
    _("这是您本人的消费，不能由您自己裁定。"),
    advice=_("请换一位同事裁定。"),
    status=403,
)
RULING_LINES = refusal(
    "complaint_ruling_lines",
    _("不支持就不要勾选商品；支持会员退款，就要勾选退哪几样。"),
    advice=_("请核对结论和勾选的商品，再提交。"),
    status=422,
)
