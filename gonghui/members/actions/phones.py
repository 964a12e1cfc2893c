"""Correcting one's own phone number, proved by a code sent to the new one."""

from __future__ import annotations

import secrets

import structlog
from django.utils.translation import gettext as _

from gonghui.accounts.actions.codes import CHANGE_PHONE, use_phone_code
from gonghui.accounts.actions.sign_in import move_account
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, require
from gonghui.kit.masks import mask_phone
from gonghui.kit.ports import PortFailed, port
from gonghui.members.models import Person

log = structlog.get_logger("gonghui.members")


def correct_phone(actor: Actor, *, phone: str, code: str, address: str = "") -> None:
    """Moves account and person to the new number, ends every session, and warns the old number."""
    require(actor.user_id, SIGN_IN_FIRST)
    number = use_phone_code(actor, phone=phone, purpose=CHANGE_PHONE, code=code, address=address)
    former = record_phone(actor, phone=number)
    if former:
        warn_former(former, number)


@action
def record_phone(actor: Actor, *, phone: str) -> str:
    former = move_account(actor, phone=phone)
    person = Person.objects.unscoped("the actor's own person").filter(user_id=actor.user_id).first()
    if person:
        person.phone = phone
        person.save(update_fields=["phone", "phone_index", "updated_at"])
    return former


def warn_former(former: str, number: str) -> None:
    text = _("您的工惠登录手机号已改为 {phone}。如果不是您本人操作，请马上联系所在工会。")
    try:
        port("sms").send(
            phone=former, text=text.format(phone=mask_phone(number)), key=f"moved:{secrets.token_hex(8)}"
        )
    except PortFailed:
        log.warning("warning_not_sent")
