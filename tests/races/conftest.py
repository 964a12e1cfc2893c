"""What the gallery shares: money, points, a provider, a real server, and the counter of a pier."""

import datetime as dt

import pytest
from django.utils import timezone

from gonghui.benefits.tests.crowd import new_pool, new_release
from gonghui.benefits.tests.servers import running
from gonghui.funds.tests.stage import build_money
from gonghui.ledger.tests.conftest import books  # noqa: F401 - a fixture
from gonghui.payments.tests.conftest import taken, wechat  # noqa: F401 - fixtures


@pytest.fixture
def money(cast):
    return build_money(cast)


@pytest.fixture(scope="module")
def served(django_db_setup, django_db_blocker, tmp_path_factory):
    """The real web process on this file's database, gate and pages at one port."""
    with django_db_blocker.unblock(), running(tmp_path_factory.mktemp("served")) as processes:
        yield processes


@pytest.fixture
def pool(cast):
    """Ten places of the pier's store, open, usable now."""
    now = timezone.now()
    times = {"valid_from": now - dt.timedelta(minutes=5), "valid_until": now + dt.timedelta(hours=3)}
    return new_pool(new_release(cast.unions["city"], party_max=3), capacity=10, store=cast.store, **times)
