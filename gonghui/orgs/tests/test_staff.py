"""Accounts of staff: the first one, colleagues, and who may help whom."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import transaction

from gonghui.accounts.actions.staff import NewAccount, change_password
from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.orgs import actions
from gonghui.orgs.models import Grant, IndustryLine, Staff, Union
from gonghui.orgs.queries import grants_of, seen_staff
from tests.cast import new_cast, new_union
from tests.console_contract import ConsoleContract

TODAY = dt.date(2026, 5, 1)
SYSTEM = Actor.system("test")
WHY = "本人当面申请"
CHEN = NewAccount("chen.yi", "陈一", "13800002222")
HELP = (actions.reset_colleague_password, actions.forget_colleague_totp, actions.switch_off_colleague)


def accounts_now() -> list:
    columns = (
        "id",
        "login",
        "password",
        "is_active",
        "must_change_password",
        "totp_confirmed_at",
        "session_epoch",
    )
    users = User.objects.unscoped("test").order_by("id").values(*columns)
    return [*users, *Grant.objects.unscoped("test").order_by("id").values("id", "user", "role", "union")]


@contextmanager
def refused(code: str):
    before = accounts_now()
    with pytest.raises(DomainError) as error, transaction.atomic():
        yield
    assert error.value.code == code
    assert accounts_now() == before


def user_now(user) -> User:
    return User.objects.unscoped("test").get(pk=user.pk)


def add(cast, who: str, account: NewAccount = CHEN, **facts):
    given = {"role": "operator", "union_id": cast.unions["factory"].pk, "starts_on": TODAY, **facts}
    return actions.add_colleague(cast.actor(who), account=account, grant=actions.NewGrant(**given))


@pytest.fixture
def chen(cast) -> User:
    """An operator of the factory, opened by the city, with an authenticator."""
    user = add(cast, "city_admin").user
    moment = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    user.totp_secret, user.totp_confirmed_at = "ABCD", moment
    user.save(update_fields=["totp_secret", "totp_confirmed_at"])
    return user_now(user)


# The first account


def first(name="南粤省总工会", login="province"):
    union = actions.NewUnion(name, "province")
    return actions.open_first_account(SYSTEM, union=union, account=NewAccount(login, "张三"))


def test_first_account_comes_with_the_root_and_all_rights_over_it(db):
    made = first()
    root = Union.objects.unscoped("test").get()
    assert (root.name, root.kind, root.parent_id, root.path) == (
        "南粤省总工会",
        "province",
        None,
        f"{root.pk}.",
    )
    assert grants_of(made.user.pk) == ()
    change_password(Actor(user_id=made.user.pk), old=made.password, new="a long enough 1")
    assert [(g.role, g.path) for g in grants_of(made.user.pk)] == [("org_admin", root.path)]


def test_first_account_is_opened_once_and_by_the_system_only(cast):
    with refused("first_account_exists"):
        first()
    with refused("root_has_another_name"):
        first("北粤省总工会")
    with refused("not_allowed"):
        actions.open_first_account(
            cast.actor("province_admin"), union=actions.NewUnion("南粤省总工会", "province"), account=CHEN
        )
    assert Union.objects.unscoped("test").filter(parent=None).count() == 1


def test_root_without_anybody_left_gets_an_account_again(cast):
    User.objects.unscoped("test").filter(pk=cast.users["province_admin"].pk).update(is_active=False)
    made = first()
    assert [grant.union_id for grant in made.user.grants.all()] == [cast.unions["province"].pk]


# Colleagues


def test_colleague_gets_account_and_grant_or_neither(cast):
    made = add(cast, "city_admin")
    grant = made.user.grants.get()
    assert (grant.role, grant.union_id, grant.granted_by_id) == (
        "operator", cast.unions["factory"].pk, cast.users["city_admin"].pk,
    )  # fmt: skip
    assert user_now(made.user).check_password(made.password)
    with refused("login_taken"):
        add(cast, "city_admin")
    entry = AuditEntry.objects.unscoped("test").filter(table_name="accounts_user", op="INSERT").latest("id")
    assert (entry.row_id, entry.actor_id) == (made.user.pk, cast.users["city_admin"].pk)


def test_colleague_beyond_ones_own_rights_is_refused(cast):
    with refused("not_found"):
        add(cast, "city_admin", union_id=cast.unions["riders"].pk)
    with refused("not_found"):
        add(cast, "city_admin", union_id=cast.unions["province"].pk)
    with refused("not_allowed"):
        add(cast, "finance_officer")
    with refused("not_allowed"):
        add(cast, "mei")
    tomorrow = clock.today() + dt.timedelta(days=1)
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(ends_on=tomorrow)
    with refused("grant_outlives"):
        add(cast, "city_admin")


def test_one_time_password_gives_no_grants_until_it_is_changed(cast):
    made = add(cast, "city_admin", role="org_admin")
    assert actor_of(user_now(made.user)).grants == ()
    change_password(Actor(user_id=made.user.pk), old=made.password, new="a long enough 1")
    assert [grant.role for grant in actor_of(user_now(made.user)).grants] == ["org_admin"]


# Help


def test_password_is_reset_with_a_reason_on_record(cast, chen):
    made = actions.reset_colleague_password(cast.actor("city_admin"), staff_id=chen.pk, reason=WHY)
    after = user_now(chen)
    assert (after.check_password(made.password), after.must_change_password, after.session_epoch) == (
        True,
        True,
        1,
    )
    assert after.totp_confirmed_at == chen.totp_confirmed_at
    entries = AuditEntry.objects.unscoped("test").filter(
        table_name="accounts_user", row_id=chen.pk, op="UPDATE"
    )
    written = entries.filter(after__has_key="password").latest("id")
    assert (written.actor_id, written.reason) == (cast.users["city_admin"].pk, WHY)
    assert made.password not in str(written.after)


def test_lost_phone_is_forgotten_and_asked_for_again(cast, chen):
    actions.forget_colleague_totp(cast.actor("province_admin"), staff_id=chen.pk, reason=WHY)
    after = user_now(chen)
    assert (after.totp_secret, after.totp_confirmed_at, after.session_epoch) == (None, None, 1)


def test_account_is_switched_off_and_on(cast, chen):
    actor = cast.actor("city_admin")
    actions.switch_off_colleague(actor, staff_id=chen.pk, reason=WHY)
    assert (user_now(chen).is_active, user_now(chen).session_epoch) == (False, 1)
    with refused("staff_is_off"):
        actions.switch_off_colleague(actor, staff_id=chen.pk, reason=WHY)
    with refused("staff_is_off"):
        actions.reset_colleague_password(actor, staff_id=chen.pk, reason=WHY)
    actions.switch_on_colleague(actor, staff_id=chen.pk, reason=WHY)
    assert user_now(chen).is_active
    with refused("staff_is_on"):
        actions.switch_on_colleague(actor, staff_id=chen.pk, reason=WHY)


@pytest.mark.parametrize("act", HELP)
def test_help_without_a_reason_is_refused(cast, chen, act):
    with refused("bad_input"):
        act(cast.actor("city_admin"), staff_id=chen.pk, reason=" 忘了 ")


@pytest.mark.parametrize("act", HELP)
def test_sister_city_and_those_without_the_verb_help_nobody(cast, chen, act):
    for who in ("sister_admin", "finance_officer", "judge", "mei", "anonymous"):
        with refused("not_found"):
            act(cast.actor(who), staff_id=chen.pk, reason=WHY)
    with refused("not_found"):
        act(cast.actor("city_admin"), staff_id=cast.users["mei"].pk, reason=WHY)


@pytest.mark.parametrize("act", HELP)
def test_province_account_is_not_reset_by_a_city(cast, act):
    province = cast.users["province_admin"]
    with refused("not_found"):
        act(cast.actor("city_admin"), staff_id=province.pk, reason=WHY)
    Grant.objects.create(user=province, role="operator", union=cast.unions["city"], starts_on=TODAY)
    with refused("staff_beyond"):
        act(cast.actor("city_admin"), staff_id=province.pk, reason=WHY)


@pytest.mark.parametrize("act", HELP)
def test_colleague_with_a_grant_elsewhere_or_a_wider_one_is_beyond_reach(cast, chen, act):
    elsewhere = Grant.objects.create(user=chen, role="judge", union=cast.unions["sister"], starts_on=TODAY)
    with refused("staff_beyond"):
        act(cast.actor("city_admin"), staff_id=chen.pk, reason=WHY)
    elsewhere.delete()
    line = IndustryLine.objects.get(code="delivery")
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(industry_line=line)
    with refused("staff_beyond"):
        act(Actor(user_id=cast.users["city_admin"].pk, grants=cast.actor("province_admin").grants),
            staff_id=chen.pk, reason=WHY)  # fmt: skip


@pytest.mark.parametrize("act", HELP)
def test_last_administrator_cannot_lock_themselves_out(cast, act):
    with refused("staff_oneself"):
        act(cast.actor("province_admin"), staff_id=cast.users["province_admin"].pk, reason=WHY)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_switch_each_other_off_at_once_leave_one():
    cast = new_cast()
    other = User.objects.create(login="province_two", is_staff=True)
    Grant.objects.create(
        user=other, role="org_admin", union=cast.unions["province"], starts_on=dt.date(2025, 1, 1)
    )
    one = cast.users["province_admin"]
    pairs = ((actor_of(one), other.pk), (actor_of(other), one.pk))
    switch_off = partial(actions.switch_off_colleague, reason=WHY)
    answers = at_once(*[partial(switch_off, actor, staff_id=staff_id) for actor, staff_id in pairs])
    assert sorted(getattr(answer, "code", "off") for answer in answers) == ["off", "staff_beyond"]
    assert User.objects.unscoped("test").filter(pk__in=(one.pk, other.pk), is_active=True).count() == 1


def test_who_left_stays_in_sight_of_those_they_left(cast, chen):
    def seen(who: str) -> bool:
        return seen_staff(cast.actor(who), "grants.write").filter(pk=chen.pk).exists()

    actions.end_grant(cast.actor("city_admin"), grant_id=chen.grants.get().pk)
    assert (seen("city_admin"), seen("sister_admin")) == (True, False)
    Grant.objects.create(user=chen, role="operator", union=cast.unions["riders"], starts_on=TODAY)
    assert (seen("city_admin"), seen("sister_admin"), seen("province_admin")) == (False, True, True)


# The screen


class TestStaffScreen(ConsoleContract):
    model = Staff
    sightless = ("judge", "finance_officer")

    def _colleague(self, cast, who: str, union: str, login: str) -> Staff:
        account = NewAccount(login, f"同事{login}", "13800002222")
        made = add(cast, who, account, union_id=cast.unions[union].pk)
        return Staff.objects.unscoped("test").get(pk=made.user.pk)

    def own(self, cast):
        return self._colleague(cast, "city_admin", "factory", "own.one")

    def foreign(self, cast):
        return self._colleague(cast, "sister_admin", "riders", "foreign.one")

    def more(self, cast, count):
        for number in range(count):
            union = new_union(f"江口第{number}纺织厂工会", "enterprise", cast.unions["district"])
            cast.unions[union.name] = union
            self._colleague(cast, "city_admin", union.name, f"more.{number}")

    def form(self, cast, **given):
        return {
            "login": "chen.yi", "display_name": "陈一", "telephone": "13800002222", "role": "operator",
            "union": cast.unions["factory"].pk, "starts_on": "2026-05-01", **given,
        }  # fmt: skip

    def test_account_is_made_and_its_password_shown_once(self, cast, client):
        cast.sign_in(client, "city_admin")
        assert client.get(self.at("add")).status_code == 200
        answer = client.post(self.at("add"), self.form(cast))
        made = User.objects.unscoped("test").get(login="chen.yi")
        shown = answer.context["made"].password
        assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
        assert shown in answer.content.decode()
        assert made.check_password(shown) and made.must_change_password
        for page in ("change", "history"):
            assert shown not in client.get(self.at(page, made)).content.decode()

    def test_account_beyond_ones_rights_is_refused_on_the_form(self, cast, client):
        cast.sign_in(client, "city_admin")
        before = accounts_now()
        for wrong in (
            {"union": cast.unions["sister"].pk}, {"role": "province"}, {"login": "Chen Yi"}, {"login": "city_admin"},
            {"ends_on": "2026-04-01"}, {"telephone": "123"}, {"display_name": ""},
        ):  # fmt: skip
            answer = client.post(self.at("add"), self.form(cast, **wrong))
            assert answer.status_code == 200, wrong
            assert answer.context["adminform"].form.errors, wrong
        assert accounts_now() == before

    def test_reset_shows_the_password_in_its_dialog(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        answer = client.post(self.at("password", row), {"reason": WHY}, headers={"HX-Request": "true"})
        shown = answer.context["made"].password
        assert shown in answer.content.decode() and "<html" not in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        assert user_now(row).check_password(shown)

    def test_verbs_change_the_account_and_stand_in_its_history(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("switch_off", row), {"reason": "调离岗位"}).status_code == 302
        assert not user_now(row).is_active
        assert client.post(self.at("switch_on", row), {"reason": "重新上岗"}).status_code == 302
        assert user_now(row).is_active
        page = client.get(self.at("history", row)).content.decode()
        assert "调离岗位" in page and "重新上岗" in page
        assert "scrypt" not in page and "session_epoch" not in page

    def test_own_account_and_those_beyond_reach_are_refused_in_words(self, cast, client):
        cast.sign_in(client, "province_admin")
        own = cast.users["province_admin"]
        assert self.at("switch_off", own) not in client.get(self.at("change", own)).content.decode()
        answer = client.post(self.at("switch_off", own), {"reason": WHY})
        assert answer.status_code == 422
        assert "不能自己重置或停用" in answer.content.decode()
        assert user_now(own).is_active

    @pytest.mark.parametrize("question", ["同事own", "own.o", "tongshi"])
    def test_search_by_name_and_login(self, cast, client, question):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert row.pk in self.listed(client, q=question)

    def test_filter_by_state(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert self.listed(client, state="must_change") == [row.pk]
        assert row.pk not in self.listed(client, state="ready")
