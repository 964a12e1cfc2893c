"""`{% load kit %}`: how money, time, codes, names and pictures look in pages. Presentation only."""

from __future__ import annotations

import functools
import json
import zlib
from datetime import date, datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from gonghui.kit import clock, masks
from gonghui.kit.covers import cover_path
from gonghui.kit.tiles import tile_facts
from gonghui.kit.words import MAP_WORDS, SCRIPT_WORDS

register = template.Library()
WEEKDAYS = "一二三四五六日"

register.filter("masked_name", masks.mask_name)
register.filter("masked_phone", masks.mask_phone)
register.filter("masked_id", masks.mask_id)
register.filter("masked_account", masks.mask_account)


@register.filter
def yuan(amount_fen: int | None) -> str:
    """Fen as yuan without the unit: 125000 → 1,250, 1250 → 12.50."""
    if amount_fen is None:
        return "—"
    whole, rest = divmod(abs(int(amount_fen)), 100)
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:02d}" if rest else "")


@register.filter
def money(amount_fen: int | None) -> str:
    return "—" if amount_fen is None else _("%s 元") % yuan(amount_fen)


@register.filter
def price(amount_fen: int | None) -> str:
    """What the member pays; nothing is said as 免费."""
    return money(amount_fen) if amount_fen else _("免费")


@register.filter
def count(number: int | None) -> str:
    return "—" if number is None else f"{int(number):,}"


@register.filter
def wan(number: int | None) -> str:
    """Large counts as readers say them: 43000 → 4.3 万, 8200 → 8,200."""
    if number is None:
        return "—"
    if abs(number) < 10_000:
        return f"{int(number):,}"
    return _("%s 万") % f"{number / 10_000:,.1f}".removesuffix(".0")


@register.filter
def percent(share: float | None) -> str:
    """0.991 → 99.1%."""
    return "—" if share is None else f"{share * 100:.1f}".removesuffix(".0") + "%"


def local(moment: datetime) -> datetime:
    return timezone.localtime(moment, clock.CHINA) if timezone.is_aware(moment) else moment


def as_day(moment: date | datetime) -> date:
    return local(moment).date() if isinstance(moment, datetime) else moment


@register.filter
def cn_day(moment: date | datetime | None) -> str:
    """10月1日 周三; the year only where it is not this one."""
    if moment is None:
        return "—"
    day = as_day(moment)
    year = f"{day.year}年" if day.year != clock.today().year else ""
    return f"{year}{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}"


@register.filter
def cn_time(moment: datetime | None) -> str:
    return "—" if moment is None else f"{local(moment):%H:%M}"


@register.filter
def cn_when(moment: datetime | None) -> str:
    """今天 20:00, 明天 20:00, 10月1日 周三 20:00."""
    if moment is None:
        return "—"
    near = {-1: _("昨天"), 0: _("今天"), 1: _("明天")}
    day = near.get((as_day(moment) - clock.today()).days) or cn_day(moment)
    return f"{day} {cn_time(moment)}"


@register.simple_tag
def cn_span(start: datetime, end: datetime | None) -> str:
    """10月1日 周三 19:30–21:00; two full ends where it runs past midnight."""
    if end is None:
        return f"{cn_day(start)} {cn_time(start)}"
    if as_day(start) == as_day(end):
        return f"{cn_day(start)} {cn_time(start)}–{cn_time(end)}"
    return f"{cn_day(start)} {cn_time(start)} – {cn_day(end)} {cn_time(end)}"


