"""建会申请: written and sent by one, returned, approved into a union or rejected by another."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit import clock, states
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_ALLOWED, NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.identifiers import read_phone
from gonghui.kit.workdays import working_days_after
from gonghui.orgs import errors, queries, rules
from gonghui.orgs.actions.unions import NewUnion, employer_of, line_of, lock_the_tree, plant_union
from gonghui.orgs.codes import NO_EVIDENCE, Evidence, employer_code, evidence_columns, union_code
from gonghui.orgs.events import RegistrationAnswered
from gonghui.orgs.models import Employer, RegistrationPaper, Union, UnionKind, UnionRegistration
from gonghui.orgs.models.unions import ENDED
from gonghui.orgs.papers import PAPER_NAME_MAX, media_type_of

NEEDED = ("name", "kind", "region", "headcount", "chair", "contact_phone", "document_no")
OF_EMPLOYERS = ("employer_name", "employer_uscc", "employer_category", "employer_industry")
NOT_APPLIED_FOR = (UnionKind.POOL, UnionKind.PROVINCE)
OPEN_TO_EDIT = ("draft", "returned")
ONCE = {
    "registration_code_once": gettext_lazy("工会代码"),
    "registration_employer_once": gettext_lazy("用人单位代码"),
    "registration_name_once": gettext_lazy("工会名称"),
}
Paper = tuple[str, bytes]
"""A file's name and content."""


@dataclass(frozen=True, slots=True)
class NewRegistration:
    """What the union will be; a draft may leave out everything but name and kind."""

    name: str
    kind: str = UnionKind.ENTERPRISE
    region_id: int | None = None
    industry_line_id: int | None = None
    uscc: str = ""
    employer_name: str = ""
    employer_uscc: str = ""
    employer_category: str = ""
    employer_industry: str = ""
    headcount: int | None = None
    chair: str = ""
    contact_phone: str | None = None
    document_no: str = ""
    evidence: Evidence = NO_EVIDENCE


# --- whoever applies ----------------------------------------------------------------------------------------


@action
def draft_registration(
    actor: Actor, *, parent_id: int, new: NewRegistration, paper: Paper | None = None
) -> UnionRegistration:
    """Kept, seen by whoever will decide, decided by nobody until it is submitted."""
    require(actor.user_id, NOT_ALLOWED)
    parent = parent_to_write(actor, parent_id)
    row = UnionRegistration(parent=parent, maker_id=actor.user_id)
    return _written(actor, row, new, paper)


@action
def amend_registration(
    actor: Actor, *, unionregistration_id: int, new: NewRegistration, paper: Paper | None = None
) -> UnionRegistration:
    row = _own(actor, unionregistration_id)
    require(row.state in OPEN_TO_EDIT, states.ILLEGAL_MOVE, state=row.get_state_display())
    return _written(actor, row, new, paper)


@action
def submit_registration(actor: Actor, *, unionregistration_id: int) -> UnionRegistration:
    """From now on somebody else has so many days to decide."""
    row = _own(actor, unionregistration_id)
    require(RegistrationPaper.objects.unscoped("of a row held").filter(registration=row).exists(),
            errors.REGISTRATION_INCOMPLETE, missing=_("批复文件"))  # fmt: skip
    return send_registration(row)


@action
def apply_for_union(
    actor: Actor, *, parent_id: int, new: NewRegistration, paper: Paper | None = None
) -> UnionRegistration:
    """Written and submitted in one."""
    row = draft_registration(actor, parent_id=parent_id, new=new, paper=paper)
    return submit_registration(actor, unionregistration_id=row.pk)


@action
def amend_and_resubmit(
    actor: Actor, *, unionregistration_id: int, new: NewRegistration, paper: Paper | None = None
) -> UnionRegistration:
    amend_registration(actor, unionregistration_id=unionregistration_id, new=new, paper=paper)
    return submit_registration(actor, unionregistration_id=unionregistration_id)


@action
def withdraw_registration(actor: Actor, *, unionregistration_id: int) -> UnionRegistration:
    row = _own(actor, unionregistration_id)
    states.move(row, rules.REGISTRATION_VERBS, "withdraw", updated_at=clock.now())
    return row


