"""One send: how far it is, what came of it by channel and over time, and the same as a sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.audiences.queries import shown_count
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.exporting import record_export, sheet_answer
from gonghui.kit.sheets import Column
from gonghui.notices.actions.control import send_for
from gonghui.notices.models import Send
from gonghui.notices.results import SendResult, chart_of, result_of, shown_number
from gonghui.notices.words import readable

TONES = {
    "proposed": "warning", "waiting": "info", "sending": "info", "paused": "warning", "done": "success",
    "stopped": "warning", "declined": "danger",
}  # fmt: skip


@console_page("notices/sends/<int:send_id>", name="send_result", needs="notices.view")
def result_page(request: HttpRequest, send_id: int) -> HttpResponse:
    send = send_for(request.actor, send_id, "notices.view")
    result = result_of(send)
    facts = {
        "send": send,
        "title_shown": readable(send.title),
        "body_shown": readable(send.body),
        "result": result,
        "tone": TONES[send.state],
        "channels": [str(line.label) for line in result.channels],
        "charts": charts(send, result),
        "held_out_shown": shown_count(result.held_out, is_sensitive=send.is_sensitive),
        "reached_shown": shown_count(result.reached, is_sensitive=send.is_sensitive),
        "change": reverse("admin:notices_send_change", args=[send.pk]),
        "may_export": request.actor.may("reports.export", send.union.path),
        "maker": send.maker and (send.maker.display_name or send.maker.login),
        "checker": send.checker and (send.checker.display_name or send.checker.login),
    }
    return render(request, "notices/console/result.html", page_facts(request, readable(send.title), **facts))


def charts(send: Send, result: SendResult) -> list[dict[str, Any]]:
    """None of a sensitive one: it would grow person by person."""
    found = None if send.is_sensitive else chart_of(send)
    if found is None:
        return []
    names = {"sent": _("送达"), "read": _("阅读"), "clicked": _("点开"), "liked": _("点赞")}
    series = [
        {"name": names[what], "values": values} for what, values in found["values"].items() if any(values)
    ]
    said = _("到现在送达 %(sent)s 人次，%(read)s 人读过，%(clicked)s 人点开。") % {
        "sent": f"{sum(line.sent for line in result.channels):,}", "read": f"{result.read:,}",
        "clicked": f"{result.clicked:,}",
    }  # fmt: skip
    grown = {"kind": "line", "labels": found["labels"], "series": series, "unit": ""}
    return [{"id": "chart-send", "title": _("随时间"), "summary": said, "chart": grown}]


@console_page("notices/sends/<int:send_id>/sheet", name="send_sheet", needs="reports.export")
def result_sheet(request: HttpRequest, send_id: int) -> HttpResponse:
    """Numbers only: no person stands in it."""
    send = send_for(request.actor, send_id, "reports.export")
    send_for(request.actor, send_id, "notices.view")
    texts = heads().keys() if send.is_sensitive else {"channel"}
    columns = [Column(title, kind="text" if name in texts else "number") for name, title in heads().items()]
    rows = list(lines(send, result_of(send)))
    record_export(request.actor, table=Send._meta.db_table, count=len(rows), asked={"send": send.pk})
    return sheet_answer(columns, rows, name=_("群发效果"))


def heads() -> dict[str, str]:
    return {
        "channel": _("渠道"), "meant": _("应发"), "sent": _("送达"), "waiting": _("还没发"), "failed": _("没有发成"),
        "unsure": _("不能确定"), "skipped": _("不发"), "read": _("阅读"), "clicked": _("点开"), "liked": _("点赞"),
    }  # fmt: skip


def lines(send: Send, result: SendResult) -> Iterator[list[Any]]:
    for line in result.channels:
        numbers = [
            line.meant, line.sent, line.waiting, line.failed, line.unsure, line.skipped, line.read, line.clicked, line.liked,
        ]  # fmt: skip
        shown = [shown_number(n, is_sensitive=True) for n in numbers] if send.is_sensitive else numbers
        yield [line.label, *shown]
