"""The provider's daily file: CSV whose fields begin with a backtick and whose last two lines are a summary.

Read whole or refused whole: a line that does not fit, a missing summary, or one that does not add up.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError
from gonghui.payments.errors import BAD_STATEMENT

COLUMNS = (
    "交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态",
    "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号", "商户退款单号", "退款金额", "充值券退款金额",
    "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额", "费率备注",
)  # fmt: skip
SUMMARY = (
    "总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额",
)  # fmt: skip
COUPON_COLUMNS = ("批次ID", "券ID", "核销时间", "优惠金额", "订单金额", "类型")
COUPON_SUMMARY = ("总条数", "优惠总金额", "订单总金额")
YUAN = re.compile(r"^(\d{1,12})\.(\d{2})$", re.ASCII)
KEPT_STATES = {"SUCCESS": "trade", "REFUND": "refund"}


@dataclass(frozen=True, slots=True)
class FileRow:
    """One line. `number` is ours, `provider_no` theirs."""

    kind: str
    number: str
    provider_no: str
    amount_fen: int
    at: datetime
    paid_fen: int = 0


def refused(detail: str) -> DomainError:
    return DomainError(BAD_STATEMENT, detail=detail)


def fen_of(text: str) -> int:
    found = YUAN.match(text)
    if not found:
        raise refused(_("“%s”不是金额") % text[:20])
    return int(found[1]) * 100 + int(found[2])


def yuan_of(amount_fen: int) -> str:
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


def time_of(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError:
        raise refused(_("“%s”不是时间") % text[:20]) from None


def table_of(content: bytes, columns: Sequence[str], summary: Sequence[str]) -> tuple[list[dict], dict]:
    """(rows, summary) with the backticks taken off; refuses whatever is not exactly such a file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(_("文件不是 UTF-8 编码")) from None
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except csv.Error:
        raise refused(_("文件格式读不懂")) from None
    if len(lines) < 3 or tuple(lines[0]) != tuple(columns):
        raise refused(_("表头不是渠道账单的表头"))
    if tuple(lines[-2]) != tuple(summary) or len(lines[-1]) != len(summary):
        raise refused(_("缺少最后的合计行，文件可能没有下载完"))
    rows = [dict(zip(columns, bare(line, len(columns)), strict=True)) for line in lines[1:-2]]
    return rows, dict(zip(summary, bare(lines[-1], len(summary)), strict=True))


def bare(line: Sequence[str], width: int) -> list[str]:
    if len(line) != width or not all(field.startswith("`") for field in line):
        raise refused(_("有一行的列数或格式不对"))
    return [field[1:].strip() for field in line]


def check_sums(summary: dict, sums: dict[str, int], rows: int, count_column: str) -> None:
    if summary[count_column] != str(rows):
        facts = {"said": summary[count_column][:12], "found": rows}
        raise refused(_("合计写的是 %(said)s 笔，文件里有 %(found)d 笔") % facts)
    for column, found in sums.items():
        if fen_of(summary[column]) != found:
            raise refused(
                _("%(column)s写的是 %(said)s 元，各行相加是 %(found)s 元")
                % {"column": column, "said": summary[column], "found": yuan_of(found)}
            )


def read_trades(content: bytes) -> list[FileRow]:
    rows, summary = table_of(content, COLUMNS, SUMMARY)
    found = [trade_row(row) for row in rows]
    sums = {
        "应结订单总金额": sum(fen_of(row["应结订单金额"]) for row in rows),
        "退款总金额": sum(fen_of(row["退款金额"]) for row in rows),
        "订单总金额": sum(fen_of(row["订单金额"]) for row in rows),
        "申请退款总金额": sum(fen_of(row["申请退款金额"]) for row in rows),
    }
    check_sums(summary, sums, len(rows), "总交易单数")
    return once(found)


def trade_row(row: dict) -> FileRow:
    kind = KEPT_STATES.get(row["交易状态"])
    if kind is None:
        raise refused(_("不认识的交易状态“%s”") % row["交易状态"][:12])
    ours, theirs, amount = (
        ("商户订单号", "微信订单号", "订单金额")
        if kind == "trade"
        else ("商户退款单号", "微信退款单号", "申请退款金额")
    )
    if not row[ours] or len(row[ours]) > 64 or len(row[theirs]) > 64:
        raise refused(_("有一行没有单号"))
    return FileRow(kind, row[ours], row[theirs], fen_of(row[amount]), time_of(row["交易时间"]))


