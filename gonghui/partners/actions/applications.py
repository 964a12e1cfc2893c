"""入驻申请: saved, submitted, asked about, approved into a partner with its stores and its owner, or rejected."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, SIGN_IN_FIRST, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.identifiers import read_phone, read_uscc
from gonghui.kit.locks import lock_name
from gonghui.notices.actions import Notice, tell_once
from gonghui.partners import errors
from gonghui.partners.actions.people import account_reached_by
from gonghui.partners.events import PartnerApproved
from gonghui.partners.interests import refuse_being_one_of
from gonghui.partners.licences import media_type_of
from gonghui.partners.models import ApplicationFile, MerchantRole, Partner, PartnerApplication, Store
from gonghui.partners.models.applications import APPLICATION_VERBS, LIVE_STATES

FILLED = (
    "union", "company", "uscc", "kind", "contact_name", "contact_phone", "stores", "offer", "concession_permille",
)  # fmt: skip
NEEDED = ("union", "company", "uscc", "kind", "contact_name", "contact_phone", "stores", "offer")
OPEN_TO_EDIT = ("draft", "needs_info")


# --- the merchant -------------------------------------------------------------------------------------------


@action
def save_application(actor: Actor, *, application_id: int | None = None, **filled: Any) -> PartnerApplication:
    """A draft, complete or not; one draft a person. `filled` are the columns in FILLED."""
    require(actor.user_id, SIGN_IN_FIRST)
    require(set(filled) <= set(FILLED), BAD_INPUT, detail=_("有不认识的内容。"))
    found = PartnerApplication.objects.visible_to(actor).filter(applicant_id=actor.user_id)
    asked = {"pk": application_id} if application_id else {"state": "draft"}
    row = found.filter(**asked).select_for_update(of=("self",)).first()
    require(row is not None or application_id is None, NOT_FOUND)
    row = row or PartnerApplication(applicant_id=actor.user_id)
    require(row.state in OPEN_TO_EDIT, states.ILLEGAL_MOVE, state=row.get_state_display())
    return _written(row, filled)


def _written(row: PartnerApplication, filled: dict[str, Any]) -> PartnerApplication:
    for name, value in filled.items():
        setattr(row, name, value)
    permille = row.concession_permille
    require(permille is None or 0 <= permille <= 1000, BAD_INPUT, detail=_("让利要在 0 到 100% 之间。"))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "application_uscc_once" not in str(error):
            raise
        raise DomainError(errors.USCC_TAKEN) from error
    return row


@action
def attach_licence(actor: Actor, *, application_id: int, name: str, content: bytes) -> ApplicationFile:
    """What the file is, its bytes say, never its name; the one before is replaced."""
    row = _own(actor, application_id)
    require(row.state in OPEN_TO_EDIT, states.ILLEGAL_MOVE, state=row.get_state_display())
    return _attach(row, name, content)


def _attach(row: PartnerApplication, name: str, content: bytes) -> ApplicationFile:
    kind = media_type_of(content)
    made, _new = ApplicationFile.objects.unscoped(
        "the licence of an application just written"
    ).update_or_create(
        application=row, defaults={"content": content, "media_type": kind, "name": name[-120:]}
    )
    return made


@action
def submit_application(actor: Actor, *, application_id: int) -> PartnerApplication:
    return _submitted(_own(actor, application_id))


def _submitted(row: PartnerApplication) -> PartnerApplication:
    missing = [str(row._meta.get_field(n).verbose_name) for n in NEEDED if not getattr(row, n)]
    require(not missing, errors.APPLICATION_INCOMPLETE, missing="、".join(missing))
    uscc = read_uscc(row.uscc)
    require(uscc.ok, BAD_INPUT, detail=_("统一社会信用代码：%s") % uscc.message)
    phone = read_phone(row.contact_phone)
    require(phone.ok, BAD_INPUT, detail=_("联系电话：%s") % phone.message)
    _refuse_taken(row, uscc.value)
    try:
        with transaction.atomic():
            states.move(row, APPLICATION_VERBS, "submit", uscc=uscc.value, submitted_at=clock.now())
    except IntegrityError as error:
        if "application_uscc_once" not in str(error):
            raise
        raise DomainError(errors.USCC_TAKEN) from error
    return row


def _refuse_taken(row: PartnerApplication, uscc: str) -> None:
    """Waits for whoever submits or approves the same company at this moment."""
    lock_name("uscc", uscc)
    partners = Partner.objects.unscoped("is this company a partner?").filter(uscc=uscc)
    live = PartnerApplication.objects.unscoped("is it applying?").filter(uscc=uscc, state__in=LIVE_STATES)
    taken = partners.exclude(state="exited").exists() or live.exclude(pk=row.pk).exists()
    require(not taken, errors.USCC_TAKEN)


@action
def withdraw_application(actor: Actor, *, application_id: int) -> PartnerApplication:
    row = _own(actor, application_id)
    states.move(row, APPLICATION_VERBS, "withdraw")
    return row


def _own(actor: Actor, application_id: int) -> PartnerApplication:
    require(actor.user_id, SIGN_IN_FIRST)
    found = PartnerApplication.objects.visible_to(actor).filter(pk=application_id)
    row = found.filter(applicant_id=actor.user_id).select_for_update(of=("self",)).first()
    require(row is not None, NOT_FOUND)
    return row


# --- the union ----------------------------------------------------------------------------------------------


@action
def enter_application(
    actor: Actor, *, account: str, union, licence: tuple[str, bytes] | None = None, **filled: Any
) -> PartnerApplication:
    """For a merchant who came in person: it becomes theirs, and whoever entered it does not review it. `licence` is
    the file's name and content."""
    require(actor.may("partners.write", union.path))
    applicant = account_reached_by(account)
    require(applicant is not None, errors.NO_SUCH_ACCOUNT, given=account.strip())
    require(applicant.pk != actor.user_id, errors.OWN_APPLICATION)
    require(set(filled) <= set(FILLED), BAD_INPUT, detail=_("有不认识的内容。"))
    drafts = PartnerApplication.objects.unscoped("the draft of this applicant")
    row = drafts.filter(applicant=applicant, state="draft").select_for_update(of=("self",)).first()
    row = row or PartnerApplication(applicant=applicant)
    row.entered_by_id = actor.user_id
    row = _written(row, {**filled, "union": union})
    if licence is not None:
        _attach(row, *licence)
    return _submitted(row)


