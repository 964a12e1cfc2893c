from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

SAVE_AS = _("请用 Excel 或 WPS 打开它，选“另存为”，类型选“Excel 工作簿（*.xlsx）”，再上传新文件。")
SPLIT_UP = _("请删去无关内容，或把它拆成几个文件，分别上传。")

EMPTY = refusal(
    "sheet_empty",
    _("这个文件是空的。"),
    advice=_("请确认选对了文件，再上传一次。"),
    status=422,
)
TOO_BIG = refusal("sheet_too_big", _("文件太大：超过了 {limit_mb} MB。"), advice=SPLIT_UP, status=413)
BOMB = refusal(
    "sheet_bomb",
    _("这个文件解压后大得不正常，为了安全没有打开它。"),
    advice=_("请把名单复制到一个新建的工作簿里，保存为 .xlsx 后再上传。"),
    status=422,
)
PASSWORD = refusal(
    "sheet_password",
    _("这个文件设了打开密码，系统读不了。"),
    advice=_("请在 Excel 或 WPS 里取消“用密码进行加密”，保存后再上传。"),
    status=422,
)
WEB_PAGE = refusal(
    "sheet_web_page",
    _("这个文件其实是网页，不是表格（办公系统导出的“.xls”常常这样）。"),
    advice=SAVE_AS,
    status=422,
)
OLD_XML = refusal(
    "sheet_old_xml",
    _("这是“XML 表格 2003”格式，系统不读。"),
    advice=SAVE_AS,
    status=422,
)
OTHER_KIND = refusal(
    "sheet_other_kind",
    _("这是{kind}，不是表格。"),
    advice=_("请上传 .xlsx、.xls 或 .csv 表格。"),
    status=422,
)
OTHER_SHEET = refusal(
    "sheet_other_format",
    _("这是{kind}表格，系统不读这种格式。"),
    advice=SAVE_AS,
    status=422,
)
BROKEN = refusal(
    "sheet_broken",
    _("文件已损坏，或者没有传完整。"),
    advice=SAVE_AS,
    status=422,
)
NO_SHEETS = refusal(
    "sheet_no_sheets",
    _("这个工作簿里没有能看见的工作表。"),
    advice=_("请取消隐藏工作表，保存后再上传。"),
    status=422,
)
NO_SUCH_SHEET = refusal(
    "sheet_no_such",
    _("没有名为“{name}”的工作表，只有：{names}。"),
    advice=_("请从中选一个。"),
    status=422,
)
TOO_MANY_ROWS = refusal(
    "sheet_too_many_rows",
    _("表格超过了 {limit} 行。"),
    advice=SPLIT_UP,
    status=422,
)
TOO_WIDE = refusal(
    "sheet_too_wide",
    _("第 {row} 行超过了 {limit} 列。"),
    advice=_("请只留下需要的列；有时是右边很远处误填了内容，删去即可。"),
    status=422,
)
CELL_TOO_LONG = refusal(
    "sheet_cell_too_long",
    _("第 {row} 行有一格超过了 {limit} 个字。"),
    advice=_("请缩短这一格；如果是 CSV 文件，多半是引号没有成对。"),
    status=422,
)
ENCODING = refusal(
    "sheet_encoding",
    _("看不出这个文本文件用的是什么编码，或者它不是文本。"),
    advice=SAVE_AS,
    status=422,
)
TOO_LONG_TO_WRITE = refusal(
    "sheet_too_long_to_write",
    _("要导出的内容超过了 {limit} 行，一张表格放不下。"),
    advice=_("请缩小范围，分几次导出。"),
    status=422,
)
