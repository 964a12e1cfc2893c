import pytest

from gonghui.settlement.tests.stage import build_shop, period


@pytest.fixture
def shop(cast):
    return build_shop(cast)


@pytest.fixture
def october(cast):
    return period(cast)
