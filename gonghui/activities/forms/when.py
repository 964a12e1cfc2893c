"""何时何地: places × days × showings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.activities.forms.parts import GuidedForm, time_field
from gonghui.activities.places import PlaceChoice, place_choices
from gonghui.activities.rules import Slot, timetable
from gonghui.kit import clock
from gonghui.kit.console.asking import day_field

SHOWINGS_MAX = 6
DAYS_MAX = 120
WEEKDAYS = [(str(n), gettext_lazy(f"周{day}")) for n, day in enumerate("一二三四五六日")]


class WhenForm(GuidedForm):
    places = forms.MultipleChoiceField(
        label=gettext_lazy("地点"), error_messages={"required": gettext_lazy("请至少选择一个地点。")}
    )
    day_from = day_field(gettext_lazy("第一天"))
    day_to = day_field(gettext_lazy("最后一天"))
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("其中这些日子"),
        choices=WEEKDAYS,
        initial=[key for key, _name in WEEKDAYS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请至少选择一个星期几。")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for number in range(1, SHOWINGS_MAX + 1):
            self.fields[f"from_{number}"] = time_field(_("第 %s 场开始") % number)
            self.fields[f"until_{number}"] = time_field(_("第 %s 场结束") % number)
        self.fields["places"].choices = [(p.key, p.name) for p in self.place_choices]

    @cached_property
    def place_choices(self) -> list[PlaceChoice]:
        return place_choices(self.actor)

    def place_rows(self) -> Iterator[tuple[PlaceChoice, bool, str]]:
        """Each place with whether it is chosen and the number typed beside it."""
        chosen = set(self["places"].value() or ())
        for place in self.place_choices:
            typed = self.data.get(place.seats_name) if self.is_bound else None
            yield place, place.key in chosen, typed if typed is not None else (place.seats or "")

    def showing_rows(self) -> list[tuple]:
        return [(n, self[f"from_{n}"], self[f"until_{n}"]) for n in range(1, SHOWINGS_MAX + 1)]

    def clean_places(self) -> list:
        by_key = {place.key: place for place in self.place_choices}
        return [
            by_key[key].with_seats(self.data.get(by_key[key].seats_name))
            for key in self.cleaned_data["places"]
        ]

    def clean(self) -> dict:
        given = super().clean()
        given["days"] = self._days(given)
        given["showings"] = self._showings(given)
        return given

    def _days(self, given: dict) -> list:
        first, last = given.get("day_from"), given.get("day_to")
        if not (first and last):
            return []
        if last < first:
            self.add_error("day_to", _("最后一天早于第一天。"))
        elif (last - first).days >= DAYS_MAX:
            self.add_error("day_to", _("一次最多安排 %s 天，请分几次添加。") % DAYS_MAX)
        elif first < clock.today():
            self.add_error("day_from", _("这一天已经过去。"))
        else:
            span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            days = [day for day in span if str(day.weekday()) in given.get("weekdays", ())]
            if not days and given.get("weekdays"):
                self.add_error("weekdays", _("这段时间里没有您选的星期几。"))
            return days
        return []

    def _showings(self, given: dict) -> list:
        found = []
        for number in range(1, SHOWINGS_MAX + 1):
            start, end = given.get(f"from_{number}"), given.get(f"until_{number}")
            if bool(start) != bool(end) and not self.errors.keys() & {f"from_{number}", f"until_{number}"}:
                self.add_error(f"until_{number}" if start else f"from_{number}", _("开始和结束都要填。"))
            elif start and start == end:
                self.add_error(f"until_{number}", _("结束时间和开始时间一样。"))
            elif start and end:
                found.append((start, end))
        if not found and not self.errors.keys() & {"from_1", "until_1"}:
            self.add_error("from_1", _("请填写每天第一场的开始和结束时间。"))
        return found

    @cached_property
    def slots(self) -> list[Slot]:
        """Read first when the whole is checked: a refusal added later does not take the preview away."""
        given = getattr(self, "cleaned_data", {})
        parts = [given.get(name) for name in ("places", "days", "showings")]
        return list(timetable(*parts)) if all(parts) else []
