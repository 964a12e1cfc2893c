"""活动报表: one dataclass for an activity, a holiday or anything else that is a list of activities; the same few queries.

Numbers carry no person. Groups of fewer than ten people are never shown (I28): see `rules.merged_small_groups`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncHour
from django.utils.translation import gettext as _

from gonghui.activities.models import Activity, HolidayPeriod, Like, ReadDay
from gonghui.activities.rules import merged_small_groups
from gonghui.benefits.models import DrawEntry, Redemption, Reminder, Voucher, WaitEntry
from gonghui.benefits.models.vouchers import GONE_STATES
from gonghui.feedback.queries import Satisfaction, satisfaction_of, summed
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.scope import BySubtree
from gonghui.kit.sheets import Column, write_xlsx
from gonghui.members.models import Membership
from gonghui.orgs.models import Union

SUBJECT = "activity"
TO_READ = ("reports.view",)
TO_EXPORT = (*TO_READ, "reports.export")
COST_DEFINITION = "工会和单位补贴 × 发出名额 ÷ 到场人数"
# A window's paper ticket is the visit where tickets are exchanged; the scan at the gate is it elsewhere.
VISITS = Q(kind="exchange", voucher__pool__honour_by="exchange") | Q(
    kind="check_in", voucher__pool__honour_by="gate"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Tickets are counted as tickets, `seats_*` and `came` as people."""

    places: int = 0
    reads: int = 0
    likes: int = 0
    reminders: int = 0
    entrants: int = 0
    wins: int = 0
    seats_out: int = 0
    waiting: int = 0
    promoted: int = 0
    returned: int = 0
    expired: int = 0
    voided: int = 0
    came_tickets: int = 0
    came: int = 0
    no_shows: int = 0
    cost_fen: int = 0
    ratings: int = 0
    satisfied: int = 0
    score_sum: int = 0
    is_enough: bool = False
    satisfaction_definition: str = ""
    cost_definition: str = COST_DEFINITION

    @property
    def satisfaction(self) -> float | None:
        return self.satisfied / self.ratings if self.ratings else None

    @property
    def cost_per_head_fen(self) -> int | None:
        return round(self.cost_fen / self.came) if self.came else None

    @property
    def no_show_share(self) -> float | None:
        over = self.came_tickets + self.no_shows
        return self.no_shows / over if over else None


ADDED = tuple(field.name for field in fields(Figures) if field.type == "int")


@dataclass(frozen=True, slots=True)
class Line:
    activity_id: int
    title: str
    kind: str
    union: str
    state: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    lines: tuple[Line, ...]
    figures: Figures
    reads_by_day: tuple[tuple[date, int], ...] = ()
    wins_by_hour: tuple[tuple[datetime, int], ...] = ()
    came_by_day: tuple[tuple[date, int], ...] = ()
    by_union: tuple[tuple[str, int], ...] = ()


def activity_report(actor: Actor, *, activity_id: int, verbs: Sequence[str] = TO_READ) -> Report:
    found = reportable(actor, *verbs).filter(pk=activity_id)
    activity = found.first()
    require(activity, NOT_FOUND)
    return _report(activity.title, [activity])


def holiday_report(actor: Actor, *, holiday_id: int, verbs: Sequence[str] = TO_READ) -> Report:
    """The activities of one holiday within the actor's own subtree."""
    holiday = HolidayPeriod.objects.filter(pk=holiday_id).first()
    require(holiday, NOT_FOUND)
    require(actor.may_anywhere("reports.view"))
    return _report(str(holiday), list(reportable(actor, *verbs).filter(holiday=holiday).order_by("id")))


def reportable(actor: Actor, *verbs: str) -> QuerySet[Activity]:
    """Activities of which the actor may do all of `verbs`, each by whatever grant reaches them."""
    found = Activity.objects.unscoped("narrowed to the verbs here").select_related(
        "kind", "union", "offer", "holiday"
    )
    if actor.is_system:
        return found
    for verb in verbs:
        found = found.filter(BySubtree("union__path", verb=verb).condition(actor))
    return found


def _report(title: str, activities: Sequence[Activity]) -> Report:
    ids = [activity.pk for activity in activities]
    counts = _counts(ids)
    satisfaction = satisfaction_of(SUBJECT, ids)
    lines = tuple(_line(activity, counts[activity.pk], satisfaction[activity.pk]) for activity in activities)
    return Report(
        title=title,
        lines=lines,
        figures=_total(lines, summed(satisfaction.values())),
        reads_by_day=_reads_by_day(ids),
        wins_by_hour=_wins_by_hour(ids),
        came_by_day=_came_by_day(ids),
        by_union=_by_union(ids, {activity.union.path for activity in activities}),
    )


