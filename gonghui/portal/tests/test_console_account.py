"""What staff do to their own account: the password, first of all the one somebody else made, and their devices."""

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from gonghui.accounts import rules
from gonghui.accounts.models import Device, User
from gonghui.kit.clock import CHINA, now
from gonghui.orgs import actions
from tests.cast import PASSWORD

NEW = "a long enough 1"
NOON = dt.datetime(2026, 5, 4, 12, 0, tzinfo=CHINA)
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(cast) -> User:
    """City admin with a password and an authenticator."""
    user = cast.users["city_admin"]
    user.set_password(PASSWORD)
    user.totp_secret, user.totp_confirmed_at = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", NOON
    user.save()
    return user


def enter(client, user, password=PASSWORD, **fields):
    page = client.post("/console/sign-in", {"login": user.login, "password": password, **fields})
    # As if half a minute had passed since the last one came in.
    User.objects.unscoped("test").filter(pk=user.pk).update(totp_last_step=0)
    fresh = User.objects.unscoped("test").get(pk=user.pk)
    code = rules.unused_totp_code(fresh.totp_secret, fresh.totp_last_step, now())
    assert page.status_code == 200
    return client.post("/console/sign-in", {"step": "code", "code": code, **fields})


def change(client, old=PASSWORD, new=NEW, again=None, **fields):
    return client.post("/console/password", {"old": old, "new": new, "again": again or new, **fields})


def password_of(user, text: str) -> bool:
    return User.objects.unscoped("test").get(pk=user.pk).check_password(text)


def test_password_is_changed_and_the_other_sessions_end(client, admin):
    other = Client()
    enter(other, admin)
    enter(client, admin)
    until = client.session.get_expiry_date()
    answer = change(client)
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    assert password_of(admin, NEW)
    assert client.get("/console/").status_code == 200
    assert other.get("/console/").status_code == 302
    assert client.session.get_expiry_date() == until


def test_wrong_weak_or_unequal_passwords_are_said_and_change_nothing(client, admin):
    enter(client, admin)
    for fields, said in (
        ({"old": "wrong"}, "原密码不对"),
        ({"new": "12345678"}, "密码太短，至少要有 10 个字符"),
        ({"again": "another one 12"}, "两次填写的新密码不一样"),
        ({"new": PASSWORD}, "不能与原密码相同"),
        ({"new": ""}, "请填写新密码"),
    ):
        answer = change(client, **fields)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert NEW not in answer.content.decode()
    assert password_of(admin, PASSWORD)
    assert client.get("/console/").status_code == 200


def test_old_passwords_guessed_lock_the_login(client, admin):
    enter(client, admin)
    answers = [change(client, old="wrong").content.decode() for _ in range(5)]
    assert ["失败次数太多" in text for text in answers] == [False] * 4 + [True]
    assert "失败次数太多" in change(client).content.decode()
    assert password_of(admin, PASSWORD)


def test_one_time_password_opens_only_the_page_where_it_is_changed(client, cast, admin):
    made = actions.reset_colleague_password(
        cast.actor("province_admin"), staff_id=admin.pk, reason="本人当面申请"
    )
    with time_machine.travel(NOON, tick=False):
        answer = enter(client, admin, made.password, next="/console/orgs/union/")
        forced = "/console/password?next=%2Fconsole%2Forgs%2Funion%2F"
        assert (answer.status_code, answer["Location"]) == (302, forced)
        assert "请先设定自己的密码" in client.get(forced).content.decode()
        for page in ("/console/", "/console/orgs/staff/", "/console/password_change/"):
            last = client.get(page, follow=True).redirect_chain[-1][0]
            assert last.startswith("/console/password?next="), page
        assert client.get("/console/sign-in")["Location"] == "/console/"
        assert change(client, made.password, made.password).status_code == 422
        answer = change(client, made.password, next="/console/orgs/union/")
        assert (answer.status_code, answer["Location"]) == (302, "/console/orgs/union/")
        assert client.get("/console/orgs/union/").status_code == 200


