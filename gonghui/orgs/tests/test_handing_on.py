"""Handing grants on: never beyond one's own on any axis, and never past the moment one's own was taken back."""

from __future__ import annotations

import datetime as dt
import threading
from functools import partial

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.orgs import actions
from gonghui.orgs.actions.grants import NewGrant, fitting_grants
from gonghui.orgs.models import Grant, Union
from gonghui.orgs.queries import grants_of
from gonghui.orgs.roles import ROLES, verbs_of

PATHS = ("1.", "1.2.", "1.2.3.", "1.4.")
LINES = (None, 1, 2)
DAYS = range(6)
FIRST = dt.date(2026, 1, 1)
LAST = 9
"""The day after every last day: held only for good."""

spans = st.tuples(st.sampled_from(DAYS), st.sampled_from([*DAYS, None])).filter(
    lambda s: s[1] is None or s[0] <= s[1]
)
grants = st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from(PATHS), st.sampled_from(LINES), spans)


def powers(role: str, path: str, line: int | None, span) -> set[tuple]:
    """Everything it allows: verb by verb, union by union, line by line (without one: every line, and none), day by day."""
    days = {day for day in [*DAYS, LAST] if span[0] <= day and (span[1] is None or day <= span[1])}
    unions = {one for one in PATHS if one.startswith(path)}
    lines = set(LINES) if line is None else {line}
    return {(v, u, n, d) for v in verbs_of(role) for u in unions for n in lines for d in days}


def day(number: int | None) -> dt.date | None:
    return None if number is None else FIRST + dt.timedelta(days=number)


def held(role: str, path: str, line: int | None, span) -> Grant:
    union = Union(path=path, name=path)
    return Grant(role=role, union=union, industry_line_id=line, starts_on=day(span[0]), ends_on=day(span[1]))


@settings(max_examples=400, deadline=None)
@given(st.lists(grants, max_size=3), grants)
def test_what_may_be_handed_on_is_what_one_grant_holds_on_every_axis(own, wanted):
    role, path, line, span = wanted
    mine = [held(*one) for one in own]
    found = fitting_grants(mine, path, role, line, span=(day(span[0]), day(span[1])))
    fits = [
        one
        for one, facts in zip(mine, own, strict=True)
        if "grants.write" in verbs_of(facts[0]) and powers(*wanted) <= powers(*facts)
    ]
    assert found == fits


def colleague(login: str) -> User:
    user = User(login=login, is_staff=True, display_name=login)
    user.set_unusable_password()
    user.save()
    return user


def handed(giver, login: str, union, role: str = "operator") -> Grant:
    new = NewGrant(role=role, union_id=union.pk, starts_on=clock.today())
    return actions.hand_on_grant(giver, login=login, new=new)


@pytest.fixture
def chain(cast) -> list[Grant]:
    """The city's administrator → one of the district → an operator; and an operator elsewhere in the city."""
    users = [colleague(name) for name in ("first", "second", "third")]
    root = cast.actor("province_admin")
    first = handed(root, "first", cast.unions["city"], "org_admin")
    second = handed(actor_of(users[0]), "second", cast.unions["district"], "org_admin")
    third = handed(actor_of(users[1]), "third", cast.unions["factory"])
    return [first, second, third]


@pytest.mark.django_db
def test_what_was_handed_on_goes_on_when_its_giver_is_gone(cast, chain):
    actions.end_grant(cast.actor("province_admin"), grant_id=chain[0].pk)
    assert [bool(grants_of(grant.user_id)) for grant in chain] == [False, True, True]


@pytest.mark.django_db
def test_what_was_handed_on_is_taken_back_along_with_it_from_hand_to_hand(cast, chain):
    before = grants_of(cast.users["city_admin"].pk)
    actions.end_grant(cast.actor("province_admin"), grant_id=chain[0].pk, with_handed_on=True)
    assert [grants_of(grant.user_id) for grant in chain] == [(), (), ()]
    assert grants_of(cast.users["city_admin"].pk) == before


@pytest.mark.django_db
def test_one_who_takes_all_of_it_back_keeps_their_own(cast, chain):
    """The one above got a grant from below as well: it is theirs, and nobody ends their own."""
    root = cast.users["province_admin"]
    also = Grant.objects.create(
        user=root,
        role="operator",
        union=cast.unions["factory"],
        starts_on=clock.today(),
        granted_by=chain[1].user,
    )
    actions.end_grant(cast.actor("province_admin"), grant_id=chain[1].pk, with_handed_on=True)
    also.refresh_from_db()
    assert (also.ended_at, grants_of(chain[2].user_id)) == (None, ())


@pytest.mark.django_db
def test_what_its_giver_may_hand_on_by_another_grant_stays(cast, chain):
    second = chain[1].user
    Grant.objects.create(user=second, role="org_admin", union=cast.unions["factory"], starts_on=clock.today())
    actions.end_grant(cast.actor("province_admin"), grant_id=chain[0].pk, with_handed_on=True)
    ended = [Grant.objects.unscoped("test").get(pk=grant.pk).ended_at is not None for grant in chain]
    assert ended == [True, True, False]


@pytest.mark.django_db
def test_console_asks_whether_what_was_handed_on_goes_along(cast, client, chain):
    page = reverse("admin:orgs_grant_end", args=[chain[1].pk])
    cast.sign_in(client, "province_admin")
    assert "连同由 TA 转授出去的一起收回" in client.get(page).content.decode()
    client.post(page, {"with_handed_on": "on"})
    assert [bool(grants_of(grant.user_id)) for grant in chain] == [True, False, False]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_handed_on_after_ones_own_was_taken_back(cast):
    """The hand that takes it back came first and is not done yet: the other waits, and is refused."""
    giver, other = colleague("giver"), colleague("other")
    own = handed(cast.actor("province_admin"), "giver", cast.unions["city"], "org_admin")
    actor, begun, said = actor_of(giver), threading.Event(), []

    def take_back():
        with transaction.atomic():
            actions.end_grant(cast.actor("province_admin"), grant_id=own.pk)
            begun.set()
            waited.wait(0.5)

    def hand_on():
        begun.wait(10)
        try:
            said.append(handed(actor, "other", cast.unions["city"]))
        finally:
            waited.set()

    waited = threading.Event()
    answers = at_once(take_back, hand_on)
    assert said == [] and [type(one) for one in answers if isinstance(one, Exception)] == [DomainError]
    assert not Grant.objects.unscoped("test").filter(user=other).exists()


@pytest.mark.django_db(transaction=True)
def test_taking_back_and_handing_on_at_once_are_one_after_the_other(cast):
    givers = [colleague(f"giver{n}") for n in range(3)]
    owns = [handed(cast.actor("province_admin"), g.login, cast.unions["city"], "org_admin") for g in givers]
    for n in range(3):
        colleague(f"other{n}")
    root = cast.actor("province_admin")
    calls = [
        call
        for n, giver in enumerate(givers)
        for call in (
            partial(actions.end_grant, root, grant_id=owns[n].pk, with_handed_on=True),
            partial(handed, actor_of(giver), f"other{n}", cast.unions["city"]),
        )
    ]
    answers = at_once(*calls)
    assert not [one for one in answers if isinstance(one, Exception) and not isinstance(one, DomainError)], (
        answers
    )
    left = Grant.objects.unscoped("test").filter(user__login__startswith="other", ended_at=None)
    assert not left.exists()
