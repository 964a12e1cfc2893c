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
UNION_HAS_ENDED = refusal(
    "union_has_ended",
    _("“{union}”已经合并或撤销，资料不再改动。"),
    advice=_("会员和下级工会已经转走，请到接收它们的工会办理。"),
)
UNION_HAS_CHILDREN = refusal(
    "union_has_children",
    _("“{union}”还有 {count} 个下级工会，不能撤销。"),
    advice=_("请先移走或撤销下级工会。"),
)
UNION_HAS_POOL = refusal(
    "union_has_pool",
    _("“{union}”还有周转库“{pool}”，不能撤销。"),
    advice=_("请先撤销周转库，选择里面的会员转到哪里。"),
)
UNION_HAS_MEMBERS = refusal(
    "union_has_members",
    _("“{union}”还有 {count} 名会员，要先说明他们转到哪里。"),
    advice=_("请选择转到上级工会还是周转库，再撤销。"),
    status=422,
)
UNION_HAS_WORK = refusal(
    "union_has_work",
    _("“{union}”还有在办的事：{what}，要先说明转到哪里。"),
    advice=_("请选择转到上级工会还是周转库，再撤销；也可以先办完。"),
    status=422,
)
REGISTRATION_NAMESAKES = refusal(
    "registration_namesakes",
    _("两边都有正在办理的建会申请叫“{names}”。"),
    advice=_("请先审批或退回其中一份，再合并。"),
)
UNION_ENDED_FROM_ABOVE = refusal(
    "union_ended_from_above",
    _("合并和撤销“{union}”要由它的上级工会办理。"),
    advice=_("请联系上级工会管理员。"),
    status=403,
)
MERGE_INTO_ITSELF = refusal(
    "merge_into_itself",
    _("“{union}”不能并入它自己或它的下级。"),
    advice=_("请另选一个工会，或者反过来把下级并入上级。"),
    status=422,
)
MERGE_OF_UNLIKE = refusal(
    "merge_of_unlike",
    _("周转库只能并入另一个周转库，工会也不能并入周转库。"),
    advice=_("要把会员放进周转库，请改用“撤销”，选择转到周转库。"),
    status=422,
)
MERGE_TWO_POOLS = refusal(
    "merge_two_pools",
    _("“{union}”和“{into}”各有一个周转库，不能同时归到一个工会下面。"),
    advice=_("请先把“{union}”的周转库并入“{into}”的周转库。"),
)
MERGE_NAMESAKES = refusal(
    "merge_namesakes",
    _("两边都有下级叫“{names}”。"),
    advice=_("请先给其中一个更名，再合并。"),
)
NOWHERE_TO = refusal(
    "nowhere_to",
    _("“{union}”的上级和所在地区都没有周转库。"),
    advice=_("请先在上级工会页面建立周转库，或者选择转到上级工会。"),
)
POOL_EXISTS = refusal(
    "pool_exists",
    _("“{parent}”已经有周转库“{pool}”。"),
    advice=_("一个工会下面只设一个周转库，直接用它就可以。"),
)
POOL_HOLDS_NO_UNIONS = refusal(
    "pool_holds_no_unions",
    _("“{pool}”是周转库，只存放还没有工会的会员，下面不能设工会。"),
    advice=_("请另选一个工会作上级。"),
    status=422,
)
POOL_BELONGS_THERE = refusal(
    "pool_belongs_there",
    _("周转库属于设立它的工会，不能移到别处。"),
    advice=_("请在另一个工会另建周转库，再把这一个并进去。"),
    status=422,
)
UNION_NEEDS_REGISTRATION = refusal(
    "union_needs_registration",
    _("基层工会和工会联合会要经建会申请、由另一人审批后建立。"),
    advice=_("请在“建会申请”里提出申请。"),
    status=422,
)
REGISTRATION_INCOMPLETE = refusal(
    "registration_incomplete",
    _("还有没填的内容：{missing}。"),
    advice=_("请补齐后再提交；暂时没有的可以先存为草稿。"),
    status=422,
)
REGISTRATION_OWN = refusal(
    "registration_own",
    _("这份建会申请是您提出的，不能由您审批。"),
    advice=_("请由上级或同级的另一位同事审批。"),
    status=403,
)
REGISTRATION_OF_ANOTHER = refusal(
    "registration_of_another",
    _("这份建会申请由{maker}经办，只有经办人可以修改、提交和撤回。"),
    advice=_("请联系经办人；需要修改的，审批人可以退回。"),
    status=403,
)
REGISTRATION_TWICE = refusal(
    "registration_twice",
    _("已经有一份正在办理的建会申请用了同样的{what}。"),
    advice=_("请先查看那一份；确是两个工会的，请核对后分别填写。"),
)
REGISTRATION_KIND = refusal(
    "registration_kind",
    _("这一类工会不经建会申请设立。"),
    advice=_("周转库请在上级工会页面建立；省总工会在开通平台时建立。"),
    status=422,
)
PAPER_TOO_LARGE = refusal(
    "paper_too_large", _("文件超过 {limit_mb} MB。"), advice=_("请压缩或重新拍照后再上传。"), status=413
)
PAPER_UNKNOWN = refusal(
    "paper_unknown",
    _("这个文件不是完整的 JPG、PNG 图片或 PDF。"),
    advice=_("请拍照或扫描批复原件后重新上传。"),
    status=422,
)
TEXT_TOO_LONG = refusal(
    "registration_text_too_long",
    _("“{column}”太长，最多 {limit} 个字。"),
    advice=_("请缩短后再提交，不要把别的内容写在这一栏。"),
    status=422,
)
SHEET_TOO_LARGE = refusal(
    "registration_sheet_too_large",
    _("表格超过 {limit_mb} MB。"),
    advice=_("请拆成几张分别上传。"),
    status=413,
)
SHEET_OF_TOO_MANY = refusal(
    "registration_sheet_too_long",
    _("一张表最多 {limit} 个工会。"),
    advice=_("请拆成几张分别上传。"),
    status=422,
)
SHEET_EMPTY = refusal(
    "registration_sheet_empty",
    _("表里没有要申请的工会。"),
    advice=_("请从表头下面一行起，一个工会一行。"),
    status=422,
)
SHEET_WITHOUT_HEADING = refusal(
    "registration_sheet_without_heading",
    _("没有找到表头“{heading}”。"),
    advice=_("请下载空白模板，把内容填进去再上传。"),
    status=422,
)
CELL_UNREAD = refusal(
    "registration_cell_unread",
    _("“{column}”一栏的“{text}”认不出来，或者不止一个。"),
    advice=_("请按模板里的写法填写；地区重名的请填代码。"),
    status=422,
)
KIND_HAS_NO_CODE = refusal(
    "kind_has_no_code",
    _("工会小组和周转库不是法人，没有统一社会信用代码。"),
    advice=_("请把代码一栏留空。"),
    status=422,
)
CODE_WRONG = refusal(
    "register_code_wrong",
    _("{whose}的统一社会信用代码有误：{problem}{hint}"),
    advice=_("请对照证书逐位核对，共 18 位，不含字母 I、O、S、V、Z。"),
    status=422,
)
CODE_FAILS_THE_CHECK = refusal(
    "register_code_fails",
    _("{whose}的统一社会信用代码“{code}”最后一位校验码不对。"),
    advice=_("请对照证书逐位核对；证书上确是这样的，请填写证书文号和原因，再提交。"),
    status=422,
)
CODE_PREFIX = refusal(
    "register_code_prefix",
    _("“{code}”不是这类工会的代码，应以 {prefix} 开头。"),
    advice=_("基层工会和联合会是 81，其他工会是 89；填成用人单位代码的，请填到“用人单位”一栏。"),
    status=422,
)
CODE_IS_OF_A_UNION = refusal(
    "register_code_is_of_a_union",
    _("“{code}”以 8 开头，是工会的代码，不是用人单位的。"),
    advice=_("请填写用人单位营业执照或法人证书上的代码。"),
    status=422,
)
CODE_TAKEN = refusal(
    "register_code_taken",
    _("统一社会信用代码“{code}”已经登记在另一个{whose}上。"),
    advice=_("请核对代码；确认无误的，请联系上级工会查明哪一个登记有误。"),
)
EMPLOYER_OF_ANOTHER_NAME = refusal(
    "employer_of_another_name",
    _("代码“{code}”登记的单位是“{name}”。"),
    advice=_("请核对代码；单位改了名的，请先在“用人单位”里更正名称。"),
)
EMPLOYER_HAS_UNION = refusal(
    "employer_has_union",
    _("“{employer}”已经有基层工会，一个单位只建一个。"),
    advice=_("请在那个工会下面设工会小组；原来的工会已停用的，请先合并或撤销它。"),
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
