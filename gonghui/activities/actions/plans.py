"""The year's twelve holidays, from the computed calendar."""

from __future__ import annotations

from datetime import date

from gonghui.activities.calendar import holidays_of
from gonghui.activities.models import HolidayPeriod
from gonghui.activities.models.holidays import Colour
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require

# code → (theme, colour): what a new year starts with; both may be edited.
THEMES = {
    "new_year": ("新年第一游", Colour.RED),
    "spring_festival": ("团圆过大年", Colour.RED),
    "lantern_festival": ("猜灯谜 闹元宵", Colour.AMBER),
    "womens_day": ("巾帼风采", Colour.RED),
    "qingming": ("踏青寻春", Colour.GREEN),
    "labour_day": ("劳动最光荣", Colour.RED),
    "youth_day": ("青春正当时", Colour.BLUE),
    "dragon_boat": ("粽香龙舟", Colour.GREEN),
    "qixi": ("今夕良缘", Colour.BLUE),
    "mid_autumn": ("月满中秋", Colour.AMBER),
    "national_day": ("同庆国庆", Colour.RED),
    "double_ninth": ("敬老登高", Colour.AMBER),
}


@action
def plan_year(actor: Actor, *, year: int) -> list[HolidayPeriod]:
    """Lays down what is missing of the year; dates of rows nobody touched follow the published days off."""
    require(actor.may_anywhere("activities.announce"))
    present = {period.code: period for period in HolidayPeriod.objects.filter(year=year)}
    for found in holidays_of(year):
        dates = {"date": found.date, "starts_on": found.from_date, "ends_on": found.to_date}
        period = present.get(found.code)
        if period is None:
            theme, colour = THEMES[found.code]
            HolidayPeriod.objects.create(
                year=year, code=found.code, name=str(found.name), theme=theme, colour=colour, **dates
            )
        elif not period.activities.exists():
            for name, value in dates.items():
                setattr(period, name, value)
            period.save()
    return list(HolidayPeriod.objects.filter(year=year))


@action
def change_holiday(
    actor: Actor, *, holiday_id: int, theme: str, colour: str, starts_on: date, ends_on: date
) -> HolidayPeriod:
    """Theme, colour and dates; the day itself is the calendar's."""
    require(actor.may_anywhere("activities.announce"))
    period = HolidayPeriod.objects.filter(pk=holiday_id).first()
    require(period, NOT_FOUND)
    period.theme, period.colour = theme, colour
    period.starts_on, period.ends_on = starts_on, ends_on
    period.full_clean()
    period.save()
    return period