def once(rows: list[FileRow]) -> list[FileRow]:
    if len({(row.kind, row.number) for row in rows}) != len(rows):
        raise refused(_("同一个单号出现了两次"))
    return rows


def read_coupons(content: bytes) -> list[FileRow]:
    rows, summary = table_of(content, COUPON_COLUMNS, COUPON_SUMMARY)
    found = [
        FileRow(
            {"核销": "used", "退回": "returned"}.get(row["类型"], ""), row["券ID"][:64], row["批次ID"][:32],
            fen_of(row["优惠金额"]), time_of(row["核销时间"]), fen_of(row["订单金额"]),
        )
        for row in rows
    ]  # fmt: skip
    if not all(row.kind and row.number for row in found):
        raise refused(_("有一行的类型或券号不对"))
    sums = {"优惠总金额": sum(r.amount_fen for r in found), "订单总金额": sum(r.paid_fen for r in found)}
    check_sums(summary, sums, len(rows), "总条数")
    return once(found)


# --- Writing: the stand-in's half ----------------------------------------------------------------------------


def write_table(columns: Sequence[str], rows: Iterable[dict], summary: dict) -> bytes:
    lines = [",".join(columns)]
    lines += [",".join("`" + str(row.get(column, "")) for column in columns) for row in rows]
    lines += [",".join(summary), ",".join("`" + str(value) for value in summary.values())]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def write_trades(rows: Sequence[FileRow], *, mchid: str, appid: str) -> bytes:
    return write_table(COLUMNS, [_written(row, mchid, appid) for row in rows], _summed(rows))


def _written(row: FileRow, mchid: str, appid: str) -> dict[str, str]:
    paid, back = (row.amount_fen, 0) if row.kind == "trade" else (0, row.amount_fen)
    facts = {
        "交易时间": f"{row.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}", "公众账号ID": appid, "商户号": mchid, "特约商户号": "0",
        "交易类型": "JSAPI", "交易状态": "SUCCESS" if row.kind == "trade" else "REFUND", "付款银行": "OTHERS",
        "货币种类": "CNY", "应结订单金额": yuan_of(paid), "代金券金额": "0.00", "退款金额": yuan_of(back),
        "充值券退款金额": "0.00", "手续费": "0.00000", "费率": "0.60%", "订单金额": yuan_of(paid), "申请退款金额": yuan_of(back),
    }  # fmt: skip
    if row.kind == "trade":
        return facts | {
            "微信订单号": row.provider_no,
            "商户订单号": row.number,
            "微信退款单号": "0",
            "商户退款单号": "0",
        }
    return facts | {
        "微信退款单号": row.provider_no, "商户退款单号": row.number, "退款类型": "ORIGINAL", "退款状态": "SUCCESS",
    }  # fmt: skip


def _summed(rows: Sequence[FileRow]) -> dict[str, object]:
    paid = yuan_of(sum(row.amount_fen for row in rows if row.kind == "trade"))
    back = yuan_of(sum(row.amount_fen for row in rows if row.kind == "refund"))
    return dict(zip(SUMMARY, (len(rows), paid, back, "0.00", "0.00000", paid, back), strict=True))


def write_coupons(rows: Sequence[FileRow]) -> bytes:
    lines = [
        {
            "批次ID": row.provider_no, "券ID": row.number, "核销时间": f"{row.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "优惠金额": yuan_of(row.amount_fen), "订单金额": yuan_of(row.paid_fen),
            "类型": "核销" if row.kind == "used" else "退回",
        }
        for row in rows
    ]  # fmt: skip
    off, paid = (yuan_of(sum(getattr(r, name) for r in rows)) for name in ("amount_fen", "paid_fen"))
    return write_table(COUPON_COLUMNS, lines, dict(zip(COUPON_SUMMARY, (len(rows), off, paid), strict=True)))
