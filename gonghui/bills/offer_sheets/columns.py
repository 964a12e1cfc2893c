"""The columns of a sheet of offers: what they are called, what may stand in them, which field of the editor they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.bills.models import FundingShare, OfferTerms, OfferWindow
from gonghui.bills.offer_sheets.names import Names
from gonghui.funds.models.budgets import BudgetCategory
from gonghui.kit.sheets import Column
from gonghui.partners.models.venues import PartnerKind

CHOICES_CHARS_MAX = 250
"""A drop-down list in a sheet is one text; longer ones stand among the notes."""
Text = str | Promise


@dataclass(frozen=True, slots=True)
class OfferColumn:
    """`part`: of the offer itself, or of a funder or a window, which go on in the lines below. `reads`: what its words are."""

    part: str
    field: str
    heading: Text
    note: Text
    reads: str = "text"
    width: float = 12
    choices: tuple[tuple[str, Text], ...] = ()
    names: str = ""
    """Which of `Known` it names."""


@dataclass(frozen=True)
class Known:
    """What cells may name, as far as whoever reads or writes the sheet may choose it."""

    unions: Names
    audiences: Names
    stores: Names
    budgets: Names
    programmes: Names
    days: Names
    groups: dict[str, str] = field(default_factory=dict)
    """Code and name."""
    sections: dict[str, str] = field(default_factory=dict)

    def coded(self, kind: str) -> dict[str, str]:
        return self.sections if kind == "sections" else self.groups


def _choices(kinds) -> tuple[tuple[str, Text], ...]:
    return tuple((value, label) for value, label in kinds.choices)


lazy = gettext_lazy
YES_NO: tuple[tuple[str, Text], ...] = (("on", lazy("是")), ("", lazy("否")))
HOW: tuple[tuple[str, Text], ...] = (("1", lazy("凭券")), ("0", lazy("不凭券")))
PURPOSES = tuple((str(value), label) for value, label in BudgetCategory.choices)
KEY = OfferColumn(
    "offer", "key", lazy("编号"),
    lazy("必填，您自己定，同一工会里不能重复。同一编号再导入一次是修改原来的草稿，不会多出一项。"), width=14,
)  # fmt: skip
TITLE = OfferColumn("offer", "title", lazy("优惠名称"), lazy("必填，会员看到的名称。"), width=28)
FORM = OfferColumn(
    "offer", "form", lazy("优惠方式"), lazy("必填，从下拉列表中选。"), "choice", choices=_choices(OfferTerms.Form)
)  # fmt: skip
NEEDED = (KEY, TITLE, FORM)

OF_OFFER = (
    KEY,
    OfferColumn("offer", "union", lazy("工会"), lazy("哪一级工会的优惠；不填是导入时选的工会。"), "name", 22, names="unions"),
    TITLE,
    OfferColumn("offer", "kind", lazy("种类"), lazy("必填，从下拉列表中选。"), "choice", choices=_choices(PartnerKind)),
    FORM,
    OfferColumn("offer", "threshold_fen", lazy("满（元）"), lazy("消费满多少元；没有门槛就不填。"), "number"),
    OfferColumn("offer", "off_fen", lazy("减（元）"), lazy("满减填减多少元。"), "number"),
    OfferColumn("offer", "repeat_max", lazy("每满可减次数"), lazy("满减填；不填是 1 次，0 表示不限。"), "number"),
    OfferColumn("offer", "zhe", lazy("打几折"), lazy("折扣填；七五折填 7.5。"), "number"),
    OfferColumn("offer", "price_fen", lazy("价格（元）"), lazy("一口价、协议价填；赠品填它值多少钱，可不填。"), "number"),
    OfferColumn("offer", "units_max", lazy("最多几件"), lazy("不填是 1 件，0 表示不限。"), "number"),
    OfferColumn("offer", "gift", lazy("赠品"), lazy("赠品是什么。"), width=16),
    OfferColumn("offer", "cap_fen", lazy("最多优惠（元）"), lazy("这项优惠一单最多减多少；不填表示不限。"), "number"),
    OfferColumn("offer", "stores", lazy("适用门店"), lazy("写“商户 · 门店”或门店名称，多家用分号或换行隔开。"),
                "names", 34, names="stores"),
    OfferColumn("offer", "needs_voucher", lazy("怎么使用"), lazy("凭券或不凭券；不填是凭券。"), "choice", choices=HOW),
    OfferColumn("offer", "limits", lazy("限次"), lazy("例如：每人每天1次；每月1000次。"), "limits", 24),
    OfferColumn("offer", "caps", lazy("补贴上限"), lazy("工会和单位一共最多补多少，例如：每店每天500元；每月20000元。"),
                "caps", 24),
    OfferColumn("offer", "groups", lazy("面向的群体"), lazy("多个用顿号隔开；不填是所有会员。"), "codes", 18, names="groups"),
    OfferColumn("offer", "audience_union", lazy("面向哪个工会的会员"), lazy("不填表示不限。"), "name", 22, names="unions"),
    OfferColumn("offer", "audience", lazy("面向哪个受众"), lazy("可不填。"), "name", 18, names="audiences"),
    OfferColumn("offer", "verified_only", lazy("仅限实名会员"), lazy("是或否；不填是“是”。"), "choice", choices=YES_NO),
    OfferColumn("offer", "family", lazy("家属可用"), lazy("是或否；不填是“否”。"), "choice", choices=YES_NO),
    OfferColumn("offer", "says", lazy("使用说明"), lazy("会员看到的说明，可不填。"), width=30),
    OfferColumn("offer", "programme", lazy("项目"), lazy("可不填。"), "name", 20, names="programmes"),
    OfferColumn("offer", "sections", lazy("专区"), lazy("多个用顿号隔开；不填是全部商品。"), "codes", 14, names="sections"),
    OfferColumn("offer", "codes", lazy("商品编码"), lazy("用空格隔开；不填是全部商品。"), width=20),
    OfferColumn("offer", "stacking", lazy("同享"), lazy("不填是“同类只享一项”。"), "choice", 18, _choices(OfferTerms.Stacking)),
    OfferColumn("offer", "stack_class", lazy("同享类别"), lazy("可不填。")),
    OfferColumn("offer", "order", lazy("先后"), lazy("小的先算；不填是 100。"), "number", 8),
    OfferColumn("offer", "basis", lazy("门槛计算"), lazy("不填是“按其他优惠之后”。"), "choice", 18, _choices(OfferTerms.Basis)),
    OfferColumn("offer", "bill_cap_fen", lazy("整单优惠封顶（元）"), lazy("和别的优惠同用时全单最多减多少；不填表示不限。"),
                "number"),
    OfferColumn("offer", "bill_offers_max", lazy("一单最多几项优惠"), lazy("连这一项在内；不填表示不限。"), "number"),
    OfferColumn("offer", "category", lazy("经费用途"), lazy("不填按普惠补贴。"), "choice", choices=PURPOSES),
    OfferColumn("offer", "festival", lazy("节日（拼音）"), lazy("可不填。")),
)  # fmt: skip
OF_SHARE = (
    OfferColumn("share", "payer", lazy("谁出钱"), lazy("有几个出资方就写几行：第二个写在下一行，编号照写或留空。"),
                "choice", choices=_choices(FundingShare.Payer)),
    OfferColumn("share", "budget", lazy("从哪项预算"), lazy("工会和单位出钱时必填。"), "name", 24, names="budgets"),
    OfferColumn("share", "percent", lazy("出百分之几"), lazy("出优惠的百分之几；一半填 50。"), "percent"),
    OfferColumn("share", "fixed_fen", lazy("固定出（元）"), lazy("百分比和固定金额只填一项。"), "number"),
    OfferColumn("share", "takes_rest", lazy("承担余额"), lazy("是或否；每项优惠要有一方填“是”。"), "choice", choices=YES_NO),
    OfferColumn("share", "max_fen", lazy("每单最多出（元）"), lazy("不填表示不限。"), "number"),
    OfferColumn("share", "when_empty", lazy("钱不够时"), lazy("不填是“不享受”。"),
                "choice", choices=_choices(FundingShare.WhenEmpty)),
    OfferColumn("share", "set_aside_fen", lazy("上线时预留（元）"), lazy("不凭券的优惠填写。"), "number"),
)  # fmt: skip
OF_WINDOW = (
    OfferColumn("window", "weekdays", lazy("星期"), lazy("例如：周一至周五；周六、周日。有几个时段就写几行。"), "weekdays", 14),
    OfferColumn("window", "from_time", lazy("时间从"), lazy("例如 11:30。"), "time", 10),
    OfferColumn("window", "to_time", lazy("时间到"), lazy("例如 13:30；不晚于“时间从”表示到第二天。"), "time", 10),
    OfferColumn("window", "starts_on", lazy("开始日期"), lazy("例如 2026-12-01。"), "date"),
    OfferColumn("window", "ends_on", lazy("截止日期"), lazy("例如 2026-12-31。"), "date"),
    OfferColumn("window", "groups", lazy("时段的群体"), lazy("这个时段只给这些群体；多个用顿号隔开。"),
                "codes", 16, names="groups"),
    OfferColumn("window", "capacity", lazy("每天名额"), lazy("不填表示不限。"), "number"),
    OfferColumn("window", "holidays", lazy("法定节假日"), lazy("不填是“不论”。"), "choice", 16, _choices(OfferWindow.Holidays)),
    OfferColumn("window", "stores", lazy("时段的门店"), lazy("这个时段只在这些门店；不填是所有门店。"),
                "names", 28, names="stores"),
    OfferColumn("window", "benefit_day", lazy("工惠日"), lazy("选了就只在这些日子。"), "name", 18, names="days"),
)  # fmt: skip
COLUMNS = OF_OFFER + OF_SHARE + OF_WINDOW
KINDS = {"number": "number", "percent": "number", "date": "date"}


def template_columns(known: Known) -> list[Column]:
    return [
        Column(str(one.heading), one.width, KINDS.get(one.reads, "text"), listed(one, known), str(one.note))
        for one in COLUMNS
    ]


def listed(column: OfferColumn, known: Known) -> tuple[str, ...]:
    """For the drop-down; nothing where it would not fit into one, or where a cell holds several."""
    if column.choices:
        words = tuple(str(label) for _value, label in column.choices)
    else:
        words = tuple(getattr(known, column.names).labels) if column.reads == "name" else ()
    return words if len(",".join(words)) <= CHOICES_CHARS_MAX else ()


def to_choose_from(known: Known) -> list[str]:
    """For the notes: what a cell of each column may name."""
    kinds = (
        (_("工会"), known.unions.labels),
        (_("受众"), known.audiences.labels),
        (_("门店"), known.stores.labels),
        (_("预算"), known.budgets.labels),
        (_("群体"), list(known.groups.values())),
        (_("专区"), list(known.sections.values())),
        (_("项目"), known.programmes.labels),
        (_("工惠日"), known.days.labels),
    )
    return [
        _("%(kind)s可以写：%(names)s。") % {"kind": kind, "names": _("；").join(names)}
        for kind, names in kinds
        if names
    ]
