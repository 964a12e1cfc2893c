"""Why a grant is refused by a rule that says something else than a cap; each cites its clause."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

CLAUSE = "{clause}"

TOOK_PART_MISSING = refusal(
    "rule_took_part_missing",
    _("按{place}的规定，{what}的人数有比例限制，要写明一共有多少人参加（依据：{clause}）。{unread}"),
    advice=_("请在草稿里填“参加人数”。"),
    status=422,
    clause=CLAUSE,
)
SHARE_PASSED = refusal(
    "rule_share_passed",
    _(
        "按{place}的规定，{what}的人数不超过参加人数的 {share}：{took_part} 人参加，最多发 {most} 人，名单上有 {people} 人"
        "（依据：{clause}）。{unread}"
    ),
    advice=_("请核对参加人数，或缩小名单后重新起草。"),
    status=422,
    clause=CLAUSE,
)
GIVEN_TOO_LATE = refusal(
    "rule_given_too_late",
    _("按{place}的规定，{what}要在每年 {until}以前发放，现在已经过了（依据：{clause}）。{unread}"),
    advice=_("今年不能再发，请在明年的发放期内办理。"),
    clause=CLAUSE,
)
SPENT_TOO_LATE = refusal(
    "rule_spent_too_late",
    _("按{place}的规定，{what}要在 {until} 以前用完，这次的有效期到 {day}（依据：{clause}）。{unread}"),
    advice=_("请重新起草，把有效期改到 {until} 或更早。"),
    status=422,
    clause=CLAUSE,
)
DAYS_MISSING = refusal(
    "rule_days_missing",
    _("按{place}的规定，{what}有天数限制，要写明几天（依据：{clause}）。{unread}"),
    advice=_("请在草稿里填“天数”。"),
    status=422,
    clause=CLAUSE,
)
DAYS_PASSED = refusal(
    "rule_days_passed",
    _("按{place}的规定，{what}不超过 {most} 天，这次是 {days} 天（依据：{clause}）。{unread}"),
    advice=_("请缩短天数后重新起草。"),
    status=422,
    clause=CLAUSE,
)
WORDS_MISSING = refusal(
    "rule_words_missing",
    _("按{place}的规定，{what}要符合：{words}（依据：{clause}）。经办人还没有确认。{unread}"),
    advice=_("请逐条核对，在草稿里勾选“我已核对，按上述要求办理”。"),
    status=422,
    clause=CLAUSE,
)
