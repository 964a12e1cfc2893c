"""What the tests of the ledger share: three accounts, one of them filled."""

import pytest

from gonghui.ledger.tests.books import fund, purse


@pytest.fixture
def books(cast):
    """(an unlimited source, a with 100, b with nothing)"""
    union = cast.unions["city"]
    source, a, b = purse(union, "source", limited=""), purse(union, "a"), purse(union, "b")
    fund(source, (a, 100))
    return source, a, b
