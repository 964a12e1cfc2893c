import pytest

from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.mall.tests.stage import build_mall
from gonghui.members.models import Consent
from gonghui.payments.tests.conftest import wechat  # noqa: F401 - the played provider
from gonghui.wellbeing.tests.stage import HealthStage, riders


@pytest.fixture
def mall(cast):
    return build_mall(cast)


@pytest.fixture
def festival(cast):
    """The mall, and Mei with 60 福豆 for the festival shelf alone."""
    stage = build_mall(cast)
    stage.give_points(build_money(cast), 60, sections=["festival"])
    return stage


@pytest.fixture
def crowd(mall):
    """Ten who said yes."""
    found = riders(HealthStage(mall.cast, None, None, None, None), 10)
    Consent.objects.bulk_create(
        Consent(user_id=one.user_id, purpose="interests", version="2026-11", given_at=clock.now())
        for one in found
    )
    return found
