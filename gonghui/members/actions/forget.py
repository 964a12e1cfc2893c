"""注销: a member gives up their account. Asked with a code, taken back within fifteen days, then carried out by a job.

Whoever they were is gone afterwards: names and numbers are emptied, and the secret of their rows with them, so that no copy
in the audit trail opens again. What was counted stays, of a pseudonym.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from gonghui.accounts.actions.codes import request_phone_code, use_phone_code
from gonghui.accounts.actions.devices import end_sessions
from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.states import move
from gonghui.members import errors, leaving
from gonghui.members.events import PersonForgotten
from gonghui.members.leaving import Hindrance, Leaving
from gonghui.members.models import Farewell, Forgotten, Membership, Person, Verification

log = structlog.get_logger("gonghui.members")
FORGET = "forget"
COOLS_OFF = timedelta(days=15)
CODE_TEXT = "您正在申请注销工惠账号，验证码 {code}，5 分钟内有效。不是您本人操作请忽略，并联系所在工会。"
PSEUDONYM = "已注销会员"
FAREWELL_VERBS = {"take_back": {"cooling": "taken_back"}, "carry_out": {"cooling": "done"}}


def request_farewell_code(actor: Actor, *, gives_up: Iterable[str] = (), address: str = "") -> str:
    """To the account's own phone, whoever holds the session; what hinders is said before anything is sent."""
    phone = _own_phone(actor)
    _require_free(who_leaves(actor.user_id or 0), gives_up)
    return request_phone_code(actor, phone=phone, purpose=FORGET, text=_(CODE_TEXT), address=address)


def ask_farewell(actor: Actor, *, code: str, gives_up: Iterable[str] = (), address: str = "") -> Farewell:
    """What hinders is said before the code is spent."""
    phone = _own_phone(actor)
    _require_free(who_leaves(actor.user_id or 0), gives_up)
    use_phone_code(actor, phone=phone, purpose=FORGET, code=code, address=address)
    return record_farewell(actor, gives_up=sorted(set(gives_up)))


@action
def record_farewell(actor: Actor, *, gives_up: Sequence[str]) -> Farewell:
    """The code proved that they mean it; from here the days run."""
    return _record(who_leaves(actor.user_id or 0), gives_up)


def record_farewell_of(actor: Actor, *, user_id: int, gives_up: bool) -> Farewell:
    """For actions: two of the staff saw the member. `gives_up` all that may be; what may not hinders."""
    who = who_leaves(user_id)
    codes = [h.code for h in leaving.what_hinders(who) if h.may_give_up] if gives_up else []
    _require_free(who, codes)
    return _record(who, codes)


def _record(who: Leaving, gives_up: Sequence[str]) -> Farewell:
    agreed = {h.code for h in leaving.what_hinders(who)} & set(gives_up)
    try:
        with transaction.atomic():
            return Farewell.objects.create(
                user_id=who.user_id,
                person_id=who.person_id,
                gives_up=sorted(agreed),
                due_at=clock.now() + COOLS_OFF,
            )
    except IntegrityError:
        raise DomainError(errors.FAREWELL_OPEN) from None


@action
def take_back_farewell(actor: Actor) -> None:
    """As easy as asking was; nothing has been touched yet."""
    require(actor.user_id, SIGN_IN_FIRST)
    take_back_farewell_of(actor, user_id=actor.user_id or 0)


def take_back_farewell_of(actor: Actor, *, user_id: int) -> None:
    """For actions: whose it is was asked before."""
    theirs = Farewell.objects.unscoped("of a member already known").filter(user_id=user_id, state="cooling")
    farewell = theirs.select_for_update().first()
    require(farewell, errors.FAREWELL_NONE)
    move(farewell, FAREWELL_VERBS, "take_back", ended_at=clock.now())


def own_farewell(actor: Actor) -> Farewell | None:
    return Farewell.objects.visible_to(actor).filter(user_id=actor.user_id, state="cooling").first()


def own_hindrances(actor: Actor) -> list[Hindrance]:
    return leaving.what_hinders(who_leaves(actor.user_id or 0))


def due_farewells() -> list[int]:
    found = Farewell.objects.unscoped("the job that carries them out")
    return list(found.filter(state="cooling", due_at__lte=clock.now()).values_list("pk", flat=True))


@action
def carry_out(actor: Actor, *, farewell_id: int) -> bool:
    """Whole or not at all. What has come up since and was not given up puts it off; the member's page says what."""
    held = Farewell.objects.unscoped("the job that carries them out").select_for_update()
    farewell = held.filter(pk=farewell_id, state="cooling", due_at__lte=clock.now()).first()
    if farewell is None:
        return False
    who = who_leaves(farewell.user_id, lock=True)
    if open_still := [h for h in leaving.what_hinders(who) if h.code not in farewell.gives_up]:
        log.info("farewell_put_off", farewell=farewell.pk, by=[h.code for h in open_still])
        return False
    _forget(actor, who)
    move(farewell, FAREWELL_VERBS, "carry_out", ended_at=clock.now())
    return True


