"""What is said about a roster as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.members.roster.rows import RosterItem, RosterRow, RowRefusal

NOTES = {
    "phone_missing": gettext_lazy("{count} 行没有手机号：可以导入，本人以后登录时再补。"),
    "phone_shared": gettext_lazy(
        "{count} 行的手机号与表中别人的相同：可以导入，但只有一个人能用它登录，请核对。"
    ),
    "id_lengthened": gettext_lazy("{count} 行是 15 位的旧身份证号，已换算成 18 位，请核对。"),
    "union_missing": gettext_lazy("{count} 行没有写所属工会，将归入您导入时选定的工会。"),
    "joined_on_rounded": gettext_lazy("{count} 行的入会时间没有写到日，按当月（或当年）第一天计。"),
    "joined_on_serial": gettext_lazy("{count} 行的入会时间是电子表格的日期序号，已换算成日期，请核对。"),
    "group_unknown": gettext_lazy("{count} 行的职业群体不在系统的群体目录里，没有采用。"),
}
SKIPS = {
    "repeated": gettext_lazy("{count} 行与前面的行完全相同，只导入一次。"),
    "footer": gettext_lazy("{count} 行是合计、填表人之类的表尾，已略过。"),
    "example": gettext_lazy("{count} 行是填写示例，已略过。"),
    "heading_again": gettext_lazy("{count} 行是重复的表头，已略过。"),
    "caption": gettext_lazy("{count} 行只有一格文字，不是会员，已略过。"),
    "serial_only": gettext_lazy("{count} 行只有序号，已略过。"),
}


@dataclass(slots=True)
class RosterReport:
    """`rows` = `good` + `refused` + `repeated`; skipped rows that are no members are not among them."""

    sheet_name: str = ""
    other_sheets: tuple[str, ...] = ()
    header_line: int = 0
    columns: tuple[tuple[str, str], ...] = ()
    """Heading in the sheet, and what it was taken for."""
    ignored: tuple[str, ...] = ()
    good: int = 0
    refused: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.good + self.refused + self.repeated

    @property
    def repeated(self) -> int:
        return self.skipped["repeated"]

    def count(self, item: RosterItem) -> None:
        if isinstance(item, RosterRow):
            self.good += 1
            self.notes.update(item.notes)
        elif isinstance(item, RowRefusal):
            self.refused += 1
            self.refusals.update(item.codes)
        else:
            self.skipped[item.code] += 1

    def sentences(self) -> list[str]:
        """Everything the person who sent the sheet should know beside the counts."""
        said = []
        if self.sheet_name:
            said.append(
                _("读取的是工作表“{name}”，表头在第 {line} 行。").format(
                    name=self.sheet_name, line=self.header_line
                )
            )
        if self.other_sheets:
            said.append(
                _("另有{names}也像名册，没有读取；需要的话请逐个选定后再导入。").format(
                    names=_quoted(self.other_sheets)
                )
            )
        if self.ignored:
            said.append(_("没有用到的列：{names}。").format(names=_quoted(self.ignored)))
        for texts, counts in ((NOTES, self.notes), (SKIPS, self.skipped)):
            said += [str(text).format(count=counts[code]) for code, text in texts.items() if counts[code]]
        return said


def _quoted(words: tuple[str, ...]) -> str:
    return "、".join(f"“{word}”" for word in words)
