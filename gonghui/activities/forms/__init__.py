"""The guided pages: what, when and where, how places go out, money. Each part is a form; a page is a sum of parts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from gonghui.activities.forms.how import HowForm, Stage, shared_out
from gonghui.activities.forms.parts import GuidedForm
from gonghui.activities.forms.what import MoneyForm, TextForm, WhatForm, text_of
from gonghui.activities.forms.when import WhenForm
from gonghui.activities.rules import SESSIONS_AT_ONCE_MAX, Slot
from gonghui.benefits.models import Release

__all__ = ["GuidedForm", "PlanForm", "SessionsForm", "TextForm", "WhenForm", "text_of"]


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
