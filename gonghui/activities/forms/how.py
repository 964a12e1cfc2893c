"""名额怎么给: to whom, when, how many at once; and how sessions are shared out to staged openings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.activities.forms.parts import GuidedForm
from gonghui.activities.rules import Slot
from gonghui.benefits.actions.releases import ReleaseTerms
from gonghui.benefits.models import Pool, Release
from gonghui.kit import clock
from gonghui.kit.console import ScopedChoiceField
from gonghui.kit.console.asking import moment_field
from gonghui.members.groups import groups_open_to

STAGES_MAX = 4
MODES = [
    (Release.Mode.GRAB, gettext_lazy("抢票：到点开放，先到先得，抢完可以候补")),
    (Release.Mode.DRAW, gettext_lazy("抽签：先报名，截止后公开抽签，人人机会相同")),
    (Release.Mode.GRANT, gettext_lazy("直接发放：到点自动发给符合条件的会员，不用抢")),
]
HONOUR = [
    ("", gettext_lazy("按活动类型")),
    (Pool.HonourBy.GATE, gettext_lazy("现场扫码入场")),
    (Pool.HonourBy.EXCHANGE, gettext_lazy("窗口换纸质票")),
]


@dataclass(frozen=True, slots=True)
class Stage:
    """One staged opening: which sessions open when."""

    slots: tuple[Slot, ...]
    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime | None

    @property
    def seats(self) -> int:
        return sum(slot.place.seats for slot in self.slots)


def shared_out(slots: Sequence[Slot], count: int) -> list[tuple[Slot, ...]]:
    """Whole days go to one opening where there are days enough; in the order of time."""
    days = sorted({slot.starts_at.date() for slot in slots})
    if len(days) >= count:
        of_day = {day: number * count // len(days) for number, day in enumerate(days)}
        marks = [of_day[slot.starts_at.date()] for slot in slots]
    else:
        marks = [number * count // len(slots) for number in range(len(slots))]
    return [tuple(s for s, mark in zip(slots, marks, strict=True) if mark == n) for n in range(count)]


class HowForm(GuidedForm):
    mode = forms.ChoiceField(
        label=gettext_lazy("名额怎么给"), choices=MODES, initial=Release.Mode.GRAB, widget=forms.RadioSelect
    )
    audience_union = ScopedChoiceField(
        "benefits.Release",
        "audience_union",
        label=gettext_lazy("面向哪里的会员"),
        required=False,
        help_text=gettext_lazy("不选就是主办工会和它的全部下级。"),
    )
    verified_only = forms.BooleanField(label=gettext_lazy("只给已实名的会员"), required=False, initial=True)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("只给这些群体"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("一个都不选就是不限群体。"),
    )
    audience = ScopedChoiceField(
        "benefits.Release",
        "audience",
        label=gettext_lazy("只给这个受众"),
        required=False,
        help_text=gettext_lazy("在“受众”里用条件选出来的人；不选就是上面的所有人。"),
    )
    per_person = forms.IntegerField(
        label=gettext_lazy("每人最多领几次"), min_value=1, max_value=30, initial=1
    )
    party_max = forms.IntegerField(
        label=gettext_lazy("每次最多几人"),
        min_value=1,
        max_value=20,
        initial=1,
        help_text=gettext_lazy("含本人。"),
    )
    names_required = forms.BooleanField(label=gettext_lazy("要填同行人姓名"), required=False)
    honour_by = forms.ChoiceField(label=gettext_lazy("到场怎么用"), choices=HONOUR, required=False)
    announce_at = moment_field(
        gettext_lazy("预告时间"), required=False, help_text=gettext_lazy("不填表示复核后由您手动预告。")
    )
    closes_at = moment_field(
        gettext_lazy("截止时间"),
        required=False,
        help_text=gettext_lazy("抢票不填就到该批最后一场开始；抽签必须填报名截止时间。"),
    )
    cancel_hours = forms.IntegerField(
        label=gettext_lazy("开场前几小时停止退票"),
        required=False,
        min_value=0,
        max_value=720,
        help_text=gettext_lazy("按该批第一场算；不填表示到截止时间。"),
    )
    waitlist_max = forms.IntegerField(
        label=gettext_lazy("每场候补人数上限"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=gettext_lazy("不填表示与名额一样多，0 表示不设候补。"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        groups = groups_open_to(self.actor, "activities.write").order_by("kind", "id")
        self.fields["groups"].choices = [(g.code, g.name) for g in groups]
        for number in range(1, STAGES_MAX + 1):
            self.fields[f"opens_{number}"] = moment_field(
                _("开放时间") if number == 1 else _("第 %s 批开放") % number, required=number == 1
            )

    def opening_fields(self) -> list:
        return [self[f"opens_{n}"] for n in range(1, STAGES_MAX + 1)]

    def clean(self) -> dict:
        given = super().clean()
        opens = []
        for number in range(1, STAGES_MAX + 1):
            moment = given.get(f"opens_{number}")
            if moment is None:
                continue
            if moment <= clock.now():
                self.add_error(f"opens_{number}", _("这个时间已经过去。"))
            elif opens and moment <= opens[-1]:
                self.add_error(f"opens_{number}", _("要晚于上一批的开放时间。"))
            opens.append(moment)
        if opens and given.get("announce_at") and given["announce_at"] > opens[0]:
            self.add_error("announce_at", _("预告要在开放之前。"))
        if (
            given.get("mode") == Release.Mode.DRAW
            and not given.get("closes_at")
            and "closes_at" not in self.errors
        ):
            self.add_error("closes_at", _("抽签要填报名截止时间，截止后开签。"))
        given["opens"] = opens
        return given

    def terms(self, title: str, stage: Stage) -> ReleaseTerms:
        given = self.cleaned_data
        audience = given["audience_union"]
        return ReleaseTerms(
            title=title,
            announce_at=min(given["announce_at"] or stage.opens_at, stage.opens_at),
            opens_at=stage.opens_at,
            closes_at=stage.closes_at,
            mode=given["mode"],
            audience_union_id=audience.pk if audience else None,
            verified_only=given["verified_only"],
            audience_groups=tuple(given["groups"]),
            audience_id=given["audience"].pk if given["audience"] else None,
            per_person=given["per_person"],
            party_max=given["party_max"],
            names_required=given["names_required"],
            cancel_until=stage.cancel_until,
            waitlist_max=given["waitlist_max"],
        )
