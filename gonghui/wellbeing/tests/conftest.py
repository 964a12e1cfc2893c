import pytest

from gonghui.payments.tests.conftest import wechat  # noqa: F401 - the played provider
from gonghui.wellbeing.tests.stage import build_health


@pytest.fixture
def health(cast):
    return build_health(cast)
