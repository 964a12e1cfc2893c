"""A number handed on by the carrier: the new owner sees nothing of the old one, who loses nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial

import pytest
import time_machine
from django.conf import settings

from gonghui.accounts import errors as doors
from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.actions.devices import issue_api_token, sign_out_everywhere
from gonghui.accounts.models import ApiToken, Device, User
from gonghui.accounts.proofs import device_key
from gonghui.kit import clock
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions.handed_on import Entry, disown_account, enter_by_phone, prove_identity
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import MergeCase, Person
from tests.cast import IDS

pytestmark = pytest.mark.django_db
NAME, ID_NO, PHONE = IDS["mei"]
TAIL = ID_NO[-4:]


@pytest.fixture(autouse=True)
def sms():
    from gonghui.kit.ports import port

    port("sms").faults.clear()


def quiet_for(days: int):
    return time_machine.travel(clock.now() + dt.timedelta(days=days), tick=True)


@pytest.fixture
def later():
    """Nobody has used any account for longer than the configured days."""
    with quiet_for(settings.GONGHUI_PROOF_AFTER_DAYS + 1):
        yield


def entering(phone: str = PHONE, **facts) -> Entry:
    return enter_by_phone(ANONYMOUS, phone=phone, code=request_phone_code(ANONYMOUS, phone=phone), **facts)


def reason_of(call) -> object:
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.reason


def mei() -> Person:
    return Person.objects.unscoped("test").get(name=NAME)


def user_of(phone: str) -> User:
    return User.objects.unscoped("test").get(phone_index=phone)


# --- who is asked -------------------------------------------------------------------------------------------


def test_account_in_use_is_not_asked(cast):
    with quiet_for(settings.GONGHUI_PROOF_AFTER_DAYS - 1):
        assert entering() == Entry(cast.users["mei"])


def test_silent_account_of_a_verified_person_is_asked_on_a_new_device(cast, later):
    assert entering().ticket


def test_silent_account_without_a_person_is_not_asked(cast, later):
    assert not entering("13800000009").ticket


def test_known_device_is_not_asked_until_the_account_was_signed_out_everywhere(cast, later):
    key = device_key(cast.users["mei"])
    assert not entering(device_key=key).ticket
    sign_out_everywhere(cast.actor("mei"))
    with quiet_for(1):
        assert entering(device_key=key).ticket


@pytest.mark.parametrize("key", ["x", "x" * 200, "🀄"])
def test_forged_device_and_that_of_another_count_for_nothing(cast, later, key):
    assert entering(device_key=key).ticket
    assert entering(IDS["lan"][2], device_key=device_key(cast.users["mei"])).ticket


def test_device_seen_lately_keeps_the_account_awake(cast):
    with quiet_for(60):
        issue_api_token(Actor(user_id=cast.users["mei"].pk), user_id=cast.users["mei"].pk, label="手机")
    with quiet_for(120):
        assert not entering().ticket


# --- proving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [TAIL, f" {TAIL} ", "".join(chr(ord(c) + 0xFEE0) for c in TAIL)])
def test_owner_who_proves_it_comes_in_and_is_not_asked_again(cast, later, said):
    ticket = entering().ticket
    assert prove_identity(ANONYMOUS, ticket=ticket, tail=said) == cast.users["mei"]
    for again in (prove_identity, disown_account):
        facts = {"tail": said} if again is prove_identity else {}
        assert (
            reason_of(lambda again=again, facts=facts: again(ANONYMOUS, ticket=ticket, **facts))
            is doors.PROOF_OVER
        )
    with quiet_for(1):
        assert not entering().ticket


def test_x_at_the_end_is_read_in_lower_case(cast, later):
    person = mei()
    person.id_no = "11010519491231002X"
    person.save(update_fields=["id_no", "id_index"])
    assert prove_identity(ANONYMOUS, ticket=entering().ticket, tail="002x").pk == cast.users["mei"].pk


def test_three_wrong_answers_lock_for_a_day_and_the_right_one_comes_too_late(cast, later):
    ticket = entering().ticket
    for left in (2, 1):
        with pytest.raises(DomainError) as caught:
            prove_identity(ANONYMOUS, ticket=ticket, tail="0000")
        assert (caught.value.reason, caught.value.facts["left"]) == (doors.PROOF_WRONG, left)
    for tail in ("0000", TAIL):
        assert (
            reason_of(lambda tail=tail: prove_identity(ANONYMOUS, ticket=ticket, tail=tail)) is doors.LOCKED
        )
    with quiet_for(1):
        other = entering().ticket
        assert prove_identity(ANONYMOUS, ticket=other, tail=TAIL).pk == cast.users["mei"].pk


@pytest.mark.parametrize("tail", ["", "1", "0122 1", "440101199003070122", "𠮷" * 4, "\u0000"])
def test_anything_but_the_last_four_is_wrong(cast, later, tail):
    ticket = entering().ticket
    assert reason_of(lambda: prove_identity(ANONYMOUS, ticket=ticket, tail=tail)) is doors.PROOF_WRONG


def test_ticket_is_over_after_its_minutes_and_forged_ones_open_nothing(cast, later):
    ticket = entering().ticket
    for forged in ("", "x", ticket[:-2], device_key(cast.users["mei"])):
        call = partial(prove_identity, ANONYMOUS, ticket=forged, tail=TAIL)
        assert reason_of(call) is doors.PROOF_OVER
        assert reason_of(partial(disown_account, ANONYMOUS, ticket=forged)) is doors.PROOF_OVER
    with time_machine.travel(clock.now() + dt.timedelta(minutes=11)):
        assert reason_of(lambda: prove_identity(ANONYMOUS, ticket=ticket, tail=TAIL)) is doors.PROOF_OVER
    assert user_of(PHONE) == cast.users["mei"]


# --- not me -------------------------------------------------------------------------------------------------


def test_stranger_gets_the_phone_with_a_fresh_account_and_the_person_loses_nothing(cast, later):
    old, person = cast.users["mei"], mei()
    token = issue_api_token(Actor(user_id=old.pk), user_id=old.pk, label="旧手机")
    ApiToken.objects.unscoped("test").update(created_at=clock.now() - dt.timedelta(days=200))
    Device.objects.unscoped("test").update(seen_at=clock.now() - dt.timedelta(days=200))
    fresh = disown_account(ANONYMOUS, ticket=entering().ticket)
    assert (fresh.pk != old.pk, user_of(PHONE)) == (True, fresh)
    assert not Person.objects.unscoped("test").filter(user=fresh).exists()
    left = mei()
    assert (left.user, left.phone, left.phone_index) == (None, None, None)
    assert (left.pk, left.id_no, left.verification, left.memberships.get().status) == (
        person.pk, ID_NO, "verified", "active",
    )  # fmt: skip
    old.refresh_from_db()
    assert (old.phone, old.phone_index, old.is_active, old.session_epoch) == (None, None, False, 1)
    from gonghui.accounts.queries import user_of_token

    assert (
        user_of_token(token),
        Device.objects.unscoped("test").filter(user=old, ended_at=None).count(),
    ) == (None, 0)


def test_handing_on_is_in_the_trail_with_its_reason(cast, later):
    disown_account(ANONYMOUS, ticket=entering().ticket)
    trail = AuditEntry.objects.unscoped("test").filter(reason="这不是我：号码已换人")
    assert set(trail.values_list("table_name", "op")) >= {
        ("members_person", "UPDATE"), ("accounts_user", "UPDATE"), ("accounts_user", "INSERT"),
    }  # fmt: skip


def test_person_comes_back_by_verifying_from_a_new_phone(cast, later):
    disown_account(ANONYMOUS, ticket=entering().ticket)
    new = entering("13800000077").user
    found = verify_identity(
        Actor(user_id=new.pk, keys={"user": frozenset({new.pk})}), name=NAME, id_no=ID_NO, consent=True
    )
    assert (found.pk, mei().user) == (cast.people["mei"].pk, new)


def test_person_whose_account_nobody_disowned_comes_back_by_a_merge_case(cast, later):
    new = entering("13800000077").user
    actor = Actor(user_id=new.pk, keys={"user": frozenset({new.pk})})
    assert (
        reason_of(lambda: verify_identity(actor, name=NAME, id_no=ID_NO, consent=True)).code
        == "identity_claimed"
    )
    assert MergeCase.objects.unscoped("test").get().person == cast.people["mei"]


def test_reported_phone_of_another_number_stays(cast, later):
    person = mei()
    person.phone = "13900000001"
    person.save(update_fields=["phone", "phone_index"])
    disown_account(ANONYMOUS, ticket=entering().ticket)
    assert mei().phone == "13900000001"


def test_locked_proof_still_lets_a_stranger_say_so(cast, later):
    ticket = entering().ticket
    for _try in range(3):
        reason_of(lambda: prove_identity(ANONYMOUS, ticket=ticket, tail="0000"))
    assert disown_account(ANONYMOUS, ticket=ticket).phone == PHONE


# --- at once ------------------------------------------------------------------------------------------------


def codes(said: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in said)


@pytest.mark.django_db(transaction=True)
def test_proving_and_disowning_at_once_have_one_outcome(cast, later):
    ticket = entering().ticket
    said = at_once(
        partial(prove_identity, ANONYMOUS, ticket=ticket, tail=TAIL),
        partial(disown_account, ANONYMOUS, ticket=ticket),
        partial(prove_identity, ANONYMOUS, ticket=ticket, tail=TAIL),
        partial(disown_account, ANONYMOUS, ticket=ticket),
    )
    assert codes(said) == {"User": 1, "proof_over": 3}
    winner = next(one for one in said if isinstance(one, User))
    owner = cast.users["mei"] if mei().user else None
    assert (winner.pk == cast.users["mei"].pk) == (owner is not None)
    assert user_of(PHONE).pk == winner.pk


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_do_not_exceed_three(cast, later):
    ticket = entering().ticket
    said = codes(
        at_once(*[partial(prove_identity, ANONYMOUS, ticket=ticket, tail=f"{n:04}") for n in range(8)])
    )
    assert said == {"proof_wrong": 2, "locked": 6}


# --- the doors ----------------------------------------------------------------------------------------------


def typed(client, phone: str = PHONE, **facts):
    code = request_phone_code(ANONYMOUS, phone=phone)
    return client.post("/sign-in", {"step": "code", "phone": phone, "code": code, **facts})


def test_page_asks_before_anything_is_shown(client, cast, later):
    answer = typed(client, next="/tickets")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/proof?next=%2Ftickets")
    assert client.get("/me/data").status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert not [said for said in (NAME, "陈", PHONE, ID_NO, "蓝海") if said in page]
    wrong = client.post("/sign-in/proof", {"tail": "0000", "next": "/tickets"})
    assert wrong.status_code == 422 and "_auth_user_id" not in client.session
    right = client.post("/sign-in/proof", {"tail": TAIL, "next": "/tickets"})
    assert (right.status_code, right["Location"]) == (302, "/tickets")
    assert client.session["_auth_user_id"] == str(cast.users["mei"].pk)
    assert client.cookies["known"]["httponly"]
    assert client.get("/sign-in/proof")["Location"] == "/sign-in"


def test_stranger_goes_on_by_page_with_a_fresh_account(client, cast, later):
    typed(client)
    answer = client.post("/sign-in/not-me")
    assert answer["Location"].startswith("/me/verify")
    assert client.session["_auth_user_id"] == str(user_of(PHONE).pk) != str(cast.users["mei"].pk)
    shown = client.get("/me/data").content.decode()
    assert not [said for said in (NAME, ID_NO[-4:], "蓝海") if said in shown]


def test_sessions_of_the_old_account_end(client, cast, later):
    from django.test import Client

    old = Client()
    cast.sign_in(old, "mei")
    assert old.get("/me/data").status_code == 200
    typed(client)
    client.post("/sign-in/not-me")
    assert old.get("/me/data").status_code == 302


def test_proof_pages_without_the_first_step_lead_back(client, cast):
    assert client.get("/sign-in/proof")["Location"] == "/sign-in"
    assert client.post("/sign-in/not-me").status_code == 401


def test_browser_that_was_here_before_is_not_asked(client, cast):
    assert typed(client)["Location"] == "/"
    client.post("/sign-out")
    with quiet_for(settings.GONGHUI_PROOF_AFTER_DAYS + 1):
        assert typed(client)["Location"] == "/"


def api(client, path: str, **body):
    return client.post(f"/api/v1/session{path}", body, content_type="application/json")


def test_api_behaves_alike(client, cast, later):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    first = api(client, "", phone=PHONE, code=code).json()
    assert (first["token"], first["device_key"]) == ("", "")
    wrong = api(client, "/proof", ticket=first["proof_ticket"], tail="0000")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "proof_wrong")
    right = api(client, "/proof", ticket=first["proof_ticket"], tail=TAIL).json()
    assert right["token"] and not right["proof_ticket"]
    headers = {"Authorization": f"Bearer {right['token']}"}
    assert client.get("/api/v1/me", headers=headers).json()["is_verified"]
    assert api(client, "/not-me", ticket=first["proof_ticket"]).status_code == 401
    with quiet_for(settings.GONGHUI_PROOF_AFTER_DAYS + 1):
        code = request_phone_code(ANONYMOUS, phone=PHONE)
        assert api(client, "", phone=PHONE, code=code, device_key=right["device_key"]).json()["token"]


def test_stranger_goes_on_by_api_with_a_fresh_account(client, cast, later):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    ticket = api(client, "", phone=PHONE, code=code).json()["proof_ticket"]
    token = api(client, "/not-me", ticket=ticket).json()["token"]
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["name"], me["is_verified"], me["is_member"]) == ("", False, False)
