"""Refusals about unions and grants: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

UNION_BELOW_ITSELF = refusal(
    "union_below_itself",
    _("不能把“{union}”移到它自己或它的下级之下。"),
    advice=_("请另选一个上级工会。"),
    status=422,
)
UNION_ALREADY_THERE = refusal(
    "union_already_there", _("“{union}”的上级已经是“{parent}”。"), advice=_("不需要移动。"), status=422
)
UNION_NAME_TAKEN = refusal(
    "union_name_taken",
    _("“{parent}”下面已经有一个叫“{name}”的工会。"),
    advice=_("请核对是否重复；确是两个工会的，请在名称中加以区分。"),
)
UNION_TOO_DEEP = refusal(
    "union_too_deep", _("层级太深，最多 {limit} 级。"), advice=_("请移到更高一级的工会之下。"), status=422
)
UNION_ROOT_STAYS = refusal(
    "union_root_stays", _("最上级工会不能移动、暂停或撤销。"), advice=_("请联系系统管理员。")
)
UNION_NOT_ACTIVE = refusal(
    "union_not_active", _("“{union}”已暂停或撤销。"), advice=_("请先恢复它，或另选一个工会。")
)
UNION_HAS_CHILDREN = refusal(
    "union_has_children",
    _("“{union}”还有 {count} 个下级工会，不能撤销。"),
    advice=_("请先移走或撤销下级工会。"),
)
GRANT_NOT_HELD = refusal(
    "grant_not_held",
    _("您自己没有“{role}”在“{union}”的全部权限，不能授予别人。"),
    advice=_("只能把自己有的权限、在自己管理的范围内转授。需要更多权限请联系上级工会管理员。"),
    status=403,
)
GRANT_OUTLIVES = refusal(
    "grant_outlives",
    _("授权期限不能超出您自己的期限（{limit}）。"),
    advice=_("请把结束日期改到这一天或更早，开始日期不早于您自己的开始日期。"),
    status=422,
)
GRANT_TO_ONESELF = refusal(
    "grant_to_oneself",
    _("不能给自己授权，也不能自己延长或收回自己的授权。"),
    advice=_("请由上级或同级的另一位管理员办理。"),
    status=403,
)
GRANT_DATES = refusal("grant_dates", _("结束日期早于开始日期。"), advice=_("请改正日期。"), status=422)
GRANT_TWICE = refusal(
    "grant_twice",
    _("{user}在“{union}”已经有从同一天开始的“{role}”授权。"),
    advice=_("不需要重复授权；要改期限，请先收回原来的。"),
)
GRANT_OVER = refusal("grant_over", _("这项授权已经结束。"), advice=_("不需要再收回。"))
ROOT_HAS_ANOTHER_NAME = refusal(
    "root_has_another_name",
    _("已经有最上级工会“{union}”，一个平台只有一个。"),
    advice=_("要给它开第一个账号，请在 --union 写它的全称；下级工会请登录管理台新增。"),
)
FIRST_ACCOUNT_EXISTS = refusal(
    "first_account_exists",
    _("“{union}”已经有管理员“{login}”，第一个账号只建一次。"),
    advice=_("进不去请用 gonghui staff password {login} 重置密码；再加一个人请用 gonghui staff add。"),
)
STAFF_ONESELF = refusal(
    "staff_oneself",
    _("这是您自己的账号，不能自己重置或停用。"),
    advice=_("改密码请点右上角“修改密码”；其他事项请由另一位管理员办理。"),
    status=403,
)
STAFF_BEYOND = refusal(
    "staff_beyond",
    _("{user}还有您不能授予的权限：{grant}（期限：{until}）。"),
    advice=_("范围和期限都要在您自己的授权之内；请联系能管理这项授权的上级工会管理员办理。"),
    status=403,
)
STAFF_IS_OFF = refusal(
    "staff_is_off", _("{user}的账号已经停用。"), advice=_("需要继续使用的，请先恢复使用。")
)
STAFF_IS_ON = refusal("staff_is_on", _("{user}的账号没有停用。"), advice=_("不需要恢复。"))
UNION_NOT_ONE = refusal(
    "union_not_one",
    _("叫“{text}”或代码是它的工会有 {count} 个。"),
    advice=_("请写全称或统一社会信用代码，恰好对应一个。"),
    status=422,
)
NO_SUCH_STAFF = refusal(
    "no_such_staff",
    _("没有登录名为“{login}”的工作人员账号。"),
    advice=_("请核对登录名，注意大小写；还没有账号的，请先联系上级工会开通。"),
    status=422,
)
