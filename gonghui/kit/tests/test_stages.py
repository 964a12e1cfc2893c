"""What is laid is what the actions would have built, and only where it is."""

import datetime as dt

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Sum

from gonghui.funds.tests.stage import build_money
from gonghui.kit.tests import stages
from gonghui.ledger.models import LedgerAccount
from gonghui.orgs.models import Union
from tests.cast import new_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def built(monkeypatch):
    """Names of the stages that were built, not laid."""
    found: list[str] = []
    build = stages._build

    def watched(verb, *args):
        found.append(verb.__qualname__)
        return build(verb, *args)

    monkeypatch.setattr(stages, "_build", watched)
    monkeypatch.setattr(stages.GROUND, "kept", {})
    return found


def tables() -> dict[str, list[str]]:
    """Every row, as text."""
    return {table: sorted(rows) for table, rows in stages._rows().items()}


def taken_back(build):
    """What `build` gives and leaves; then it is gone."""
    with transaction.atomic():
        found = build(), tables()
        transaction.set_rollback(True)
    stages.GROUND.stand(())
    return found


def test_stage_laid_again_has_the_same_rows_and_objects_of_its_own(built):
    first, rows = taken_back(lambda: build_money(new_cast()))
    second, again = taken_back(lambda: build_money(new_cast()))
    assert built == ["new_cast", "build_money"]
    assert again == rows
    assert second.city == first.city and second.city is not first.city
    assert second.cast.users["auditor"] == first.cast.users["auditor"]
    assert second.cast.users["auditor"] is not first.cast.users["auditor"]


def test_laid_rows_are_those_the_actions_write():
    def shape(build):
        money, found = taken_back(build)
        return sorted(money.cast.users), {table: len(rows) for table, rows in found.items()}

    laid = shape(lambda: build_money(new_cast()))
    assert shape(lambda: build_money.__wrapped__(new_cast.__wrapped__())) == laid


def test_books_of_a_laid_stage_are_even_and_go_on(cast):
    money = build_money(cast)
    sums = LedgerAccount.objects.unscoped("test").aggregate(d=Sum("debits_posted"), c=Sum("credits_posted"))
    assert sums["d"] == sums["c"] > 0
    child = Union(name="新工会", kind="enterprise", parent=cast.unions["city"], path="new")
    child.save()
    assert child.pk > max(union.pk for union in cast.unions.values())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert money.cast is cast


def test_stage_on_what_somebody_wrote_is_built(built):
    new_cast()
    assert Union.objects.unscoped("test").get(kind="district").name == "江口区总工会"
    assert stages.GROUND.known()  # to look at it is to write nothing
    Union.objects.unscoped("test").filter(kind="district").update(name="改了名")
    assert not stages.GROUND.known()


def test_rows_that_are_there_make_nobody_begin_from_nothing(built):
    new_cast()
    stages.GROUND.stand(())
    assert not stages.GROUND.known()


@pytest.mark.parametrize("tick", [True, False])
def test_under_a_moved_clock_what_was_built_at_that_instant_is_laid(built, tick):
    def when():
        return new_cast().people["mei"].verified_at

    october, november = (dt.datetime(2026, month, 1, 12, tzinfo=dt.UTC) for month in (10, 11))
    for moment in (october, october, november):
        with time_machine.travel(moment, tick=tick):
            assert taken_back(when)[0] == moment
    assert built == ["new_cast", "new_cast"]
    taken_back(when)
    assert built == ["new_cast", "new_cast", "new_cast"]


def test_stage_under_a_moved_clock_stands_on_the_one_below(built):
    for _turn in range(2):
        stages.GROUND.stand(())
        with transaction.atomic():
            cast = new_cast()
            with time_machine.travel(dt.datetime(2026, 10, 1, tzinfo=dt.UTC), tick=False) as clock:
                build_money(cast)
                clock.shift(1)
                assert stages.GROUND.known()
            transaction.set_rollback(True)
    assert built == ["new_cast", "build_money"]


def test_old_stage_is_built_anew(built, monkeypatch):
    taken_back(new_cast)
    monkeypatch.setattr(stages, "KEPT_S", -1)
    taken_back(new_cast)
    assert built == ["new_cast", "new_cast"]


@pytest.mark.django_db(transaction=True)
def test_stage_is_committed_where_tests_commit(built):
    new_cast()
    assert built == ["new_cast"] and connection.get_autocommit()
    assert Union.objects.unscoped("test").count() == 6
