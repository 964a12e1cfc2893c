"""Off to WeChat's authorisation, back from it, forgetting what it said; and the page that plays it locally."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.ports import PortFailed, port
from gonghui.payments import errors
from gonghui.payments.actions.identities import begin_round, forget_identity, use_round
from gonghui.payments.collecting import learn_identity
from gonghui.payments.identity import keep_at_hand, session_key_of, way_back
from gonghui.payments.ports.local_identity import LocalIdentity
from gonghui.payments.ports.local_trades import Refusal

LOCAL_WECHAT = "local_wechat"
LOCAL_WECHAT_AGE_S = 365 * 24 * 3600


def signed_in(request: HttpRequest) -> Actor:
    require(request.actor.user_id, SIGN_IN_FIRST)
    return request.actor


@never_cache
@require_GET
def authorise(request: HttpRequest) -> HttpResponse:
    """A link, not a form: our CSP lets no form be led on to another host."""
    actor, back = signed_in(request), way_back(request.GET.get("next"))
    try:
        adapter = identity_port()
        require(adapter.works_in(request.headers.get("User-Agent", "")), errors.OPENID_NEEDED)
        state = begin_round(actor, session_key=session_key_of(request), back=back)
    except DomainError as error:
        return refused(request, error, back)
    returning_to = request.build_absolute_uri(reverse("wechat_return"))
    return HttpResponseRedirect(adapter.authorise_address(returning_to=returning_to, state=state))


def identity_port():
    try:
        return port("wechat_identity")
    except PortFailed:
        raise DomainError(errors.IDENTITY_DOWN) from None


@never_cache
@require_GET
def returned(request: HttpRequest) -> HttpResponse:
    """Back from WeChat. The round is used up before the code is shown to anybody."""
    actor, back = signed_in(request), reverse("me")
    try:
        found = use_round(actor, session_key=session_key_of(request), state=request.GET.get("state", ""))
        back = found.back
        if found.is_first:
            keep_at_hand(request, learn_identity(actor, code=request.GET.get("code", "")))
    except DomainError as error:
        return refused(request, error, back)
    return HttpResponseRedirect(back)


def refused(request: HttpRequest, error: DomainError, back: str) -> HttpResponse:
    facts = {
        "code": error.code, "title": error.message, "advice": error.advice, "status": error.status,
        "back_url": back, "back_text": _("返回"),
    }  # fmt: skip
    return render(request, "kit/error.html", facts, status=error.status)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    forget_identity(signed_in(request))
    messages.success(request, _("已解除。下次付款时再连接微信。"))
    return HttpResponseRedirect(reverse("consents"))


@never_cache
@require_GET
def local_authorise(request: HttpRequest) -> HttpResponse:
    """The original's page, played: asks nothing, knows the browser's WeChat by a cookie, and leads back with a code."""
    adapter = stand_in()
    query = request.GET.dict()
    wechat = request.COOKIES.get(LOCAL_WECHAT) or secrets.token_hex(16)
    target = query.get("redirect_uri", "")
    try:
        if urlsplit(target)[:2] != (request.scheme, request.get_host()):
            raise Refusal(400, "10003")
        code = adapter.service.code_for(wechat, query)
    except (Refusal, ValueError) as wrong:
        facts = {"title": _("微信不认这个请求"), "advice": getattr(wrong, "code", "10003"), "status": 400}
        return render(request, "kit/error.html", facts, status=400)
    response = HttpResponseRedirect(f"{target}?{urlencode({'code': code, 'state': query['state']})}")
    response.set_cookie(
        LOCAL_WECHAT, wechat, max_age=LOCAL_WECHAT_AGE_S, path=request.path, httponly=True, samesite="Lax"
    )
    return response


def stand_in() -> LocalIdentity:
    try:
        adapter = port("wechat_identity")
    except PortFailed:
        raise Http404 from None
    if not isinstance(adapter, LocalIdentity):
        raise Http404
    return adapter
