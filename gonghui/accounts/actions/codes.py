"""Six-digit codes by SMS: one a minute, ten a day, five tries, five minutes, once."""

from __future__ import annotations

import hmac
import secrets

import structlog
from django.db.models import F
from django.utils.translation import gettext as _

from gonghui.accounts import rules
from gonghui.accounts.actions import answered
from gonghui.accounts.actions.lockouts import count_failures, lock_refusal, require_unlocked
from gonghui.accounts.errors import BAD_PHONE, CODE_DAILY_LIMIT, CODE_NOT_SENT, CODE_TOO_SOON, CODE_WRONG
from gonghui.accounts.models import PhoneCode
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import DomainError, require
from gonghui.kit.identifiers import read_phone
from gonghui.kit.locks import lock_name
from gonghui.kit.ports import PortFailed, PortUncertain, port

log = structlog.get_logger("gonghui.accounts")
SIGN_IN, CHANGE_PHONE = "sign_in", "change_phone"


def phone_number(raw: str) -> str:
    """Eleven digits, or the refusal that says what is wrong with them."""
    reading = read_phone(raw)
    require(reading.ok, BAD_PHONE, detail=reading.message)
    return reading.value


def request_phone_code(
    actor: Actor, *, phone: str, purpose: str = SIGN_IN, text: str = "", address: str = ""
) -> str:
    """Sends a code and answers alike for every phone. Returns the code for doors that may show it (demo).

    `text` may carry {code}. Two steps around the outside call: nothing is open while the SMS is on its way.
    """
    number = phone_number(phone)
    require_unlocked(("phone", number), ("sends", address), ("address", address))
    code, row_id = issue_phone_code(actor, phone=number, purpose=purpose)
    count_failures(actor, subjects=(("sends", address),))
    said = (text or _("您的验证码是 {code}，5 分钟内有效。工作人员不会向您索要。")).format(code=code)
    try:
        port("sms").send(phone=number, text=said, key=f"code:{row_id}")
    except PortUncertain:
        log.warning("code_send_uncertain", purpose=purpose.partition(":")[0])
    except PortFailed:
        log.warning("code_send_failed", purpose=purpose.partition(":")[0])
        withdraw_phone_code(actor, code_id=row_id)
        raise DomainError(CODE_NOT_SENT) from None
    return code


@action
def issue_phone_code(actor: Actor, *, phone: str, purpose: str) -> tuple[str, int]:
    """A new code under the limits of this phone; returns it with its row's id."""
    lock_name("phone-code", phone)
    moment = now()
    require_under_limits(phone, moment)
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    row = PhoneCode.objects.create(
        phone_index=phone,
        purpose=purpose,
        code_hash=rules.code_hash(phone, purpose, code),
        expires_at=moment + rules.CODE_LIFE,
        created_at=moment,
    )
    return code, row.pk


def require_under_limits(phone: str, moment) -> None:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    since = min(midnight, moment - rules.CODE_PAUSE)
    sent = list(
        PhoneCode.objects.unscoped("codes of this very phone")
        .filter(phone_index=phone, created_at__gte=since)
        .values_list("created_at", flat=True)
    )
    today = sum(at >= midnight for at in sent)
    require(today < rules.CODES_PER_DAY_MAX, CODE_DAILY_LIMIT)
    wait = max(((at + rules.CODE_PAUSE - moment).total_seconds() for at in sent), default=0)
    require(wait <= 0, CODE_TOO_SOON, seconds=int(wait) + 1)


@action
def withdraw_phone_code(actor: Actor, *, code_id: int) -> None:
    """The SMS never left: the code counts for nothing."""
    PhoneCode.objects.unscoped("the code just issued").filter(pk=code_id, used_at=None).delete()


def use_phone_code(actor: Actor, *, phone: str, purpose: str, code: str, address: str = "") -> str:
    """The phone, once its code fits; a code fits once. Failures stay counted. Never inside a transaction."""
    number = phone_number(phone)
    answered(spend_phone_code(actor, phone=number, purpose=purpose, code=code, address=address))
    return number


@action
def spend_phone_code(
    actor: Actor, *, phone: str, purpose: str, code: str, address: str = ""
) -> DomainError | None:
    """Takes one try off the latest code, spends it if it fits; returns the refusal for after the commit."""
    subjects = (("phone", phone), ("address", address))
    if refused := lock_refusal(*subjects):
        return refused
    latest = _live_codes(phone, purpose).order_by("-id").first()
    if latest is None or not _take_try(latest) or not _fits(latest, phone, code):
        count_failures(actor, subjects=subjects)
        return lock_refusal(*subjects) or DomainError(CODE_WRONG)
    return None if _spend(latest) else DomainError(CODE_WRONG)


def _live_codes(phone: str, purpose: str):
    found = PhoneCode.objects.unscoped("codes of this very phone")
    return found.filter(phone_index=phone, purpose=purpose)


def _take_try(latest: PhoneCode) -> bool:
    mine = PhoneCode.objects.unscoped("compare-and-set").filter(
        pk=latest.pk, used_at=None, expires_at__gt=now(), tries__lt=rules.CODE_TRIES_MAX
    )
    return bool(mine.update(tries=F("tries") + 1))


def _fits(latest: PhoneCode, phone: str, code: str) -> bool:
    wanted = rules.code_hash(phone, latest.purpose, rules.digits_of(code))
    return hmac.compare_digest(wanted, bytes(latest.code_hash))


def _spend(latest: PhoneCode) -> bool:
    mine = PhoneCode.objects.unscoped("compare-and-set").filter(pk=latest.pk, used_at=None)
    return bool(mine.update(used_at=now()))
