"""Why points are not given, spent or taken back."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

OWN_CHECK = refusal(
    "grant_own_check",
    _("经办人不能复核自己经办的发放。"),
    advice=_("请由另一位财务人员复核。"),
    status=403,
    clause=_("《基层工会经费收支管理办法》（总工办发〔2017〕32号）：岗位相互分离"),
)
NOBODY_FITS = refusal(
    "grant_for_nobody",
    _("没有可以发放的会员。"),
    advice=_("请核对面向的工会、群体、月份和名册日期。"),
    status=422,
)
STILL_SCREENING = refusal(
    "grant_still_screening",
    _("名单还在按支出规则核对：{done} / {total} 人。"),
    advice=_("请等核对完再复核，页面上有进度。"),
)
GRANT_PAST = refusal(
    "grant_past", _("有效期到 {day} 为止，已经过了。"), advice=_("请取消这次发放，改好有效期再起草。")
)
FESTIVAL_MISSING = refusal(
    "grant_festival_missing",
    _("节日慰问要写明是哪个节日。"),
    advice=_("请在草稿里选节日：规定列出的节日，或自治区批准的少数民族节日。"),
    status=422,
    clause=_("《基层工会经费收支管理办法》（总工办发〔2017〕32号）：逢年过节慰问的节日"),
)
SECTIONS_MISSING = refusal(
    "grant_sections_missing",
    _("用基层工会经费发的福豆，要限定可用的专区。"),
    advice=_("请在草稿里选至少一个专区。"),
    status=422,
    clause=_("“八不准”：不得用基层工会经费购买购物卡、代金券等有价证券，只能指定物品"),
)
OTHER_BUDGET = refusal(
    "grant_other_budget",
    _("这项预算不属于发放工会或它的上级，不能用。"),
    advice=_("请选本工会或上级工会批准的预算。"),
    status=422,
)
OUTSIDE_AUDIENCE = refusal(
    "grant_outside", _("面向的工会要在发放工会之内。"), advice=_("请重新选择面向的工会。"), status=422
)
AUDIENCE_REWORDED = refusal(
    "grant_audience_reworded",
    _("“{audience}”的条件在起草以后改过，不能照新条件发。"),
    advice=_("请取消这次发放，按现在的受众重新起草，再请同事复核。"),
)
POINTS_SHORT = refusal(
    "points_short",
    _("可用的福豆不够：有 {have}，需要 {need}。"),
    advice=_("请到“我的账”查看余额、可用专区和有效期。"),
)
REFUND_BEYOND = refusal(
    "points_refund_beyond", _("退回的福豆超过了当时用掉的。"), advice=_("请核对退款数额。"), status=422
)
