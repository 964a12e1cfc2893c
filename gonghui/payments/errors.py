"""Why a payment, a refund or a statement is refused."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

BAD_SUM = refusal(
    "payment_bad_sum", _("支付金额要大于零，一次不超过 100 万元。"), advice=_("请核对金额。"), status=422
)
KEY_TAKEN = refusal(
    "payment_key_taken", _("这个编号已经用在另一笔支付上。"), advice=_("请返回上一页，从头再办一次。")
)
STOCK_KEY_TAKEN = refusal(
    "external_stock_key_taken",
    _("这个编号已经用在另一批外部券上，内容不同。"),
    advice=_("请到外部券批次里核对；要再建一批，请从头填写。"),
)
PROVIDER_DOWN = refusal(
    "payment_provider_down",
    _("微信支付暂时没有应答，没有扣款。"),
    advice=_("请稍等一分钟再试，或在柜台付现金。"),
    status=503,
)
NOT_PAYABLE = refusal(
    "payment_not_payable",
    _("这一单不能再支付：{state}。"),
    advice=_("请返回订单查看；要继续的话请重新下单。"),
)
OPENID_NEEDED = refusal(
    "payment_openid_needed",
    _("微信支付要在微信里打开。"),
    advice=_("请用微信扫码或从公众号菜单进入后再付款，也可以在柜台付现金。"),
    status=422,
)
OWN_WECHAT_NEEDED = refusal(
    "coupon_own_wechat_needed",
    _("微信券只能发到本人的微信，我们还不知道您的微信是哪一个。"),
    advice=_("请在自己的微信里打开工惠，登录后再领。"),
    status=422,
)
ROUND_UNKNOWN = refusal(
    "wechat_round_unknown",
    _("这一步不是从这里开始的，没有办成。"),
    advice=_("请回到要付款的那一页，再点一次。"),
    status=403,
)
ROUND_OVER = refusal(
    "wechat_round_over",
    _("等得太久了，这一步已经过期。"),
    advice=_("请回到要付款的那一页，再点一次。"),
    status=410,
)
CODE_REFUSED = refusal(
    "wechat_code_refused",
    _("微信给的凭据已经用过或过期了，没有扣款。"),
    advice=_("请返回后再点一次。"),
)
IDENTITY_DOWN = refusal(
    "wechat_identity_down",
    _("微信暂时没有应答，没有扣款。"),
    advice=_("请稍等一分钟再试，或在柜台付现金。"),
    status=503,
)
LOGIN_REFUSED = refusal(
    "wechat_login_refused",
    _("微信给的登录凭据已经用过或过期了，还没有连接上微信。"),
    advice=_("请关掉小程序重新打开，再试一次。"),
)
LOGIN_DOWN = refusal(
    "wechat_login_down",
    _("微信暂时没有应答，还没有连接上微信。"),
    advice=_("请稍等一分钟再试；站内消息照常能看到。"),
    status=503,
)
OVER_REFUND = refusal(
    "payment_over_refund",
    _("最多还能退 {left} 元，申请退 {asked} 元。"),
    advice=_("请核对这一单已经退过的金额。"),
)
NOT_REFUNDABLE = refusal(
    "payment_not_refundable",
    _("这一单没有收到款，不能退。"),
    advice=_("请刷新页面看最新状态。"),
)
BAD_STATEMENT = refusal(
    "statement_broken",
    _("这份对账单不完整或有误，整份没有导入：{detail}"),
    advice=_("请从微信商户平台重新下载当天的账单，不要用表格软件打开另存。"),
    status=422,
)
OTHER_STATEMENT = refusal(
    "statement_differs",
    _("{day} 的对账单已经导入过，这一份的内容不同。"),
    advice=_("请核对账单日期；确实重新出过账单的，请联系技术人员。"),
)
NOT_OPEN = refusal("statement_row_settled", _("这一行已经了结过了。"), advice=_("请刷新页面查看处理说明。"))
NOTE_NEEDED = refusal(
    "statement_note_needed", _("请写明怎样了结的。"), advice=_("例如“渠道次日补单，已核对流水”。"), status=422
)
STATEMENT_TOO_EARLY = refusal(
    "statement_too_early",
    _("{day} 的对账单还没有出。"),
    advice=_("渠道在次日上午十点左右出账单，请到时再取。"),
)
STOCK_MAKER_IS_CHECKER = refusal(
    "external_stock_maker_is_checker",
    _("批准人不能是经办人自己。"),
    advice=_("请由另一位有批准权限的同事批准。"),
    status=403,
)
STOCK_NOT_ACTIVE = refusal(
    "external_stock_not_active",
    _("这批外部券渠道还没有开通。"),
    advice=_("请等渠道开通后再发放。"),
)