@register.filter
def ago(moment: datetime | None) -> str:
    """刚刚, 5 分钟前, 3 小时前, then the day."""
    if moment is None:
        return "—"
    passed = clock.now() - moment
    if timedelta(0) <= passed < timedelta(minutes=1):
        return _("刚刚")
    if timedelta(0) <= passed < timedelta(hours=1):
        return _("%s 分钟前") % (passed.seconds // 60)
    if timedelta(0) <= passed < timedelta(hours=12):
        return _("%s 小时前") % (passed.seconds // 3600)
    return cn_when(moment)


@register.filter
def epoch_ms(moment: datetime | None) -> str:
    return "" if moment is None else str(round(moment.timestamp() * 1000))


@register.filter
def short_code(code: str | None) -> str:
    """Groups of four, as people read them out: ABCDEFGH → ABCD EFGH."""
    text = code or ""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@register.filter
def initial(name: str | None) -> str:
    return (name or "").strip()[:1] or "·"


@register.filter
def tone(name: str | None) -> int:
    """0–3, always the same for the same name: the colour of an avatar."""
    return zlib.crc32((name or "").encode()) % 4


@register.filter
def share_of(part: int | None, whole: int | None) -> float | None:
    return part / whole if whole and part is not None else None


@register.simple_tag
@functools.lru_cache(maxsize=1024)
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """A sign from icons.svg; with a label it is read out, without it is decoration."""
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" {}><use href="{}#{}"></use></svg>',
        css,
        said,
        static("kit/icons/sprite.svg"),
        name,
    )


@register.simple_tag
@functools.lru_cache(maxsize=256)
def cover(kind: str = "", key: str = "") -> str:
    """Address of the drawn scene for a kind of activity; `key` (river, wetland, moon, national…) wins."""
    return static(cover_path(kind, key))


@register.simple_tag
def map_facts() -> dict[str, str]:
    """What a map says, and whose tiles lie under it, if anybody's: for `kit/includes/map.html`."""
    words = {key: str(text) for key, text in MAP_WORDS.items()}
    return tile_facts() | {"words": json.dumps(words, ensure_ascii=False)}


@register.simple_tag
def stars(value: float | None) -> SafeString:
    """Five stars to the half, with the number for those who cannot see them."""
    if value is None:
        return format_html('<span class="muted">{}</span>', _("还没有评分"))
    halves = round(value * 2)
    shapes = ["star" if halves >= 2 * n else "star-half" if halves == 2 * n - 1 else "" for n in range(1, 6)]
    drawn = format_html_join(
        "", "{}", ((icon(s or "star", css="full" if s == "star" else ""),) for s in shapes)
    )
    label = _("%.1f 分，满分 5 分") % value
    return format_html('<span class="stars" role="img" aria-label="{}">{}</span>', label, drawn)


@register.simple_tag
def countdown(moment: datetime, style: str = "") -> SafeString:
    """Counts down on the server's clock; without JavaScript the time itself stands there."""
    return format_html(
        '<time class="countdown {}" role="timer" aria-live="off" datetime="{}" data-countdown="{}">{}</time>',
        style, moment.isoformat(), epoch_ms(moment), cn_when(moment),
    )  # fmt: skip


@register.simple_tag
def server_now() -> str:
    return epoch_ms(clock.now())


@register.simple_tag(takes_context=True)
def elder_attr(context: template.Context) -> SafeString:
    """`data-elder` on <html> when the reader chose 长辈模式; cached pages get it from elder.js."""
    request = context.get("request")
    return SafeString(" data-elder") if request and request.COOKIES.get("elder") == "1" else SafeString("")


@register.simple_tag(takes_context=True)
def wechat_attr(context: template.Context) -> SafeString:
    """`data-wechat` on <html> inside WeChat, which draws a title bar of its own."""
    request = context.get("request")
    agent = request.headers.get("User-Agent", "") if request else ""
    return SafeString(" data-wechat") if "MicroMessenger" in agent else SafeString("")


@register.simple_tag
def data_block(value: object, block_id: str) -> SafeString:
    """JSON for charts.js as an inert block; `<` is escaped, so it cannot end early."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return format_html('<script type="application/json" id="{}">{}</script>', block_id, SafeString(safe))


@register.inclusion_tag("kit/includes/field.html")
def field(bound, **extra):
    """One labelled form field with its help and its errors."""
    return {"field": bound, **extra}


@register.simple_tag
def script_words() -> SafeString:
    """The sentences our scripts speak, as an inert block for words.js."""
    return data_block({key: str(text) for key, text in SCRIPT_WORDS.items()}, "words")


@register.filter
def chart_rows(chart: dict) -> list[tuple]:
    """(label, values of every series): the table beside a chart."""
    columns = [series["values"] for series in chart["series"]]
    return list(zip(chart["labels"], zip(*columns, strict=True), strict=True))
