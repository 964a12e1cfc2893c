"""Why a place is not given, a date not booked, nobody checked in; and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

# --- plans --------------------------------------------------------------------------------------------------

UNION_LEVEL = refusal(
    "health_union_level",
    _("健康关爱计划由省级或市级工会主办。"),
    advice=_("报名是健康信息，基层工会和单位不经手。请联系市总工会。"),
    status=403,
)
OWN_PLAN = refusal("health_own_plan", _("自己写的计划不能自己复核。"), advice=_("请另一位同事复核。"))
PLAN_INCOMPLETE = refusal(
    "health_plan_incomplete", _("计划还不完整：{what}"), advice=_("请补齐后再提交复核。"), status=422
)
ABOVE_CAP = refusal(
    "health_above_cap",
    _("套餐“{package}”每人补贴 {subsidy} 元，谁也领不到：{says}"),
    advice=_("请降低工会补贴、提高会员自付或机构让利，再提交复核。"),
    status=422,
    clause="{clause}",
)
FOREIGN_BUDGET = refusal(
    "health_foreign_budget",
    _("预算“{budget}”不是主办工会的。"),
    advice=_("请选主办工会自己的预算。"),
    status=422,
)
FOREIGN_HOSPITAL = refusal(
    "health_foreign_hospital",
    _("“{store}”没有和主办工会或上级工会签约。"),
    advice=_("请先签约，或改选别的体检机构。"),
    status=422,
)
NO_DAYS = refusal(
    "health_no_days",
    _("这些日期和星期里没有一天可以放号。"),
    advice=_("请核对日期、星期和体检的起止日期。"),
    status=422,
)

# --- applying -----------------------------------------------------------------------------------------------

NOT_VERIFIED = refusal(
    "health_not_verified",
    _("还没有实名认证。"),
    advice=_("请先到“我的 · 实名认证”核验，一分钟就好。"),
    status=403,
)
NOT_OF_THE_UNION = refusal(
    "health_not_of_the_union",
    _("这个计划面向{union}的会员，没有查到您的会籍。"),
    advice=_("请联系单位工会或街道工会补报会籍，也可以拨打 12351 咨询。"),
    status=403,
)
NOT_IN_GROUPS = refusal(
    "health_not_in_groups",
    _("这个计划面向{groups}，名册上没有您的这个职业。"),
    advice=_("如果您正从事其中一种，请在下面选上，由工会核对。"),
    status=403,
)
BAD_GROUP = refusal(
    "health_bad_group", _("请从这个计划面向的职业里选一个。"), advice=_("选好后再提交。"), status=422
)
CONSENT_NEEDED = refusal(
    "health_consent_needed",
    _("参加体检属于健康信息，要您单独同意才能登记。"),
    advice=_("请看过说明，勾选同意后再报名。"),
    status=422,
    clause=_("《中华人民共和国个人信息保护法》第二十九条"),
)
NOT_OPEN_YET = refusal("health_not_open_yet", _("报名还没有开始，{opens}开始。"), advice=_("请到时再来。"))
ENROLMENT_OVER = refusal("health_enrolment_over", _("报名已经结束。"), advice=_("请留意工会的下一期计划。"))
ALREADY_IN = refusal(
    "health_already_in", _("您已经报过名了：{state}。"), advice=_("请到“我的名额”查看下一步。")
)
PLAN_FULL = refusal(
    "health_plan_full",
    _("名额和候补都满了。"),
    advice=_("有人取消或逾期未付时会重新放出，请过几天再来看。"),
)

# --- paying, booking ----------------------------------------------------------------------------------------

NOTHING_DUE = refusal(
    "health_nothing_due", _("现在不用付款：{state}。"), advice=_("请到“我的名额”查看下一步。")
)
PAID_TOO_LATE = refusal(
    "health_paid_too_late",
    _("付款时限已过，名额让给了后面的人。"),
    advice=_("还想参加请重新报名，会排在候补里；这之后付的款会原路退回。"),
)
SLOT_FULL = refusal("health_slot_full", _("这个时段刚刚约满。"), advice=_("请选另一个时段，您的名额还在。"))
SLOT_OVER = refusal("health_slot_over", _("这个时段已经过了。"), advice=_("请选以后的时段。"))
NOT_BOOKABLE = refusal(
    "health_not_bookable", _("现在不能预约：{state}。"), advice=_("请到“我的名额”查看下一步。")
)
SAME_SLOT = refusal("health_same_slot", _("您约的就是这个时段。"), advice=_("请选另一个时段。"))
TOO_LATE_TO_MOVE = refusal(
    "health_too_late_to_move",
    _("最晚提前 {days} 天改期，现在离预约只有 {left} 天。"),
    advice=_("请按时去；实在去不了，可以取消，退多少在页面上写明。"),
)
MOVED_ENOUGH = refusal(
    "health_moved_enough",
    _("已经改期 {most} 次，不能再改。"),
    advice=_("请按时去；实在去不了，可以取消，退多少在页面上写明。"),
)
NOT_CANCELLABLE = refusal(
    "health_not_cancellable", _("现在不能取消：{state}。"), advice=_("有疑问请拨打 12351。")
)

# --- the hospital's desk ------------------------------------------------------------------------------------

NOT_A_CLERK = refusal(
    "health_not_a_clerk",
    _("您不是体检机构的工作人员。"),
    advice=_("需要登记到检，请让体检机构的管理员把您加为店员。"),
    status=403,
)
NO_CODE = refusal(
    "health_no_code",
    _("这不是到检码。"),
    advice=_("请让会员打开“健康关爱 · 我的名额”里的二维码。"),
    status=422,
)
STALE_CODE = refusal(
    "health_stale_code",
    _("这是过期的二维码，可能是截图。"),
    advice=_("请会员在自己的手机上打开“我的名额”，或报 8 位短码。"),
    status=422,
)
UNKNOWN_CODE = refusal(
    "health_unknown_code",
    _("没有找到在本机构的预约。"),
    advice=_("请核对到检码，并看会员手机上写的是哪家机构、哪一天。"),
    status=404,
)
ATTENDED_BEFORE = refusal(
    "health_attended_before", _("已在 {at} 登记到检。"), advice=_("不用再登记，可以直接体检。")
)
ANOTHER_DAY = refusal(
    "health_another_day",
    _("预约的是 {day}，不是今天。"),
    advice=_("请会员在手机上改期，或按预约的日期来。"),
)

# --- staff --------------------------------------------------------------------------------------------------

UNKNOWN_PEOPLE = refusal(
    "health_unknown_people",
    _("有 {count} 个证件号码没有对上，第一个在第 {line} 行。"),
    advice=_("请核对这些行；没有对上时一个也不会加入。"),
    status=422,
)
