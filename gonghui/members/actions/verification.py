"""Real-name verification (SM-02): three tries a day of an account, a document and a device; one verified person an ID number."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from gonghui.accounts.actions import answered
from gonghui.accounts.rules import token_hash
from gonghui.kit import clock, identifiers
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import NOT_ALLOWED, SIGN_IN_FIRST, DomainError, Refusal, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.ports import PortFailed, port
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.members import errors
from gonghui.members.actions.consents import give_consent
from gonghui.members.events import MergeCaseOpened, PersonVerified, VerificationRevoked
from gonghui.members.models import Consent, Membership, MergeCase, Person, Verification, VerificationTry
from gonghui.members.ports.real_name import Answer, IdentityClaim
from gonghui.members.queries import with_id
from gonghui.orgs.queries import may_at

log = structlog.get_logger("gonghui.members")
TRIES_PER_DAY_MAX = 3
UNANSWERED_PER_DAY_MAX = 10
ASKED, UNANSWERED = "asked", "unanswered"
ASKED_FOR_MAX = timedelta(minutes=1)
"""After which a try without an outcome is not waited for: its process ended, as no provider is waited for so long."""
NO_FAILURE = (
    ASKED,
    UNANSWERED,
    "unknown",
    "verified",
    errors.IDENTITY_CLAIMED.code,
    errors.OTHER_IDENTITY.code,
)
ID_TYPES = {
    "resident_id": _("居民身份证或居住证"),
    "hk_macao_permit": _("港澳居民来往内地通行证"),
    "taiwan_permit": _("台湾居民来往大陆通行证"),
    "foreign_permanent": _("外国人永久居留身份证"),
    "passport": _("护照"),
}


@dataclass(frozen=True, slots=True)
class OpenTry:
    claim: IdentityClaim
    try_id: int
    left: int
    """Tries left today after this one."""


def verify_identity(
    actor: Actor, *, name: str, id_no: str, id_type: str = "resident_id", consent: bool, device: str = ""
) -> Person:
    """Asks the provider and links the actor to the one person of this ID. Never inside a transaction. `device`: the
    browser's mark, where there is one."""
    claim = read_claim(name, id_type, id_no)
    attempt = open_try(actor, claim=claim, consent=consent, device=device)
    provider = port("real_name")
    try:
        answer = provider.check(attempt.claim)
    except PortFailed as failure:
        log.warning("real_name_unanswered", provider=provider.code, failure=str(failure))
        close_try(actor, try_id=attempt.try_id, provider=provider.code, outcome=UNANSWERED)
        raise DomainError(errors.PROVIDER_DOWN) from None
    return answered(settle_answer(actor, attempt=attempt, answer=answer, provider=provider.code))


def read_claim(name: str, id_type: str, id_no: str) -> IdentityClaim:
    """Normalised, or the refusal that says which field and what is wrong with it."""
    said = identifiers.read_person_name(name)
    require(said.ok, errors.BAD_IDENTITY, field=_("姓名"), detail=said.message)
    require(id_type in ID_TYPES, errors.BAD_IDENTITY, field=_("证件类型"), detail=_("请从列表里选择。"))
    number = identifiers.read_document(id_type, id_no, typed=True)
    require(number.ok, errors.BAD_IDENTITY, field=_("证件号码"), detail=number.message)
    return IdentityClaim(said.value, id_type, number.value, key=secrets.token_hex(16))


@action
def open_try(actor: Actor, *, claim: IdentityClaim, consent: bool, device: str = "") -> OpenTry:
    """Counts the try before asking, so that tries sent at once cannot exceed the limit."""
    require(actor.user_id, SIGN_IN_FIRST)
    marks = {"document_mark": _mark_of(claim), "device_mark": token_hash(device) if device else None}
    for mark in filter(None, marks.values()):
        lock_name("verification", mark)
    lock_name("verification", str(actor.user_id))
    mine = Person.objects.unscoped("the actor's own person").filter(user_id=actor.user_id).first()
    require(mine is None or not mine.is_verified, errors.ALREADY_VERIFIED)
    require(mine is None or mine.verification != Verification.REVOKED, errors.VERIFICATION_REVOKED)
    require(consent or _has_consented(actor), errors.CONSENT_NEEDED)
    left = _tries_left(actor)
    require(left > 0, errors.TRIES_SPENT)
    _require_open("document_mark", marks, errors.DOCUMENT_TRIES_SPENT)
    _require_open("device_mark", marks, errors.DEVICE_TRIES_SPENT)
    give_consent(actor, purpose="real_name")
    row = VerificationTry.objects.create(
        user_id=actor.user_id, on=clock.today(), provider="", outcome=ASKED, **marks
    )
    return OpenTry(claim, row.pk, left - 1)


def _mark_of(claim: IdentityClaim) -> bytes:
    text = f"{clock.today()}\x00{claim.id_type}\x00{claim.id_no}"
    return hmac.digest(get_keyring().derive("verification-try"), text.encode(), "sha256")


def _require_open(column: str, marks: dict[str, bytes | None], spent: Refusal) -> None:
    """Whoever tried; what was right, or never answered, is no failure. What is under way may become one, so that tries sent
    at once cannot exceed the limit either."""
    if marks[column] is None:
        return
    today = VerificationTry.objects.unscoped("counted by a hash, of whoever tried")
    today = today.filter(**{column: marks[column]}, on=clock.today())
    since = clock.now() - ASKED_FOR_MAX
    counted = today.aggregate(
        failed=Count("pk", filter=~Q(outcome__in=NO_FAILURE)),
        asked=Count("pk", filter=Q(outcome=ASKED, created_at__gt=since)),
    )
    require(counted["failed"] < TRIES_PER_DAY_MAX, spent)
    require(counted["failed"] + counted["asked"] < TRIES_PER_DAY_MAX, errors.TRIES_UNDER_WAY)


