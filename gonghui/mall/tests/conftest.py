import pytest

from gonghui.funds.tests.stage import build_money
from gonghui.mall.tests.stage import build_mall
from gonghui.payments.tests.conftest import wechat  # noqa: F401 - the played provider


@pytest.fixture
def mall(cast):
    return build_mall(cast)


@pytest.fixture
def festival(cast):
    """The mall, and Mei with 60 福豆 for the festival shelf alone."""
    stage = build_mall(cast)
    stage.give_points(build_money(cast), 60, sections=["festival"])
    return stage
