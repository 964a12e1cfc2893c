"""Pure rules of activities: the kind's own fields, timetables, when a session is where. No database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from gonghui.kit.clock import CHINA

FIELD_KINDS = frozenset({"text", "integer", "choice", "boolean"})
TEXT_LENGTH_MAX = 200
SESSIONS_AT_ONCE_MAX = 400
SHOWN_MIN = 10  # people; a smaller group could give somebody away (I28)

Field = Mapping[str, Any]


def wrong_fields(fields: Any) -> list[str]:
    """What must be mended before a kind's field list can be used."""
    if not isinstance(fields, list) or any(not isinstance(f, dict) for f in fields):
        return [_("专有字段要是一个列表。")]
    codes = [f.get("code") for f in fields]
    if not all(codes) or len(set(codes)) != len(codes):
        return [_("每个专有字段要有各不相同的代号。")]
    problems = [_("字段 %s 没有名称。") % f["code"] for f in fields if not f.get("name")]
    problems += [_("字段 %s 的种类不对。") % f["code"] for f in fields if f.get("kind") not in FIELD_KINDS]
    return problems + [
        _("字段 %s 没有选项。") % f["code"]
        for f in fields
        if f.get("kind") == "choice" and not f.get("options")
    ]


def clean_details(fields: Sequence[Field], details: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The details in the form they are stored, and what is wrong with them in words."""
    known = {f["code"] for f in fields}
    problems = [_("“%s”不是这一类活动的字段。") % code for code in sorted(set(details) - known)]
    clean: dict[str, Any] = {}
    for field in fields:
        given = details.get(field["code"])
        if given in (None, ""):
            if field.get("required"):
                problems.append(_("请填写“%s”。") % field["name"])
            continue
        value, problem = _clean_value(field, given)
        if problem:
            problems.append(problem)
        else:
            clean[field["code"]] = value
    return clean, problems


def _clean_value(field: Field, given: Any) -> tuple[Any, str]:
    name = field["name"]
    match field["kind"]:
        case "integer":
            return _clean_integer(field, given)
        case "boolean":
            return (given, "") if isinstance(given, bool) else (None, _("“%s”要选是或否。") % name)
        case "choice":
            known = given in field["options"]
            return (given, "") if known else (None, _("“%s”要从给出的选项里选。") % name)
        case _:
            text = str(given).strip()
            return (text, "") if len(text) <= TEXT_LENGTH_MAX else (None, _("“%s”太长了。") % name)


def _clean_integer(field: Field, given: Any) -> tuple[int | None, str]:
    try:
        number = int(given)
    except (TypeError, ValueError):
        return None, _("“%s”要填整数。") % field["name"]
    low, high = field.get("min"), field.get("max")
    if (low is not None and number < low) or (high is not None and number > high):
        return None, _("“%(name)s”要在 %(low)s 到 %(high)s 之间。") % {
            "name": field["name"],
            "low": low,
            "high": high,
        }
    return number, ""


@dataclass(frozen=True, slots=True)
class Place:
    """One hall, or a store without halls (`hall_id` None), and how many places it gives each time."""

    store_id: int
    name: str
    seats: int
    hall_id: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    place: Place
    label: str
    starts_at: datetime
    ends_at: datetime


def timetable(
    places: Sequence[Place], days: Sequence[date], showings: Sequence[tuple[time, time]]
) -> Iterator[Slot]:
    """Every place × day × showing in one go: three halls, two showings, seven days. A showing may run past midnight."""
    for day in days:
        for start, end in showings:
            starts_at = datetime.combine(day, start, CHINA)
            ends_at = datetime.combine(day + timedelta(days=end <= start), end, CHINA)
            for place in places:
                label = f"{day.month}月{day.day}日 {start:%H:%M}"
                if len(places) > 1:
                    label = f"{label} {place.name}"
                yield Slot(place, label, starts_at, ends_at)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a session follows: its hours, and whether its pool takes claims and has places left."""

    starts_at: datetime
    ends_at: datetime
    is_open: bool = False
    is_closed: bool = False
    remaining: int | None = None


def session_verb_due(state: str, facts: SessionFacts, at: datetime) -> str | None:
    """The next verb the clock or the pool asks for; None while nothing is due."""
    if state in {"done", "cancelled"}:
        return None
    if state == "running":
        return "finish" if at >= facts.ends_at else None
    if at >= facts.starts_at:
        return "start"
    if facts.is_closed:
        return "close" if state != "closed" else None
    if state == "scheduled":
        return "release" if facts.is_open else None
    if state == "released" and facts.remaining == 0:
        return "sell_out"
    if state == "sold_out" and facts.remaining:
        return "restock"
    return None


def merged_small_groups(groups: Mapping[str, int], k: int = SHOWN_MIN) -> dict[str, int]:
    """Largest first; groups below `k` go together under "", with the next larger one while even that is below `k`."""
    ordered = sorted(groups.items(), key=lambda item: (-item[1], item[0]))
    shown = [item for item in ordered if item[1] >= k]
    merged = sum(number for _key, number in ordered[len(shown) :])
    while 0 < merged < k and shown:
        merged += shown.pop()[1]
    result = dict(shown)
    if merged >= k:
        result[""] = merged
    return result
