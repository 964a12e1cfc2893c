"""The doors of sign-in as a browser without JavaScript walks them."""

import datetime as dt
import re

import pytest
import time_machine
from django.contrib.sessions.models import Session

from gonghui.accounts import rules
from gonghui.accounts.models import Device, PhoneCode, User
from gonghui.kit.clock import CHINA, now
from gonghui.kit.ports import port
from gonghui.members.models import Consent
from gonghui.notices.queries import sms_sent_to
from tests.cast import PASSWORD

PHONE = "13800001111"
MEI = "13800000001"
NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sms():
    port("sms").faults.clear()
    return port("sms")


def ask(client, phone=PHONE, **fields):
    return client.post("/sign-in", {"phone": phone, "agree": "on", **fields})


def code_of(phone=PHONE) -> str:
    return re.search(r"\d{6}", sms_sent_to(phone)[0].text).group()


def enter(client, code=None, phone=PHONE, **fields):
    return client.post("/sign-in", {"step": "code", "phone": phone, "code": code or code_of(phone), **fields})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_member_signs_in_by_phone_and_code(client, cast):
    page = ask(client, MEI, next="/tickets")
    assert page.status_code == 200 and "138****0001" in page.content.decode()
    answer = enter(client, phone=MEI, next="/tickets")
    assert (answer.status_code, answer["Location"]) == (302, "/tickets")
    assert client.session["_auth_user_id"] == str(cast.users["mei"].pk)
    assert Consent.objects.unscoped("test").get().purpose == "privacy"


def test_newcomer_is_offered_verification_and_keeps_their_way(client):
    ask(client)
    assert enter(client, next="/activities/7")["Location"] == "/me/verify?next=%2Factivities%2F7"
    assert User.objects.unscoped("test").get().phone == PHONE


def test_code_is_on_the_page_only_where_the_demo_says_so(client, settings):
    settings.GONGHUI_SHOW_CODES = False
    assert code_of_page(ask(client)) is None
    settings.GONGHUI_SHOW_CODES = True
    assert code_of_page(ask(client, "13800002222")) == code_of("13800002222")


def code_of_page(page) -> str | None:
    found = re.search(r"data-demo-code>(\d{6})<", page.content.decode())
    return found and found.group(1)


def test_demo_code_sent_back_by_a_browser_is_never_shown_otherwise(client, settings):
    settings.GONGHUI_SHOW_CODES = False
    ask(client)
    page = enter(client, "1", demo_code="<b>999999</b>")
    assert (page.status_code, "999999" in page.content.decode()) == (422, False)


def test_page_is_alike_for_known_and_unknown_phones(client, cast):
    known, unknown = (ask(client, phone) for phone in (MEI, "13800007777"))
    assert (known.status_code, without_facts(known)) == (unknown.status_code, without_facts(unknown))


def without_facts(page) -> str:
    """The page without its token, phone, code and time."""
    facts = r"[0-9A-Za-z]{64}|1380000\d{4}|138\*{4}\d{4}|\d{13}"
    return re.sub(facts, "", page.content.decode())


def test_without_agreeing_nothing_is_sent(client):
    page = client.post("/sign-in", {"phone": PHONE})
    assert (page.status_code, PhoneCode.objects.unscoped("test").count()) == (422, 0)
    assert "请先阅读并勾选同意" in page.content.decode()


def test_wrong_code_stays_on_the_page_and_signs_nobody_in(client):
    ask(client)
    page = enter(client, f"{(int(code_of()) + 1) % 10**6:06}")
    assert (page.status_code, is_signed_in(client)) == (422, False)
    assert "验证码不对" in page.content.decode()
    assert Device.objects.unscoped("test").count() == 0


def test_second_code_within_a_minute_leads_to_the_code_step(client):
    ask(client)
    page = ask(client)
    assert page.status_code == 429
    assert "code-input" in page.content.decode() and "秒后可以重新获取" in page.content.decode()


