from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

TAKE_TEMPLATE = _("请把表头写成“姓名”“身份证号”“手机号”“所属工会”等，或下载空白模板，把名单粘贴进去再上传。")

NO_HEADER = refusal(
    "roster_no_header",
    _("前 {within} 行里没有找到表头：名册至少要有“姓名”和“身份证号”两列。找到的内容是：{found}。"),
    advice=TAKE_TEMPLATE,
    status=422,
)
HALF_HEADER = refusal(
    "roster_half_header",
    _("第 {line} 行像是表头，但缺少{missing}列。已认出：{known}；没认出：{unknown}。"),
    advice=TAKE_TEMPLATE,
    status=422,
)
NO_ROWS = refusal(
    "roster_no_rows",
    _("只有表头，没有会员。"),
    advice=_("请在表头下面填写名单，保存后再上传；如果名单在另一个工作表里，请选那一个。"),
    status=422,
)
