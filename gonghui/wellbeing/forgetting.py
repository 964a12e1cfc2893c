"""What becomes of health enrolments when somebody is forgotten: the pseudonym's, seen by no employer before or after."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import FINANCE, Hindrance, Leaving, hinders, stays
from gonghui.wellbeing.models.enrolments import UNDER_WAY

stays("wellbeing.Enrolment", _("健康关爱的报名"), FINANCE)
stays("wellbeing.Appointment", _("体检预约"), FINANCE)
stays("wellbeing.PlanPerson", _("健康计划的名单"), FINANCE)


@hinders
def places_under_way(leaving: Leaving):
    own = leaving.rows("wellbeing.Enrolment", "person")
    if own.filter(state__in=("applied", "eligible", *UNDER_WAY)).exists():
        yield Hindrance(
            "health", _("您的健康关爱报名还没有完成。"), _("请到“健康关爱”里取消；付过款的会退给您。")
        )
