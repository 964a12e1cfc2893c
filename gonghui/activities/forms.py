"""The guided pages: what, when and where, how places go out, money. Each part is a form; a page is a sum of parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.activities.actions import ActivityText
from gonghui.activities.models import Activity, ActivityKind, HolidayPeriod
from gonghui.activities.places import PlaceChoice, place_choices
from gonghui.activities.rules import SESSIONS_AT_ONCE_MAX, Slot, clean_details, timetable
from gonghui.benefits.actions.releases import CostSplit, ReleaseTerms
from gonghui.benefits.models import Pool, Release
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedChoiceField
from gonghui.members.models import WorkerGroup
from gonghui.partners.models import Partner

STAGES_MAX = 4
SHOWINGS_MAX = 6
DAYS_MAX = 120
WEEKDAYS = [(str(n), gettext_lazy(f"周{day}")) for n, day in enumerate("一二三四五六日")]
COVERS = [
    ("", gettext_lazy("跟随类型")),
    ("river", gettext_lazy("江上夜游")),
    ("wetland", gettext_lazy("湿地")),
    ("moon", gettext_lazy("中秋月色")),
    ("national", gettext_lazy("国庆")),
    ("sport", gettext_lazy("运动")),
    ("film", gettext_lazy("电影")),
    ("culture", gettext_lazy("演出展览")),
    ("learning", gettext_lazy("学习")),
    ("lecture", gettext_lazy("讲座")),
    ("leisure", gettext_lazy("休闲")),
    ("family", gettext_lazy("亲子")),
]
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
PAYERS = (
    ("merchant", gettext_lazy("商家让利")),
    ("union", gettext_lazy("工会补贴")),
    ("employer", gettext_lazy("单位补贴")),
    ("points", gettext_lazy("积分抵扣")),
    ("worker", gettext_lazy("职工支付")),
)


def moment_field(label, **more) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **{"required": False, **more})


def time_field(label) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


def day_field(label) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


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


class GuidedForm(forms.Form):
    """`parts` names the sections of the page, in order."""

    parts: tuple[str, ...] = ()

    def __init__(self, *args, actor: Actor, **kwargs):
        self.actor = actor
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if hasattr(field, "bind_to"):
                field.bind_to(actor)


class WhatForm(GuidedForm):
    union = ScopedChoiceField(
        "activities.Activity",
        "union",
        label=gettext_lazy("主办工会"),
        help_text=gettext_lazy("由哪一级工会组织。"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("类型"), widget=forms.RadioSelect)
    title = forms.CharField(
        label=gettext_lazy("活动名称"),
        max_length=80,
        help_text=gettext_lazy("会员第一眼看到的，20 个字以内最清楚。"),
    )
    summary = forms.CharField(label=gettext_lazy("一句话简介"), max_length=160, required=False)
    body = forms.CharField(
        label=gettext_lazy("详细介绍"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=6000,
        help_text=gettext_lazy("集合地点、流程、需要带什么、注意事项。"),
    )
    cover = forms.ChoiceField(
        label=gettext_lazy("封面"), choices=COVERS, required=False, widget=forms.RadioSelect
    )
    holiday = forms.ModelChoiceField(
        HolidayPeriod.objects.none(),
        label=gettext_lazy("节日"),
        required=False,
        empty_label=gettext_lazy("不属于某个节日"),
    )
    partner = forms.ModelChoiceField(
        Partner.objects.none(),
        label=gettext_lazy("合作单位"),
        required=False,
        empty_label=gettext_lazy("没有合作单位"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.code, kind.name) for kind in self.kinds]
        since = clock.today() - timedelta(days=30)
        self.fields["holiday"].queryset = HolidayPeriod.objects.filter(ends_on__gte=since).order_by(
            "starts_on"
        )
        partners = {choice.partner_id for choice in place_choices(self.actor)}
        self.fields["partner"].queryset = (
            Partner.objects.unscoped("partners of the places offered")
            .filter(pk__in=partners)
            .order_by("name")
        )
        for kind in self.kinds:
            for field in kind.fields:
                self.fields[self.detail_name(kind.code, field["code"])] = detail_field(field)

    @cached_property
    def kinds(self) -> list[ActivityKind]:
        return list(ActivityKind.objects.order_by("position"))

    @staticmethod
    def detail_name(kind: str, code: str) -> str:
        return f"of_{kind}_{code}"

    def detail_groups(self) -> Iterator[tuple[ActivityKind, list]]:
        """Every kind with its own fields, bound."""
        for kind in self.kinds:
            yield kind, [self[self.detail_name(kind.code, f["code"])] for f in kind.fields]

    def cover_choices(self) -> list[tuple[str, str, bool]]:
        chosen = self["cover"].value() or ""
        return [(key, name, key == chosen) for key, name in COVERS]

    def clean(self) -> dict:
        given = super().clean()
        kind = next((k for k in self.kinds if k.code == given.get("kind")), None)
        self.details: dict = {}
        for field in kind.fields if kind else ():
            name = self.detail_name(kind.code, field["code"])
            clean, problems = clean_details([field], {field["code"]: given.get(name)})
            self.details |= clean
            for problem in problems:
                self.add_error(name, problem)
        return given

    def text(self) -> ActivityText:
        given = self.cleaned_data
        return ActivityText(
            kind=given["kind"],
            title=given["title"].strip(),
            summary=given["summary"].strip(),
            body=given["body"].strip(),
            cover=given["cover"],
            details=self.details,
            holiday_id=getattr(given["holiday"], "pk", None),
            partner_id=getattr(given["partner"], "pk", None),
        )


def detail_field(field: dict) -> forms.Field:
    """Loose on purpose: what is wrong with a value is said by `rules.clean_details`, for this page and every other door."""
    label, facts = field["name"], {"required": False, "help_text": field.get("help", "")}
    if field["kind"] == "choice":
        return forms.ChoiceField(
            label=label, choices=[("", "—"), *((o, o) for o in field["options"])], **facts
        )
    if field["kind"] == "boolean":
        return forms.BooleanField(label=label, **facts)
    if field["kind"] == "integer":
        return forms.CharField(label=label, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **facts)
    return forms.CharField(label=label, **facts)


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
        gettext_lazy("预告时间"), help_text=gettext_lazy("不填表示复核后由您手动预告。")
    )
    closes_at = moment_field(
        gettext_lazy("截止时间"),
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
        groups = WorkerGroup.objects.order_by("kind", "id")
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
            per_person=given["per_person"],
            party_max=given["party_max"],
            names_required=given["names_required"],
            cancel_until=stage.cancel_until,
            waitlist_max=given["waitlist_max"],
        )


class MoneyForm(GuidedForm):
    usage = forms.CharField(
        label=gettext_lazy("使用说明"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("写在票面上，例如“请提前 30 分钟到码头”。"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in PAYERS:
            self.fields[f"pays_{name}"] = forms.DecimalField(
                label=label,
                required=False,
                decimal_places=2,
                validators=[MinValueValidator(0), MaxValueValidator(100_000)],
                widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "0"}),
            )

    def payer_fields(self) -> list:
        return [self[f"pays_{name}"] for name, _label in PAYERS]

    def split(self) -> CostSplit:
        given = getattr(self, "cleaned_data", {})
        amounts = {name: given.get(f"pays_{name}") or Decimal(0) for name, _label in PAYERS}
        return CostSplit(**{f"{name}_fen": int(amount * 100) for name, amount in amounts.items()})


class TextForm(WhatForm, MoneyForm):
    """A draft is mended: its words and its money."""

    parts = ("what", "money")


class SessionsForm(WhenForm, HowForm):
    """More sessions, with an opening of their own."""

    parts = ("when", "how")

    def clean(self) -> dict:
        given = super().clean()
        self.stages: list[Stage] = []
        slots = self.slots
        if len(slots) > SESSIONS_AT_ONCE_MAX:
            self.add_error("places", _("一次最多 %s 场，请减少地点、日子或场次。") % SESSIONS_AT_ONCE_MAX)
        elif slots and given["opens"]:
            self._stage(slots, given)
        return given

    def _stage(self, slots: list[Slot], given: dict) -> None:
        opens = given["opens"]
        if len(opens) > len(slots):
            self.add_error(f"opens_{len(slots) + 1}", _("只有 %s 场，不能分这么多批。") % len(slots))
            return
        for number, (part, opening) in enumerate(
            zip(shared_out(slots, len(opens)), opens, strict=True), start=1
        ):
            first, last = part[0].starts_at, max(slot.starts_at for slot in part)
            closes_at = given.get("closes_at") or last
            hours = given.get("cancel_hours")
            stage = Stage(part, opening, closes_at, None if hours is None else first - timedelta(hours=hours))
            self._check_stage(number, stage, first, given)
            self.stages.append(stage)

    def _check_stage(self, number: int, stage: Stage, first: datetime, given: dict) -> None:
        if stage.opens_at >= first:
            self.add_error(
                f"opens_{number}", _("这一批的第一场“%s”在这之前就开始了。") % stage.slots[0].label
            )
        elif stage.closes_at <= stage.opens_at:
            self.add_error("closes_at", _("截止要在开放之后。"))
        elif given.get("mode") == Release.Mode.DRAW and stage.closes_at >= first:
            self.add_error(
                "closes_at", _("报名要在第一场“%s”之前截止，才来得及开签。") % stage.slots[0].label
            )
        elif stage.cancel_until and stage.cancel_until <= stage.opens_at:
            self.add_error("cancel_hours", _("按这个小时数，还没开放就停止退票了。"))


class PlanForm(WhatForm, SessionsForm, MoneyForm):
    """新建活动: everything on one page."""

    parts = ("what", "when", "how", "money")


def text_of(activity: Activity) -> dict:
    """What `TextForm` starts with."""
    offer = activity.offer
    details = {WhatForm.detail_name(activity.kind.code, k): v for k, v in activity.details.items()}
    money = {f"pays_{name}": Decimal(getattr(offer, f"{name}_fen")) / 100 for name, _label in PAYERS}
    return {
        "union": activity.union_id,
        "kind": activity.kind.code,
        "title": activity.title,
        "summary": activity.summary,
        "body": activity.body,
        "cover": activity.cover,
        "holiday": activity.holiday_id,
        "partner": activity.partner_id,
        "usage": offer.terms,
        **details,
        **{name: amount or None for name, amount in money.items()},
    }