@pytest.mark.parametrize(
    "evil", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_next_never_leads_away(client, cast, evil):
    ask(client, MEI)
    assert enter(client, phone=MEI, next=evil)["Location"] == "/"
    assert client.get("/sign-in", {"next": evil})["Location"] == "/"


def test_session_planted_before_is_worth_nothing_after(client, cast):
    client.get("/")
    session = client.session
    session["planted"] = 1
    session.save()
    client.cookies["sessionid"] = planted = session.session_key
    ask(client, MEI)
    enter(client, phone=MEI)
    assert client.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_session_key_stays_the_same_while_signed_in(client, cast):
    ask(client, MEI)
    enter(client, phone=MEI)
    key = client.cookies["sessionid"].value
    with time_machine.travel(now() + dt.timedelta(days=3)):
        for path in ("/me", "/me/devices", "/messages", "/me/verify"):
            assert client.get(path).status_code == 200
        client.post("/messages/read")
    assert client.session.session_key == key


def test_post_without_csrf_token_is_refused(cast, settings):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert ask(strict).status_code == 403
    assert PhoneCode.objects.unscoped("test").count() == 0


def test_sign_out_ends_session_and_device(client, cast):
    ask(client, MEI)
    enter(client, phone=MEI)
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert not is_signed_in(client)
    assert Device.objects.unscoped("test").get().ended_at is not None


def test_refused_page_leads_to_sign_in_and_back(client):
    assert client.get("/me/devices?x=1")["Location"] == "/sign-in?next=%2Fme%2Fdevices%3Fx%3D1"


# --- Staff --------------------------------------------------------------------------------------------------


@pytest.fixture
def staff(cast):
    user = cast.users["city_admin"]
    user.set_password(PASSWORD)
    user.save()
    return user


def first_step(client, password=PASSWORD, **fields):
    return client.post("/console/sign-in", {"login": "city_admin", "password": password, **fields})


def second_step(client, code, **fields):
    return client.post("/console/sign-in", {"step": "code", "code": code, **fields})


def code_now(user, drift=0) -> str:
    user.refresh_from_db()
    return rules.totp_code(user.totp_secret, rules.totp_step(now()) + drift)


def enter_console(client, user):
    first_step(client)
    return second_step(client, code_now(user, 1))


def test_console_sends_strangers_and_members_to_its_own_sign_in(client, cast):
    for name in ("anonymous", "mei"):
        cast.sign_in(client, name)
        answer = client.get("/console/", follow=True)
        assert answer.redirect_chain[-1][0] == "/console/sign-in?next=%2Fconsole%2F"
        assert answer.status_code == 200


def test_first_staff_sign_in_binds_an_authenticator(client, staff):
    page = first_step(client, next="/console/")
    assert 'src="data:image/svg+xml' in page.content.decode()
    assert not is_signed_in(client)
    answer = second_step(client, code_now(staff), next="/console/")
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert client.get("/console/").status_code == 200
    staff.refresh_from_db()
    assert staff.totp_confirmed_at is not None


def test_bound_authenticator_is_asked_and_its_secret_never_shown(client, staff):
    enter_console(client, staff)
    client.post("/sign-out")
    page = first_step(client)
    assert "data:image/svg" not in page.content.decode() and "code-input" in page.content.decode()


def test_demo_shows_a_code_that_works_even_twice_in_one_half_minute(client, staff, settings):
    settings.GONGHUI_SHOW_CODES = True
    with time_machine.travel(NOON, tick=False):
        first_step(client)
        second_step(client, code_now(staff))
        client.post("/sign-out")
        shown = code_of_page(first_step(client))
        assert shown == code_now(staff, 1)
        assert second_step(client, shown)["Location"] == "/console/"


def test_password_alone_opens_nothing(client, staff):
    first_step(client)
    assert not is_signed_in(client)
    assert client.get("/console/").status_code == 302
    assert client.get("/me/devices").status_code == 302


def test_second_step_without_the_first_or_too_late_starts_over(client, staff):
    assert second_step(client, "000000").status_code == 401
    with time_machine.travel(NOON, tick=False) as clock:
        first_step(client)
        clock.shift(dt.timedelta(minutes=5, seconds=1))
        answer = second_step(client, code_now(staff))
    assert answer.status_code == 401 and "停留时间太长" in answer.content.decode()
    assert not is_signed_in(client)


def test_wrong_totp_signs_nobody_in(client, staff):
    first_step(client)
    wrong = f"{(int(code_now(staff, 9)) + 1) % 10**6:06}"
    assert second_step(client, wrong).status_code == 422
    assert not is_signed_in(client)


def test_staff_session_ends_after_eight_hours_however_busy(client, staff):
    with time_machine.travel(NOON, tick=False) as clock:
        enter_console(client, staff)
        for _ in range(15):
            clock.shift(dt.timedelta(minutes=31))
            assert client.get("/console/").status_code == 200
        clock.shift(dt.timedelta(minutes=16))
        assert client.get("/console/").status_code == 302


def test_idle_staff_session_ends_after_an_hour(client, staff):
    with time_machine.travel(NOON, tick=False) as clock:
        enter_console(client, staff)
        clock.shift(dt.timedelta(minutes=59))
        assert client.get("/console/").status_code == 200
        clock.shift(dt.timedelta(minutes=61))
        assert client.get("/console/").status_code == 302
    assert Device.objects.unscoped("test").get().ended_at is not None


def test_console_sign_out_ends_the_session(client, staff):
    enter_console(client, staff)
    assert client.post("/console/logout/")["Location"] == "/console/sign-in"
    assert client.get("/console/").status_code == 302


def test_unknown_console_address_is_a_plain_not_found(client):
    assert client.get("/console/no-such-page").status_code == 404
