import pytest

from gonghui.kit.ports import port


@pytest.fixture
def sms():
    """The local stand-in, without faults left over."""
    stand_in = port("sms")
    stand_in.faults.clear()
    yield stand_in
    stand_in.faults.clear()
