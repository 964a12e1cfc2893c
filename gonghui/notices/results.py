"""What came of a send: sent, failed, read, clicked, liked, by channel and over time; and what those did who were held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.utils.functional import Promise

from gonghui.audiences.queries import shown_count
from gonghui.notices.models import Channel, DeliveryState, Send, Why

BY_CHANNEL = """
SELECT d.channel, d.state, d.why, count(*), count(d.clicked_at), count(*) FILTER (WHERE d.word = 'arrived')
  FROM notices_delivery d WHERE d.send_id = %s GROUP BY 1, 2, 3
"""
READ = """
SELECT count(*), count(read_at), count(liked_at) FROM notices_message WHERE send_id = %s
"""
PEOPLE = """
SELECT count(DISTINCT person_id) FILTER (WHERE state = 'done'), count(DISTINCT person_id) FILTER (WHERE clicked_at IS NOT NULL)
  FROM notices_delivery WHERE send_id = %s
"""
OVER_TIME = """
SELECT what, date_trunc(%(step)s, at AT TIME ZONE 'Asia/Shanghai') AS moment, count(*) FROM (
    SELECT 'sent' AS what, sent_at AS at FROM notices_delivery WHERE send_id = %(send)s AND sent_at IS NOT NULL
    UNION ALL SELECT 'clicked', clicked_at FROM notices_delivery WHERE send_id = %(send)s AND clicked_at IS NOT NULL
    UNION ALL SELECT 'read', read_at FROM notices_message WHERE send_id = %(send)s AND read_at IS NOT NULL
    UNION ALL SELECT 'liked', liked_at FROM notices_message WHERE send_id = %(send)s AND liked_at IS NOT NULL) moments
 GROUP BY 1, 2 ORDER BY 2
"""
SERIES = ("sent", "read", "clicked", "liked")
POINTS_MAX = 48
UNFINISHED = (DeliveryState.WAITING, DeliveryState.TAKEN, DeliveryState.CALLING)

CountOf = Callable[[str, list, datetime], int]
"""(SQL of one column of person ids, its parameters, since when) → how many of them did it."""
outcomes: list[tuple[str | Promise, CountOf]] = []
"""What the told and the held out are compared by; apps above add theirs in `AppConfig.ready`."""


@dataclass(slots=True)
class ChannelResult:
    channel: str
    label: str
    meant: int = 0
    sent: int = 0
    waiting: int = 0
    failed: int = 0
    unsure: int = 0
    skipped: int = 0
    read: int | None = None
    clicked: int = 0
    liked: int | None = None
    arrived: int = 0
    """Of those sent, of how many WeChat itself has said that they reached the phone."""
    whys: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    title: str
    told: int
    held_out: int


@dataclass(frozen=True, slots=True)
class SendResult:
    channels: list[ChannelResult]
    reached: int
    """People who got it by at least one channel."""
    clicked: int
    """People, each once."""
    read: int
    liked: int
    held_out: int
    compared: list[Compared]


def shown_number(number: int | None, *, is_sensitive: bool) -> str:
    """Of a send to a sensitive audience in tens, and below ten nothing, as audiences themselves are counted (I28)."""
    if number is None:
        return "—"
    return shown_count(number, is_sensitive=True) if is_sensitive else f"{number:,}"


def result_of(send: Send) -> SendResult:
    """Of a send its reader has fetched; counted out, for whoever shows it to say in tens where it is sensitive."""
    by_channel = {
        channel: ChannelResult(channel, str(Channel(channel).label))
        for channel in Channel.values
        if channel in send.channels
    }
    with connection.cursor() as cursor:
        for channel, state, why, count, clicked, arrived in cursor.execute(BY_CHANNEL, [send.pk]).fetchall():
            _add(by_channel[channel], state, why, count, clicked)
            by_channel[channel].arrived += arrived
        _told, read, liked = cursor.execute(READ, [send.pk]).fetchone()
        reached, clicked = cursor.execute(PEOPLE, [send.pk]).fetchone()
    if inbox := by_channel.get(Channel.INBOX):
        inbox.read, inbox.liked = read, liked
    held_out = send.held_out.count() if send.holdout_percent else 0
    compared = compare(send) if send.holdout_percent else []
    return SendResult(list(by_channel.values()), reached, clicked, read, liked, held_out, compared)


def _add(line: ChannelResult, state: str, why: str, count: int, clicked: int) -> None:
    line.meant += count
    line.clicked += clicked
    if state in UNFINISHED:
        line.waiting += count
    elif state == DeliveryState.DONE:
        line.sent += count
    else:
        setattr(line, state, getattr(line, state) + count)
    if why:
        label = str(Why(why).label)
        line.whys[label] = line.whys.get(label, 0) + count


def compare(send: Send) -> list[Compared]:
    told = "SELECT DISTINCT person_id FROM notices_delivery WHERE send_id = %s AND state = 'done'"
    held = "SELECT person_id FROM notices_heldout WHERE send_id = %s"
    since = send.goes_at or send.decided_at or send.created_at
    return [
        Compared(str(title), count(told, [send.pk], since), count(held, [send.pk], since))
        for title, count in outcomes
    ]


def chart_of(send: Send) -> dict | None:
    """How it grew: by the hour for the first two days, by the day for longer."""
    with connection.cursor() as cursor:
        rows = cursor.execute(OVER_TIME, {"send": send.pk, "step": "hour"}).fetchall()
        step = timedelta(hours=1)
        if rows and rows[-1][1] - rows[0][1] >= POINTS_MAX * step:
            rows = cursor.execute(OVER_TIME, {"send": send.pk, "step": "day"}).fetchall()
            step = timedelta(days=1)
    if not rows:
        return None
    first, last = rows[0][1], rows[-1][1]
    first = max(first, last - step * (POINTS_MAX * 2))
    moments = [first + step * nth for nth in range(int((last - first) / step) + 1)]
    counts = {(what, moment): count for what, moment, count in rows}
    style = "%m-%d %H:00" if step < timedelta(days=1) else "%m-%d"
    return {
        "labels": [f"{moment:{style}}" for moment in moments],
        "values": {
            what: _grown(sum(n for (w, at), n in counts.items() if w == what and at < first),
                         [counts.get((what, moment), 0) for moment in moments])
            for what in SERIES
        },
    }  # fmt: skip


def _grown(before: int, steps: list[int]) -> list[int]:
    found = []
    for step in steps:
        before += step
        found.append(before)
    return found
