"""Staff sessions end when nobody used them for a while, and on any other machine than their own; members' slide on once a day."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from gonghui.accounts.rules import STAFF_IDLE_MAX
from gonghui.accounts.sessions import AGENT, SEEN, agent_of, close_session
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now

log = structlog.get_logger("gonghui.accounts")
STAFF_NOTE_S = 300
MEMBER_NOTE_S = 24 * 3600


class SessionWatch:
    """After AuthenticationMiddleware. With a session: one write in five minutes (staff) or a day, when the answer is out."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            self._watch(request)
        return self.get_response(request)

    def _watch(self, request: HttpRequest) -> None:
        session = request.session
        if "_auth_user_id" not in session:
            return
        has_second_factor = bool(session.get("second_factor"))
        moment = int(now().timestamp())
        idle_s = moment - session.get(SEEN, moment)
        actor = Actor(user_id=int(session["_auth_user_id"]), channel="web")
        here = agent_of(request)
        is_elsewhere = has_second_factor and session.get(AGENT, here) != here
        if is_elsewhere:
            log.warning("session_elsewhere", user=actor.user_id, was=session[AGENT], now=here)
        if is_elsewhere or (has_second_factor and idle_s > STAFF_IDLE_MAX.total_seconds()):
            close_session(request, actor)
        elif SEEN not in session or idle_s > (STAFF_NOTE_S if has_second_factor else MEMBER_NOTE_S):
            session[SEEN] = moment
            session.seen_by = actor
