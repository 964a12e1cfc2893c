import pytest

from gonghui.funds.tests.stage import build_money


@pytest.fixture
def money(cast):
    return build_money(cast)
