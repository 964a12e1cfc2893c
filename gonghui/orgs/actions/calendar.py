"""The notice of a year: which weekends are worked and which weekdays are off."""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import gettext as _

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_ALLOWED, require
from gonghui.kit.identifiers import plain_text
from gonghui.kit.models import MovedDay
from gonghui.orgs import rules

NAME_MAX, NOTICE_MAX, LINES_MAX = 20, 80, 120
LINE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*(休|班)\s*(\S.*)")


@action
def write_notice(actor: Actor, *, notice: str, days: str) -> list[MovedDay]:
    """All of it or nothing; a day that stands already is as this notice has it. By whoever writes unions at the root."""
    at_root = any(g.line is None and rules.is_root(g.path) for g in actor.reaches("unions.write"))
    require(actor.is_system or at_root, NOT_ALLOWED)
    number = plain_text(notice)[:NOTICE_MAX]
    require(number, BAD_INPUT, detail=_("请填写通知文号。"))
    lines = [(place, text) for place, line in enumerate(days.splitlines(), 1) if (text := plain_text(line))]
    require(0 < len(lines) <= LINES_MAX, BAD_INPUT, detail=_("请填写 1 到 120 行，一行一天。"))
    read = {day.on: day for day in (_read(place, text, number) for place, text in lines)}
    require(len(read) == len(lines), BAD_INPUT, detail=_("有一天写了两遍，请核对。"))
    return [_written(day) for day in read.values()]


def _read(place: int, text: str, notice: str) -> MovedDay:
    said = LINE.fullmatch(text)
    wrong = _("第 {place} 行“{text}”看不懂，请写成“2027-02-05 休 春节”。").format(place=place, text=text[:40])
    require(said, BAD_INPUT, detail=wrong)
    year, month, day, kind, name = said.groups()
    try:
        on = date(int(year), int(month), int(day))
    except ValueError:
        on = None
    require(on, BAD_INPUT, detail=wrong)
    return MovedDay(on=on, is_worked=kind == "班", name=name[:NAME_MAX], notice=notice)


def _written(day: MovedDay) -> MovedDay:
    facts = {"is_worked": day.is_worked, "name": day.name, "notice": day.notice}
    return MovedDay.objects.update_or_create(on=day.on, defaults=facts)[0]
