"""SM-08: who gets how much, once; what refuses moves nothing."""

import datetime as dt
import io

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.funds import point_errors as errors
from gonghui.funds.actions import grants
from gonghui.funds.actions.points import expire_points
from gonghui.funds.models import Commitment, GrantedPerson, PointGrant
from gonghui.funds.points import balance_of, lots_of
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.granting import (
    CLAUSE,
    SYSTEM,
    capped,
    checked,
    drafted,
    fresh,
    granted,
    is_backed,
    outstanding,
    started,
    states,
)
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, DomainError
from gonghui.kit.states import ILLEGAL_MOVE
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.notices.models import Message, Send
from gonghui.notices.tasks import deliver_send

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    return build_money(cast)


def refused(because, act, *args, **facts):
    """The refusal, and that nothing moved."""
    before = (
        Transfer.objects.unscoped("test").count(),
        dict(PointGrant.objects.unscoped("test").values_list("pk", "state")),
    )
    with pytest.raises(DomainError) as caught:
        act(*args, **facts)
    assert caught.value.reason is because
    after = (
        Transfer.objects.unscoped("test").count(),
        dict(PointGrant.objects.unscoped("test").values_list("pk", "state")),
    )
    assert before == after


def test_grant_goes_from_draft_to_everybody(money):
    cast = money.cast
    left = balance(money.city.account_id)
    grant = granted(money)
    people = {cast.people[name].pk for name in ("mei", "hua", "lan")} & states(grant).keys()
    assert grant.state == "granted"
    assert set(states(grant).values()) == {"granted"}
    assert (grant.people, grant.granted, grant.refused) == (len(states(grant)),) * 2 + (0,)
    assert all(balance_of(pk) == 100 for pk in people)
    assert cast.people["qiang"].pk not in states(grant)
    assert balance(money.city.account_id) == left - grant.people * 100 * 100
    assert is_backed()
    assert trial() == 0


def test_birthday_month_and_groups_narrow_the_roster(money):
    grant = drafted(money, birthday_month=3)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    assert set(states(grant)) == {money.cast.people["mei"].pk}
    other = drafted(money, audience_groups=["nobody"])
    refused(errors.NOBODY_FITS, grants.submit_grant, money.actor("city_admin"), point_grant_id=other.pk)


def test_who_joined_later_or_had_left_is_not_on_the_roster(money):
    mei = money.cast.people["mei"].memberships.get()
    mei.joined_on = dt.date.today() + dt.timedelta(days=1)
    mei.save()
    grant = checked(money)
    assert mei.person_id not in states(grant)


