"""Rows of merchants stay when somebody is forgotten; who still works for one ends that first."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import BUSINESS, WORK, Hindrance, Leaving, hinders, lies_open, stays

stays("partners.Agreement", _("合作协议"), BUSINESS)
stays("partners.Clerk", _("店员"), WORK)
stays("partners.MerchantRole", _("商户负责人"), WORK)
stays("partners.PartnerApplication", _("商户申请"), BUSINESS)
stays("partners.ApplicationFile", _("商户申请的证照"), BUSINESS)
stays("partners.PayoutAccount", _("商户收款账号"), BUSINESS)
lies_open("partners.Store", "address", "phone", "latitude", "longitude", because=BUSINESS)
lies_open("partners.PayoutAccount", "holder", because=BUSINESS)


@hinders
def who_works_for_a_merchant(leaving: Leaving):
    desks = leaving.rows("partners.Clerk", "user").filter(ended_at=None)
    roles = leaving.rows("partners.MerchantRole", "user").filter(ended_at=None)
    if desks.exists() or roles.exists():
        yield Hindrance(
            "merchant", _("您还是合作商户的负责人或店员。"), _("请先请商户的负责人结束您的身份。")
        )
