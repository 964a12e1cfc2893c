"""Why value does not move."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

OVERDRAWN = refusal("overdrawn", _("余额不够，没有扣任何一笔。"), advice=_("请查看账户余额，补足后再试。"))
UNKNOWN_ACCOUNT = refusal(
    "account_not_usable",
    _("账户不存在、已经关闭，或者不是同一种账本。"),
    advice=_("请核对账户后再试。"),
    status=422,
)
BAD_AMOUNT = refusal("bad_amount", _("数额要大于零，也不能大得离谱。"), advice=_("请核对数额。"), status=422)
SAME_ACCOUNT = refusal("same_account", _("付出和收入是同一个账户。"), advice=_("请改选账户。"), status=422)
NOT_PENDING = refusal("not_pending", _("没有找到要结清的那笔预留。"), advice=_("请刷新后核对。"), status=404)
RESOLVED = refusal("already_resolved", _("这笔预留已经结清过了。"), advice=_("不需要再办；请查看账户明细。"))
EXPIRED = refusal(
    "pending_expired", _("这笔预留已经过期，钱已退回原账户。"), advice=_("需要的话请重新预留。")
)
BEYOND = refusal("beyond_pending", _("入账的数额超过了预留的数额。"), advice=_("请核对数额。"), status=422)
CONFLICT = refusal(
    "transfer_conflict", _("这个编号已经用在另一笔账上。"), advice=_("请刷新页面，从头再办一次。")
)
BAD_TRANSFER = refusal("bad_transfer", _("这笔账的内容不合规定。"), advice=_("请联系技术人员。"), status=422)
OF_A_MEMBER = refusal(
    "account_of_a_member",
    _("这是一位会员的账户，明细不在这里导出。"),
    advice=_("会员本人可以在“我的资料”里下载自己的一份；名单请在账户列表上申请导出。"),
    status=403,
)

REFUSALS = {
    "overdrawn": OVERDRAWN, "account": UNKNOWN_ACCOUNT, "amount": BAD_AMOUNT, "same_account": SAME_ACCOUNT,
    "not_pending": NOT_PENDING, "resolved": RESOLVED, "expired": EXPIRED, "beyond": BEYOND, "conflicts": CONFLICT,
    "bad": BAD_TRANSFER, "again": CONFLICT,
}  # fmt: skip
