"""What the product does with points where no union has written a rule; and the words for it.

Points are a benefit of the union, never cash: nobody inherits them and nobody is paid out for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.models.lives import LifeRule, LotFate, Treatment
from gonghui.members.models import MembershipChange
from gonghui.orgs.models import Union

Kind = MembershipChange.Kind
NO_CASH = gettext_lazy("福豆是工会给会员的普惠，不能提现、转让或继承（产品默认规定，工会可另行规定）")


@dataclass(frozen=True, slots=True)
class LifeTerms:
    treatment: str
    after_days: int
    is_stopped: bool
    clause: str


SHIPPED = {
    Kind.DIED: (Treatment.RETURN, 90, True),
    Kind.EMIGRATED: (Treatment.RETURN, 90, False),
    Kind.RETIRED: (Treatment.KEEP, 0, False),
    Kind.LAID_OFF: (Treatment.KEEP, 0, False),
    Kind.RESUMED: (Treatment.KEEP, 0, False),
    Kind.LEFT: (Treatment.RETURN, 30, False),
    Kind.EXPELLED: (Treatment.RETURN, 30, True),
    Kind.MOVED: (Treatment.KEEP, 0, False),
}


def terms_for(kind: str, union: Union) -> LifeTerms:
    """Of the rule of the nearest union at or above the one that gave; the product's own where there is none."""
    above = [int(step) for step in union.path.split(".") if step]
    found = LifeRule.objects.unscoped("rules bind whoever stands below")
    rules = {rule.union_id: rule for rule in found.filter(kind=kind, is_active=True, union_id__in=above)}
    for union_id in reversed(above):
        if rule := rules.get(union_id):
            return LifeTerms(rule.treatment, rule.after_days, rule.is_stopped, rule.clause)
    treatment, after_days, is_stopped = SHIPPED[Kind(kind)]
    return LifeTerms(treatment, after_days, is_stopped, str(NO_CASH))


def said_of(fate: LotFate) -> str:
    """One sentence for the member, or whoever asks: what happened, what becomes of the points, and why."""
    what = {
        "stayed": _("您已重新入会，福豆不退回，到期前照常可用"),
        "kept": _("福豆保留，到期前照常可用，仍由原来的预算负担"),
        "waiting": _("剩余福豆 {day} 起退回原预算，{use}").format(
            day=f"{fate.due_on:%Y-%m-%d}" if fate.due_on else "",
            use=_("在此以前停止使用，未办完的账单照常办完") if fate.is_stopped else _("在此以前照常可用"),
        ),
        "returned": _("剩余的 {n} 福豆已退回原预算").format(n=f"{fate.returned:,}")
        if fate.returned
        else _("到退回时已经用完，没有退回"),
    }[fate.state]
    return _("因{kind}：{what}。依据：{clause}").format(
        kind=fate.get_kind_display(), what=what, clause=fate.clause
    )
