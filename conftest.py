"""Shared fixtures: a fixed cast with names, a small union tree. See tests/cast.py."""

import functools
import gc
import os

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("GONGHUI_LOG_LEVEL", "WARNING")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
# What a test has not committed no other thread sees: calls outside are made in its own, but where a race is the subject.
os.environ.setdefault("GONGHUI_WECHAT_MESSAGES_LANES", "1")
os.environ.setdefault("GONGHUI_SMS_LANES", "1")

from gonghui.kit.tests.stages import bare_ground  # noqa: F401 - a fixture
from tests.cast import *  # noqa: F403
from tests.databases import Migrated
from tests.emptying import empty_database

# A crowded machine is no fault of the code: nothing here is timed.
settings.register_profile("gonghui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gonghui")

WORKERS_MAX = 4  # each has a database of its own


def pytest_report_header() -> str | None:
    """A DATABASE_URL in the environment is obeyed, and said."""
    from gonghui.config.databases import place_of_database

    named = os.environ.get("DATABASE_URL")
    return f"DATABASE_URL: {place_of_database(named)}" if named else None


def pytest_xdist_auto_num_workers(config) -> int:
    """For `-n auto`: paths named on the command line run in this process, as a debugger wants; the whole suite on every
    core, and one more for the time the others wait for a browser or a killed process."""
    if config.args_source is config.ArgsSource.ARGS:
        return 0
    return min(WORKERS_MAX, 1 + (os.cpu_count() or 1))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items) -> None:
    """Files that take minutes come first, then those that wait for browsers and processes, so that no core is left with
    one of them at the end."""
    big = {item.path for item in items if item.get_closest_marker("big")}
    slow = {
        item.path for item in items if item.get_closest_marker("browser") or item.get_closest_marker("faults")
    }
    items.sort(key=lambda item: (item.path not in big, item.path not in slow))


gc.disable()  # what is imported and collected stays: until the first test there is nothing to find


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """Nothing here pulls a plug: this process's commits need not wait for the disk. Those of the gate and of others do.

    Rivals in a race are more than the threads of a server, and a crowded machine is slow to give each its connection.
    """
    from django.db import connection

    options = connection.settings_dict["OPTIONS"]
    options["options"] = "-c synchronous_commit=off"
    options["pool"] |= {"max_size": 48, "timeout": 60}


@pytest.fixture(scope="session")
def migrated_once(django_db_modify_db_settings, django_db_createdb, django_db_blocker):
    """One worker migrates, the others copy; `--create-db` makes each anew."""
    with django_db_blocker.unblock():
        migrated = Migrated()
        migrated.let_go() if django_db_createdb else migrated.lay()
    yield migrated
    migrated.let_go()


@pytest.fixture(scope="session")
def django_db_setup(migrated_once, django_db_setup, django_db_blocker):
    """A run that was killed may have left rows."""
    with django_db_blocker.unblock():
        migrated_once.keep()
        empty_database()


@pytest.fixture(autouse=True)
def _no_caches_between_tests():
    from gonghui.kit.tests.shelves import forget_kept

    forget_kept()


@pytest.fixture(autouse=True, scope="session")
def _no_minute_ends_between_two_questions():
    """How often one may ask in a minute is counted anew with each test, not wherever the clock happens to stand in it."""
    from gonghui.kit import pace

    pace.WINDOW_S = 10**9


@pytest.fixture(autouse=True, scope="session")
def _provider_draws_its_keys_once():
    """The stand-in's keys are drawn for every database it is played in; the same ones will do for all tests."""
    from gonghui.payments.ports import local

    drawn, local.new_pem = local.new_pem, functools.cache(local.new_pem)
    yield
    local.new_pem = drawn


@pytest.fixture(autouse=True, scope="session")
def hasher_of_the_product():
    """Passwords are hashed by the product's own hasher, at the least it can cost; what it costs there, `test_staff` asks."""
    from django.contrib.auth.hashers import get_hasher

    kind = type(get_hasher())
    costs = {name: getattr(kind, name) for name in ("work_factor", "parallelism")}
    kind.work_factor, kind.parallelism = 2, 1
    yield kind, costs
    for name, cost in costs.items():
        setattr(kind, name, cost)


@pytest.fixture(autouse=True, scope="session")
def _empty_by_deleting():
    """After a test with real transactions: all rows but the reference ones go, the append-only audit trail too."""
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = lambda self: empty_database()
