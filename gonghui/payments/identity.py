"""Between a request and the identities: which WeChat this session runs in, and the door to paying that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from gonghui.accounts.rules import own_path, token_hash
from gonghui.kit import clock
from gonghui.kit.ports import PortFailed, port
from gonghui.payments.models import IdentityRound, PayerIdentity
from gonghui.payments.queries import openid_to_pay

AT_HAND = "wechat_identity"
BACK_LENGTH_MAX = 200
WHY = "of this session"


@dataclass(frozen=True, slots=True)
class PayDoor:
    """`state`: ready · connect (at `address`; `is_first`: not tried yet, go at once) · elsewhere (`address`: this page,
    to be opened in WeChat) · closed.
    """

    state: str
    address: str = ""
    is_first: bool = False

    @property
    def picture(self) -> str:
        return segno.make(self.address, micro=False, error="m").svg_data_uri(scale=6, border=2)


def pay_door(request: HttpRequest, back: str) -> PayDoor:
    """For a signed-in member on the page `back`. A WeChat browser says once a session whose it is.

    Once a session, not once a person: money comes only from the WeChat the page is open in, and phones are shared.
    Where WeChat would not say, the member's own identity of another day does.
    """
    try:
        adapter = port("wechat_identity")
    except PortFailed:
        return PayDoor("closed")
    if not adapter.works_in(request.headers.get("User-Agent", "")):
        return PayDoor("elsewhere", request.build_absolute_uri(back))
    if identity_at_hand(request):
        return PayDoor("ready")
    has_tried = has_begun_lately(request)
    if has_tried and openid_to_pay(adapter.appid, person_id=request.actor.person_id):
        return PayDoor("ready")
    address = f"{reverse('wechat_authorise')}?{urlencode({'next': back})}"
    return PayDoor("connect", address, is_first=not has_tried)


def identity_at_hand(request: HttpRequest) -> int | None:
    """The identity of the WeChat this session runs in, as long as it is kept; of this member's session only."""
    person_id, identity_id = request.session.get(AT_HAND, (None, None))
    if identity_id is None or person_id != request.actor.person_id:
        return None
    is_kept = PayerIdentity.objects.unscoped(WHY).filter(pk=identity_id).exists()
    return identity_id if is_kept else None


def keep_at_hand(request: HttpRequest, identity: PayerIdentity) -> None:
    request.session[AT_HAND] = [request.actor.person_id, identity.pk]


def has_begun_lately(request: HttpRequest) -> bool:
    rounds = IdentityRound.objects.unscoped(WHY).filter(
        session_hash=token_hash(session_key_of(request)), person_id=request.actor.person_id
    )
    return rounds.filter(expires_at__gt=clock.now()).exists()


def session_key_of(request: HttpRequest) -> str:
    return request.session.session_key or ""


def way_back(target: str | None) -> str:
    """A path of ours, and none of the round itself: it would go round for ever."""
    found = own_path(target, reverse("me"))
    is_round = found.startswith("/payments/")
    return reverse("me") if is_round or len(found) > BACK_LENGTH_MAX else found