def _has_consented(actor: Actor) -> bool:
    return Consent.objects.visible_to(actor).filter(purpose="real_name", withdrawn_at=None).exists()


def _tries_left(actor: Actor) -> int:
    today = list(
        VerificationTry.objects.visible_to(actor).filter(on=clock.today()).values_list("outcome", flat=True)
    )
    unanswered = today.count(UNANSWERED)
    if unanswered >= UNANSWERED_PER_DAY_MAX:
        return 0
    return TRIES_PER_DAY_MAX - (len(today) - unanswered)


@action
def close_try(actor: Actor, *, try_id: int, provider: str, outcome: str) -> None:
    VerificationTry.objects.visible_to(actor).filter(pk=try_id).update(
        provider=provider, outcome=outcome, updated_at=clock.now()
    )


@action
def settle_answer(actor: Actor, *, attempt: OpenTry, answer: Answer, provider: str) -> Person | DomainError:
    """Links and verifies, or opens a merge case; returns a refusal for after the commit."""
    outcome = _settled(actor, attempt, answer, provider)
    said = outcome.code if isinstance(outcome, DomainError) else "verified"
    close_try(actor, try_id=attempt.try_id, provider=provider, outcome=said[:24])
    log.info("real_name", provider=provider, outcome=said)
    return outcome


def _settled(actor: Actor, attempt: OpenTry, answer: Answer, provider: str) -> Person | DomainError:
    if answer != Answer.MATCH:
        return DomainError(_why_not(answer, provider), left=attempt.left)
    claim = attempt.claim
    # Two accounts with one ID number meet here, also when nobody holds the number yet.
    lock_name("identity", f"{claim.id_type}:{claim.id_no}")
    lock_name("verification", str(actor.user_id))
    person = with_id(claim.id_type, claim.id_no).select_for_update(of=("self",)).first()
    mine = Person.objects.unscoped("the actor's own person").filter(user_id=actor.user_id).first()
    if person is None:
        if not _is_free(mine):
            return collision(actor.user_id, mine, "has_other_id")
        return verified(mine or Person(id_type=claim.id_type), actor.user_id, claim, provider)
    if person.user_id not in (None, actor.user_id):
        return collision(actor.user_id, person, "linked_elsewhere")
    if mine is not None and mine.pk != person.pk:
        return collision(actor.user_id, person, "has_other_person")
    if person.verification == Verification.REVOKED:
        return DomainError(errors.VERIFICATION_REVOKED)
    return verified(person, actor.user_id, claim, provider)


def _why_not(answer: Answer, provider: str) -> Refusal:
    # The roster says the same for "nobody" and "another name": membership is nobody else's business.
    if provider == "roster" or answer == Answer.UNKNOWN:
        return errors.NOT_IN_ROSTER
    return errors.IDENTITY_MISMATCH


def _is_free(mine: Person | None) -> bool:
    """No person yet, or one whose ID number nobody has stated."""
    return mine is None or mine.id_index is None


def verified(person: Person, user_id: int | None, claim: IdentityClaim, provider: str) -> Person:
    """The person, held or new, is who the document says from now on; without an account they keep the one they have."""
    _describe(person, user_id, claim)
    person.verification = Verification.VERIFIED
    person.verified_at, person.verified_by = clock.now(), provider
    person.save()
    emit(PersonVerified(person_id=person.pk))
    return person


def stated(person: Person, user_id: int | None, claim: IdentityClaim) -> Person:
    """As they say of themselves, and nobody saw a document: a phone that answers proves no name."""
    _describe(person, user_id, claim)
    person.save()
    return person


def _describe(person: Person, user_id: int | None, claim: IdentityClaim) -> None:
    person.user_id = user_id or person.user_id
    person.name, person.id_type, person.id_no = claim.name, claim.id_type, claim.id_no
    person.pinyin, person.grams = pinyin_key(claim.name), search_grams(claim.name)
    if claim.id_type == "resident_id":
        person.birth_date = identifiers.birth_date(claim.id_no)
        person.gender = identifiers.gender(claim.id_no)


def collision(user_id: int, person: Person, reason: str) -> DomainError:
    """Staff look at it; one open case for the two, however often it is tried."""
    try:
        with transaction.atomic():
            case = MergeCase.objects.create(person=person, claimant_id=user_id, reason=reason)
            emit(MergeCaseOpened(case_id=case.pk))
    except IntegrityError:
        log.info("merge_case_stands")
    return DomainError(errors.IDENTITY_CLAIMED if reason == "linked_elsewhere" else errors.OTHER_IDENTITY)


@action
def revoke_verification(actor: Actor, *, person_id: int, reason: str) -> None:
    """A checker found fraud or a mix-up; the person's claims stop at once."""
    person = Person.objects.visible_to(actor).filter(pk=person_id).distinct().get()
    require_may_verify(actor, person)
    changed = Person.objects.unscoped("compare-and-set of a fetched row").filter(
        pk=person.pk, verification=Verification.VERIFIED
    )
    require(changed.update(verification=Verification.REVOKED, updated_at=clock.now()), NOT_ALLOWED)
    log.warning("verification_revoked", person=person.pk, reason=reason)
    emit(VerificationRevoked(person_id=person.pk))


def require_may_verify(actor: Actor, person: Person) -> None:
    """Granted over any union this person belongs or belonged to; for one line of industry, where they belong now."""
    held = person.memberships.select_related("union")
    require(actor.is_system or any(_may_verify(actor, one) for one in held))


def _may_verify(actor: Actor, held: Membership) -> bool:
    if held.status in Membership.LIVE:
        return may_at(actor, "members.verify", held.union)
    return actor.may("members.verify", held.union.path)
