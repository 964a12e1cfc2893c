"""What becomes of budgets, benefits and points when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.funds.points import balance_of
from gonghui.members.leaving import FINANCE, WORK, Hindrance, Leaving, hinders, lies_open, stays

stays("funds.BenefitTally", _("领过多少福利"), FINANCE)
stays("funds.BenefitUse", _("领过哪些福利"), FINANCE)
stays("funds.GrantedPerson", _("福豆发放"), FINANCE)
stays("funds.LotFate", _("福豆到期的处理"), FINANCE)
stays("funds.Consent", _("经费的审批意见"), WORK)
stays("funds.Decision", _("经费的决定"), WORK)
lies_open("funds.PointGrant", "birthday_month", because=_("发给谁的条件，不是某个人的"))


@hinders
def points_left(leaving: Leaving):
    points = balance_of(leaving.person_id) if leaving.person_id else 0
    if points:
        yield Hindrance(
            "points",
            _("您还有 %(points)s 福豆没有用完。") % {"points": f"{points:,}"},
            _("可以先用掉；放弃的，到期后退回工会经费，不能找回。"),
            may_give_up=True,
        )