@dataclass(frozen=True, slots=True)
class Tombstone:
    """As `gonghui members forgotten` writes it and `forget-again` reads it."""

    token: UUID | None
    user_id: int
    account_made_at: datetime

    def finds(self) -> Q:
        return Q(pk=self.user_id, created_at=self.account_made_at)


@action
def forget_again(actor: Actor, *, tombstone: Tombstone) -> bool:
    """After a backup from before was restored; False where there is nobody to forget."""
    found = User.objects.unscoped("named by a tombstone").filter(tombstone.finds(), forgotten_at=None)
    user_id = found.values_list("pk", flat=True).first()
    if user_id is None:
        return False
    who = who_leaves(user_id, lock=True)
    theirs = Person.objects.unscoped("named by a tombstone").filter(pk=who.person_id)
    if who.person_id and tombstone.token and not theirs.filter(token=tombstone.token).exists():
        return False
    _forget(actor, who)
    Farewell.objects.unscoped("of somebody forgotten again").filter(user_id=user_id, state="cooling").delete()
    return True


def who_leaves(user_id: int, *, lock: bool = False) -> Leaving:
    users = User.objects.unscoped("of one who wants to go").filter(pk=user_id)
    people = Person.objects.unscoped("of one who wants to go").filter(user_id=user_id)
    if lock:
        users, people = users.select_for_update(), people.select_for_update()
    user, person = users.first(), people.first()
    require(user, SIGN_IN_FIRST)
    phones = {user.phone, person and person.phone} - {None, ""}
    if person is None:
        return Leaving(user_id=user.pk, phones=frozenset(phones))
    return Leaving(user.pk, person.pk, person.name, person.id_no or "", frozenset(phones))


def _own_phone(actor: Actor) -> str:
    require(actor.user_id, SIGN_IN_FIRST)
    phone = User.objects.visible_to(actor).get(pk=actor.user_id).phone
    require(phone, errors.NO_PHONE_TO_ASK)
    return phone


def _require_free(who: Leaving, gives_up: Iterable[str]) -> None:
    given = set(gives_up)
    for hindrance in leaving.what_hinders(who):
        is_given_up = hindrance.may_give_up and hindrance.code in given
        require(is_given_up, errors.FAREWELL_HINDERED, what=hindrance.words)


def _forget(actor: Actor, who: Leaving) -> None:
    """Sessions end first: they are found by what goes after."""
    end_sessions(actor, user_id=who.user_id)
    moment = clock.now()
    for part in leaving.parts.values():
        if part.forget is not None:
            part.forget(who)
    token = None
    if who.person_id is not None:
        token = Person.objects.unscoped("locked here").values_list("token", flat=True).get(pk=who.person_id)
        live = Membership.objects.unscoped("of somebody who is forgotten").filter(
            person_id=who.person_id, status__in=Membership.LIVE
        )
        live.update(status="exited", left_on=moment.date(), updated_at=moment)
        _empty_person(who.person_id, moment)
    made_at = User.objects.unscoped("locked here").values_list("created_at", flat=True).get(pk=who.user_id)
    _empty_account(who.user_id, moment)
    stone = Forgotten(user_id_then=who.user_id, account_made_at=made_at, token=token, by_id=actor.user_id)
    Forgotten.objects.bulk_create([stone], ignore_conflicts=True)
    emit(PersonForgotten(user_id=who.user_id, person_id=who.person_id))
    log.info("person_forgotten", user=who.user_id, person=who.person_id)


def _empty_person(person_id: int, moment: datetime) -> None:
    Person.objects.unscoped("locked here").filter(pk=person_id).update(
        name=f"{PSEUDONYM}{person_id}",
        pinyin="",
        grams=[],
        id_type="",
        id_no=None,
        id_index=None,
        phone=None,
        phone_index=None,
        row_secret=None,
        gender="",
        birth_date=None,
        groups=[],
        verification=Verification.NONE,
        verified_at=None,
        verified_by="",
        user=None,
        forgotten_at=moment,
        updated_at=moment,
    )


def _empty_account(user_id: int, moment: datetime) -> None:
    User.objects.unscoped("locked here").filter(pk=user_id).update(
        login=None,
        phone=None,
        phone_index=None,
        contact_phone=None,
        totp_secret=None,
        totp_confirmed_at=None,
        row_secret=None,
        display_name="",
        password="!",  # noqa: S106 - Django's own sign of a password that nobody has
        is_active=False,
        must_change_password=False,
        password_expires_at=None,
        forgotten_at=moment,
        updated_at=moment,
    )
