import datetime as dt

import pytest
import time_machine

from gonghui.kit.ports import port
from gonghui.notices.lanes import USUAL, Lanes


@pytest.fixture
def noon():
    """Half past noon in China: nobody's quiet hours."""
    with time_machine.travel(dt.datetime(2026, 11, 22, 4, 30, tzinfo=dt.UTC)) as clock:
        yield clock


@pytest.fixture
def wechat():
    """WeChat played locally, without faults left over."""
    service = port("wechat_messages").service
    service.faults.clear()
    service.pushes.clear()
    yield service
    service.faults.clear()
    service.pushes.clear()


@pytest.fixture
def lanes(wechat, sms, monkeypatch):
    """As outside the tests: several calls at once."""
    for name in ("wechat_messages", "sms"):
        monkeypatch.setattr(port(name), "lanes", Lanes())
    return USUAL


@pytest.fixture
def sms():
    """The local stand-in, without faults left over."""
    stand_in = port("sms")
    stand_in.faults.clear()
    yield stand_in
    stand_in.faults.clear()
