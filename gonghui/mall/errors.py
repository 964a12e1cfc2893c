"""Why something cannot be bought, sent back or put on a shelf; and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

# --- buying -------------------------------------------------------------------------------------------------

NOT_A_MEMBER = refusal(
    "mall_not_a_member",
    _("还不知道您是哪位会员，不能下单。"),
    advice=_("请先到“我的 · 实名认证”核验，一分钟就好。"),
    status=403,
)
BASKET_EMPTY = refusal("mall_basket_empty", _("购物篮是空的。"), advice=_("请先挑选商品。"), status=422)
BASKET_FULL = refusal(
    "mall_basket_full",
    _("一次最多买 {most} 种商品。"),
    advice=_("请先结算已经选好的，再继续挑选。"),
    status=422,
)
NOT_ON_SHELF = refusal("mall_not_on_shelf", _("“{title}”已经下架。"), advice=_("请把它移出购物篮，再提交。"))
STOCK_SHORT = refusal(
    "mall_stock_short",
    _("“{title}”只剩 {left} 件，不够 {asked} 件。"),
    advice=_("请减少数量，或换一种商品。"),
)
SOLD_OUT = refusal("mall_sold_out", _("“{title}”刚刚卖完。"), advice=_("请换一种商品；有人退货会重新上架。"))
BAD_QUANTITY = refusal(
    "mall_bad_quantity", _("数量要在 1 到 {most} 之间。"), advice=_("请重新填写。"), status=422
)
ADDRESS_MISSING = refusal(
    "mall_address_missing",
    _("收件人、手机号和详细地址要填完整。"),
    advice=_("请核对后再提交，商家按它发货。"),
    status=422,
)
POINTS_NOT_HERE = refusal(
    "mall_points_not_here",
    _("这些商品最多能用 {most} 福豆，不能用 {asked} 个。"),
    advice=_("福豆只能在发放时指定的专区用；请改成 {most} 以内，或换专区里的商品。"),
)
PRICE_MOVED = refusal(
    "mall_price_moved",
    _("价格变了：刚才是 {shown} 元，现在是 {now} 元。"),
    advice=_("请核对新的金额，再提交一次。"),
)
TOO_MANY_UNPAID = refusal(
    "mall_too_many_unpaid",
    _("您有 {most} 个订单等着付款，不能再下单。"),
    advice=_("请先付款或取消；没有付款的 15 分钟后自动取消。"),
    status=429,
)
ORDER_KEY_TAKEN = refusal(
    "mall_order_key_taken", _("这次提交已经下过别的单。"), advice=_("请回到购物篮重新结算。")
)

# --- orders -------------------------------------------------------------------------------------------------

PAID_ALREADY = refusal(
    "mall_paid_already",
    _("这一单已经付款，不能直接取消。"),
    advice=_("不想要了，请申请退款，钱和福豆原路退回。"),
)
NOT_NOW = refusal(
    "mall_not_now", _("现在不能这样操作：这一单{state}。"), advice=_("请看页面上可以做的下一步。")
)
TRACKING_MISSING = refusal(
    "mall_tracking_missing",
    _("请填写快递公司和快递单号。"),
    advice=_("会员凭单号查快递；没有单号不能算发货。"),
    status=422,
)
REASON_MISSING = refusal("mall_reason_missing", _("请写明原因。"), advice=_("对方会看到这句话。"), status=422)

# --- after-sale ---------------------------------------------------------------------------------------------

NO_AFTER_SALE = refusal(
    "mall_no_after_sale",
    _("现在不能申请售后：这一单{state}。"),
    advice=_("发货以后、确认完成以前可以申请；有疑问请拨打 12351。"),
)
AFTER_SALE_OPEN = refusal(
    "mall_after_sale_open", _("这件商品的售后正在处理。"), advice=_("请先看商家的答复，再决定下一步。")
)
AFTER_SALE_TOO_MANY = refusal(
    "mall_after_sale_too_many", _("这件商品还能退 {left} 件。"), advice=_("请改成不超过这个数。"), status=422
)
RETURN_NO_MISSING = refusal(
    "mall_return_no_missing", _("请填写寄出的快递单号。"), advice=_("商家收到后按单号核对。"), status=422
)

# --- products -----------------------------------------------------------------------------------------------

OWN_PRODUCT = refusal(
    "mall_own_product", _("自己填写的商品不能自己复核。"), advice=_("请另一位同事复核。"), status=403
)
ONLY_A_DRAFT = refusal(
    "mall_only_a_draft",
    _("提交以后的商品不能改：现在{state}。"),
    advice=_("请先下架、转为草稿，改好后重新提交。"),
)
BAD_STOCK = refusal(
    "mall_bad_stock", _("库存不能少于 0：现在有 {stock} 件。"), advice=_("请重新填写增减的数量。"), status=422
)
PICTURE_TOO_LARGE = refusal(
    "mall_picture_too_large",
    _("图片太大，一张最多 {limit_mb} MB。"),
    advice=_("请在手机里压缩一下，或截图后上传。"),
    status=422,
)
NOT_A_PICTURE = refusal(
    "mall_not_a_picture",
    _("这个文件不是完整的 JPEG、PNG 或 WebP 图片。"),
    advice=_("请直接用手机拍照或截图上传，不要只改文件名。"),
    status=422,
)
PICTURE_TOO_WIDE = refusal(
    "mall_picture_too_wide",
    _("图片尺寸太大，最多 {most} 百万像素。"),
    advice=_("请在手机里改小尺寸后再上传。"),
    status=422,
)
PICTURE_SHAPE = refusal(
    "mall_picture_shape",
    _("图片太小或太长：每边至少 {least} 像素，长边不超过短边的 {longer} 倍。"),
    advice=_("请换一张清楚的图片，或裁剪后再上传。"),
    status=422,
)
PICTURES_FULL = refusal(
    "mall_pictures_full",
    _("一个商品最多 {most} 张图片。"),
    advice=_("请先删掉不要的，再上传新的。"),
    status=422,
)
PICTURE_TWICE = refusal(
    "mall_picture_twice",
    _("这张图片已经在这个商品里了。"),
    advice=_("请换一张；要调整先后，用图片下面的按钮。"),
)
PICTURE_MISSING = refusal(
    "mall_picture_missing", _("还没有选图片。"), advice=_("请选一张或几张，再点上传。"), status=422
)
NO_SHOP = refusal(
    "mall_no_shop",
    _("您的门店里还没有网上店。"),
    advice=_("请联系签约工会，开通后就能上商品、接订单。"),
    status=403,
)

# --- subsidies ----------------------------------------------------------------------------------------------

NOTHING_RANKED = refusal(
    "mall_nothing_ranked",
    _("这次排名里没有满 {few} 人关注的类别。"),
    advice=_("请等更多会员同意统计、逛过商城以后再拟补贴。"),
)
NO_SHOPS_HERE = refusal(
    "mall_no_shops_here", _("本级和下级还没有营业中的网上店。"), advice=_("请先开通网上店，再拟补贴。")
)
RETUNE_DAYS = refusal(
    "mall_retune_days",
    _("起止日期不对：不能早于今天，后一半门店的日期要在起止之间。"),
    advice=_("请核对三个日期。"),
    status=422,
)
TOO_FEW_SHOPS = refusal(
    "mall_too_few_shops",
    _("分两批开始至少要两家营业中的网上店。"),
    advice=_("请不填后一半门店的日期，全部一起开始。"),
)
RETUNE_MAKER_IS_CHECKER = refusal(
    "mall_retune_maker_is_checker", _("拟方案的人不能自己复核。"), advice=_("请另一位同事复核。"), status=403
)
