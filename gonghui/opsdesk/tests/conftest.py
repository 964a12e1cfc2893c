import pytest

from gonghui.opsdesk.tests.stage import build_stage


@pytest.fixture
def stage(cast):
    return build_stage(cast)
