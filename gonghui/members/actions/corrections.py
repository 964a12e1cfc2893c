"""更正: a member asks, staff of their union compare and decide. All hold the number, the union (shared), the person, the request,
in this order: whoever ends a union holds it before its members, and a membership that begins takes the request along (sql/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from gonghui.accounts.actions import answered
from gonghui.kit import clock, identifiers
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.papers import paper_kind
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.kit.states import move, target
from gonghui.kit.workdays import working_days_after
from gonghui.members import errors
from gonghui.members.actions.verification import ID_TYPES, collision
from gonghui.members.events import CorrectionDecided, PersonVerified
from gonghui.members.models import CorrectionPaper, CorrectionRequest, Membership, Person, Verification
from gonghui.members.models.corrections import CORRECTION_VERBS, PAPERS_MAX, TOLD, WORDS_MAX
from gonghui.members.queries import with_id
from gonghui.orgs.models import Union
from gonghui.orgs.queries import may_at

log = structlog.get_logger("gonghui.members")
DECIDE = "members.verify"
WHY = "held by its own verb"
ANSWER_DAYS = 10  # working days
ASKED_A_DAY_MAX = 3
PAPER_MAX_MB = 5
GENDERS = ("male", "female")
DERIVED_FROM = "resident_id"
OLDEST = date(1900, 1, 1)
Part, Proof = CorrectionRequest.Part, CorrectionRequest.Proof


@dataclass(frozen=True, slots=True)
class Right:
    """What should stand there, as typed; None where nothing is wrong."""

    name: str | None = None
    id_type: str = ""
    id_no: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    words: str = ""


# --- the member's -------------------------------------------------------------------------------------------


@action
def ask_correction(actor: Actor, *, right: Right, papers: Sequence[bytes] = ()) -> CorrectionRequest:
    """Changes nothing of the person yet. Whose the number is otherwise, nobody is told here."""
    require(actor.user_id, SIGN_IN_FIRST)
    require(actor.person_id, errors.CORRECTION_NO_PERSON)
    kinds = _kinds_of(papers)
    person = _hold_person(actor.person_id or 0, _union_of(actor.person_id or 0))
    union = _union_of(person.pk)
    require(union, errors.CORRECTION_NO_UNION)
    mine = CorrectionRequest.objects.visible_to(actor).filter(person=person)
    require(not mine.filter(state="open").exists(), errors.CORRECTION_OPEN)
    lately = mine.filter(created_at__gt=clock.now() - timedelta(days=1)).count()
    require(lately < ASKED_A_DAY_MAX, errors.CORRECTION_SPENT, most=ASKED_A_DAY_MAX)
    facts = _read(person, right)
    try:
        with transaction.atomic():
            row = CorrectionRequest.objects.create(
                person=person, union=union, words=right.words.strip()[:WORDS_MAX] or None,
                due_on=working_days_after(clock.today(), ANSWER_DAYS), **facts,
            )  # fmt: skip
    except IntegrityError as error:
        if "members_correction_one_open" not in str(error):
            raise
        raise DomainError(errors.CORRECTION_OPEN) from None
    CorrectionPaper.objects.bulk_create(
        CorrectionPaper(request=row, place=place, content=content, media_type=kind)
        for place, (content, kind) in enumerate(zip(papers, kinds, strict=True), start=1)
    )
    log.info("correction_asked", correction=row.pk, parts=row.parts, papers=len(kinds))
    return row


def _kinds_of(papers: Sequence[bytes]) -> list[str]:
    require(len(papers) <= PAPERS_MAX, errors.CORRECTION_PAPERS_MANY, most=PAPERS_MAX)
    found = []
    for content in papers:
        require(
            len(content) <= PAPER_MAX_MB * 2**20, errors.CORRECTION_PAPER_TOO_LARGE, limit_mb=PAPER_MAX_MB
        )
        kind = paper_kind(content)
        require(kind, errors.CORRECTION_PAPER_UNKNOWN)
        found.append(kind or "")
    return found


def _union_of(person_id: int) -> Union | None:
    """Theirs, or the last they had."""
    theirs = Membership.objects.unscoped("of a person in hand").filter(person_id=person_id)
    theirs = theirs.select_related("union")
    found = theirs.filter(status__in=Membership.LIVE).first() or theirs.order_by("-id").first()
    return found.union if found else None


def _read(person: Person, right: Right) -> dict[str, Any]:
    """Normalised columns; refuses what is no such thing, what stands there already, and what follows from the document."""
    facts: dict[str, Any] = {"parts": []}
    if right.name is not None:
        facts |= _read_name(person, right.name)
        facts["parts"].append(Part.NAME)
    if right.id_no is not None:
        facts |= _read_document(person, right)
        facts["parts"].append(Part.DOCUMENT)
    id_type = facts.get("id_type") or (person.id_type if person.id_no else "")
    if right.birth_date is not None or right.gender is not None:
        require(id_type != DERIVED_FROM, errors.CORRECTION_DERIVED)
    if right.birth_date is not None:
        is_a_day = OLDEST <= right.birth_date <= clock.today()
        require(is_a_day, errors.BAD_IDENTITY, field=_("出生日期"), detail=_("请填写证件上的出生日期。"))
        require(right.birth_date != person.birth_date, errors.CORRECTION_SAME, field=_("出生日期"))
        facts["birth_date"] = right.birth_date.isoformat()
        facts["parts"].append(Part.BIRTH_DATE)
    if right.gender is not None:
        is_known = right.gender in GENDERS
        require(is_known, errors.BAD_IDENTITY, field=_("性别"), detail=_("请从列表里选择。"))
        require(right.gender != person.gender, errors.CORRECTION_SAME, field=_("性别"))
        facts["gender"] = right.gender
        facts["parts"].append(Part.GENDER)
    require(facts["parts"], errors.CORRECTION_NOTHING)
    return facts


def _read_name(person: Person, name: str) -> dict[str, Any]:
    said = identifiers.read_person_name(name)
    require(said.ok, errors.BAD_IDENTITY, field=_("姓名"), detail=said.message)
    require(said.value != person.name, errors.CORRECTION_SAME, field=_("姓名"))
    return {"name": said.value, "was_name": person.name}


def _read_document(person: Person, right: Right) -> dict[str, Any]:
    require(right.id_type in ID_TYPES, errors.BAD_IDENTITY, field=_("证件类型"), detail=_("请从列表里选择。"))
    number = identifiers.read_document(right.id_type, right.id_no, typed=True)
    require(number.ok, errors.BAD_IDENTITY, field=_("证件号码"), detail=number.message)
    is_same = (right.id_type, number.value) == (person.id_type, person.id_no)
    require(not is_same, errors.CORRECTION_SAME, field=_("证件"))
    was = {"was_id_type": person.id_type, "was_id_no": person.id_no} if person.id_no else {}
    return {"id_type": right.id_type, "id_no": number.value, **was}


@action
def withdraw_correction(actor: Actor, *, correction_id: int) -> CorrectionRequest:
    """Nothing of what was told is kept."""
    mine = CorrectionRequest.objects.visible_to(actor).filter(
        pk=correction_id, person_id=actor.person_id or 0
    )
    seen = mine.select_related("union").first()
    require(seen, NOT_FOUND)
    _hold_person(seen.person_id, seen.union)
    row = _held(mine)
    emptied = {**dict.fromkeys(TOLD), "id_type": "", "was_id_type": ""}
    move(
        row,
        CORRECTION_VERBS,
        "withdraw",
        closed_at=clock.now(),
        due_on=None,
        updated_at=clock.now(),
        **emptied,
    )
    CorrectionPaper.objects.unscoped(WHY).filter(request=row).delete()
    return row


def own_corrections(actor: Actor):
    """The newest first."""
    if actor.person_id is None:
        return CorrectionRequest.objects.unscoped("nobody's").none()
    mine = CorrectionRequest.objects.visible_to(actor).filter(person_id=actor.person_id)
    return mine.select_related("union").order_by("-id")


# --- the union's --------------------------------------------------------------------------------------------


def approve_correction(actor: Actor, *, correction_id: int, proof: str) -> CorrectionRequest:
    """`proof`: how name and document were compared. Somebody else's number opens a merge case, which stays."""
    return answered(settle_correction(actor, correction_id=correction_id, proof=proof))


