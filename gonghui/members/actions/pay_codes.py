"""付款码: a member shows a code that changes every minute; a till knows them by it, and each minute's code pays once.

A basket takes longer to type than a code lives, so a till exchanges what it scanned for a ticket of its own: good for this
clerk at this store and some minutes, and it spends the very minute that was scanned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from gonghui.kit import clock, tokens
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.tokens import PayCode, QrVerdict
from gonghui.members import errors
from gonghui.members.models import MemberCard, PayCodeUse

TICKET_PREFIX = "GH3"
TICKET_LIFE = timedelta(minutes=10)
PURPOSE = "till-ticket"


@dataclass(frozen=True, slots=True)
class PayCodeShown:
    text: str
    said: str
    until: datetime
    """When the page should ask for the next one."""


def show_pay_code(actor: Actor) -> PayCodeShown:
    """Of this minute; of the next one, which tills take as well, when this one has paid already. One query, once there is
    a card."""
    minute = tokens.minute_of(clock.now())
    found = _cards_with_uses(actor, minute).first() or _new_card(actor)
    pay = PayCode(found.code, minute + 1 if found.has_paid else minute)
    until = datetime.fromtimestamp((minute + 1) * 60, clock.CHINA)
    return PayCodeShown(tokens.pay_text(pay), tokens.pay_said(pay), until)


def _cards_with_uses(actor: Actor, minute: int) -> QuerySet[MemberCard]:
    require(actor.person_id, errors.VERIFY_FIRST)
    spent = PayCodeUse.objects.unscoped("one's own card").filter(card=OuterRef("pk"), minute=minute)
    found = MemberCard.objects.visible_to(actor).filter(person_id=actor.person_id)
    return found.annotate(has_paid=Exists(spent))


@action
def _new_card(actor: Actor) -> MemberCard:
    """Made when first asked for; two phones that ask at once are given the same one."""
    card = MemberCard(person_id=actor.person_id, code=tokens.new_short_code())
    MemberCard.objects.bulk_create([card], ignore_conflicts=True)
    return _cards_with_uses(actor, 0).get()


@action
def renew_card(actor: Actor) -> None:
    """Every code shown before is dead at once: the phone was lost, or somebody saw too much."""
    card = _cards_with_uses(actor, 0).first() or _new_card(actor)
    card.code = tokens.new_short_code()
    card.save(update_fields=["code", "updated_at"])


# --- at the till --------------------------------------------------------------------------------------------


def is_pay_code(text: str) -> bool:
    """Looks like one, scanned, said or exchanged. Proves nothing."""
    prefix = text.strip().split(".")[0]
    return prefix in (tokens.PAY_PREFIX, TICKET_PREFIX) or tokens.normalise_pay_said(text) is not None


def person_of_pay_code(actor: Actor, *, text: str, store_id: int) -> int:
    """Whose it is; refused when it is stale or has paid already. Spends nothing."""
    card, _pay = _read(actor, text, store_id)
    require(not card.has_paid, errors.PAY_CODE_USED)
    return card.person_id


def hold_pay_code(actor: Actor, *, text: str, store_id: int) -> str:
    """What the till keeps while the basket is typed, instead of the code."""
    person_of_pay_code(actor, text=text, store_id=store_id)
    if text.strip().startswith(TICKET_PREFIX + "."):
        return text.strip()
    _verdict, pay = tokens.check_pay(text, clock.now())
    payload = ".".join(map(str, (store_id, actor.user_id, *pay)))
    return f"{TICKET_PREFIX}.{tokens.sign(PURPOSE, payload.encode(), expires_at=clock.now() + TICKET_LIFE)}"


def spend_pay_code(actor: Actor, *, text: str, store_id: int) -> int:
    """The person who pays. In the sale's own transaction: the second sale with the same code is refused."""
    card, pay = _read(actor, text, store_id)
    try:
        with transaction.atomic():
            PayCodeUse.objects.create(card=card, minute=pay.minute, clerk_id=actor.user_id)
    except IntegrityError:
        raise DomainError(errors.PAY_CODE_USED) from None
    return card.person_id


def _read(actor: Actor, text: str, store_id: int) -> tuple[MemberCard, PayCode]:
    require(store_id in actor.owns("store"))
    text = text.strip()
    pay = (
        _of_ticket(actor, text.removeprefix(TICKET_PREFIX + "."), store_id)
        if text.startswith(TICKET_PREFIX + ".")
        else _of_code(text)
    )
    spent = PayCodeUse.objects.unscoped("has this code paid?").filter(card=OuterRef("pk"), minute=pay.minute)
    shown = MemberCard.objects.unscoped("shown by its owner").filter(code=pay.card)
    card = shown.annotate(has_paid=Exists(spent)).first()
    require(card, errors.PAY_CODE_REPLACED)
    return card, pay


def _of_code(text: str) -> PayCode:
    verdict, pay = tokens.check_pay(text, clock.now())
    require(verdict != QrVerdict.STALE, errors.PAY_CODE_STALE)
    require(verdict == QrVerdict.OK and pay, errors.PAY_CODE_FORGED)
    return pay


def _of_ticket(actor: Actor, token: str, store_id: int) -> PayCode:
    try:
        payload = tokens.verify(PURPOSE, token, at=clock.now())
    except tokens.TokenExpired:
        raise DomainError(errors.PAY_CODE_STALE) from None
    except tokens.TokenRefused:
        raise DomainError(errors.PAY_CODE_FORGED) from None
    store, clerk, card, minute = payload.decode().split(".")
    require((store, clerk) == (str(store_id), str(actor.user_id)), errors.PAY_CODE_FORGED)
    return PayCode(card, int(minute))
