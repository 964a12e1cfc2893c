"""Why a sheet of offers is not read, and what to do next."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

TAKE_TEMPLATE = _("请下载空白模板，把内容填进去再上传；也可以先导出一份，照着改。")

NOT_A_SHEET = refusal(
    "offer_sheet_no_header",
    _("前 {within} 行里没有找到表头：至少要有{missing}。"),
    advice=TAKE_TEMPLATE,
    status=422,
)
NO_OFFERS = refusal("offer_sheet_empty", _("只有表头，没有优惠。"), advice=TAKE_TEMPLATE, status=422)
SHEET_TOO_LONG = refusal(
    "offer_sheet_too_long",
    _("一次最多导入 {most} 项优惠，这张表有 {count} 项。"),
    advice=_("请拆成几张表，分几次导入。"),
    status=422,
)
SHEET_TOO_BIG = refusal(
    "offer_sheet_too_big",
    _("文件有 {size_mb} MB，超过了 {limit_mb} MB。"),
    advice=_("请只留下优惠这一张工作表，再上传。"),
    status=413,
)
UNION_STAYS = refusal(
    "offer_sheet_union_stays",
    _("编号“{key}”是{union}的优惠，不能换成别的工会。"),
    advice=_("请改回原来的工会，或者写一个新的编号。"),
    status=422,
)
KEY_UNKNOWN = refusal(
    "offer_sheet_key_unknown",
    _("没有编号为“{key}”的优惠，或者不归您办理。"),
    advice=_("“#”开头的是系统里已有优惠的编号；新的优惠请写自己的编号。"),
    status=422,
)
CHANGED_MEANWHILE = refusal(
    "offer_sheet_changed_meanwhile",
    _("检查之后情况有变，有的行现在不能导入了，所以一项也没有写入。"),
    advice=_("请看下面的检查结果，再决定是否导入。"),
)
CHECK_EXPIRED = refusal(
    "offer_sheet_check_expired",
    _("这次检查已经过了一天，或者不是您做的。"),
    advice=_("请重新上传这张表。"),
    status=422,
)