@action
def settle_correction(actor: Actor, *, correction_id: int, proof: str) -> CorrectionRequest | DomainError:
    _hold_number(actor, correction_id)
    row = _to_decide(actor, correction_id)
    target(row, CORRECTION_VERBS, "approve")
    person = row.person
    _require_proof(row, proof)
    _require_unchanged(row, person)
    if row.id_no is not None and (other := _other_with(row)):
        return _taken(row, other)
    was_verified = person.is_verified
    _write(row, person)
    _verify(row, person, proof)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        if "one_person_per_id_number" not in str(error):
            raise
        # A roster wrote somebody with this number between our look and our change.
        return _taken(row, _other_with(row))
    _close(actor, row, "approve", proof=proof)
    if person.is_verified and not was_verified:
        emit(PersonVerified(person_id=person.pk))
    log.info("correction_approved", correction=row.pk, proof=proof)
    return row


@action
def refuse_correction(actor: Actor, *, correction_id: int, reason: str) -> CorrectionRequest:
    row = _to_decide(actor, correction_id)
    _close(actor, row, "refuse", answer=reason.strip()[:WORDS_MAX])
    return row


def _require_proof(row: CorrectionRequest, proof: str) -> None:
    is_known = proof in Proof.values
    require(is_known, errors.BAD_IDENTITY, field=_("核对方式"), detail=_("请从列表里选择。"))
    has_papers = CorrectionPaper.objects.unscoped(WHY).filter(request=row).exists()
    require(proof != Proof.PAPERS or has_papers, errors.CORRECTION_NO_PAPERS)
    is_another = {Part.NAME, Part.DOCUMENT} <= set(row.parts)
    require(proof == Proof.ORIGINAL or not is_another, errors.CORRECTION_NEEDS_ORIGINAL)


