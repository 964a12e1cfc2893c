"""合作协议: drafted by one, sent by another, signed by the merchant; then the calendar moves it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils.translation import gettext as _

from gonghui.accounts.actions.codes import request_phone_code, use_phone_code
from gonghui.accounts.models import User
from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.notices.actions import Notice, tell_once
from gonghui.partners import errors
from gonghui.partners.agreement_text import text_of
from gonghui.partners.events import AgreementEnded
from gonghui.partners.interests import refuse_own_merchant
from gonghui.partners.models import Agreement, MerchantRole, PayoutAccount, Selection
from gonghui.partners.models.agreements import AGREEMENT_VERBS, BINDING, IN_FORCE
from gonghui.partners.purchasing import read_quotes, require_chosen
from gonghui.partners.queries import merchant_user_ids

WARN_BEFORE = timedelta(days=30)
TERMS = (
    "concession",
    "concession_permille",
    "starts_on",
    "ends_on",
    "cycle",
    "silent_days",
    "fee_bp",
    "is_purchase",
    "purchase_fen",
    "payout_account",
    "payout_shown",
)


def _agreement(actor: Actor, agreement_id: int) -> Agreement:
    found = Agreement.objects.visible_to(actor).filter(pk=agreement_id).select_related("union", "partner")
    row = found.select_for_update(of=("self",)).first()
    require(row is not None, NOT_FOUND)
    return row


# --- the union ----------------------------------------------------------------------------------------------


@action
def draft_agreement(actor: Actor, *, partner, renews: Agreement | None = None, **terms: Any) -> Agreement:
    """`terms` are the columns in TERMS. Of the partner's union; whoever drafts does not send."""
    require(actor.may("partners.write", partner.union.path))
    require(partner.state != "exited", errors.PARTNER_EXITED, partner=partner.name)
    require(set(terms) <= set(TERMS), BAD_INPUT, detail=_("有不认识的内容。"))
    row = Agreement(partner=partner, union=partner.union, renews=renews, maker_id=actor.user_id, **terms)
    entered = (
        PayoutAccount.objects.unscoped("of the partner it is drafted for").filter(partner=partner).first()
    )
    if entered is not None:  # what the owner entered last, also where a renewal carries an older one
        _write_payout(row, entered.holder, entered.bank, entered.account)
    row.full_clean(exclude=["renews"])
    row.save()
    return row


@action
def register_payout_account(
    actor: Actor, *, agreement_id: int, payee: str, bank: str, number: str
) -> Agreement:
    """Where the merchant is paid: of a draft not yet sent, or of an agreement that leaves it to be registered later, once."""
    row = _agreement(actor, agreement_id)
    require(actor.may("partners.write", row.union.path))
    open_draft = row.state == "draft" and row.sent_at is None
    require(open_draft or (not row.payout_account and row.state in BINDING), errors.PAYOUT_FIXED)
    digits = "".join(number.split())
    require(payee.strip() and bank.strip(), BAD_INPUT, detail=_("请填写户名和开户行。"))
    require(re.fullmatch(r"[0-9]{8,32}", digits), BAD_INPUT, detail=_("账号是 8 到 32 位数字。"))
    _write_payout(row, payee.strip(), bank.strip(), digits)
    row.save()
    return row


def _write_payout(row: Agreement, payee: str, bank: str, number: str) -> None:
    row.payout_account = "\n".join((payee, bank, number))
    row.payout_shown = f"{payee} {bank} 尾号 {number[-4:]}"[:120]


def fill_payout_accounts(kept: PayoutAccount) -> None:
    """Agreements in force that left it to be registered later; what an agreement says stays until the next one."""
    found = Agreement.objects.unscoped("the agreements of one partner").filter(partner_id=kept.partner_id)
    for row in (
        found.filter(state__in=BINDING, payout_account__isnull=True).order_by("id").select_for_update()
    ):
        _write_payout(row, kept.holder, kept.bank, kept.account)
        row.save(update_fields=["payout_account", "payout_shown", "updated_at"])


