"""The worker's: judged by the criteria, asked of a real-name service where there is one, handed in; corrected, handed in again,
withdrawn."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from gonghui.accounts.actions import answered
from gonghui.accounts.models import User
from gonghui.joining import errors, queries
from gonghui.joining.actions.thread import due_of, held, keep_union, step, taken
from gonghui.joining.events import ApplicationSubmitted
from gonghui.joining.models import Channel, How, JoinApplication, JoinEntry, JoinPoster
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.identifiers import plain_text
from gonghui.kit.locks import lock_name
from gonghui.kit.ports import PortFailed, port
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.members import errors as members
from gonghui.members.actions.consents import give_consent
from gonghui.members.actions.verification import (
    ID_TYPES,
    UNANSWERED,
    OpenTry,
    close_try,
    open_try,
    settle_answer,
)
from gonghui.members.consents import PURPOSES
from gonghui.members.criteria import POOL, Identity, Refused, read_identity
from gonghui.members.models import Person, VerificationTry
from gonghui.members.ports.real_name import Answer, IdentityClaim
from gonghui.orgs.models import Union

log = structlog.get_logger("gonghui.joining")
CHECKS_PER_DAY_MAX = 3
ON_RECORD = ("name_differs", "member_elsewhere", "expelled", "identity_revoked")
"""Refusals that tell something of whoever holds the number: three a day for an account nobody has verified."""
SEEN = {"roster": How.ROSTER, "staff": How.ID_SEEN, "officer": How.ID_SEEN, "review": How.ID_SEEN}
EMPLOYER_MAX = 60
CODE_MAX = 32


@dataclass(frozen=True, slots=True)
class Told:
    """As typed. Who has no union says the region instead; of a verified account name and document are on record."""

    union_id: int | None = None
    region_code: str = ""
    name: str = ""
    id_type: str = "resident_id"
    id_no: str = ""
    group: str = ""
    employer: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """By which channel, poster and invitation somebody came."""

    channel: str = Channel.H5
    poster_code: str = ""
    invitation_code: str = ""
    device: str = ""
    """The browser's mark, where there is one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was told, read and judged."""

    identity: Identity
    union: Union
    region_code: str
    group: str
    employer: str
    poster: JoinPoster | None = None

    def columns(self) -> dict[str, Any]:
        same = {"union_id": self.union.pk, "region_code": self.region_code, "group": self.group}
        name = self.identity.name
        found_by = {"pinyin": pinyin_key(name), "grams": search_grams(name)}
        return same | {"employer": self.employer, **self.identity._asdict(), **found_by}


def apply_to_join(
    actor: Actor, *, told: Told, consent: bool, way: Way | None = None, application_id: int | None = None
) -> JoinApplication:
    """With `application_id` one's own pending, returned or rejected application, corrected. Never inside a transaction."""
    way = way or Way()
    facts = answered(judge(actor, told=told, consent=consent, way=way, application_id=application_id))
    _ask_provider(actor, facts.identity, way.device)
    return hand_in(actor, facts=facts, way=way, application_id=application_id)


@action
def judge(
    actor: Actor, *, told: Told, consent: bool, way: Way, application_id: int | None
) -> Facts | DomainError:
    """The criteria, before anything leaves the house; a refusal that tells of somebody is counted, so it is returned."""
    require(actor.user_id, SIGN_IN_FIRST)
    require(consent, errors.CONSENT_NEEDED)
    mine = queries.own_verified(actor)
    facts = read_facts(told, mine, poster_code=way.poster_code)
    if mine and (live := queries.live_membership(mine)):
        raise DomainError(errors.MEMBER_NOW, union=live.union.name)
    _refuse_second(actor, application_id)
    if mine is None:
        lock_name("verification", str(actor.user_id))
        require(_checks_left(actor) > 0, errors.CHECKS_SPENT)
    refused = against(facts, mine)
    if refused and mine is None and refused.code in ON_RECORD:
        VerificationTry.objects.create(
            user_id=actor.user_id, on=clock.today(), provider="joining", outcome=refused.code[:24]
        )
    return DomainError(errors.NOT_ELIGIBLE, why=refused.sentence) if refused else facts


def read_facts(told: Told, mine: Person | None, *, poster_code: str = "") -> Facts:
    """All that is wrong with what was typed, in one sentence."""
    poster = queries.poster_with(poster_code) if poster_code else None
    require(poster or not poster_code, errors.BAD_POSTER)
    union = _target(told)
    require(not told.group or told.group in queries.groups(), errors.UNKNOWN_GROUP)
    if mine:
        identity, wrong = Identity(mine.name, mine.id_type, mine.id_no), []
    else:
        identity, wrong = read_identity(told.name, told.id_type, told.id_no)
    require(identity, errors.BAD_APPLICATION, detail="".join(one.sentence for one in wrong))
    employer = plain_text(told.employer)[:EMPLOYER_MAX]
    return Facts(
        identity, union, told.region_code if union.kind == POOL else "", told.group, employer, poster
    )


