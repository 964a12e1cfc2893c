"""Grants and spends from several sides at once."""

import subprocess
import sys
import threading

import pytest
from django.db import connection, transaction

from gonghui.benefits.tests.servers import environment
from gonghui.funds.actions import grants
from gonghui.funds.models import PointGrant
from gonghui.funds.points import balance_of
from gonghui.funds.tests.granting import (
    SYSTEM,
    capped,
    checked,
    crowd_of,
    fresh,
    granted,
    is_backed,
    outstanding,
    spend,
    started,
    states,
    till,
)
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import PATIENCE_S, WAITING, WRITING, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def money(cast):
    return build_money(cast)


def at_once(*works) -> list:
    """Each in a thread of its own; what each returned or raised."""
    said: list = [None] * len(works)

    def run(n, work):
        try:
            said[n] = work()
        except DomainError as error:
            said[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, work)) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return said


def test_two_workers_give_everybody_once(money, monkeypatch):
    monkeypatch.setattr(grants, "BATCH", 7)
    crowd_of(money, 60)
    grant = started(money)
    at_once(*[lambda: grants.give_grant(SYSTEM, grant_id=grant.pk)] * 3)
    grants.give_grant(SYSTEM, grant_id=grant.pk)
    grant = fresh(grant)
    assert (grant.state, grant.granted) == ("granted", grant.people)
    assert outstanding() == grant.people * 100
    assert is_backed()
    assert trial() == 0


def test_two_grants_of_two_unions_never_exceed_the_cap(money, monkeypatch):
    monkeypatch.setattr(grants, "BATCH", 9)
    crowd_of(money, 40)
    capped(150)
    one = checked(money, "city")
    two = checked(money, "factory", budget=money.factory)
    for grant in (one, two):
        grants.run_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    at_once(*[lambda pk=pk: grants.give_grant(SYSTEM, grant_id=pk) for pk in (one.pk, two.pk)])
    one, two = fresh(one), fresh(two)
    everybody = states(one).keys() | states(two).keys()
    assert {one.state, two.state} == {"granted"}
    assert all(balance_of(pk) == 100 for pk in everybody)
    assert one.granted + two.granted == len(everybody)
    assert (
        balance(money.factory.account_id) + balance(money.city.account_id)
        == (30_000 + 10_000) * 100 - len(everybody) * 10_000
    )
    assert is_backed()


def test_same_points_are_spent_once(money):
    granted(money)
    mei, shop = money.cast.people["mei"].pk, till(money)
    works = [
        lambda n=n: spend(SYSTEM, person_id=mei, points=60, subject=f"bill:{n}", credit_id=shop.pk)
        for n in range(4)
    ]
    said = at_once(*works)
    assert sum(answer is None for answer in said) == 1
    assert (balance_of(mei), balance(shop.pk)) == (40, 6_000)
    assert is_backed()


GIVE = """
import django; django.setup()
from gonghui.funds.actions import grants
from gonghui.kit.actors import Actor
grants.BATCH = 10
grants.give_grant(Actor.system("test"), grant_id={pk})
"""


@pytest.mark.faults
def test_killed_in_the_middle_and_run_again_gives_everybody_once(money, monkeypatch):
    monkeypatch.setattr(grants, "BATCH", 10)
    crowd_of(money, 40)
    grant = started(money)
    for _batch in range(2):
        assert grants.give_batch(SYSTEM, grant_id=grant.pk) == 10
    with transaction.atomic():
        # Points and their backing are written; the batch's own count waits for this row until the worker is dead.
        PointGrant.objects.unscoped("test").select_for_update(no_key=True).get(pk=grant.pk)
        worker = subprocess.Popen([sys.executable, "-c", GIVE.format(pk=grant.pk)], env=environment())
        try:
            wait_for(WAITING, 1)
        finally:
            worker.kill()
            worker.wait()
    wait_for(WRITING, 0)
    assert fresh(grant).granted == 20
    assert outstanding() == 20 * 100
    assert is_backed()
    grants.give_grant(SYSTEM, grant_id=grant.pk)
    grant = fresh(grant)
    assert (grant.state, grant.granted) == ("granted", grant.people)
    assert outstanding() == grant.people * 100
    assert is_backed()
