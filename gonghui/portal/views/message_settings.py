"""消息设置: which messages by which channel, when the phone stays silent, and how many WeChat messages are allowed."""

from __future__ import annotations

from datetime import time
from uuid import UUID, uuid4

from django.contrib import messages as toasts
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gonghui.kit.errors import BAD_INPUT, NOT_ALLOWED, DomainError, require
from gonghui.members.queries import live_consents
from gonghui.notices.actions.preferences import may_be_off, set_preference, set_quiet_hours
from gonghui.notices.actions.quota import ACCEPTED, record_tap
from gonghui.notices.models import Channel, MessageKind
from gonghui.notices.ports.local_wechat import stand_in
from gonghui.notices.queries import quiet_hours_of, subscriptions_of, switches_of
from gonghui.portal.doors import go, signed_in

PAGE = "portal/account/message_settings.html"
HINTS = {
    MessageKind.TICKET: lazy("中签、候补到位、改期、取消"),
    MessageKind.REMINDER: lazy("开抢提醒、时间变更"),
    MessageKind.ACTIVITY: lazy("新活动预告"),
    MessageKind.SURVEY: lazy("活动后的评价和问卷"),
    MessageKind.SECURITY: lazy("认证、代约和登录"),
    MessageKind.POINTS: lazy("福豆到账和到期"),
    MessageKind.NOTICE: lazy("工会的通知"),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def message_settings(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    error = None
    if request.method == "POST":
        require(actor.person_id, NOT_ALLOWED)
        try:
            _save(request)
        except DomainError as refused:
            error = refused
        else:
            toasts.success(request, _("消息设置已保存，下一条起按新的来。"))
            return go("message_settings")
    return render(request, PAGE, _facts(request, error), status=error.status if error else 200)


def _save(request: HttpRequest) -> None:
    actor, wanted = request.actor, set(request.POST.getlist("on"))
    try:
        starts, ends = (time.fromisoformat(request.POST.get(name, "")) for name in ("starts", "ends"))
    except ValueError:
        raise DomainError(BAD_INPUT, detail=_("免打扰的时间请写成 22:00 这样")) from None
    quiet = quiet_hours_of(actor)
    is_quiet = bool(request.POST.get("quiet"))
    if (quiet.starts, quiet.ends, quiet.is_on) != (starts, ends, is_quiet):
        set_quiet_hours(actor, starts=starts, ends=ends, is_on=is_quiet)
    for (kind, channel), is_on in switches_of(actor).items():
        is_wanted = f"{kind}:{channel}" in wanted
        if may_be_off(kind, channel) and is_wanted != is_on:
            set_preference(actor, kind=kind, channel=channel, is_on=is_wanted)


def _facts(request: HttpRequest, error: DomainError | None) -> dict:
    actor = request.actor
    switches = switches_of(actor)
    rows = [
        {
            "kind": kind,
            "title": kind.label,
            "hint": HINTS[kind],
            "switches": [
                {
                    "name": f"{kind}:{channel}",
                    "label": channel.label,
                    "is_on": switches[kind, channel],
                    "is_fixed": not may_be_off(kind, channel),
                }
                for channel in Channel
            ],
        }
        for kind in MessageKind
    ]
    return {
        "tab": "messages",
        "rows": rows,
        "quiet": quiet_hours_of(actor),
        "agrees_to_sms": "messages" in live_consents(actor),
        "subscriptions": subscriptions_of(actor),
        "has_person": bool(actor.person_id),
        "plays_wechat": stand_in() is not None,
        "key": uuid4(),
        "error": error,
    }


@require_POST
def wechat_allow(request: HttpRequest) -> HttpResponse:
    """The stand-in's dialog: in WeChat it is wx.requestSubscribeMessage, whose answer goes to the API."""
    actor = signed_in(request)
    service = stand_in()
    require(service is not None and actor.person_id, NOT_ALLOWED)
    template = request.POST.get("template", "")[:64]
    try:
        key = UUID(request.POST.get("key", ""))
    except ValueError:
        raise DomainError(BAD_INPUT, detail=_("请刷新页面后再点一次")) from None
    if record_tap(actor, key=key, answers={template: ACCEPTED}):
        service.allow_person(actor.person_id, template)
        toasts.success(request, _("已允许，可以再给您发一条微信消息。"))
    return go("message_settings")
