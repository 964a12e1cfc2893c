"""One thread of evidence: coupon, purchase, refunds, complaint, answer, ruling, correction; by time, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.bills.models import Bill, BillOffer, BillRefund, Payer
from gonghui.complaints.models import Complaint, ComplaintEntry
from gonghui.kit.templatetags.kit import cn_day, yuan

MEMBER, MERCHANT, UNION = "member", "merchant", "union"


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, who said it, and where its record lies. `at` is None for what is still waited for."""

    at: datetime | None
    title: str
    words: str = ""
    note: str = ""
    url: str = ""
    url_text: str = ""
    is_late: bool = False


def thread_of(
    bill: Bill,
    complaints: Sequence[Complaint],
    *,
    offers: Iterable[BillOffer],
    refunds: Iterable[tuple[BillRefund, Mapping[str, int]]],
    reader: str,
) -> list[Step]:
    """For the member and for the union, of what `bills.queries` fetched of the bill; no query."""
    found = [*_coupons(offers, reader), _purchase(bill, reader)]
    for one in complaints:
        found += [_said(one, entry, reader) for entry in one.entries.all()]
    corrections = {one.refund_id for one in complaints}
    found += [_refund(bill, one, sums, one.pk in corrections, reader) for one, sums in refunds]
    found.sort(key=lambda step: step.at)
    return found + [_waited_for(one, reader) for one in complaints if one.is_open]


def words_of(row: Complaint, *, reader: str) -> list[Step]:
    """Of one complaint alone, of what was fetched with it; no query."""
    waits = [_waited_for(row, reader)] if row.is_open else []
    return [_said(row, entry, reader) for entry in row.entries.all()] + waits


def whom(reader: str) -> str:
    return _("您") if reader == MEMBER else _("会员")


def _coupons(offers: Iterable[BillOffer], reader: str) -> Iterable[Step]:
    for one in offers:
        if one.voucher is None:
            continue
        title = _("{who}领到券“{title}”").format(who=whom(reader), title=one.offer.title)
        note = _("这一单用它优惠 {fen} 元").format(fen=yuan(one.discount_fen)) if one.discount_fen else ""
        url = reverse("ticket", args=[one.voucher.code]) if reader == MEMBER else ""
        yield Step(one.voucher.created_at, title, note=note, url=url, url_text=_("看这张券"))


def _purchase(bill: Bill, reader: str) -> Step:
    title = _("{who}在{store}消费").format(who=whom(reader), store=bill.store.name)
    said = _("原价 {list} 元，{who}付 {due} 元，单号 {n}").format(
        list=yuan(bill.list_fen), due=yuan(bill.due_fen), who=whom(reader), n=bill.pk
    )
    text = _("看每一分钱从哪里来") if reader == MEMBER else _("看账单和账目")
    return Step(bill.settled_at or bill.at, title, note=said, url=_books(bill, reader), url_text=text)


def _books(bill: Bill, reader: str) -> str:
    return reverse("my_bill_ways" if reader == MEMBER else "admin:bill", args=[bill.pk])


def _refund(bill: Bill, one: BillRefund, sums: Mapping[str, int], is_correction: bool, reader: str) -> Step:
    said = _("退给{who} {fen} 元").format(who=whom(reader), fen=yuan(one.worker_fen))
    if one.points:
        said += _("和 {n} 福豆").format(n=one.points)
    if one.worker_fen:
        said += _("，原路退回微信") if bill.method == Bill.Method.WECHAT else _("，现金到门店领取")
    title = (_("账目已更正：{said}") if is_correction else _("门店退货：{said}")).format(said=said)
    parts = [
        _("{payer} {fen} 元").format(payer=label, fen=yuan(sums[payer]))
        for payer, label in Payer.choices
        if payer in sums
    ]
    note = _("按原来的出资退回：{parts}").format(parts="，".join(parts))
    return Step(one.at, title, note=note, url=_books(bill, reader), url_text=_("看这笔钱的来去"))


def _said(row: Complaint, entry: ComplaintEntry, reader: str) -> Step:
    title = {
        "open": _("{who}提意见：{kind}，希望{wanted}"),
        "answered": _("商家答复"),
        "agreed": _("商家同意退款"),
        "accepted": _("{who}接受了商家的答复"),
        "escalated": _("转工会裁定") if entry.by == "clock" else _("{who}请工会裁定"),
        "upheld": _("工会裁定：支持{who}"),
        "partly": _("工会裁定：部分支持{who}"),
        "rejected": _("工会裁定：不支持"),
        "withdrawn": _("{who}撤回了意见"),
        "lapsed": _("了结"),
    }[entry.state]
    facts = {"who": whom(reader), "kind": row.get_kind_display(), "wanted": row.get_wanted_display()}
    return Step(
        entry.at, title.format(**facts), words=entry.words, note=_about(row) if entry.state == "open" else ""
    )


def _about(row: Complaint) -> str:
    return _("意见 {number}：{lines}").format(
        number=row.number, lines="、".join(one.line.name for one in row.lines.all())
    )


def _waited_for(row: Complaint, reader: str) -> Step:
    """Whose turn it is, until when, and what happens then."""
    said = {
        "open": _("等商家答复，最迟 {day}；到期不答复，自动转工会裁定"),
        "answered": _("等{who}决定：接受，或者在 {day} 前请工会裁定"),
        "escalated": _("等{union}裁定，最迟 {day}"),
    }[row.state]
    title = said.format(day=cn_day(row.due_on), who=whom(reader), union=row.bill.union.name)
    return Step(None, title, note=_("已经过期") if row.is_overdue else "", is_late=row.is_overdue)