def _target(told: Told) -> Union:
    if told.union_id is not None:
        union = queries.joinable_union(told.union_id)
        require(union, errors.NOT_JOINABLE)
        return union
    region = queries.region_called(told.region_code)
    require(region, errors.NOT_JOINABLE)
    union = queries.pool_for(region.code)
    require(union, errors.NO_POOL, region=region.name)
    return union


def against(facts: Facts, mine: Person | None = None) -> Refused | None:
    person = mine or queries.person_under(facts.identity)
    return queries.judged(
        facts.identity, union=facts.union, group=facts.group, employer=facts.employer, person=person
    )


def _refuse_second(actor: Actor, application_id: int | None) -> None:
    """Said before anybody is asked; the database says it again."""
    others = JoinApplication.objects.visible_to(actor).filter(user_id=actor.user_id)
    busy = others.filter(state__in=("submitted", "under_review", "needs_info")).exclude(pk=application_id)
    require(not busy.exists(), errors.ACCOUNT_IN_REVIEW)


def _checks_left(actor: Actor) -> int:
    spent = VerificationTry.objects.visible_to(actor).filter(on=clock.today(), provider="joining")
    return CHECKS_PER_DAY_MAX - spent.count()


def _ask_provider(actor: Actor, identity: Identity, device: str) -> None:
    """A real service that knows the number verifies the account on the way; one that does not is no obstacle. The roster
    is not asked: whoever applies is not in it."""
    provider = port("real_name")
    if provider.code == "roster" or identity.id_type not in ID_TYPES or queries.own_verified(actor):
        return
    claim = IdentityClaim(*identity, key=secrets.token_hex(16))
    attempt: OpenTry = open_try(actor, claim=claim, consent=True, device=device)
    try:
        answer = provider.check(claim)
    except PortFailed as failure:
        log.warning("real_name_unanswered", provider=provider.code, failure=str(failure))
        close_try(actor, try_id=attempt.try_id, provider=provider.code, outcome=UNANSWERED)
        raise DomainError(members.PROVIDER_DOWN) from None
    if answer == Answer.UNKNOWN:
        close_try(actor, try_id=attempt.try_id, provider=provider.code, outcome="unknown")
        return
    answered(settle_answer(actor, attempt=attempt, answer=answer, provider=provider.code))


@action
def hand_in(actor: Actor, *, facts: Facts, way: Way, application_id: int | None) -> JoinApplication:
    """Written and submitted in one transaction; judged once more, as the answer may have taken seconds."""
    keep_union(facts.union.pk)
    mine = Person.objects.unscoped("the actor's own person").filter(user_id=actor.user_id).first()
    is_known = mine is not None and mine.is_verified
    refused = against(facts, mine if is_known else None)
    require(refused is None, errors.NOT_ELIGIBLE, why=refused.sentence if refused else "")
    give_consent(actor, purpose="joining")
    phone = User.objects.unscoped("the actor's own account").get(pk=actor.user_id).phone
    row = _written(actor, facts, way, phone, application_id)
    entry = step(
        actor,
        row,
        "submit",
        by=JoinEntry.By.APPLICANT,
        submitted_at=clock.now(),
        due_on=due_of(row.union),
        agreed_how=JoinApplication.Agreed.ACCOUNT,
        reviewer_id=None,
        decided_at=None,
        asked="",
        reason="",
        **_confirmed(mine if is_known else None),
    )
    emit(ApplicationSubmitted(application_id=row.pk))
    log.info("join_submitted", application=row.pk, entry=entry.pk, channel=row.channel)
    return row


def _confirmed(mine: Person | None) -> dict[str, Any]:
    """By the verification an account brings along; else the reviewer says how."""
    if mine is None:
        return {"confirmed_how": "", "confirmed_at": None, "confirmed_by_id": None, "confirmed_note": ""}
    return {"confirmed_how": SEEN.get(mine.verified_by, How.PROVIDER), "confirmed_at": mine.verified_at}


def _written(
    actor: Actor, facts: Facts, way: Way, phone: str | None, application_id: int | None
) -> JoinApplication:
    columns = facts.columns() | {"phone": phone, "consent_version": PURPOSES["joining"].version}
    if application_id is None:
        row = JoinApplication(
            user_id=actor.user_id,
            channel=Channel.SCAN if facts.poster and way.channel == Channel.H5 else way.channel,
            poster=facts.poster,
            invitation_code=plain_text(way.invitation_code)[:CODE_MAX],
        )
    else:
        row = own_held(actor, application_id)
        require(row.may_edit, errors.ACCOUNT_IN_REVIEW)
    for name, value in columns.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise taken(error) from error
    row.union = facts.union
    return row


def own_held(actor: Actor, application_id: int) -> JoinApplication:
    require(actor.user_id, SIGN_IN_FIRST)
    mine = JoinApplication.objects.visible_to(actor).filter(pk=application_id, user_id=actor.user_id)
    row = held(mine)
    require(row is not None, NOT_FOUND)
    return row


@action
def withdraw_application(actor: Actor, *, application_id: int) -> JoinApplication:
    row = own_held(actor, application_id)
    step(actor, row, "withdraw", by=JoinEntry.By.APPLICANT)
    return row