def _require_unchanged(row: CorrectionRequest, person: Person) -> None:
    """Compared was what stood there when it was asked."""
    if Part.NAME in row.parts:
        require(row.was_name == person.name, errors.CORRECTION_OVERTAKEN, field=_("姓名"))
    if Part.DOCUMENT in row.parts:
        is_same = row.was_id_no == (person.id_no or None)
        require(is_same, errors.CORRECTION_OVERTAKEN, field=_("证件"))


def _other_with(row: CorrectionRequest) -> Person | None:
    return with_id(row.id_type, row.id_no or "").exclude(pk=row.person_id).first()


def _taken(row: CorrectionRequest, other: Person | None) -> DomainError:
    """Staff of whoever has the number look at it; two verified people never share one."""
    if other is not None and row.person.user_id is not None:
        collision(row.person.user_id, other, "has_other_person")
    return DomainError(errors.CORRECTION_TAKEN)


def _write(row: CorrectionRequest, person: Person) -> None:
    if row.name is not None:
        person.name, person.pinyin, person.grams = row.name, pinyin_key(row.name), search_grams(row.name)
    if row.id_no is not None:
        person.id_type, person.id_no = row.id_type, row.id_no
        if row.id_type == DERIVED_FROM:
            person.birth_date = identifiers.birth_date(row.id_no)
            person.gender = identifiers.gender(row.id_no)
    if row.birth_date is not None:
        person.birth_date = date.fromisoformat(row.birth_date)
    if row.gender is not None:
        person.gender = row.gender


def _verify(row: CorrectionRequest, person: Person, proof: str) -> None:
    """Name and document are proved by what was seen of them; by hearsay they are to be proved again. What was revoked
    stays so."""
    if not {Part.NAME, Part.DOCUMENT} & set(row.parts) or person.verification == Verification.REVOKED:
        return
    if (proof == Proof.ORIGINAL and person.id_no) or (proof == Proof.PAPERS and person.is_verified):
        person.verification = Verification.VERIFIED
        person.verified_at, person.verified_by = clock.now(), "staff"
    elif proof == Proof.RECORD and person.is_verified:
        person.verification = Verification.NONE
        person.verified_at, person.verified_by = None, ""


def _close(actor: Actor, row: CorrectionRequest, verb: str, **facts: Any) -> None:
    move(
        row, CORRECTION_VERBS, verb, decider_id=actor.user_id, closed_at=clock.now(), due_on=None,
        updated_at=clock.now(), **facts,
    )  # fmt: skip
    emit(CorrectionDecided(correction_id=row.pk))


# --- held ---------------------------------------------------------------------------------------------------


def _hold_number(actor: Actor, correction_id: int) -> None:
    """Before the person, as whoever verifies or joins with this number holds it."""
    seen = CorrectionRequest.objects.visible_to(actor).filter(pk=correction_id, state="open").first()
    number: Any = seen and seen.id_no
    if number:
        lock_name("identity", f"{seen.id_type}:{number}")


def _to_decide(actor: Actor, correction_id: int) -> CorrectionRequest:
    """Seen once more when it is held: the member may have gone to another union meanwhile."""
    seen = (
        CorrectionRequest.objects.visible_to(actor).filter(pk=correction_id).select_related("union").first()
    )
    require(seen, NOT_FOUND)
    person = _hold_person(seen.person_id, seen.union)
    row = _held(CorrectionRequest.objects.visible_to(actor).filter(pk=correction_id))
    require(actor.user_id and may_at(actor, DECIDE, row.union))
    require(person.user_id != actor.user_id and actor.person_id != person.pk, errors.CORRECTION_OWN)
    row.person = person
    return row


def _held(found: Any) -> CorrectionRequest:
    row = found.select_related("union").select_for_update(of=("self",), no_key=True).first()
    require(row, NOT_FOUND)
    return row


def _hold_person(person_id: int, union: Union | None) -> Person:
    """The union first, shared: whoever ends it holds it before its members."""
    if union is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM orgs_union WHERE id = %s FOR KEY SHARE", [union.pk])
    return Person.objects.unscoped(WHY).select_for_update(of=("self",), no_key=True).get(pk=person_id)
