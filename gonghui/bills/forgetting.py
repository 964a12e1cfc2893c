"""What becomes of bills when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import FINANCE, Hindrance, Leaving, hinders, stays

stays("bills.Bill", _("账单和退款"), FINANCE)
stays("bills.WelcomeGift", _("入会礼"), FINANCE)
stays("bills.LimitUse", _("限领的次数"), FINANCE)


@hinders
def bills_to_pay(leaving: Leaving):
    if leaving.rows("bills.Bill", "person").filter(state="held").exists():
        yield Hindrance("bills", _("您有一张账单还没有付。"), _("请到“我的账单”里付款或取消。"))
