"""Here the cast and their stage are built once for a file; each test takes back what it did."""

import pytest


@pytest.fixture
def cast(played, db):
    return played[0]


@pytest.fixture
def stage(played, db):
    return played[1]