def _line(activity: Activity, counted: dict[str, int], satisfaction: Satisfaction) -> Line:
    per_place = activity.cost_per_head_fen
    figures = replace(
        Figures(**counted),
        cost_fen=per_place * counted.get("seats_out", 0),
        ratings=satisfaction.answers,
        satisfied=satisfaction.satisfied,
        score_sum=satisfaction.score_sum,
        is_enough=satisfaction.is_enough,
        satisfaction_definition=satisfaction.definition,
    )
    state = str(activity.get_state_display())
    return Line(activity.pk, activity.title, activity.kind.name, activity.union.name, state, figures)


def _total(lines: Sequence[Line], satisfaction: Satisfaction | None) -> Figures:
    total = {name: sum(getattr(line.figures, name) for line in lines) for name in ADDED}
    if satisfaction is None:
        return Figures(**total)
    return Figures(**total, is_enough=satisfaction.is_enough, satisfaction_definition=satisfaction.definition)


# --- Counting: one query a table ----------------------------------------------------------------------------


def _counts(ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Activity → figure → number."""
    counts: dict[int, dict[str, int]] = defaultdict(dict, {pk: {} for pk in ids})
    _add_places(counts, ids)
    _add_tickets(counts, ids)
    _add_waiting(counts, ids)
    came = _visits(ids).values_list("voucher__pool__session__activity")
    _put(counts, "came", came.annotate(n=Sum("arrived")))
    reads = ReadDay.objects.filter(activity__in=ids).order_by().values_list("activity")
    _put(counts, "reads", reads.annotate(n=Sum("readers")))
    likes = Like.objects.unscoped("counts without persons").filter(activity__in=ids).order_by()
    _put(counts, "likes", likes.values_list("activity").annotate(n=Count("id")))
    reminders = Reminder.objects.unscoped("counts without persons").filter(release__offer__activity__in=ids)
    by_activity = reminders.order_by().values_list("release__offer__activity")
    _put(counts, "reminders", by_activity.annotate(n=Count("id")))
    _add_entrants(counts, ids)
    return counts


def _put(counts: dict, figure: str, rows: Iterable[tuple[int, int]]) -> None:
    for activity_id, number in rows:
        counts[activity_id][figure] = number or 0


def _add_places(counts: dict, ids: Sequence[int]) -> None:
    activities = Activity.objects.unscoped("places of fetched activities").filter(pk__in=ids).order_by()
    live = ~Q(sessions__state="cancelled")
    _put(counts, "places", activities.values_list("pk").annotate(n=Sum("sessions__seats", filter=live)))


def _add_tickets(counts: dict, ids: Sequence[int]) -> None:
    rows = (
        _vouchers(ids)
        .values_list("pool__session__activity", "state")
        .annotate(tickets=Count("id"), people=Sum("seats"))
    )
    for activity_id, state, tickets, people in rows:
        mine = counts[activity_id]
        mine["wins"] = mine.get("wins", 0) + tickets
        if state not in GONE_STATES:
            mine["seats_out"] = mine.get("seats_out", 0) + people
        figure = BY_STATE.get(state)
        if figure:
            mine[figure] = mine.get(figure, 0) + tickets


BY_STATE = {
    "returned": "returned",
    "expired": "expired",
    "voided": "voided",
    "no_show": "no_shows",
    "redeemed": "came_tickets",
    "exchanged": "came_tickets",
}


def _add_waiting(counts: dict, ids: Sequence[int]) -> None:
    rows = (
        WaitEntry.objects.unscoped("counts without persons")
        .filter(pool__session__activity__in=ids)
        .order_by()
        .values_list("pool__session__activity")
        .annotate(waiting=Count("id"), promoted=Count("id", filter=Q(state="promoted")))
    )
    for activity_id, waiting, promoted in rows:
        counts[activity_id] |= {"waiting": waiting, "promoted": promoted}


def _add_entrants(counts: dict, ids: Sequence[int]) -> None:
    """Parties that tried: entries of draws; tickets claimed and places taken in the line elsewhere."""
    entries = DrawEntry.objects.unscoped("counts without persons").filter(pool__session__activity__in=ids)
    drawn = dict(entries.order_by().values_list("pool__session__activity").annotate(n=Count("id")))
    for activity_id, mine in counts.items():
        tried = mine.get("wins", 0) + mine.get("waiting", 0) - mine.get("promoted", 0)
        mine["entrants"] = max(drawn.get(activity_id, 0), tried)


def _vouchers(ids: Sequence[int]) -> QuerySet[Voucher]:
    found = Voucher.objects.unscoped("counts without persons")
    return found.filter(pool__session__activity__in=ids).order_by()


def _visits(ids: Sequence[int]) -> QuerySet[Redemption]:
    found = Redemption.objects.unscoped("counts without persons")
    return found.filter(VISITS, voucher__pool__session__activity__in=ids).order_by()


# --- Series -------------------------------------------------------------------------------------------------


def _reads_by_day(ids: Sequence[int]) -> tuple[tuple[date, int], ...]:
    rows = ReadDay.objects.filter(activity__in=ids).values_list("day").annotate(n=Sum("readers"))
    return tuple(rows.order_by("day"))


def _wins_by_hour(ids: Sequence[int]) -> tuple[tuple[datetime, int], ...]:
    hours = _vouchers(ids).annotate(hour=TruncHour("claimed_at", tzinfo=CHINA))
    return tuple(hours.values_list("hour").annotate(n=Count("id")).order_by("hour"))


def _came_by_day(ids: Sequence[int]) -> tuple[tuple[date, int], ...]:
    days = _visits(ids).annotate(day=TruncDate("at", tzinfo=CHINA))
    return tuple(days.values_list("day").annotate(n=Sum("arrived")).order_by("day"))


def _by_union(ids: Sequence[int], organisers: set[str]) -> tuple[tuple[str, int], ...]:
    """Winners by the union one step below the organiser; small groups are merged until none gives anybody away."""
    rows = (
        _vouchers(ids)
        .filter(person__memberships__status__in=Membership.LIVE)
        .values_list("person__memberships__union__path")
        .annotate(n=Count("person", distinct=True))
    )
    depth = min((path.count(".") for path in organisers), default=0) + 1
    groups: Counter[str] = Counter()
    for path, people in rows:
        groups[".".join(path.split(".")[:depth]) + "."] += people
    shown = merged_small_groups(groups)
    names = Union.objects.unscoped("names of groups of ten and more").filter(path__in=shown)
    titles = dict(names.values_list("path", "name"))
    return tuple((titles.get(path, _("其他")), people) for path, people in shown.items())


# --- Export -------------------------------------------------------------------------------------------------

COLUMNS: tuple[tuple[Column, Any], ...] = (
    (Column(_("活动"), 28), lambda line: line.title),
    (Column(_("类型"), 10), lambda line: line.kind),
    (Column(_("主办工会"), 20), lambda line: line.union),
    (Column(_("状态"), 10), lambda line: line.state),
)
FIGURE_COLUMNS = (
    ("places", "名额", "number"),
    ("reads", "阅读人次", "number"),
    ("likes", "点赞", "number"),
    ("reminders", "开抢提醒", "number"),
    ("entrants", "参与", "number"),
    ("wins", "得票", "number"),
    ("waiting", "候补", "number"),
    ("promoted", "候补转正", "number"),
    ("returned", "退票", "number"),
    ("expired", "过期", "number"),
    ("voided", "作废", "number"),
    ("came", "到场人数", "number"),
    ("no_shows", "爽约", "number"),
    ("ratings", "评价", "number"),
    ("cost_fen", "补贴合计（元）", "money"),
    ("cost_per_head_fen", "人均补贴（元）", "money"),
)


def export_report(actor: Actor, report: Report, target: BinaryIO) -> int:
    """An .xlsx with a line an activity and the total; returns the number of lines. The report itself was scoped."""
    require(actor.may_anywhere("reports.export"))
    columns = [column for column, _value in COLUMNS]
    columns += [Column(_(title), 12, kind) for _name, title, kind in FIGURE_COLUMNS]
    columns.append(Column(_("满意度"), 14))
    total = Line(0, _("合计"), "", "", "", report.figures)
    notes = [report.figures.satisfaction_definition, f"{_('人均补贴')}：{COST_DEFINITION}"]
    rows = [_row(line) for line in (*report.lines, total)]
    return write_xlsx(target, columns, rows, sheet_name=report.title, notes=[n for n in notes if n])


def _row(line: Line) -> list:
    figures = [getattr(line.figures, name) for name, _title, _kind in FIGURE_COLUMNS]
    return [value(line) for _column, value in COLUMNS] + figures + [satisfaction_text(line.figures)]


def satisfaction_text(figures: Figures) -> str:
    """99.2%, or why there is no figure."""
    if figures.satisfaction is None:
        return _("暂无评价")
    share = f"{figures.satisfaction * 100:.1f}%"
    return share if figures.is_enough else _("%s（样本不足）") % share
