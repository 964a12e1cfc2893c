"""活动报表 in the console: an index, one page for an activity and one for a holiday, and the same as a sheet."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncHour
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.activities import reports
from gonghui.activities.models import Activity, HolidayPeriod, Session
from gonghui.activities.queries import with_attention
from gonghui.activities.reports import COST_DEFINITION, SUBJECT, TO_EXPORT, TO_READ, VISITS, Figures, Report
from gonghui.activities.rules import SHOWN_MIN
from gonghui.benefits.models import Redemption, WaitEntry
from gonghui.feedback.queries import score_counts, shown_comments
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.exporting import record_export
from gonghui.kit.templatetags.kit import cn_day, percent, yuan

INDEX_ROWS = 200
COMMENTS_SHOWN = 12
SESSIONS_SHOWN = 400


@console_page(
    "reports",
    name="reports",
    needs="reports.view",
    title=gettext_lazy("活动报表"),
    icon="monitoring",
    group="activities",
    order=15,
)
def report_index(request: HttpRequest) -> HttpResponse:
    """By holiday, newest first; what was never announced has nothing to report."""
    asked = request.GET.get("q", "").strip()
    found = with_attention(reports.reportable(request.actor, *TO_READ).filter(announced_at__isnull=False))
    if asked:
        found = found.filter(title__icontains=asked)
    activities = list(found.order_by("-announced_at", "-id")[:INDEX_ROWS])
    periods = HolidayPeriod.objects.filter(pk__in={a.holiday_id for a in activities if a.holiday_id})
    holidays = list(periods.order_by("-starts_on"))
    for holiday in holidays:
        holiday.reported = sum(a.holiday_id == holiday.pk for a in activities)
    facts = page_facts(request, _("活动报表"), activities=activities, holidays=holidays, asked=asked)
    return render(request, "activities/console/report_index.html", facts)


@console_page("reports/activity/<int:activity_id>", name="report_activity", needs="reports.view")
def activity_page(request: HttpRequest, activity_id: int) -> HttpResponse:
    report = reports.activity_report(request.actor, activity_id=activity_id)
    export = reverse("admin:report_activity_sheet", args=[activity_id])
    facts = {
        "comments": shown_comments(SUBJECT, activity_id, limit=COMMENTS_SHOWN),
        "activity_id": activity_id,
    }
    return _page(request, report, export, **facts)


@console_page("reports/holiday/<int:holiday_id>", name="report_holiday", needs="reports.view")
def holiday_page(request: HttpRequest, holiday_id: int) -> HttpResponse:
    report = reports.holiday_report(request.actor, holiday_id=holiday_id)
    return _page(request, report, reverse("admin:report_holiday_sheet", args=[holiday_id]), is_holiday=True)


@console_page(
    "reports/activity/<int:activity_id>/sheet", name="report_activity_sheet", needs="reports.export"
)
def activity_sheet(request: HttpRequest, activity_id: int) -> HttpResponse:
    report = reports.activity_report(request.actor, activity_id=activity_id, verbs=TO_EXPORT)
    return _sheet(request.actor, report, {"activity": activity_id})


@console_page("reports/holiday/<int:holiday_id>/sheet", name="report_holiday_sheet", needs="reports.export")
def holiday_sheet(request: HttpRequest, holiday_id: int) -> HttpResponse:
    report = reports.holiday_report(request.actor, holiday_id=holiday_id, verbs=TO_EXPORT)
    return _sheet(request.actor, report, {"holiday": holiday_id})


def _sheet(actor: Actor, report: Report, asked: dict[str, Any]) -> FileResponse:
    target = tempfile.SpooledTemporaryFile(max_size=2 * 1024 * 1024)  # noqa: SIM115 - FileResponse closes it
    count = reports.export_report(actor, report, target)
    record_export(actor, table=Activity._meta.db_table, count=count, asked=asked)
    target.seek(0)
    name = f"{_('活动报表')}-{report.title}-{clock.now():%Y%m%d}.xlsx"
    response = FileResponse(target, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, report: Report, export: str, **facts) -> HttpResponse:
    ids = [line.activity_id for line in report.lines]
    lines, hidden = _sessions(ids)
    page = page_facts(
        request,
        report.title,
        report=report,
        tiles=tiles(report.figures),
        charts=charts(report, ids),
        sessions=lines,
        sessions_hidden=hidden,
        export=export if request.actor.may_anywhere("reports.export") else "",
        satisfaction_definition=report.figures.satisfaction_definition,
        cost_definition=COST_DEFINITION,
        is_enough=report.figures.is_enough,
        **facts,
    )
    return render(request, "activities/console/report.html", page)


# --- Figures ------------------------------------------------------------------------------------------------


def tiles(figures: Figures) -> list[dict[str, Any]]:
    """In the order of the road: heard of it, tried, won, came, said how it was, what it cost."""
    return [
        _tile(_("阅读"), figures.reads, "visibility", _("%s 次点赞") % f"{figures.likes:,}", _("人次")),
        _tile(_("开抢提醒"), figures.reminders, "notifications", unit=_("人")),
        _tile(_("参与"), figures.entrants, "groups", _("%s 个名额") % f"{figures.places:,}", _("人次")),
        _tile(_("得票"), figures.wins, "confirmation_number", _("共 %s 人") % f"{figures.seats_out:,}", _("张")),
        _tile(_("候补"), figures.waiting, "hourglass", _("%s 个补上") % f"{figures.promoted:,}", _("人次")),
        _tile(_("退票"), figures.returned, "undo", _("过期 %(expired)s，作废 %(voided)s") % {
            "expired": figures.expired, "voided": figures.voided}, _("张")),
        _tile(_("到场"), figures.came, "how_to_reg", _("%s 张票") % f"{figures.came_tickets:,}", _("人")),
        _tile(_("爽约"), figures.no_shows, "person_off", _no_show_note(figures), _("张")),
        _satisfaction_tile(figures),
        _cost_tile(figures),
    ]  # fmt: skip


def _tile(label: str, value: int, icon: str, note: str = "", unit: str = "") -> dict[str, Any]:
    return {"label": label, "value": f"{value:,}", "icon": icon, "note": note, "unit": unit}


def _no_show_note(figures: Figures) -> str:
    return "" if figures.no_show_share is None else _("占 %s") % percent(figures.no_show_share)


def _satisfaction_tile(figures: Figures) -> dict[str, Any]:
    """Too few answers are said to be too few, whatever the share."""
    tile = {"label": _("满意度"), "icon": "sentiment_satisfied", "unit": "", "is_main": True}
    if figures.satisfaction is None:
        return tile | {"value": "—", "note": _("暂无评价")}
    note = _("%s 条评价") % f"{figures.ratings:,}"
    if not figures.is_enough:
        return tile | {"value": _("样本不足"), "note": _("%(share)s，%(note)s") % {
            "share": percent(figures.satisfaction), "note": note}, "is_small": True}  # fmt: skip
    return tile | {"value": percent(figures.satisfaction), "note": note}


def _cost_tile(figures: Figures) -> dict[str, Any]:
    tile = {"label": _("人均补贴"), "icon": "payments", "is_main": True}
    note = _("合计 %s 元") % yuan(figures.cost_fen)
    if figures.cost_per_head_fen is None:
        return tile | {"value": "—", "unit": "", "note": note}
    return tile | {"value": yuan(figures.cost_per_head_fen), "unit": _("元"), "note": note}


# --- Charts -------------------------------------------------------------------------------------------------


def charts(report: Report, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Only those that have something to show."""
    made = [_funnel(report.figures), _reads(report), _by_day(report), _by_hour(ids), _by_union(report)]
    made.append(_scores(ids, report.figures))
    if len(report.lines) > 1:
        made.append(_by_activity(report))
    return [
        {**chart, "id": f"chart-{n}"}
        for n, chart in enumerate(made)
        if any(map(_has_values, chart["chart"]["series"]))
    ]