def send_registration(row: UnionRegistration) -> UnionRegistration:
    """For actions that hold the row: whole and without a double, it waits for somebody to decide."""
    states.target(row, rules.REGISTRATION_VERBS, "submit")
    _require_whole(row)
    _require_free(row)
    now = clock.now()
    due_on = working_days_after(clock.today(), rules.REGISTRATION_DAYS)
    _saved(row, lambda: states.move(
        row, rules.REGISTRATION_VERBS, "submit", submitted_at=now, due_on=due_on, updated_at=now
    ))  # fmt: skip
    return row


def parent_to_write(actor: Actor, union_id: int) -> Union:
    parent = Union.objects.visible_to(actor).select_related("industry_line").filter(pk=union_id).first()
    require(parent is not None, NOT_FOUND)
    require(actor.may("unions.write", parent.path, line_of(parent)))
    require(parent.status == "active", errors.UNION_NOT_ACTIVE, union=parent.name)
    require(not parent.is_pool, errors.POOL_HOLDS_NO_UNIONS, pool=parent.name)
    return parent


def _own(actor: Actor, registration_id: int) -> UnionRegistration:
    """Locked; only its maker's, and only while they may still write there."""
    seen = UnionRegistration.objects.visible_to(actor).filter(pk=registration_id)
    row = seen.select_related("parent__industry_line", "maker").select_for_update(of=("self",)).first()
    require(row is not None, NOT_FOUND)
    require(row.maker_id == actor.user_id, errors.REGISTRATION_OF_ANOTHER, maker=str(row.maker))
    require(actor.may("unions.write", row.parent.path, line_of(row.parent)))
    return row


def _written(
    actor: Actor, row: UnionRegistration, new: NewRegistration, paper: Paper | None
) -> UnionRegistration:
    require(new.kind not in NOT_APPLIED_FOR, errors.REGISTRATION_KIND)
    require(new.name.strip(), errors.REGISTRATION_INCOMPLETE, missing=_("工会名称"))
    for field in fields(new):
        if field.name != "evidence":
            _set(row, field.name, getattr(new, field.name))
    codes = [union_code(new.uscc, new.kind, new.evidence), employer_code(new.employer_uscc, new.evidence)]
    row.uscc, row.employer_uscc = (code.value or "" for code in codes)
    row.contact_phone = _phone(new.contact_phone)
    row.region_id = row.region_id or row.parent.region_id
    for name, value in evidence_columns(codes, new.evidence, actor.user_id).items():
        setattr(row, name, value)
    _saved(row, row.save)
    if paper is not None:
        attach_paper(row, paper)
    return row


def _set(row: UnionRegistration, name: str, value: Any) -> None:
    if isinstance(value, str):
        value, column = value.strip(), row._meta.get_field(name)
        longest = getattr(column, "max_length", None) if not name.endswith("uscc") else None
        fits = longest is None or len(value) <= longest
        require(fits, errors.TEXT_TOO_LONG, column=column.verbose_name, limit=longest)
    setattr(row, name, value)


def _phone(raw: str | None) -> str | None:
    if not (raw or "").strip():
        return None
    reading = read_phone(raw)
    require(reading.ok, BAD_INPUT, detail=_("联系电话：%s") % reading.message)
    return reading.value


def attach_paper(row: UnionRegistration, paper: Paper) -> None:
    """The one before is replaced."""
    name, content = paper
    facts = {"content": content, "media_type": media_type_of(content), "name": name[-PAPER_NAME_MAX:]}
    papers = RegistrationPaper.objects.unscoped("of an application just written")
    papers.update_or_create(registration=row, defaults=facts)


def _saved(row: UnionRegistration, save: Any) -> None:
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        what = next((what for name, what in ONCE.items() if name in str(error)), None)
        if what is None:
            raise
        raise DomainError(errors.REGISTRATION_TWICE, what=what) from error


def _require_whole(row: UnionRegistration) -> None:
    needed = NEEDED + (OF_EMPLOYERS if row.kind == UnionKind.ENTERPRISE else ())
    missing = [str(row._meta.get_field(name).verbose_name) for name in needed if not getattr(row, name)]
    require(not missing, errors.REGISTRATION_INCOMPLETE, missing="、".join(missing))


