"""Refusals about audiences: why, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

PREDICATE_WRONG = refusal(
    "audience_predicate", _("条件还不完整：{detail}"), advice=_("请改好后再保存。"), status=422
)
OUTSIDE = refusal(
    "audience_outside",
    _("条件里有您管不到的工会、受众或名单。"),
    advice=_("受众只能用所属工会以内的；需要更大范围的，请上级工会来建。"),
    status=403,
)
OF_A_LINE = refusal(
    "audience_of_a_line",
    _("您的权限只到一条产业线，受众是按整个工会来算的，会算到您看不到的会员。"),
    advice=_("请管理整个工会的同事来建：条件里可以选“所属产业”。"),
    status=403,
)
EMPTY_UNION = refusal(
    "audience_union", _("要选择受众属于哪个工会。"), advice=_("请从您管理的工会里选择。"), status=422
)
SENSITIVE_VERB = refusal(
    "audience_sensitive",
    _("困难、残疾、患病等属于敏感个人信息，您没有使用的权限。"),
    advice=_("请去掉这些条件，或请有权限的同事来建。"),
    status=403,
    clause=_("《个人信息保护法》第二十八条"),
)
HEALTH_OF_EMPLOYER = refusal(
    "audience_health_of_employer",
    _("患病、工伤、残疾和健康关爱不能由单位的工会用来圈人，几个人都不行。"),
    advice=_("请去掉这些条件；需要关爱时，由市或省总工会来建。"),
    status=403,
    clause=_("《个人信息保护法》第二十八条"),
)
SENSITIVE_LIST = refusal(
    "audience_sensitive_list",
    _("名单不能和困难、残疾、患病等敏感标签放在一起：这样会看出某个人是不是。"),
    advice=_("请去掉名单，或去掉敏感标签。"),
    status=422,
    clause=_("《个人信息保护法》第二十八条"),
)
SENSITIVE_PERSON = refusal(
    "audience_sensitive_person",
    _("这个受众用到敏感标签，不说明具体某个人在不在。"),
    advice=_("只能看人数，不足十人不显示；本人可以在“我的”里查看自己的标签。"),
    status=403,
    clause=_("《个人信息保护法》第二十八条"),
)
CYCLE = refusal(
    "audience_cycle",
    _("受众不能绕着圈互相引用。"),
    advice=_("请去掉其中一个“在受众里”的条件。"),
    status=422,
)
NAME_TAKEN = refusal(
    "audience_name",
    _("这个工会已经有叫“{name}”的受众。"),
    advice=_("请换一个名称，或修改原来的。"),
    status=422,
)
NAME_NEEDED = refusal(
    "audience_unnamed", _("受众要有名称。"), advice=_("请写一个别人看得懂的名称。"), status=422
)
RETIRED = refusal("audience_retired", _("这个受众已经停用。"), advice=_("请恢复后再用，或另建一个。"))
USED_ELSEWHERE = refusal(
    "audience_used",
    _("还有受众引用它：{names}。"),
    advice=_("请先改那些受众的条件。"),
)
NOT_MADE = refusal(
    "audience_not_made",
    _("受众“{name}”还没有算好。"),
    advice=_("请稍等一会儿；页面上会显示算好的时间。"),
)
STALE = refusal(
    "audience_stale",
    _("受众“{name}”上次算好是 {ago}，超过了约定的更新时间。"),
    advice=_("请打开这个受众，看看为什么没有更新，或点“现在更新”。"),
)
LIST_TOO_LONG = refusal(
    "people_list_long", _("一份名单最多 {most} 行。"), advice=_("请分成几份。"), status=422
)
LIST_EMPTY = refusal(
    "people_list_empty",
    _("名单里没有一行对得上所选工会的会员。{detail}"),
    advice=_("每行写一个证件号码或手机号；只能对上这个工会及下级的会员。"),
    status=422,
)
LIST_FILE_EMPTY = refusal(
    "people_list_file_empty",
    _("表里没有内容。"),
    advice=_("请在第一个工作表里写好证件号码或手机号，一人一行，再上传。"),
    status=422,
)
LIST_FILE_BIG = refusal(
    "people_list_file_big",
    _("文件太大：名单表最多 {most} MB。"),
    advice=_("请只留证件号码或手机号一列，或分成几份。"),
    status=413,
)
LIST_ONE_WAY = refusal(
    "people_list_one_way",
    _("粘贴和上传只能选一种。"),
    advice=_("请清空粘贴的内容，或去掉选好的文件。"),
    status=422,
)
NOBODY_FOUND = refusal(
    "audience_nobody",
    _("在您管理的范围里没有找到这位会员。"),
    advice=_("请输入完整姓名或手机号再试。"),
    status=404,
)
