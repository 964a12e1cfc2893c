"""What the store's screen says: 骑手 13:00–14:00 七折."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time

from django.utils.translation import gettext as _

from gonghui.bills.pricing.named_days import WEEKDAYS
from gonghui.bills.pricing.terms import Form, Holidays, Per, Terms, Window
from gonghui.bills.pricing.windows import is_across_midnight
from gonghui.kit.clock import CHINA
from gonghui.kit.templatetags.kit import yuan

DIGITS = "〇一二三四五六七八九"
STORES_NAMED = 3


def says(
    windows: Sequence[Window],
    terms: Terms,
    names: Mapping[str, str] | None = None,
    stores: Mapping[int, str] | None = None,
) -> str:
    """One line a group of people; windows that differ in weekdays or hours only are folded. `names` of group codes;
    `stores` by id for who does not stand in one: of a window that is for some of them, which."""
    kinds: dict[tuple[str, str, str, str, str, int | None], dict[str, set[int]]] = {}
    for window in sorted(windows, key=_by_begin):
        who, where = _groups_of(window, names or {}), _stores_of(window, stores or {})
        kind = (where, who, _named_of(window), _dates_of(window), _holidays_of(window), window.capacity)
        hours = kinds.setdefault(kind, {})
        hours.setdefault(_hours_of(window), set()).update(window.weekdays or range(1, 8))
    offer = says_terms(terms)
    lines = [
        " ".join(filter(None, (*kind, _times(hours), offer))) + _room(capacity, len(hours))
        for (*kind, capacity), hours in kinds.items()
    ]
    return "\n".join(lines) or offer


def _stores_of(window: Window, stores: Mapping[int, str]) -> str:
    named = [stores[pk] for pk in sorted(window.store_ids) if pk in stores]
    if len(named) > STORES_NAMED:
        facts = {"stores": "、".join(named[:STORES_NAMED]), "n": len(named)}
        return _("限%(stores)s等 %(n)d 家门店") % facts
    return _("限%s") % "、".join(named) if named else ""


def _room(capacity: int | None, times: int) -> str:
    if capacity is None:
        return ""
    return (_("，每天 %d 个名额") if times == 1 else _("，每个时段每天 %d 个名额")) % capacity


def _by_begin(window: Window) -> tuple[date, time, time]:
    return (window.starts_on or date.min, window.from_time or time(0), window.to_time or time(0))


def _times(hours: Mapping[str, set[int]]) -> str:
    by_days: dict[str, list[str]] = {}
    for hour, days in hours.items():
        by_days.setdefault(says_weekdays(days), []).append(hour)
    return _("，").join(
        " ".join(filter(None, (days, "、".join(filter(None, of))))) for days, of in by_days.items()
    )


def says_weekdays(days: Iterable[int]) -> str:
    """周一至周五, 周一、周三; all seven: nothing."""
    there = sorted(set(days))
    if len(there) in (0, 7):
        return ""
    runs: list[list[int]] = []
    for day in there:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return "、".join(text for run in runs for text in _run(run))


def _run(run: list[int]) -> list[str]:
    names = [_("周%s") % WEEKDAYS[day - 1] for day in run]
    return [_("%(first)s至%(last)s") % {"first": names[0], "last": names[-1]}] if len(run) > 2 else names


def _groups_of(window: Window, names: Mapping[str, str]) -> str:
    return "、".join(sorted(names.get(group, group) for group in window.whom))


def _dates_of(window: Window) -> str:
    first, last = window.starts_on, window.ends_on
    if first and last and first == last:
        return says_day(first)
    if first and last:
        return _("%(first)s至%(last)s") % {"first": says_day(first), "last": says_day(last)}
    if first:
        return _("%s起") % says_day(first)
    return _("至%s") % says_day(last) if last else ""


def _holidays_of(window: Window) -> str:
    return {Holidays.EXCLUDED: _("节假日除外"), Holidays.ONLY: _("仅限节假日")}.get(window.holidays, "")


def _named_of(window: Window) -> str:
    """骑手工惠日（每月最后一个周五）."""
    if (named := window.only_on) is None:
        return ""
    said = named.says()
    return _("%(name)s（%(days)s）") % {"name": named.name, "days": said} if said else named.name


def _hours_of(window: Window) -> str:
    if window.from_time is None:
        return ""
    until = f"{window.to_time:%H:%M}"
    if is_across_midnight(window):
        until = "24:00" if window.to_time == time(0) else _("次日%s") % until
    return f"{window.from_time:%H:%M}–{until}"


def says_hours(window: Window) -> str:
    """When it holds, without what it gives: 周一至周五 13:00–17:00."""
    parts = (
        _named_of(window),
        _dates_of(window),
        _holidays_of(window),
        says_weekdays(window.weekdays),
        _hours_of(window),
    )
    return " ".join(filter(None, parts)) or _("全天")


def says_day(day: date) -> str:
    return _("%(month)d月%(day)d日") % {"month": day.month, "day": day.day}


def says_midnight(at: datetime, now: datetime) -> str:
    """明天 0 点, 12月1日 0 点."""
    local = at.astimezone(CHINA).date()
    is_tomorrow = (local - now.astimezone(CHINA).date()).days == 1
    return _("%s 0 点") % (_("明天") if is_tomorrow else says_day(local))


def says_moment(at: datetime, now: datetime) -> str:
    """今天 13:00, 明天 13:00, 10月1日 13:00, with the year when it is another."""
    local, today = at.astimezone(CHINA), now.astimezone(CHINA).date()
    day = {0: _("今天"), 1: _("明天")}.get((local.date() - today).days, says_day(local.date()))
    if local.year != today.year and (local.date() - today).days > 1:
        day = _("%(year)d年%(day)s") % {"year": local.year, "day": day}
    return f"{day} {local:%H:%M}"


def says_rate(permille: int) -> str:
    """What is paid, as China says it: 700 七折, 750 七五折, 985 九八五折, 500 五折; under one tenth in figures."""
    if permille in (0, 1000):
        return _("免费") if permille == 0 else _("原价")
    if permille < 100:
        return _("%s折") % f"{permille / 100:g}"
    return _("%s折") % "".join(DIGITS[int(digit)] for digit in str(permille).rstrip("0"))


def says_terms(terms: Terms) -> str:
    """满200元减30元, 七五折（最多减20元）, 协议价 199 元."""
    said = _says_form(terms)
    if terms.threshold_fen and terms.form != Form.THRESHOLD_OFF:
        said = _("满%(least)s元%(offer)s") % {"least": yuan(terms.threshold_fen), "offer": said}
    if terms.cap_fen is not None:
        said += _("（最多减%s元）") % yuan(terms.cap_fen)
    if terms.bill_cap_fen is not None:
        said += _("（整单优惠最多%s元）") % yuan(terms.bill_cap_fen)
    if terms.bill_offers_max is not None:
        said += _("（一单最多%d项优惠）") % terms.bill_offers_max
    return said


def _says_form(terms: Terms) -> str:
    if terms.form == Form.THRESHOLD_OFF:
        return _says_off(terms)
    price = yuan(terms.price_fen)
    return {
        Form.PERCENT: says_rate(terms.rate_permille),
        Form.FIXED_PRICE: _("一口价%s元") % price,
        Form.AGREEMENT_PRICE: _("协议价%s元") % price,
        Form.FREE: _("免费"),
        Form.GIFT: _("赠%s") % (terms.gift or _("礼品")),
    }[terms.form]


def _says_off(terms: Terms) -> str:
    facts = {"least": yuan(terms.threshold_fen), "off": yuan(terms.off_fen)}
    if not terms.threshold_fen:
        return _("立减%(off)s元") % facts
    if terms.repeat_max == 1:
        return _("满%(least)s元减%(off)s元") % facts
    said = _("每满%(least)s元减%(off)s元") % facts
    return said + (_("，最多%d次") % terms.repeat_max if terms.repeat_max else "")


def says_per(per: Per) -> str:
    return {
        Per.PERSON: _("每人"),
        Per.PERSON_DAY: _("每人每天"),
        Per.PERSON_WEEK: _("每人每周"),
        Per.PERSON_MONTH: _("每人每月"),
        Per.DAY: _("每天"),
        Per.MONTH: _("每月"),
        Per.TOTAL: _("总共"),
        Per.STORE_DAY: _("每店每天"),
        Per.PARTNER_DAY: _("每家商户每天"),
        Per.PARTNER_MONTH: _("每家商户每月"),
        Per.GROUP_DAY: _("每个集团每天"),
        Per.GROUP_MONTH: _("每个集团每月"),
    }[per]


def says_capped(per: Per) -> str:
    """Whose money it is that is used up, as one who stands there says it."""
    return {
        Per.PERSON_WEEK: _("您本周"),
        Per.PERSON_MONTH: _("您本月"),
        Per.DAY: _("今天"),
        Per.MONTH: _("本月"),
        Per.STORE_DAY: _("今天这家店"),
        Per.PARTNER_DAY: _("今天这家商户"),
        Per.PARTNER_MONTH: _("本月这家商户"),
        Per.GROUP_DAY: _("今天这个集团"),
        Per.GROUP_MONTH: _("本月这个集团"),
    }[per]
