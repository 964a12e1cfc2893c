"""Why a campaign cannot run, and why an introduction does not count; and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

CAMPAIGN_WRONG = refusal(
    "referral_campaign_wrong", _("这个活动还不能这样：{detail}"), advice=_("请改好再提交。"), status=422
)
CAMPAIGN_BY_TWO = refusal(
    "referral_campaign_by_two",
    _("发券的活动要由另一位同事复核，不能自己复核自己的。"),
    advice=_("请交给有“投放复核”权限的同事。"),
    status=403,
)
CAMPAIGN_CLASHES = refusal(
    "referral_campaign_clashes",
    _("“{union}”在这段时间已经有“{name}”在进行。"),
    advice=_("一个工会同时只办一个携手入会活动。请先结束那个，或改时间。"),
)
LOOK_NOT_NEEDED = refusal(
    "referral_look_not_needed", _("这一条没有需要看的地方。"), advice=_("刷新页面看它现在的状态。")
)
NOT_A_MEMBER_YET = refusal(
    "referral_not_a_member",
    _("会员才有邀请码。"),
    advice=_("先申请入会；批准以后，这里就有您的邀请码。"),
    status=403,
)