@action
def record_choice(
    actor: Actor, *, agreement_id: int, chosen_by: str, chosen_why: str = "", quotes: str = ""
) -> Agreement:
    """How the supplier was chosen, of a draft not yet sent; `quotes` a supplier and its price in yuan on each line."""
    row = _agreement(actor, agreement_id)
    require(actor.may("partners.write", row.union.path))
    require(row.state == "draft" and row.sent_at is None, errors.SENT_ALREADY)
    require(row.is_purchase, errors.NOT_A_PURCHASE)
    require(chosen_by in Selection.values, errors.CHOICE_MISSING, partner=row.partner.name)
    row.chosen_by, row.chosen_why = chosen_by, chosen_why.strip()[:300]
    row.quotes = [asdict(quote) for quote in read_quotes(quotes)]
    row.save(update_fields=["chosen_by", "chosen_why", "quotes", "updated_at"])
    return row


@action
def renew_agreement(actor: Actor, *, agreement_id: int) -> Agreement:
    """A draft on the same terms from the day after; the old one is renewed when the new one starts."""
    old = _agreement(actor, agreement_id)
    require(actor.may("partners.write", old.union.path))
    states.target(old, AGREEMENT_VERBS, "renew")
    waiting = Agreement.objects.unscoped("a draft that renews it").filter(renews=old).first()
    if waiting is not None:
        return waiting
    terms = {name: getattr(old, name) for name in TERMS}
    starts = (old.ends_on or clock.today()) + timedelta(days=1)
    length = (old.ends_on - old.starts_on) if old.ends_on else timedelta(days=364)
    terms |= {"starts_on": starts, "ends_on": starts + length}
    return draft_agreement(actor, partner=old.partner, renews=old, **terms)


@action
def send_agreement(actor: Actor, *, agreement_id: int) -> Agreement:
    """A second person of the union sends it: the text stands from now on, and the owners are asked to sign."""
    row = _agreement(actor, agreement_id)
    require(actor.may("partners.review", row.union.path))
    require(row.state == "draft" and row.sent_at is None, errors.SENT_ALREADY)
    require(actor.user_id != row.maker_id, errors.OWN_DRAFT)
    refuse_own_merchant(actor, [row.partner_id])
    require_chosen(row)
    require(row.ends_on is None or row.ends_on >= clock.today(), errors.STARTS_TOO_LATE)
    row.text = text_of(row)
    row.text_sha256 = hashlib.sha256(row.text.encode()).hexdigest()
    row.checker_id, row.sent_at = actor.user_id, clock.now()
    row.save()
    _tell_owners(actor, row, "sent", _("有一份合作协议等您签署"), _("请阅读全文后签署。"))
    return row


@action
def recall_agreement(actor: Actor, *, agreement_id: int) -> Agreement:
    """Back to a draft that may be changed; what was read counts for nothing."""
    row = _agreement(actor, agreement_id)
    require(actor.may("partners.write", row.union.path))
    require(row.state == "draft" and row.sent_at is not None, errors.NOT_SENT)
    row.text = row.text_sha256 = ""
    row.checker_id = row.sent_at = None
    row.save()
    return row


@action
def terminate_agreement(actor: Actor, *, agreement_id: int, reason: str) -> Agreement:
    row = _agreement(actor, agreement_id)
    require(actor.may("partners.review", row.union.path))
    _terminate(row, reason)
    return row


def _terminate(row: Agreement, reason: str) -> None:
    states.move(row, AGREEMENT_VERBS, "terminate", reason=reason[:200], ended_at=clock.now())
    emit(AgreementEnded(agreement_id=row.pk))


def end_agreements(partner_id: int, reason: str) -> None:
    """All that bind this partner, for its exit."""
    found = Agreement.objects.unscoped("the agreements of one who leaves").filter(partner_id=partner_id)
    for row in found.filter(state__in=BINDING).order_by("id").select_for_update():
        _terminate(row, reason)


# --- the merchant -------------------------------------------------------------------------------------------


def request_signing_code(actor: Actor, *, agreement_id: int, address: str = "") -> str:
    """To the phone the owner signs in with; returns the code for doors that may show it (demo)."""
    row = Agreement.objects.visible_to(actor).filter(pk=agreement_id).first()
    require(row is not None, NOT_FOUND)
    said = _("您正在签署工会合作协议，验证码 {code}，5 分钟内有效。工作人员不会向您索要。")
    phone = _phone_of(actor)
    return request_phone_code(actor, phone=phone, purpose=_purpose(row.pk), text=said, address=address)


def _phone_of(actor: Actor) -> str:
    user = User.objects.unscoped("the signer's own account").filter(pk=actor.user_id).first()
    require(user is not None and user.phone, errors.WRONG_SIGNER)
    return user.phone


def _purpose(agreement_id: int) -> str:
    return f"sign_agreement:{agreement_id}"