def _require_free(row: UnionRegistration) -> None:
    """What stands already is said when it is sent, not weeks later when it is decided."""
    parent = row.parent
    require(parent.status == "active", errors.UNION_NOT_ACTIVE, union=parent.name)
    taken = queries.namesakes(parent.pk, row.name).exists()
    require(not taken, errors.UNION_NAME_TAKEN, parent=parent.name, name=row.name)
    unions = Union.objects.unscoped("is this code taken, whoever has it")
    if row.uscc:
        require(not unions.filter(uscc=row.uscc).exists(), errors.CODE_TAKEN, code=row.uscc, whose=_("工会"))
    if not row.employer_uscc:
        return
    known = Employer.objects.unscoped("one employer a code").filter(uscc=row.employer_uscc).first()
    if known is None:
        return
    same = known.name.strip() == row.employer_name.strip()
    require(same, errors.EMPLOYER_OF_ANOTHER_NAME, code=row.employer_uscc, name=known.name)
    live = unions.filter(employer=known, kind=UnionKind.ENTERPRISE).exclude(status__in=ENDED)
    has_one = row.kind == UnionKind.ENTERPRISE and live.exists()
    require(not has_one, errors.EMPLOYER_HAS_UNION, employer=known.name)


# --- whoever decides ----------------------------------------------------------------------------------------


@action
def return_registration(actor: Actor, *, unionregistration_id: int, reason: str) -> UnionRegistration:
    """Back to its maker, with what is to be mended."""
    return _answered(actor, unionregistration_id, "return", reason)


@action
def reject_registration(actor: Actor, *, unionregistration_id: int, reason: str) -> UnionRegistration:
    return _answered(actor, unionregistration_id, "reject", reason)


@action
def approve_registration(actor: Actor, *, unionregistration_id: int) -> UnionRegistration:
    """Makes the union, and the employer where nobody has this code yet; under the lock of the tree."""
    lock_the_tree()
    row = _to_decide(actor, unionregistration_id)
    states.target(row, rules.REGISTRATION_VERBS, "approve")
    held = Union.objects.unscoped("the union above an application held").select_for_update(no_key=True)
    row.parent = held.get(pk=row.parent_id)
    _require_free(row)
    union = plant_union(row.parent, _union_of(row), by_id=row.code_by_id)
    _decided(actor, row, "approve", union_id=union.pk, answer="")
    return row


def _union_of(row: UnionRegistration) -> NewUnion:
    evidence = Evidence(row.code_document, row.code_reason)
    employer = None
    if row.employer_name:
        facts = {"category": row.employer_category, "industry_code": row.employer_industry}
        employer = employer_of(row.employer_name, row.employer_uscc, evidence, by_id=row.code_by_id, **facts)
    return NewUnion(
        name=row.name,
        kind=row.kind,
        region_id=row.region_id,
        industry_line_id=row.industry_line_id,
        employer_id=employer.pk if employer else None,
        uscc=row.uscc,
        evidence=evidence,
    )


def _answered(actor: Actor, registration_id: int, verb: str, reason: str) -> UnionRegistration:
    row = _to_decide(actor, registration_id)
    require(reason.strip(), BAD_INPUT, detail=_("请写明原因。"))
    _decided(actor, row, verb, answer=reason.strip()[:200])
    return row


def _decided(actor: Actor, row: UnionRegistration, verb: str, **facts: Any) -> None:
    now = clock.now()
    facts |= {"decided_by_id": actor.user_id, "decided_at": now, "updated_at": now}
    states.move(row, rules.REGISTRATION_VERBS, verb, **facts)
    emit(RegistrationAnswered(registration_id=row.pk))


def _to_decide(actor: Actor, registration_id: int) -> UnionRegistration:
    """Locked; by another than its maker, who reviews at the union above or higher."""
    seen = UnionRegistration.objects.visible_to(actor).filter(pk=registration_id)
    found = seen.select_related("parent__industry_line").select_for_update(of=("self",))
    row = found.first()
    require(row is not None, NOT_FOUND)
    require(actor.user_id and actor.may("unions.review", row.parent.path, line_of(row.parent)))
    require(row.maker_id != actor.user_id, errors.REGISTRATION_OWN)
    return row
