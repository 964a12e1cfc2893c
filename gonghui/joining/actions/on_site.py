"""现场办理: an officer who saw the document enters it, the worker confirms on their own phone or signs; another reviews."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from gonghui.accounts.actions.codes import phone_number, request_phone_code, use_phone_code
from gonghui.accounts.actions.sign_in import open_account
from gonghui.joining import errors
from gonghui.joining.actions.applying import Told, against, read_facts
from gonghui.joining.actions.thread import due_of, held, keep_union, step, taken
from gonghui.joining.events import ApplicationSubmitted
from gonghui.joining.models import Channel, How, JoinApplication, JoinEntry
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.kit.events import emit
from gonghui.kit.identifiers import plain_text
from gonghui.members.consents import PURPOSES

Agreed = JoinApplication.Agreed


@action
def enter_on_site(actor: Actor, *, told: Told, phone: str, poster_code: str = "") -> JoinApplication:
    """A draft, until its worker has confirmed it. Whoever enters it has the document in hand."""
    require(actor.user_id, SIGN_IN_FIRST)
    facts = read_facts(told, None, poster_code=poster_code)
    require(actor.may("joining.write", facts.union.path))
    number = phone_number(phone)
    refused = against(facts)
    require(refused is None, errors.NOT_ELIGIBLE, why=refused.sentence if refused else "")
    return JoinApplication.objects.create(
        **facts.columns(),
        phone=number,
        channel=Channel.ON_SITE,
        poster=facts.poster,
        consent_version=PURPOSES["joining"].version,
        entered_by_id=actor.user_id,
        confirmed_how=How.ID_SEEN,
        confirmed_by_id=actor.user_id,
        confirmed_at=clock.now(),
    )


def send_join_code(actor: Actor, *, application_id: int, address: str = "") -> str:
    """To the worker's own phone, saying what it confirms. Returns the code for doors that may show it (demo)."""
    row = own_draft(actor, application_id)
    text = _("您正在现场申请加入{union}，确认码 {code}，5 分钟内有效，请告诉经办人；不是您本人，请不要理会。")
    said = text.replace("{union}", row.union.name)
    return request_phone_code(actor, phone=row.phone, purpose=_purpose(row.pk), text=said, address=address)


def _purpose(application_id: int) -> str:
    return f"join:{application_id}"


def confirm_by_code(actor: Actor, *, application_id: int, code: str, address: str = "") -> JoinApplication:
    """The phone is the worker's from now on, and their account is opened with it. Never inside a transaction."""
    row = own_draft(actor, application_id)
    number = use_phone_code(actor, phone=row.phone, purpose=_purpose(row.pk), code=code, address=address)
    return _confirmed(actor, application_id=row.pk, phone=number)


@action
def _confirmed(actor: Actor, *, application_id: int, phone: str) -> JoinApplication:
    user = open_account(actor, phone=phone)
    require(not user.is_staff, errors.STAFF_PHONE)
    return _handed_in(actor, application_id, agreed_how=Agreed.SMS, user_id=user.pk)


@action
def confirm_by_signature(actor: Actor, *, application_id: int, form_no: str) -> JoinApplication:
    """On paper, kept by the union; no account is known by it."""
    number = plain_text(form_no)[:40]
    require(number, errors.FORM_NO_NEEDED)
    return _handed_in(actor, application_id, agreed_how=Agreed.SIGNED, form_no=number)


def _handed_in(actor: Actor, application_id: int, **agreed: object) -> JoinApplication:
    keep_union(own_draft(actor, application_id).union_id)
    row = own_draft(actor, application_id, is_held=True)
    if user_id := agreed.pop("user_id", None):
        row.user_id = user_id
        try:
            with transaction.atomic():
                row.save(update_fields=["user", "updated_at"])
        except IntegrityError as error:
            raise taken(error) from error
    step(
        actor,
        row,
        "submit",
        by=JoinEntry.By.OFFICER,
        submitted_at=clock.now(),
        due_on=due_of(row.union),
        **agreed,
    )
    emit(ApplicationSubmitted(application_id=row.pk))
    return row


@action
def drop_on_site(actor: Actor, *, application_id: int) -> None:
    """The worker thought better of it: nothing is kept."""
    own_draft(actor, application_id, is_held=True).delete()


def own_draft(actor: Actor, application_id: int, *, is_held: bool = False) -> JoinApplication:
    """Begun by this officer and not confirmed yet."""
    require(actor.user_id, SIGN_IN_FIRST)
    mine = JoinApplication.objects.visible_to(actor).filter(
        pk=application_id, state="draft", entered_by_id=actor.user_id
    )
    row = held(mine) if is_held else mine.select_related("union").first()
    require(row is not None and actor.may("joining.write", row.union.path), NOT_FOUND)
    return row


@action
def drop_old_draft(actor: Actor, *, application_id: int) -> None:
    """Of a worker who never confirmed: their document is not kept for nothing."""
    row = held(JoinApplication.objects.visible_to(actor).filter(pk=application_id, state="draft"))
    require(row is not None, NOT_FOUND)
    row.delete()
