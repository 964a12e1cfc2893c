"""What people are asked to agree to: purpose, version, and the words. A new wording is a new version."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Purpose:
    code: str
    version: str
    title: str | Promise
    text: str | Promise
    after_withdrawal: str | Promise


PURPOSES: dict[str, Purpose] = {
    purpose.code: purpose
    for purpose in (
        Purpose(
            "privacy",
            "2025-09",
            _("使用工惠"),
            _("用手机号登录，保存您的预约、票券和评价，用来为您提供工会服务。"),
            _("撤回后会退出登录；再次登录时需要重新同意。已经发生的预约和核销按规定保留。"),
        ),
        Purpose(
            "real_name",
            "2025-09",
            _("核验实名身份"),
            _("使用姓名和证件号码，只用来核对您是不是工会会员，加密保存，不作他用。"),
            _("撤回后不再做新的核验；已经完成的实名结果保留，可以联系所在工会删除。"),
        ),
        Purpose(
            "joining",
            "2026-11",
            _("申请加入工会"),
            _(
                "姓名、证件号码、手机号、职业和工作单位，只给您申请的工会和它的上级工会审核入会用，证件号码和手机号加密保存；不给单位、商家或别人看。"
            ),
            _("撤回后不再受理新的申请；正在审核的，请在“入会进度”里撤回。已经入会的会籍资料按规定保留。"),
        ),
        Purpose(
            "messages",
            "2025-09",
            _("接收短信通知"),
            _("中签、候补到位、活动变更时给您发短信。不发广告。"),
            _("撤回后只在“消息”里通知您，不再发短信；登录验证码除外。"),
        ),
        Purpose(
            "health",
            "2026-11",
            _("登记健康关爱报名"),
            _(
                "您报名体检、约在哪家医院哪一天、是否到检，属于健康信息，要单独同意。只有您本人、主办工会的健康关爱专员和您预约的医院看得到，"
                "不给单位和基层工会；不保存任何体检结果。"
            ),
            _("撤回后不再登记新的报名；已经付款和到检的记录按财务规定保留。"),
        ),
        Purpose(
            "interests",
            "2026-11",
            _("商城热度统计"),
            _(
                "把您在惠工商城看过、收藏、买过的商品按天计数，只用来排出最受欢迎的类别，决定补贴哪些；不足十人的类别不统计，不作他用。"
            ),
            _("撤回后不再记录，已经记下的当天夜里删除。"),
        ),
    )
}