def _has_values(series: dict) -> bool:
    return any(series["values"])


def _chart(
    title: str, summary: str, kind: str, labels: list, unit: str = "", is_wide: bool = False, **series
) -> dict:
    drawn = {
        "kind": kind,
        "labels": labels,
        "series": [{"name": n, "values": v} for n, v in series.items()],
        "unit": unit,
    }
    return {"title": title, "summary": summary, "is_wide": is_wide, "chart": drawn}


def _funnel(figures: Figures) -> dict:
    steps = {
        _("阅读"): figures.reads,
        _("提醒"): figures.reminders,
        _("得票"): figures.wins,
        _("到场"): figures.came_tickets,
        _("评价"): figures.ratings,
    }
    came = figures.came_tickets / figures.wins if figures.wins else None
    summary = _("得票的有 %s 到场。单位：阅读按人次，其余按票。") % percent(came)
    shown = {name: number for name, number in steps.items() if number}
    return _chart(_("从看到到评价"), summary, "funnel", list(shown), **{_("数量"): list(shown.values())})


def _reads(report: Report) -> dict:
    days = [f"{day.month}月{day.day}日" for day, _n in report.reads_by_day]
    numbers = [number for _day, number in report.reads_by_day]
    busiest = max(report.reads_by_day, key=lambda row: row[1], default=None)
    summary = _("阅读最多的一天是%s。") % cn_day(busiest[0]) if busiest else ""
    return _chart(_("每天的阅读"), summary, "line", days, **{_("阅读人次"): numbers})


