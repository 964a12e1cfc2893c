"""Sheets for the union: refused rows to be mended, and the blank form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from django.utils.translation import gettext as _

from gonghui.kit.sheets import Column, write_xlsx
from gonghui.members.roster.columns import LINE_HEADING, REASON_HEADING
from gonghui.members.roster.rows import RowRefusal
from gonghui.members.roster.values import DOCUMENT_LABELS, GENDER_LABELS

STANDARD_EXAMPLE_ID = "11010519491231002X"
"""The example in the text of GB 11643."""
GROUP_CHOICES = ("外卖配送员", "网约车司机", "货车司机", "快递员")
EMPLOYMENT_CHOICES = ("合同制", "劳务派遣", "灵活就业", "非全日制")


def refused_sheet(target: BinaryIO, headings: Sequence[str], refusals: Iterable[RowRefusal]) -> int:
    """The rows as they were, reason and line number before them; once mended it can be imported as it is."""
    columns = [Column(REASON_HEADING, width=60), Column(LINE_HEADING, width=8, kind="number")]
    columns += [Column(heading, width=20) for heading in headings]
    rows = (("；".join(_ended(refusal.sentences)), refusal.line_no, *refusal.raw) for refusal in refusals)
    notes = (
        _("请按“原因”改正各行，保存后把这个文件直接再导入一次。“原因”“行号”两列会被忽略，不用删。"),
        _("已经导入的会员不在这张表里，不用重报。"),
    )
    return write_xlsx(target, columns, rows, sheet_name=_("需改正的行"), notes=notes)


def _ended(sentences: Sequence[str]) -> list[str]:
    return [sentence.rstrip("。") for sentence in sentences]


def template_sheet(target: BinaryIO, *, groups: Sequence[str] = GROUP_CHOICES) -> None:
    """A blank form in which numbers stay text; `groups` are the names of worker groups to choose from."""
    documents, genders = _labels(DOCUMENT_LABELS), _labels(GENDER_LABELS)
    columns = [
        Column(_("姓名"), width=14),
        Column(_("证件类型"), width=24, choices=documents, comment=_("不填就是居民身份证")),
        Column(_("证件号码"), width=24, comment=_("这一列已设为文本，号码不会变成 4.40106E+17")),
        Column(_("手机号"), width=16),
        Column(_("所属工会"), width=36, comment=_("写工会全称；不填则归入导入时选定的工会")),
        Column(_("性别"), width=8, choices=genders),
        Column(_("出生日期"), width=14),
        Column(_("职业群体"), width=16, choices=tuple(groups)),
        Column(_("用工形式"), width=14, choices=EMPLOYMENT_CHOICES),
        Column(_("入会时间"), width=14),
        Column(_("备注"), width=24),
    ]
    example = (
        _("张三（示例）"), documents[0], STANDARD_EXAMPLE_ID, "13800138000", _("某某有限公司工会委员会"),
        genders[1], "1949-12-31", groups[0] if groups else "", EMPLOYMENT_CHOICES[0], "2015-10-01",
        _("示例行，导入时自动略过"),
    )  # fmt: skip
    write_xlsx(target, columns, [example], sheet_name=_("会员名册"), notes=_template_notes())


def _labels(labels: dict) -> tuple[str, ...]:
    return tuple(map(str, labels.values()))


def _template_notes() -> tuple[str, ...]:
    return (
        _("一、从第 3 行起，一人一行。第 2 行是示例，导入时会自动略过，删不删都可以。"),
        _("二、姓名、证件号码必填，其他可以不填。手机号最好填上：会员用它登录。"),
        _("三、号码所在的列已设为文本。从别处复制时请用“选择性粘贴—数值”，以免格式被改掉。"),
        _("四、列的顺序可以调整，多出来的列会被忽略；表头的名称请不要改。"),
        _("五、导入时先检查、后确认：有问题的行会附上原因退回，其余照常导入。"),
    )
