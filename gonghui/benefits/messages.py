"""What members are told about their tickets: one place for the wording and the links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from gonghui.benefits.models import Draw, Release, Voucher
from gonghui.kit.clock import CHINA
from gonghui.notices.actions import Notice
from gonghui.notices.models import MessageKind

TITLE_LENGTH_MAX = 80
MY_TICKETS = "/tickets"


def ticket_link(code: str) -> str:
    return f"{MY_TICKETS}/{code}"


def release_link(release_id: int) -> str:
    return f"/releases/{release_id}"


def _ticket(title: str, body: str, link: str = MY_TICKETS) -> Notice:
    return Notice(MessageKind.TICKET, title[:TITLE_LENGTH_MAX], body, link)


def won(voucher: Voucher) -> Notice:
    """For grabs, draws, grants and the waiting list; says so when it must still be confirmed."""
    title = _WON_TITLES["waitlist" if voucher.from_waitlist else voucher.release.mode]
    facts = _facts(voucher)
    if voucher.state == Voucher.State.HELD:
        body = _("“{title}”{label}，{seats} 人。请在 {until} 前到“我的票”确认，逾时名额会让给候补的人。")
        facts["until"] = said(voucher.confirm_by)
    else:
        body = _("“{title}”{label}，{seats} 人，券码 {code}。届时出示即可；不能到场请尽早退票。")
    return _ticket(str(title()), body.format(**facts), ticket_link(voucher.code))


_WON_TITLES = {
    "waitlist": lambda: _("候补到票了"),
    Release.Mode.GRAB: lambda: _("抢到票了"),
    Release.Mode.DRAW: lambda: _("您中签了"),
    Release.Mode.GRANT: lambda: _("收到一张票"),
}


def expired(voucher: Voucher) -> Notice:
    body = _("“{title}”{label}没有在规定时间内确认，名额已让给候补的人。")
    return _ticket(_("未按时确认，票已过期"), body.format(**_facts(voucher)), ticket_link(voucher.code))


def voided(voucher: Voucher, reason: str) -> Notice:
    body = _("“{title}”{label}已取消：{reason}。您的票已作废，不计爽约。很抱歉给您带来不便。")
    text = body.format(reason=reason.rstrip("。"), **_facts(voucher))
    return _ticket(_("场次取消，票已作废"), text, ticket_link(voucher.code))


def voided_alone(voucher: Voucher, reason: str) -> Notice:
    body = _("您在“{title}”{label}的票已被主办方作废：{reason}。名额已收回，如有疑问请联系主办工会。")
    text = body.format(reason=reason.rstrip("。"), **_facts(voucher))
    return _ticket(_("票已作废"), text, ticket_link(voucher.code))


def line_ended(release: Release, label: str, reason: str) -> Notice:
    body = _("“{title}”{label}已取消：{reason}。您的候补同时结束。")
    return _ticket(
        _("场次取消，候补结束"), body.format(title=release.title, label=label, reason=reason.rstrip("。"))
    )


def line_over(release: Release, label: str) -> Notice:
    body = _("“{title}”{label}暂停发放后没有恢复，已经到了结束时间。您的候补同时结束。")
    return _ticket(_("候补已结束"), body.format(title=release.title, label=label), release_link(release.pk))


def not_drawn(draw: Draw) -> Notice:
    body = _("“{title}”{label}这次没有抽中。有人退票时会按公布的候补顺序补上，并给您发消息。")
    text = body.format(title=draw.release.title, label=draw.pool.label)
    return _ticket(_("抽签结果：未中签"), text, release_link(draw.release_id))


def opening_soon(release: Release) -> Notice:
    body = _("“{title}”{opens} 开放，请提前几分钟进入等候页。")
    text = body.format(title=release.title, opens=said(release.opens_at))
    return Notice(MessageKind.REMINDER, _("马上开抢"), text, release_link(release.pk))


def postponed(release: Release, reason: str) -> Notice:
    body = _("“{title}”的开放时间改到 {opens}。原因：{reason}。到时会再提醒您。")
    text = body.format(title=release.title, opens=said(release.opens_at), reason=reason.rstrip("。"))
    return Notice(MessageKind.REMINDER, _("开放时间推迟了"), text, release_link(release.pk))


def paused(release: Release) -> Notice:
    body = _("“{title}”暂停发放了：{reason}。排好的候补不变，已经领到的仍然有效；恢复时会再告诉您。")
    text = body.format(title=release.title, reason=release.pause_reason.rstrip("。"))
    return Notice(MessageKind.REMINDER, _("发放暂停了"), text, release_link(release.pk))


def goes_on(release: Release) -> Notice:
    body = _("“{title}”恢复发放了，{closes} 截止。还有名额的现在可以领，候补接着往下补。")
    text = body.format(title=release.title, closes=said(release.closes_at))
    return Notice(MessageKind.REMINDER, _("发放恢复了"), text, release_link(release.pk))


def missed(voucher: Voucher) -> Notice:
    body = _("“{title}”{label}没有到场记录，记为一次爽约。如果您到场了或有特殊情况，请联系主办工会说明。")
    return _ticket(_("记为爽约"), body.format(**_facts(voucher)), ticket_link(voucher.code))


def exempted(voucher: Voucher) -> Notice:
    body = _("“{title}”{label}这一次不计爽约。")
    return _ticket(_("爽约已免记"), body.format(**_facts(voucher)), ticket_link(voucher.code))


def _facts(voucher: Voucher) -> Mapping[str, object]:
    named = voucher.pool.label
    label = f"（{named}）" if named and named != voucher.release.title else ""
    return {"title": voucher.release.title, "label": label, "seats": voucher.seats, "code": voucher.code}


def said(moment: datetime) -> str:
    local = moment.astimezone(CHINA)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
