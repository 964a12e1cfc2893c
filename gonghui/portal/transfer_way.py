"""One transfer as a timeline: what happened and by whom, who has the next word, until when, and what comes of silence."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from gonghui.kit.templatetags.kit import cn_day
from gonghui.members.models import TransferRequest, TransferStep
from gonghui.members.models.transfers import Silence

By, Kind = TransferStep.By, TransferStep.Kind


def way_of(row: TransferRequest) -> list[dict[str, Any]]:
    """For `kit/includes/timeline.html`; the steps were read with the request."""
    done = [_done(row, step) for step in row.way]
    return done + (_to_come(row) if row.is_open else [])


def _done(row: TransferRequest, step: TransferStep) -> dict[str, Any]:
    return {"label": _label(row, step), "at": step.at, "note": _note(step), "state": "done"}


def _label(row: TransferRequest, step: TransferStep) -> str:
    union = step.union.name if step.union else ""
    said = {
        Kind.OPENED: _("按介绍信提出") if step.by == By.UNION else _("您提出转会"),
        Kind.RELEASED: _("{union}同意转出").format(union=union),
        Kind.ACCEPTED: _("{union}接收").format(union=union),
        Kind.REFUSED: _("{union}没有同意").format(union=union),
        Kind.CANCELLED: _("您取消了转会"),
        Kind.OVERTAKEN: _("会籍有了别的变动，转会了结"),
        Kind.ESCALATED: _("转{union}办理").format(union=union),
        Kind.AIMED: (_("您改转到{union}") if step.by == By.MEMBER else _("改由{union}接收")).format(
            union=union
        ),
    }
    return said[Kind(step.kind)]


def _note(step: TransferStep) -> str:
    return step.words


def _to_come(row: TransferRequest) -> list[dict[str, Any]]:
    desk = row.desk.name
    if row.state == TransferRequest.State.OPENED:
        now = _("等{union}同意转出").format(union=desk)
        later = [{"label": _("{union}接收").format(union=row.to_union.name), "state": ""}]
    else:
        now, later = _("等{union}接收").format(union=desk), []
    return [{"label": now, "note": said_due(row), "state": "now"}, *later]


def said_due(row: TransferRequest) -> str:
    """Their last day, and what was promised for after it."""
    if row.is_overdue and row.silence == Silence.WAIT:
        return _("期限已过。急的话，请拨打 12351 催办。")
    after = {
        Silence.WAIT: _("到期仍由它办理"),
        Silence.PASS: _("到期没有答复，视为同意"),
        Silence.ESCALATE: _("到期没有答复，转上一级办理"),
    }[Silence(row.silence)]
    return _("最迟 {day} 答复；{after}").format(day=cn_day(row.due_on), after=after)
