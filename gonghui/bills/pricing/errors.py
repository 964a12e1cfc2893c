"""Why an offer is not given: facts in the sentence, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NOT_THIS_STORE = refusal(
    "offer_not_this_store", _("这家门店不参加这项优惠。"), advice=_("请到优惠页面查看参加的门店。")
)
NOT_FOR_FAMILY = refusal(
    "offer_not_for_family", _("这项优惠只能由会员本人使用。"), advice=_("请会员本人到店使用。"), status=403
)
NO_VOUCHER = refusal(
    "offer_no_voucher",
    _("您还没有这项优惠的券，或者已经用完。"),
    advice=_("请先到优惠页面领取。"),
    status=403,
)
GROUP_NOT_SERVED = refusal(
    "offer_group_not_served",
    _("这项优惠在这里只面向{groups}。"),
    advice=_("如果您属于这一群体，请联系所在工会登记。"),
    status=403,
)
WINDOW_CLOSED = refusal("offer_window_closed", _("现在不在优惠时段。"), advice=_("下次开始：{opens}。"))
WINDOWS_OVER = refusal("offer_windows_over", _("这项优惠的时段已经结束。"), advice=_("请查看其他优惠。"))
WINDOW_FULL = refusal("offer_window_full", _("这个时段的名额已经用完。"), advice=_("下次开始：{opens}。"))
WINDOW_LAST_FULL = refusal(
    "offer_window_last_full", _("这个时段的名额已经用完，后面没有安排。"), advice=_("请查看其他优惠。")
)
LIMIT_USED = refusal(
    "offer_limit_used", _("{per}限用 {most} 次，已经用了 {used} 次。"), advice=_("请查看其他优惠。")
)
SECTION_NOT_ALLOWED = refusal(
    "offer_section_not_allowed", _("这次买的东西不在这项优惠的范围内。"), advice=_("请查看优惠的适用范围。")
)
UNDER_THRESHOLD = refusal(
    "offer_under_threshold",
    _("还差 {missing} 元到 {threshold} 元，才能享受这项优惠。"),
    advice=_("再买 {missing} 元，可以享受“{gain}”。"),
)
NOTHING_OFF = refusal(
    "offer_nothing_off", _("价格已经不高于这项优惠，不会再减。"), advice=_("不用这项优惠即可。")
)
BUDGET_EMPTY = refusal(
    "offer_budget_empty", _("这项优惠的资金已经用完。"), advice=_("请查看其他优惠，或者下期再来。")
)
CAP_USED = refusal("offer_cap_used", _("{cap}的补贴用完了，{again}再来。"), advice=_("也可以看看其他优惠。"))
CAP_SHORT = refusal(
    "offer_cap_short",
    _("{cap}的补贴只剩 {left} 元，不够这一单，{again}再来。"),
    advice=_("也可以看看其他优惠。"),
)
BEATEN_IN_CLASS = refusal(
    "offer_beaten_in_class",
    _("与“{by}”同类，只能用一项；“{by}”更合算。"),
    advice=_("单独用这项优惠可以减 {alone} 元。"),
)
BEATEN = refusal(
    "offer_beaten",
    _("不能与“{by}”同时使用，或者合用并不更省。"),
    advice=_("单独用这项优惠可以减 {alone} 元。"),
)
NOT_FOR_YOU = refusal(
    "offer_not_for_you",
    _("这项优惠只给一部分会员，您不在其中。"),
    advice=_("觉得自己应该在内的，请联系所在工会核对登记的信息。"),
    status=403,
)