def test_new_colleague_walks_from_the_first_sign_in_to_their_own_console(client, cast):
    account = actions.staff.NewAccount("chen.yi", "陈一")
    grant = actions.NewGrant("org_admin", cast.unions["district"].pk, dt.date(2026, 1, 1))
    made = actions.add_colleague(cast.actor("city_admin"), account=account, grant=grant)
    page = client.post("/console/sign-in", {"login": "chen.yi", "password": made.password})
    assert "绑定验证器" in page.content.decode()
    secret = User.objects.unscoped("test").get(pk=made.user.pk).totp_secret
    code = rules.totp_code(secret, rules.totp_step(now()))
    answer = client.post("/console/sign-in", {"step": "code", "code": code})
    assert answer["Location"] == "/console/password?next=%2Fconsole%2F"
    assert change(client, made.password)["Location"] == "/console/"
    assert "工作人员" in client.get("/console/").content.decode()


def test_old_address_leads_to_ours_and_the_menu_too(client, admin):
    enter(client, admin)
    for old in ("/console/password_change/", "/console/password_change/done/"):
        assert client.get(old)["Location"] == "/console/password"
    page = client.get("/console/").content.decode()
    assert 'href="/console/password"' in page and 'href="/console/devices"' in page
    assert "/console/password_change/" not in page


def test_members_and_half_signed_in_staff_are_sent_to_the_door(client, cast):
    for who in ("mei", "anonymous"):
        client.logout()
        cast.sign_in(client, who)
        assert client.get("/console/password")["Location"] == "/console/sign-in?next=%2Fconsole%2Fpassword"
        assert change(client).status_code == 302
    client.force_login(cast.users["judge"])
    assert client.get("/console/devices")["Location"].startswith("/console/sign-in")


def test_devices_are_listed_and_ended_one_by_one_or_all(client, admin):
    others = [Client(), Client()]
    for other in others:
        enter(other, admin)
    enter(client, admin)
    page = client.get("/console/devices")
    assert [is_here for _device, is_here in page.context["rows"]].count(True) == 1
    assert len(page.context["rows"]) == 3
    first = next(device for device, is_here in page.context["rows"] if not is_here)
    assert client.post(f"/console/devices/{first.pk}/end")["Location"] == "/console/devices"
    assert sorted(other.get("/console/").status_code for other in others) == [200, 302]
    client.post("/console/devices/end")
    assert [other.get("/console/").status_code for other in others] == [302, 302]
    assert client.get("/console/devices").status_code == 200
    assert Session.objects.filter(session_key=client.session.session_key).exists()
    foreign = Device.objects.unscoped("test").exclude(ended_at=None).first()
    assert client.post(f"/console/devices/{foreign.pk}/end").status_code == 404


def test_recovery_codes_are_shown_once_and_open_the_second_step(client, admin):
    enter(client, admin)
    assert "没有可用的恢复码" in client.get("/console/recovery").content.decode()
    assert client.post("/console/recovery", {"code": "000000"}).status_code == 422
    User.objects.unscoped("test").filter(pk=admin.pk).update(totp_last_step=0)
    answer = client.post("/console/recovery", {"code": rules.unused_totp_code(admin.totp_secret, 0, now())})
    codes = answer.context["codes"]
    assert len(codes) == 10
    assert all(code in answer.content.decode() for code in codes)
    assert "no-store" in answer["Cache-Control"]
    again = client.get("/console/recovery").content.decode()
    assert "还有 10 个" in again
    assert not [code for code in codes if code in again]
    other = Client()
    page = other.post("/console/sign-in", {"login": admin.login, "password": PASSWORD})
    assert "用恢复码登录" in page.content.decode()
    assert other.post("/console/sign-in", {"step": "code", "code": codes[3]}).status_code == 302
    assert other.get("/console/").status_code == 200
    assert "还有 9 个" in other.get("/console/recovery").content.decode()
