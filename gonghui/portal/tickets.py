"""A ticket as the page shows it: words for its state, where and when, and what can be done with it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.benefits.models import Pool, Release, Voucher, WaitEntry
from gonghui.benefits.models.vouchers import RETURNABLE_STATES
from gonghui.kit import clock

# state of the voucher → (state as the components know it, words)
SHOWN = {
    "held": ("held", gettext_lazy("待确认")),
    "confirmed": ("valid", gettext_lazy("可使用")),
    "exchanged": ("valid", gettext_lazy("已换票")),
    "redeemed": ("used", gettext_lazy("已使用")),
    "returned": ("returned", gettext_lazy("已退票")),
    "expired": ("expired", gettext_lazy("已过期")),
    "no_show": ("no_show", gettext_lazy("未到场")),
    "voided": ("voided", gettext_lazy("已作废")),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What ticket_card.html and voucher.html ask for, by their names."""

    voucher: Voucher
    title: str
    kind: str
    cover_key: str
    starts_at: datetime
    ends_at: datetime | None
    place: str
    hall: str
    activity_id: int | None
    state: str
    state_label: str

    @property
    def code(self) -> str:
        return self.voucher.code

    @property
    def seats(self) -> int:
        return self.voucher.seats

    @property
    def url(self) -> str:
        return f"/tickets/{self.voucher.code}"

    @property
    def exchange(self) -> str:
        """Where the paper ticket is had, for venues that want one."""
        by_window = self.voucher.pool.honour_by == Pool.HonourBy.EXCHANGE
        return _("先到会员专窗换纸质票，再入场") if by_window else ""

    @property
    def is_priced(self) -> bool:
        """A coupon: used on a bill, any time until it ends."""
        return self.voucher.release.offer.is_priced

    @property
    def good_until(self) -> datetime | None:
        return self.voucher.pool.valid_until if self.is_priced else None

    @property
    def is_over(self) -> bool:
        return bool(self.ends_at and self.ends_at <= clock.now())

    @property
    def can_return(self) -> bool:
        voucher = self.voucher
        return voucher.state in RETURNABLE_STATES and voucher.release.can_return_at(clock.now())

    @property
    def returnable_until(self) -> datetime:
        return self.voucher.release.cancel_until or self.voucher.release.closes_at

    @property
    def needs_confirmation(self) -> bool:
        voucher = self.voucher
        return voucher.state == "held" and voucher.confirm_by is not None and voucher.confirm_by > clock.now()


def ticket_of(voucher: Voucher) -> Ticket:
    where = place_facts(voucher.pool, voucher.release)
    state, label = shown_state(voucher.state, where["ends_at"])
    return Ticket(voucher=voucher, state=state, state_label=label, **where)


def shown_state(state: str, ends_at: datetime | None) -> tuple[str, str]:
    """State as the components know it, and its words: what could still be used is over with what it is for."""
    shown, label = SHOWN[state]
    if shown == "valid" and ends_at and ends_at <= clock.now():
        return "expired", _("活动已结束")
    return shown, str(label)


def place_facts(pool: Pool, release: Release) -> dict[str, Any]:
    """Title, picture, time and place: of the session where there is one, else of the pool itself."""
    session = getattr(pool, "session", None)
    if session is None:
        return {
            "title": release.title,
            "kind": "",
            "cover_key": "",
            "starts_at": pool.valid_from or release.opens_at,
            "ends_at": pool.valid_until,
            "place": pool.place,
            "hall": pool.label,
            "activity_id": None,
        }
    store = session.store
    return {
        "title": session.activity.title,
        "kind": session.activity.kind.code,
        "cover_key": session.activity.cover,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "place": said_place(store and store.name, store and store.address, pool.place),
        "hall": session.hall.name if session.hall else "",
        "activity_id": session.activity_id,
    }


def said_place(store: str | None, address: str | None, other: str) -> str:
    return f"{store}（{address}）" if store and address else store or other


def line_of(entry: WaitEntry) -> dict[str, Any]:
    """A place in a waiting list, as ticket_card.html shows it."""
    where = place_facts(entry.pool, entry.release)
    return where | {
        "state": "waiting",
        "state_label": _("候补暂停") if entry.release.state == Release.State.PAUSED else _("候补中"),
        "place_in_line": entry.place,
        "seats": entry.seats,
        "pool_id": entry.pool_id,
        "dialog_id": f"leave-{entry.pool_id}",
        "url": f"/r/{entry.release_id}",
    }


def life_of(ticket: Ticket, redemptions: list, rated: bool) -> list[dict[str, Any]]:
    """The ticket's time line: what happened, and what comes next."""
    voucher = ticket.voucher
    origin = _("候补补上") if voucher.from_waitlist else _ORIGINS[voucher.release.mode]
    steps = [{"label": str(origin), "at": voucher.claimed_at, "state": "done"}]
    if ticket.needs_confirmation:
        steps.append(
            {
                "label": _("确认参加"),
                "note": _("逾时名额让给候补的人"),
                "at": voucher.confirm_by,
                "state": "now",
            }
        )
    steps += [_honoured(r) for r in redemptions]
    return steps + _ending(ticket, redemptions, rated)


_ORIGINS = {
    Release.Mode.GRAB: gettext_lazy("抢到票"),
    Release.Mode.DRAW: gettext_lazy("抽签中签"),
    Release.Mode.GRANT: gettext_lazy("工会发放"),
    Release.Mode.PACK: gettext_lazy("礼包里的券"),
}


def _honoured(redemption) -> dict[str, Any]:
    if redemption.kind == "bill":
        return {
            "label": _("到店使用"),
            "at": redemption.at,
            "note": str(redemption.store or ""),
            "state": "done",
        }
    label = _("窗口换票") if redemption.kind == "exchange" else _("核销入场")
    note = _("%(place)s，%(n)s 人") % {"place": redemption.store or "", "n": redemption.arrived}
    return {"label": label, "at": redemption.at, "note": note.strip("，"), "state": "done"}


def _ending(ticket: Ticket, redemptions: list, rated: bool) -> list[dict[str, Any]]:
    voucher = ticket.voucher
    if voucher.state in ("returned", "expired", "voided", "no_show"):
        return [{"label": ticket.state_label, "at": voucher.settled_at, "state": "done"}]
    if ticket.is_priced:
        used = voucher.state == "redeemed"
        return [] if used else [{"label": _("结账时出示二维码"), "at": ticket.good_until, "state": "now"}]
    if voucher.state == "redeemed" or any(r.kind == "check_in" for r in redemptions):
        return [
            {
                "label": _("已评价，谢谢您") if rated else _("为这次活动评分"),
                "state": "done" if rated else "now",
            }
        ]
    arrive = {"label": _("到场出示二维码"), "at": ticket.starts_at, "note": ticket.exchange}
    arrive["state"] = "" if ticket.needs_confirmation else "now"
    return [arrive, {"label": _("活动结束后评价"), "state": ""}]
