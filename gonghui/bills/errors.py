"""Why a bill is not written or not undone, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

# --- what was handed in ---
NO_LINES = refusal(
    "bill_no_lines", _("一单要有 1 到 {most} 行商品。"), advice=_("请输入金额或商品后再试算。"), status=422
)
BAD_LINE = refusal(
    "bill_bad_line",
    _("“{name}”这一行的名称、单价或数量有误。"),
    advice=_("单价要大于 0，数量是 1 到 9999 的整数。请改正后再试算。"),
    status=422,
)
BAD_CODE = refusal(
    "bill_bad_code",
    _("“{code}”不是有效的商品条码：最后一位校验码对不上。"),
    advice=_("请对准条码再扫一次，或者逐位核对；本店自编的编码请加字母，不要正好 8 位或 13 位数字。"),
    status=422,
)
GOODS_UNKNOWN = refusal(
    "bill_goods_unknown",
    _("本店还没有卖过条码“{code}”的商品。"),
    advice=_("请输入它的单价，下次再扫会自动带出。"),
    status=422,
)
TOO_DEAR = refusal(
    "bill_too_dear", _("这一单超过一百万元。"), advice=_("请核对金额；确实这么多，请分单办理。"), status=422
)
BAD_POINTS = refusal(
    "bill_bad_points", _("福豆数要是不小于 0 的整数。"), advice=_("请改正后再试算。"), status=422
)
BAD_METHOD = refusal(
    "bill_bad_method", _("没有这种收款方式。"), advice=_("请选柜台收款或微信支付。"), status=422
)
CUSTOMER_MISSING = refusal(
    "bill_customer_missing",
    _("还没有扫会员的码。"),
    advice=_("请扫会员的付款码，或者扫券上的二维码。"),
    status=422,
)
POINTS_NEED_PAY_CODE = refusal(
    "bill_points_need_pay_code",
    _("券码不能花福豆。"),
    advice=_("要用福豆，请会员打开“我的—付款码”，重新扫码。"),
    status=403,
)
NOT_FOR_NEW_OFFERS = refusal(
    "bill_only_vouchers",
    _("“{partner}”已退出合作，只兑付会员手里的券。"),
    advice=_("请扫会员的券码；没有券的请按原价收款，不开账单。"),
)
TAPPED_VOUCHER = refusal(
    "bill_tapped_voucher", _("这张券不按金额使用。"), advice=_("请到“核销”页扫这张券。"), status=422
)
OFFER_RESTS = refusal(
    "bill_offer_rests", _("“{title}”已暂停，现在不能使用。"), advice=_("请会员留意消息，恢复后再来。")
)
SHOWN_LEFT_OUT = refusal(
    "bill_shown_left_out",
    _("扫的就是这张券，不能把它去掉。"),
    advice=_("不用这张券的话，请会员出示付款码，重新扫码。"),
)
BILL_KEY_TAKEN = refusal(
    "bill_key_taken", _("这个单号已经是另一笔账单。"), advice=_("请刷新页面，从头再收一次。")
)

# --- the price ---
PRICE_CHANGED = refusal(
    "bill_price_changed",
    _("价格变了：刚才显示 {shown} 元，现在是 {now} 元。"),
    advice=_("没有收任何款。请告诉会员新的价格，再点一次收款。"),
)
GIFT_GONE = refusal(
    "bill_gift_gone",
    _("“{title}”的赠品这一刻送完了，现在应收 {now} 元，没有赠品。"),
    advice=_("没有收任何款。请告诉会员没有赠品了，再点一次收款。"),
)
RULE_REFUSES_OFFER = refusal(
    "bill_rule_refuses",
    _("“{title}”不能给这位会员：{says}"),
    advice=_("没有收任何款。请去掉这项优惠再算，其余的照样享受。"),
    clause="{clause}",
)
RULE_REFUSES_COUPON = refusal(
    "coupon_rule_refuses",
    _("“{title}”这张券领了也用不了：{says}"),
    advice=_("没有占用名额。额度恢复后可以再来；工会的其他优惠照常。"),
    clause="{clause}",
)
BILL_WINDOW_FULL = refusal(
    "bill_window_full", _("“{title}”这个时段的名额刚刚用完。"), advice=_("没有收任何款。请重新试算。")
)
LIMIT_REACHED = refusal(
    "bill_limit_reached", _("“{title}”的次数刚刚用完。"), advice=_("没有收任何款。请重新试算。")
)
CAP_REACHED = refusal(
    "bill_cap_reached",
    _("“{title}”的补贴额度刚刚用完。"),
    advice=_("没有收任何款。请重新试算，按新的价格收款。"),
)
VOUCHER_GONE = refusal(
    "bill_voucher_gone", _("这张券刚刚在别处用掉，或者已经失效。"), advice=_("没有收任何款。请重新试算。")
)
FUNDER_SHORT = refusal(
    "bill_funder_short", _("这项优惠的资金刚刚用完。"), advice=_("没有收任何款。请重新试算，按新的价格收款。")
)
POINTS_GONE = refusal(
    "bill_points_gone", _("会员的福豆刚刚在别处用掉，或者已经到期。"), advice=_("没有收任何款。请重新试算。")
)

# --- sold without network ---
OFFLINE_CLOCK = refusal(
    "offline_clock",
    _("这一笔记的时间是{at}，当时没有离线名单：手机时间不对。"),
    advice=_("请把手机设成自动对时，并把小票交给工会核对。"),
)
OFFLINE_LATE = refusal(
    "offline_late",
    _("这一笔是{at}收的，离线名单只到{ends}，或者过了两天才上传。"),
    advice=_("没有补贴入账。请把小票交给工会核对。"),
)
OFFLINE_FULL = refusal(
    "offline_full",
    _("一份离线名单最多收 {count} 笔、用 {fen} 元补贴，这一笔超出了。"),
    advice=_("没有补贴入账。请把小票交给工会核对。"),
)
NEEDS_NETWORK = refusal(
    "offline_needs_network", _("“{title}”要联网才能算价。"), advice=_("没有补贴入账。请把小票交给工会核对。")
)
NOT_A_SALE = refusal(
    "offline_not_a_sale",
    _("这条例外是入场券的核销，没有金额，补记不成账单。"),
    advice=_("请写明核实的结果并了结。"),
)
PAY_CODE_OFFLINE = refusal(
    "offline_pay_code",
    _("付款码要联网才能用：它能花福豆，离线时谁也核不了。"),
    advice=_("请会员出示券码，或等网络恢复。"),
)

# --- held bills ---
NOT_HELD = refusal(
    "bill_not_held", _("这一单的状态是“{state}”，不能取消。"), advice=_("已经完成的，请办退货。")
)
PAID_ALREADY = refusal(
    "bill_paid_already", _("会员已经付款，不能取消。"), advice=_("请刷新页面；要退的话，完成后办退货。")
)
NOT_PAID_YET = refusal("bill_not_paid_yet", _("这一单还没有付款。"), advice=_("请会员在手机上完成支付。"))

# --- refunds ---
NOT_SETTLED = refusal(
    "bill_not_settled", _("这一单的状态是“{state}”，不能退货。"), advice=_("请刷新页面查看最新情况。")
)
NOT_RATED_YET = refusal(
    "bill_not_rated_yet", _("这一单的状态是“{state}”，还不能评价。"), advice=_("付完款、买好以后再来评价。")
)
NOT_ON_THIS_DAY = refusal(
    "bill_refund_another_day",
    _("门店只能办当天的退货，这一单是 {day} 的。"),
    advice=_("请联系签约工会办理退货。"),
    status=403,
)
NOTHING_BACK = refusal(
    "bill_refund_nothing", _("没有选要退的商品。"), advice=_("请选一行，填退几件或退多少钱。"), status=422
)
NOT_ITS_LINE = refusal(
    "bill_refund_foreign_line", _("要退的商品不在这一单上。"), advice=_("请刷新页面后重选。"), status=422
)
TWICE_IN_ONE = refusal(
    "bill_refund_line_twice", _("同一行在一次退货里只能填一次。"), advice=_("请合并后再提交。"), status=422
)
TOO_MUCH_BACK = refusal(
    "bill_refund_too_much",
    _("“{name}”最多还能退 {left}。"),
    advice=_("之前已经退过一部分，请刷新页面查看。"),
    status=422,
)
OTHER_WAY = refusal(
    "bill_refund_other_way",
    _("“{name}”要按{way}退。"),
    advice=_("一行只用一种办法：多件的按件数，只有一件的可以按金额，退过金额的继续按金额。"),
    status=422,
)
REFUND_REASON_MISSING = refusal(
    "bill_refund_reason_missing",
    _("请写明退货原因。"),
    advice=_("原因会留在账单上，会员和工会都能看到。"),
    status=422,
)
REFUND_KEY_TAKEN = refusal(
    "bill_refund_key_taken", _("这个编号已经是另一笔退货。"), advice=_("请刷新页面，从头再办一次。")
)

# --- coupons of a provider ---
STOCK_GONE = refusal("external_stock_gone", _("这批微信券已经领完了。"), advice=_("看看别的优惠。"))
