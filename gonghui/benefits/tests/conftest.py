"""What the tests of the gate share: the union whose releases it sells."""

import pytest


@pytest.fixture
def union(cast):
    return cast.unions["province"]
