"""Who may take part, what comes back, when a date may be changed: pure, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from gonghui.benefits.errors import IN_TRANSIT
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError
from gonghui.kit.templatetags.kit import cn_when, money
from gonghui.wellbeing import errors
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the rules need to know of a person, and nothing more. `union_path` is empty without a live membership."""

    person_id: int
    is_verified: bool
    union_path: str
    groups: frozenset[str]
    is_listed: bool
    state: str = ""
    """Of the enrolment that still stands."""
    is_transit: bool = False
    """In a transit pool, without a union of their own yet."""


def why_not_now(plan: HealthPlan, at: datetime) -> DomainError | None:
    if plan.state != HealthPlan.State.OPEN or at >= plan.closes_at:
        return DomainError(errors.ENROLMENT_OVER)
    if at < plan.opens_at:
        return DomainError(errors.NOT_OPEN_YET, opens=cn_when(plan.opens_at))
    return None


def why_not_they(plan: HealthPlan, who: Applicant | None, group_names: Sequence[str]) -> DomainError | None:
    """The first reason, in the order in which one can do something about it."""
    if who is None:
        return DomainError(SIGN_IN_FIRST)
    if who.state:
        return DomainError(errors.ALREADY_IN, state=Enrolment.State(who.state).label)
    if not who.is_verified:
        return DomainError(errors.NOT_VERIFIED)
    if who.is_listed:
        return None
    if not who.union_path.startswith(plan.union.path):
        return DomainError(errors.NOT_OF_THE_UNION, union=plan.union.name)
    if who.is_transit:
        return DomainError(IN_TRANSIT)
    if not who.groups & set(plan.groups):
        return DomainError(errors.NOT_IN_GROUPS, groups="、".join(group_names))
    return None


def refund_fen(plan: HealthPlan, paid_fen: int, days_left: int | None) -> int:
    """What a member who cancels gets back. `days_left` to the appointment, None without one."""
    if days_left is None or days_left >= plan.free_cancel_days:
        return paid_fen
    return paid_fen * plan.late_refund_percent // 100


def no_show_refund_fen(plan: HealthPlan, paid_fen: int) -> int:
    return paid_fen * plan.no_show_refund_percent // 100


def why_not_moved(plan: HealthPlan, enrolment: Enrolment, day: date, today: date) -> DomainError | None:
    """Why a booking on `day` keeps its date; None where another may be chosen."""
    left = (day - today).days
    if left < plan.reschedule_days:
        return DomainError(errors.TOO_LATE_TO_MOVE, days=plan.reschedule_days, left=max(left, 0))
    if enrolment.reschedules >= plan.reschedule_max:
        return DomainError(errors.MOVED_ENOUGH, most=plan.reschedule_max)
    return None


def plan_faults(plan: HealthPlan, packages: Sequence[Package], has_list: bool) -> list[str]:
    """What is missing before it can be reviewed."""
    found = []
    if not packages:
        found.append(_("还没有体检套餐。"))
    if not plan.groups and not has_list:
        found.append(_("还没有写面向谁：选群体，或者加名单。"))
    return found


def rules_in_words(plan: HealthPlan) -> list[str]:
    """What is printed before anybody pays."""
    return [
        _("有了名额以后 %(hours)d 小时内付清自付部分，逾期名额让给候补的人。")
        % {"hours": plan.pay_within_hours},
        _("付款后选医院的日期和时段；最晚提前 %(days)d 天改期，最多改 %(most)d 次。")
        % {"days": plan.reschedule_days, "most": plan.reschedule_max},
        _("还没有预约，或提前 %(days)d 天以上取消，自付部分全额退回。") % {"days": plan.free_cancel_days},
        _("晚于这个时间取消，%(back)s。") % {"back": _share_in_words(plan.late_refund_percent)},
        _no_show_in_words(plan),
        _("工会只登记“已到检”，不保存任何体检结果；结果由医院直接交给您本人。"),
    ]


def _share_in_words(percent: int) -> str:
    return _("退回 %d%%") % percent if percent else _("自付部分不退")


def _no_show_in_words(plan: HealthPlan) -> str:
    back = _share_in_words(plan.no_show_refund_percent)
    if plan.no_show_rebooks:
        return _("约了没有去，可以再约 %(n)d 次；之后名额收回，%(back)s。") % {
            "n": plan.no_show_rebooks,
            "back": back,
        }
    return _("约了没有去，名额收回，%(back)s。") % {"back": back}


def cancelling_in_words(back_fen: int, paid_fen: int) -> str:
    if not paid_fen:
        return _("您还没有付款，取消后名额让给候补的人。")
    if back_fen == paid_fen:
        return _("取消后 %s 全额原路退回，名额让给候补的人。") % money(back_fen)
    if back_fen:
        return _("现在取消退回 %(back)s，其余 %(kept)s 不退。") % {
            "back": money(back_fen),
            "kept": money(paid_fen - back_fen),
        }
    return _("已经晚于全额退款的时间，现在取消 %s 不退。") % money(paid_fen)
