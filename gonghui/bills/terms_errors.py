"""Why terms of an offer are not written, reviewed or put up, and why its money is not set aside."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

TERMS_WRONG = refusal("terms_wrong", "{detail}", advice=_("请改正后再提交。"), status=422)
PRICES_RAISED = refusal(
    "terms_prices_raised",
    "{detail}",
    advice=_("请向商户核实后写明为什么仍然通过，说明会随复核保存；或者请经办人改过再来。"),
    status=422,
)
TERMS_NOT_DRAFT = refusal(
    "terms_not_draft",
    _("这项优惠已经{state}，不能直接修改。"),
    advice=_("已复核的请先退回；已上线的请复制一份再改，并结束原来的。"),
)
TERMS_MAKER_IS_CHECKER = refusal(
    "terms_maker_is_checker",
    _("复核人不能是经办人自己。"),
    advice=_("请另一位有复核权限的同事来复核。"),
    status=403,
)
STORE_OF_OTHERS = refusal(
    "offer_store_of_others",
    _("“{store}”不是本级或上下级工会签约的商户门店。"),
    advice=_("请只选自己这一系统的门店，或请对方工会来办这项优惠。"),
)
STORE_UNKNOWN = refusal(
    "offer_store_unknown",
    _("有的门店没有找到，或者已经停止合作。"),
    advice=_("请刷新页面重新选择门店。"),
    status=422,
)
LAST_STORE = refusal(
    "offer_last_store", _("这是最后一家门店。"), advice=_("如果不再提供这项优惠，请暂停或结束它。")
)
TERMS_OVER = refusal("terms_over", _("这项优惠已经结束。"), advice=_("需要的话，请复制一份重新办理。"))
BUDGET_OF_OTHERS = refusal(
    "offer_budget_of_others",
    _("预算“{name}”是{union}的，您不能动用。"),
    advice=_("请{union}的人来复核或上线，或换成自己的预算。"),
    status=403,
)
BUDGET_UNKNOWN = refusal(
    "offer_budget_unknown",
    _("出资的预算没有找到，或者不是本级和上下级工会的。"),
    advice=_("请刷新页面重新选择预算。"),
    status=422,
)
NOT_BY_VOUCHER = refusal(
    "offer_not_by_voucher",
    _("“{offer}”不凭券使用，不用投放。"),
    advice=_("请直接上线这项优惠，或把它改成凭券使用。"),
)
TERMS_NOT_UP = refusal(
    "offer_terms_not_up",
    _("“{offer}”还没有上线，不能投放它的券。"),
    advice=_("请先复核并上线这项优惠，再复核投放。"),
)
POOL_STORE_NOT_IN = refusal(
    "offer_pool_store_not_in",
    _("“{store}”不在“{offer}”的适用门店里。"),
    advice=_("请先把这家门店加进这项优惠，或改投放的门店。"),
)
POOL_WITHOUT_END = refusal(
    "offer_pool_without_end",
    _("“{pool}”没有填可用时间止，为它留的钱就收不回来。"),
    advice=_("请填写可用时间止后再复核。"),
)
ONE_A_CLAIM = refusal(
    "offer_one_a_claim",
    _("按账单使用的券每次领一份。"),
    advice=_("请把每次最多人数改为 1；要多发几份，请改每人限领次数。"),
)
NOT_ENLARGED = refusal(
    "offer_release_not_enlarged",
    _("“{release}”的补贴资金已经按名额留好，不能直接加名额。"),
    advice=_("请另外投放一批，资金会重新核定、由另一人复核。"),
)

SERIES_WRONG = refusal("series_wrong", "{detail}", advice=_("请改正后再提交。"), status=422)
SERIES_MAKER_IS_CHECKER = refusal(
    "series_maker_is_checker",
    _("复核人不能是经办人自己。"),
    advice=_("请另一位有复核权限的同事来复核。"),
    status=403,
)
TEMPLATE_NOT_DRAFT = refusal(
    "series_template_not_draft",
    _("“{release}”已经{state}，不能作样板。"),
    advice=_("请另建一份投放草稿作样板；样板自己不会开放。"),
)
TEMPLATE_TAKEN = refusal(
    "series_template_taken", _("“{release}”已经是另一个定期投放的样板。"), advice=_("请另建一份投放草稿。")
)
TEMPLATE_IS_DRAW = refusal(
    "series_template_is_draw",
    _("“{release}”是抽签投放，每一期的承诺要单独公布，不能定期重复。"),
    advice=_("请改用先到先得或直接发放，或每期另建。"),
)

PACK_NOT_DRAFT = refusal(
    "pack_not_draft", _("礼包“{pack}”已经{state}，内容不能再改。"), advice=_("请先退回复核，或另建一个礼包。")
)
PACK_IN_PACK = refusal("pack_in_pack", _("礼包里不能再装礼包。"), advice=_("请直接把里面的券装进来。"))
PACK_ITEM_UNKNOWN = refusal(
    "pack_item_unknown",
    _("要装的券没有找到，或者不是本级和上下级工会的。"),
    advice=_("请刷新页面重新选择。"),
    status=422,
)
PACK_WRONG = refusal("pack_wrong", "{detail}", advice=_("请改正后再复核。"), status=422)
PACK_NOT_ENLARGED = refusal(
    "pack_not_enlarged",
    _("礼包“{pack}”里的券已经按份数留好，不能直接加份数。"),
    advice=_("请另外投放一批礼包。"),
)
WELCOME_TAKEN = refusal(
    "welcome_taken", _("“{pack}”已经是入会礼包。"), advice=_("请先停用原来的，再重新设置。")
)

GROUP_AT_THE_TILL = refusal(
    "terms_group_sensitive",
    _("面向的群体里有困难帮扶一类的，不能用在买单优惠和工惠日上：收银员会看出顾客的情况。"),
    advice=_("请改用凭券的优惠，把券投放给这个群体；或者换一个群体。"),
    status=422,
    clause=_("《个人信息保护法》第二十八条"),
)
AUDIENCE_AT_THE_TILL = refusal(
    "terms_audience_sensitive",
    _("受众“{audience}”用到困难、残疾、患病等敏感标签，不能用在买单优惠上：收银员会看出顾客的情况。"),
    advice=_("请改用凭券的优惠，把券投放给这个受众；或者换一个受众。"),
    status=422,
    clause=_("《个人信息保护法》第二十八条"),
)
DAY_IS_FOLLOWED = refusal(
    "benefit_day_followed",
    _("已经复核的优惠或定期投放在按“{name}”执行，只能改名称、加日子。"),
    advice=_("要换规则，请停用它，另建一个工惠日。"),
)
DAY_OF_OTHERS = refusal(
    "benefit_day_of_others",
    _("这个工惠日没有找到，或者不是本级和上级工会的。"),
    advice=_("请刷新页面重新选择。"),
    status=422,
)
