"""Offers as lines of a sheet that can be read again; the blank form with its example and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext as _

from gonghui.bills.forms import FIELDS_OF, initial_of, share_initial, window_initial
from gonghui.bills.models import OfferLimit
from gonghui.bills.offer_sheets.columns import COLUMNS, Known, OfferColumn, to_choose_from
from gonghui.bills.offer_sheets.reading import PRICES
from gonghui.bills.offer_sheets.words import DAYS, short_per
from gonghui.bills.plans import TermsPlan


def lines_of(key: str, union_id: int, plan: TermsPlan, known: Known) -> Iterator[list[Any]]:
    """The offer with its first funder and window, then a line for each further one under the same number."""
    own = _of_offer(key, union_id, plan)
    shares = [share_initial(share) for share in plan.shares]
    windows = [window_initial(window) for window in plan.windows]
    for nth, (share, window) in enumerate(zip_longest(shares, windows)):
        parts = {"offer": own if not nth else {"key": key}, "share": share or {}, "window": window or {}}
        yield [_cell(column, parts[column.part].get(column.field), known) for column in COLUMNS]


def _of_offer(key: str, union_id: int, plan: TermsPlan) -> dict[str, Any]:
    facts = initial_of(plan, None) | {"key": key, "union": union_id}
    facts |= dict.fromkeys(PRICES - set(FIELDS_OF[plan.price.form.value]))
    counts = [f"{_said(per)}{most}次" for per, most in plan.limits]
    caps = [f"{_said(per)}{_yuan(fen)}元" for per, fen in plan.caps]
    return facts | {"limits": "；".join(counts), "caps": "；".join(caps)}


def _said(per: str) -> str:
    return short_per(OfferLimit.Per(per))


def _yuan(fen: int) -> str:
    return f"{Decimal(fen) / 100:f}".rstrip("0").rstrip(".") if fen % 100 else str(fen // 100)


def _cell(column: OfferColumn, value: Any, known: Known) -> Any:
    if column.choices:
        return _chosen(column, value)
    if value is None or value == "" or value == []:
        return None
    if column.reads == "name":
        return getattr(known, column.names).label_of(int(value))
    if column.reads == "names":
        return "\n".join(getattr(known, column.names).label_of(int(pk)) for pk in value)
    if column.reads == "codes":
        names = known.coded(column.names)
        return "、".join(names.get(code, code) for code in value)
    if column.reads == "weekdays":
        return says_weekdays([int(day) for day in value])
    return f"{value:%H:%M}" if column.reads == "time" else value


def _chosen(column: OfferColumn, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        value = "on" if value else ""
    said = {choice: str(label) for choice, label in column.choices}
    return said.get(str(value))


def says_weekdays(days: Sequence[int]) -> str:
    names = [f"周{DAYS[day - 1]}" for day in days]
    is_run = len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1))
    return f"{names[0]}至{names[-1]}" if is_run else "、".join(names)


def example_rows(known: Known) -> list[list[Any]]:
    """满 200 减 30 with two funders, left out when the sheet comes back."""
    first = {
        "key": _("示例-1"), "title": _("午市满减（示例，导入时自动略过）"), "kind": "food", "form": "threshold_off",
        "threshold_fen": 200, "off_fen": 30, "limits": _("每人每天1次"), "needs_voucher": "1", "verified_only": True,
        "family": False,
    }  # fmt: skip
    stores, budgets = known.stores.labels, known.budgets.labels
    merchant = {"payer": "merchant", "percent": 50}
    union = {"payer": "union", "takes_rest": True, "max_fen": 20}
    window = {"weekdays": ["1", "2", "3", "4", "5"]}
    rows = []
    for parts in (
        {"offer": first, "share": merchant, "window": window},
        {"offer": {"key": _("示例-1")}, "share": union, "window": {}},
    ):
        rows.append([_example(column, parts) for column in COLUMNS])
    places = {(column.part, column.field): nth for nth, column in enumerate(COLUMNS)}
    rows[0][places["offer", "stores"]] = stores[0] if stores else None
    rows[1][places["share", "budget"]] = budgets[0] if budgets else None
    rows[0][places["window", "from_time"]], rows[0][places["window", "to_time"]] = "11:30", "13:30"
    return rows


def _example(column: OfferColumn, parts: dict[str, dict[str, Any]]) -> Any:
    value = parts[column.part].get(column.field)
    if column.choices:
        return _chosen(column, value)
    return says_weekdays([int(day) for day in value]) if column.reads == "weekdays" and value else value


def template_notes(known: Known) -> Iterable[str]:
    return (
        _(
            "一、一项优惠占一行；有几个出资方或几个时段的，在下面接着写，编号照写或留空。“示例”开头的行导入时自动略过。"
        ),
        _("二、编号、优惠名称、种类、优惠方式、谁出钱必填，其他可以不填。每一列怎么填，见表头的批注。"),
        _("三、列的顺序可以调整，多出来的列会被忽略；表头的名称请不要改。"),
        _(
            "四、导入时先检查，写出每一行的问题，您确认之后才写入；写入的都是草稿，要另一位同事复核后才能上线。"
        ),
        _("五、同一编号再导入一次，内容没变就什么也不做，变了就修改原来的草稿；已经复核的不能用表格改。"),
        *to_choose_from(known),
    )