def test_exceptions_name_the_clause(money, client):
    capped(150)
    granted(money, per_head=100)
    grant = drafted(money, per_head=100)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grant = fresh(grant)
    assert grant.refused == grant.people > 0
    page = money.cast.sign_in(client, "city_finance").get(f"/console/points/{grant.pk}")
    assert CLAUSE in page.content.decode()
    sheet = client.get(f"/console/points/{grant.pk}/exceptions.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content))).worksheets[0].values)
    assert [(row[0], row[2]) for row in rows[1:]] == [(CLAUSE, grant.refused)]
    refused(errors.NOBODY_FITS, grants.check_grant, money.actor("city_finance"), point_grant_id=grant.pk)


def test_maker_cannot_check_in_action_or_database(money):
    grant = drafted(money)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    found = PointGrant.objects.unscoped("test").filter(pk=grant.pk)
    found.update(maker=money.cast.users["city_finance"])
    grant = fresh(grant)
    refused(errors.OWN_CHECK, grants.check_grant, money.actor("city_finance"), point_grant_id=grant.pk)
    with pytest.raises(IntegrityError, match="maker_is_not_checker"), transaction.atomic():
        PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(
            state="checked", checker_id=grant.maker_id
        )


def test_money_is_set_aside_at_the_check_and_comes_back_on_cancelling(money):
    left = balance(money.city.account_id)
    grant = checked(money)
    assert budget_figures(money.city).committed == grant.people * 100 * 100
    grants.cancel_grant(money.actor("city_admin"), point_grant_id=grant.pk, reason="改期")
    assert (fresh(grant).state, balance(money.city.account_id)) == ("cancelled", left)
    assert trial() == 0


def test_too_dear_for_the_budget_is_refused_at_the_check(money):
    grant = drafted(money, per_head=90_000)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    before = Transfer.objects.unscoped("test").count()
    with pytest.raises(DomainError) as caught:
        grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    assert caught.value.code == "budget_short"
    assert Transfer.objects.unscoped("test").count() == before
    assert not Commitment.objects.unscoped("test").filter(purpose=f"grant:{grant.pk}").exists()


@pytest.mark.parametrize("state", ["granting", "granted"])
def test_cancel_after_granting_began_is_refused(money, state):
    grant = granted(money) if state == "granted" else started(money)
    refused(
        ILLEGAL_MOVE, grants.cancel_grant, money.actor("city_admin"), point_grant_id=grant.pk, reason="后悔"
    )


def test_running_again_gives_nobody_twice(money):
    grant = granted(money)
    out = outstanding()
    PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(state="granting")
    GrantedPerson.objects.unscoped("test").filter(grant=grant).update(state="waiting")
    again = grants.give_grant(SYSTEM, grant_id=grant.pk)
    assert (outstanding(), again.state) == (out, "granted")


def test_what_cannot_go_on_is_finished_by_another_run(money, monkeypatch):
    monkeypatch.setattr(grants, "BATCH", 1)
    grant = started(money)
    grants.give_batch(SYSTEM, grant_id=grant.pk)
    purse = Commitment.objects.unscoped("test").get(purpose=f"grant:{grant.pk}").account
    LedgerAccount.objects.unscoped("test").filter(pk=purse.pk).update(closed_at=dt.datetime.now(dt.UTC))
    assert grants.give_grant(SYSTEM, grant_id=grant.pk).state == "partially_failed"
    assert list(states(grant).values()).count("granted") == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_account SET closed_at = NULL WHERE id = %s", [purse.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    grants.run_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    assert grants.give_grant(SYSTEM, grant_id=grant.pk).state == "granted"
    assert set(states(grant).values()) == {"granted"}
    assert is_backed()


def test_everybody_is_told_once(money):
    grant = granted(money)
    send = Send.objects.unscoped("test").get(key=f"points:{grant.pk}")
    for _again in range(2):
        deliver_send(send_id=send.pk)
    found = Message.objects.unscoped("test").filter(kind="points")
    assert sorted(found.values_list("person_id", flat=True)) == sorted(states(grant))
    assert found.first().title == "您的国庆慰问 100 福豆已到账"
    assert found.first().link == "/me/points"


def test_lots_end_with_the_last_day(money):
    grant = granted(money)
    lot = lots_of(money.cast.people["mei"].pk)[0]
    assert (lot.points, lot.grant_id) == (100, grant.pk)
    assert lot.expires_at.date() - grant.expires_on in (dt.timedelta(1), dt.timedelta(0))


@pytest.mark.parametrize("name", ["sister_admin", "judge", "mei", "stranger", "auditor"])
def test_others_cannot_draft(money, name):
    before = PointGrant.objects.unscoped("test").count()
    with pytest.raises(DomainError) as caught:
        drafted(money, maker=name)
    assert caught.value.reason is NOT_ALLOWED
    assert PointGrant.objects.unscoped("test").count() == before


def test_sister_city_sees_no_grant(money):
    grant = checked(money)
    refused(NOT_FOUND, grants.run_grant, money.actor("sister_admin"), point_grant_id=grant.pk)


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"per_head": 0}, "bad_input"), ({"per_head": 100_001}, "bad_input"), ({"expires_on": dt.date(2020, 1, 1)}, "bad_input"),
     ({"maker_id": 1}, "bad_input")],
)  # fmt: skip
def test_bad_draft_is_no_draft(money, facts, code):
    before = PointGrant.objects.unscoped("test").count()
    with pytest.raises(DomainError) as caught:
        drafted(money, **facts)
    assert caught.value.code == code
    assert PointGrant.objects.unscoped("test").count() == before


@pytest.mark.parametrize("festival", ["", "shuangshiyi"])
def test_festival_grant_names_a_festival_of_the_rules(money, festival):
    grant = drafted(money, festival=festival)
    refused(errors.FESTIVAL_MISSING, grants.submit_grant, money.actor("city_admin"), point_grant_id=grant.pk)
    PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(festival="minzu")
    assert grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk).state == "submitted"


def test_points_from_grassroots_union_funds_are_good_for_named_sections_only(cast):
    money = build_money(cast, kind="union_fund", level="grassroots")
    grant = drafted(money)
    refused(errors.SECTIONS_MISSING, grants.submit_grant, money.actor("city_admin"), point_grant_id=grant.pk)
    PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(sections=["farm"])
    assert grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk).state == "submitted"


def test_grant_past_its_expiry_is_not_given(money):
    grant = checked(money)
    PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(
        roster_on=dt.date(2020, 1, 1), expires_on=dt.date(2020, 2, 1)
    )
    refused(errors.GRANT_PAST, grants.run_grant, money.actor("city_admin"), point_grant_id=grant.pk)


def past(grant: PointGrant) -> None:
    PointGrant.objects.unscoped("test").filter(pk=grant.pk).update(
        roster_on=dt.date(2020, 1, 1), expires_on=dt.date(2020, 2, 1)
    )


def test_checked_grant_nobody_ran_in_time_gives_its_money_back(money):
    left = balance(money.city.account_id)
    grant = checked(money)
    expire_points(SYSTEM)
    assert (fresh(grant).state, balance(money.city.account_id)) == ("checked", left - grant.people * 10_000)
    past(grant)
    for _night in range(2):
        expire_points(SYSTEM)
    assert (fresh(grant).state, balance(money.city.account_id)) == ("cancelled", left)


def test_half_that_was_not_given_in_time_goes_back_and_the_grant_ends(money, monkeypatch):
    monkeypatch.setattr(grants, "BATCH", 1)
    left = balance(money.city.account_id)
    grant = started(money)
    grants.give_batch(SYSTEM, grant_id=grant.pk)
    grants.fail_grant(SYSTEM, grant_id=grant.pk)
    past(grant)
    expire_points(SYSTEM)
    ended = fresh(grant)
    assert (ended.state, ended.granted, ended.refused) == ("expiring", 1, ended.people - 1)
    assert set(states(grant).values()) == {"granted", "refused"}
    assert (balance(money.city.account_id), is_backed()) == (left - 10_000, True)
