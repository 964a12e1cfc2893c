"""What becomes of tickets when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import (
    FINANCE,
    RECORD,
    WORK,
    Hindrance,
    Leaving,
    changes,
    goes,
    hinders,
    lies_open,
    stays,
)

LIVE = ("held", "confirmed", "exchanged")

changes("benefits.Voucher", _("票券"), FINANCE, "person", "booked_by", companions=None)
goes("benefits.Party", _("同行人"))
goes("benefits.Reminder", _("开抢提醒"))
stays("benefits.WaitEntry", _("候补"), RECORD)
stays("benefits.DrawEntry", _("抽签"), _("抽签结果已经公布，人人可以重新验算；只有编号"))
stays("benefits.Draw", _("抽签的种子"), WORK)
stays("benefits.NoShowExemption", _("未到场的豁免"), WORK)
lies_open("benefits.GrantRun", "last_person_id", because=_("发到哪里的编号，发完没有用处"))


@hinders
def tickets_in_hand(leaving: Leaving):
    count = leaving.rows("benefits.Voucher", "person").filter(state__in=LIVE).count()
    if count:
        yield Hindrance(
            "tickets",
            _("您还有 %(count)s 张没有用的票券。") % {"count": count},
            _("可以先用掉，或在“我的票券”里退回给别人；放弃的作废，不能找回。"),
            may_give_up=True,
        )