def sign_with_code(
    actor: Actor, *, agreement_id: int, name: str, code: str, text_sha256: str, address: str = ""
) -> Agreement:
    """The code first: a try counts whatever comes of it. Never inside a transaction."""
    use_phone_code(actor, phone=_phone_of(actor), purpose=_purpose(agreement_id), code=code, address=address)
    return sign_agreement(actor, agreement_id=agreement_id, name=name, text_sha256=text_sha256)


@action
def sign_agreement(actor: Actor, *, agreement_id: int, name: str, text_sha256: str) -> Agreement:
    """By an owner, of the very text that was read; it starts at once where its first day has come."""
    row = _agreement(actor, agreement_id)
    _require_owner(actor, row)
    require(row.state != "draft" or row.sent_at is not None, errors.NOT_SENT)
    require(row.text_sha256 == text_sha256, errors.AGREEMENT_TEXT_CHANGED)
    require(name.strip(), BAD_INPUT, detail=_("请填写签署人姓名。"))
    require(row.partner.state != "exited", errors.PARTNER_EXITED, partner=row.partner.name)
    # One signature of a partner at a time: two that overlap would wait for each other at the constraint.
    lock_name("agreements", str(row.partner_id))
    _make_room(row)
    facts = {"signer_id": actor.user_id, "signed_name": name.strip(), "signed_at": clock.now()}
    try:
        with transaction.atomic():
            states.move(row, AGREEMENT_VERBS, "sign", **facts)
    except DatabaseError as error:
        if "partner_agreements_do_not_overlap" not in str(error):
            raise
        raise DomainError(errors.AGREEMENTS_OVERLAP) from error
    _follow(actor, row)
    return row


def _require_owner(actor: Actor, row: Agreement) -> None:
    held = MerchantRole.objects.visible_to(actor).filter(user_id=actor.user_id, ended_at=None, role="owner")
    require(row.partner_id in actor.owns("partner") and held.exists(), errors.WRONG_SIGNER)


def _make_room(row: Agreement) -> None:
    """A renewal signed before the old one ran out ends it the day before."""
    old = row.renews
    if old is None or old.state not in IN_FORCE:
        return
    eve = row.starts_on - timedelta(days=1)
    if old.starts_on <= eve and (old.ends_on is None or old.ends_on > eve):
        old.ends_on = eve
        old.save(update_fields=["ends_on", "updated_at"])


# --- the calendar -------------------------------------------------------------------------------------------


@action
def follow_agreement(actor: Actor, *, agreement_id: int) -> Agreement:
    """Whatever today's date makes of it; run it as often as you like."""
    row = _agreement(actor, agreement_id)
    _follow(actor, row)
    return row


def _follow(actor: Actor, row: Agreement) -> None:
    today = clock.today()
    if row.state == "signed" and row.starts_on <= today:
        states.move(row, AGREEMENT_VERBS, "start")
        if row.renews is not None and row.renews.state in IN_FORCE:
            states.move(row.renews, AGREEMENT_VERBS, "renew", ended_at=clock.now())
    if row.ends_on is None:
        return
    if row.state in IN_FORCE and row.ends_on < today:
        _run_out(row)
    elif row.state == "effective" and row.ends_on - WARN_BEFORE <= today:
        states.move(row, AGREEMENT_VERBS, "warn")
        said = _("协议到 {day} 为止。如要继续合作，请联系签约工会续签。").format(day=row.ends_on)
        _tell_owners(actor, row, "expiring", _("合作协议快到期了"), said)


def _run_out(row: Agreement) -> None:
    signed = Agreement.objects.unscoped("what renews it").filter(renews=row, state__in=BINDING)
    if signed.exists():
        states.move(row, AGREEMENT_VERBS, "renew", ended_at=clock.now())
        return
    states.move(row, AGREEMENT_VERBS, "expire", ended_at=clock.now())
    emit(AgreementEnded(agreement_id=row.pk))


def _tell_owners(actor: Actor, row: Agreement, what: str, title: str, body: str) -> None:
    notice = Notice(kind="notice", title=title, body=body, link=f"/merchant/agreements/{row.pk}")
    stamp = f"{row.sent_at:%Y%m%d%H%M%S}" if row.sent_at else "0"
    for user_id in merchant_user_ids(row.partner_id, owners_only=True):
        tell_once(actor, once=f"agreement:{row.pk}:{what}:{stamp}:{user_id}", notice=notice, user_id=user_id)
