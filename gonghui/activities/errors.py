"""Refusals of this app: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

NO_SESSIONS = refusal("no_sessions", _("这个活动还没有场次。"), advice=_("请先添加场次，再提交复核或预告。"))
NOT_RELEASED = refusal(
    "sessions_not_released",
    _("还有 {count} 个场次没有投放安排。"),
    advice=_("请先为这些场次安排投放，再预告活动。"),
)
RELEASES_NOT_REVIEWED = refusal(
    "releases_not_reviewed",
    _("还有 {count} 个投放没有复核。"),
    advice=_("请由复核人复核投放后，再预告活动。"),
)
HALL_TAKEN = refusal(
    "hall_taken", _("这个厅在这段时间已经有别的场次。"), advice=_("请换一个厅或时间。"), status=409
)
HALL_TOO_SMALL = refusal(
    "hall_too_small",
    _("名额比这个厅的座位还多。"),
    advice=_("请把名额减到座位数以内，或换一个厅。"),
    status=422,
)
LABEL_TAKEN = refusal("session_label_taken", _("这个活动已经有同名的场次。"), advice=_("请换一个场次名称。"))
SESSION_RELEASED = refusal(
    "session_already_released", _("场次“{label}”已经有投放安排。"), advice=_("一个场次只能放进一个投放。")
)
NOT_OVER = refusal(
    "activity_not_over", _("还有场次没有结束。"), advice=_("请等最后一场结束，或先取消还没开始的场次。")
)
NOT_THERE = refusal(
    "was_not_there",
    _("只有到场的会员可以评价。"),
    advice=_("如果您到场了但没有核销，请联系现场工作人员补登。"),
    status=403,
)