def _to_review(actor: Actor, application_id: int) -> PartnerApplication:
    found = PartnerApplication.objects.visible_to(actor).filter(pk=application_id).select_related("union")
    row = found.select_for_update(of=("self",)).first()
    require(row is not None and row.union is not None, NOT_FOUND)
    require(actor.may("partners.review", row.union.path))
    require(actor.user_id not in (row.applicant_id, row.entered_by_id), errors.OWN_APPLICATION)
    refuse_being_one_of(actor, [row.applicant_id])
    return row


@action
def take_application(actor: Actor, *, partnerapplication_id: int) -> PartnerApplication:
    """From now on this reviewer's; the second of two at once is told so."""
    row = _to_review(actor, partnerapplication_id)
    if row.state == "under_review" and row.reviewer_id != actor.user_id:
        raise DomainError(errors.OTHER_REVIEWER, reviewer=str(row.reviewer))
    states.move(row, APPLICATION_VERBS, "take", reviewer_id=actor.user_id)
    return row


def _under_my_review(actor: Actor, application_id: int) -> PartnerApplication:
    row = _to_review(actor, application_id)
    if row.state == "under_review" and row.reviewer_id != actor.user_id:
        raise DomainError(errors.OTHER_REVIEWER, reviewer=str(row.reviewer))
    return row


@action
def ask_applicant(actor: Actor, *, partnerapplication_id: int, asked: str) -> PartnerApplication:
    row = _under_my_review(actor, partnerapplication_id)
    states.move(row, APPLICATION_VERBS, "ask", asked=asked)
    _tell(actor, row, "asked", _("入驻申请需要补充"), asked)
    return row


@action
def reject_application(actor: Actor, *, partnerapplication_id: int, reason: str) -> PartnerApplication:
    row = _under_my_review(actor, partnerapplication_id)
    states.move(row, APPLICATION_VERBS, "reject", reason=reason, decided_at=clock.now())
    _tell(actor, row, "rejected", _("入驻申请没有通过"), reason)
    return row


@action
def approve_application(actor: Actor, *, partnerapplication_id: int) -> PartnerApplication:
    """Makes the partner, its stores, and the applicant its owner. It trades once an agreement is in force."""
    row = _under_my_review(actor, partnerapplication_id)
    states.target(row, APPLICATION_VERBS, "approve")
    _refuse_taken(row, row.uscc)
    partner = Partner.objects.create(
        union=row.union, name=row.company, kind=row.kind, uscc=row.uscc, since=clock.today()
    )
    for store in row.stores:
        Store.objects.create(partner=partner, name=store["name"], address=store["address"])
    MerchantRole.objects.create(user_id=row.applicant_id, partner=partner, role=MerchantRole.Role.OWNER)
    states.move(row, APPLICATION_VERBS, "approve", partner_id=partner.pk, decided_at=clock.now())
    emit(PartnerApproved(partner_id=partner.pk))
    _tell(
        actor, row, "approved", _("入驻申请通过了"), _("接下来请等待工会送来合作协议，签署后即可开始合作。")
    )
    return row


def _tell(actor: Actor, row: PartnerApplication, what: str, title: str, body: str) -> None:
    notice = Notice(kind="notice", title=title, body=body, link="/merchant/")
    once = f"application:{row.pk}:{what}:{row.submitted_at:%Y%m%d%H%M%S}"
    tell_once(actor, once=once, notice=notice, user_id=row.applicant_id)