def _by_day(report: Report) -> dict:
    wins: dict = {}
    for moment, number in report.wins_by_hour:
        day = moment.astimezone(CHINA).date()
        wins[day] = wins.get(day, 0) + number
    came = dict(report.came_by_day)
    days = sorted({*wins, *came})
    labels = [f"{day.month}月{day.day}日" for day in days]
    series = {_("得票（张）"): wins, _("到场（人）"): came}
    shown = {name: [found.get(day, 0) for day in days] for name, found in series.items()}
    return _chart(_("每天的得票和到场"), _("得票按张，到场按人。"), "bar", labels, **shown)


def _by_hour(ids: Sequence[int]) -> dict:
    """People by the hour in which they came, all days together."""
    found = Redemption.objects.unscoped("counts without persons").filter(
        VISITS, voucher__pool__session__activity__in=ids
    )
    rows = (
        found.order_by()
        .annotate(hour=TruncHour("at", tzinfo=CHINA))
        .values_list("hour")
        .annotate(n=Sum("arrived"))
    )
    hours: dict[int, int] = {}
    for moment, people in rows:
        hour = moment.astimezone(CHINA).hour
        hours[hour] = hours.get(hour, 0) + people
    span = range(min(hours), max(hours) + 1) if hours else range(0)
    busiest = _("%s 点前后最忙，可以据此安排人手。") % max(hours, key=hours.get) if hours else ""
    labels = [f"{hour}:00" for hour in span]
    return _chart(
        _("几点到场"), busiest, "bar", labels, unit=" 人", **{_("到场人数"): [hours.get(h, 0) for h in span]}
    )


def _by_union(report: Report) -> dict:
    top = report.by_union[:15]
    summary = _("不足 %s 人的工会合并显示，以免认出个人。") % SHOWN_MIN
    names, people = [name for name, _n in top], [number for _name, number in top]
    return _chart(_("得票会员来自哪里"), summary, "hbar", names, unit=" 人", **{_("人数"): people})


def _scores(ids: Sequence[int], figures: Figures) -> dict:
    counts = score_counts(SUBJECT, ids)
    order = sorted(counts, reverse=True)
    summary = figures.satisfaction_definition
    if not figures.is_enough:
        summary = _("样本不足，仅供参考。%s") % summary
    return _chart(
        _("评分分布"),
        summary,
        "hbar",
        [_("%s 分") % s for s in order],
        unit=" 条",
        **{_("评价"): [counts[s] for s in order]},
    )


def _by_activity(report: Report) -> dict:
    lines = sorted(report.lines, key=lambda line: -line.figures.came)[:15]
    names = [line.title for line in lines]
    series = {
        _("得票人数"): [line.figures.seats_out for line in lines],
        _("到场人数"): [line.figures.came for line in lines],
    }
    return _chart(_("各项活动"), _("到场最多的排在前面。"), "hbar", names, is_wide=True, **series)


# --- Sessions -----------------------------------------------------------------------------------------------


def _sessions(ids: Sequence[int]) -> tuple[list[Session], int]:
    """With places taken, waiting and come; and how many more there are."""
    found = Session.objects.unscoped("sessions of activities already scoped").filter(activity__in=ids)
    count = found.count()
    sessions = list(
        found.select_related("activity", "store", "hall__store", "pool").order_by("starts_at", "id")[
            :SESSIONS_SHOWN
        ]
    )
    pools = [session.pool_id for session in sessions if session.pool_id]
    came = _of_pools(
        Redemption.objects.unscoped("counts without persons").filter(VISITS, voucher__pool__in=pools),
        "voucher__pool",
        Sum("arrived"),
    )
    waited = _of_pools(
        WaitEntry.objects.unscoped("counts without persons").filter(pool__in=pools),
        "pool",
        Count("id", filter=~Q(state="left")),
    )
    for session in sessions:
        session.taken = session.pool.capacity - session.pool.remaining if session.pool else 0
        session.came, session.waited = came.get(session.pool_id, 0), waited.get(session.pool_id, 0)
        session.came_share = session.came / session.taken if session.taken else None
    return sessions, count - len(sessions)


def _of_pools(rows, key: str, number) -> dict[int, int]:
    return dict(rows.order_by().values_list(key).annotate(n=number))
