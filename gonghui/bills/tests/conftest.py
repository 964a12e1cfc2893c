"""A till with money behind it: what most tests of bills begin with."""

from __future__ import annotations

import pytest

from gonghui.bills.tests.stage import open_shop
from gonghui.funds.tests.stage import build_money


@pytest.fixture
def money(cast):
    open_shop(cast)
    return build_money(cast)


@pytest.fixture
def shop(money):
    return money.cast
