"""One contract for the real adapter (over real HTTP) and the stand-in."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gonghui.kit.ports import PortFailed, PortUncertain, port
from gonghui.notices.models import LocalSubscription
from gonghui.notices.ports.local_wechat import (
    APPID,
    LocalSubscriptions,
    LocalWeChatMessages,
    local_secret,
)
from gonghui.notices.ports.refusals import AskedTooOften, CodeRefused, MemberRefuses, NeverGoes
from gonghui.notices.ports.wechat_messages import WeChatMessages
from gonghui.payments.tests.gateways import Gateway, served

pytestmark = pytest.mark.django_db(transaction=True)
MEI, TEMPLATE = "openid_of_mei", "tmpl_0123456789abcdef"
FIELDS = {"thing1": "国庆游船", "time2": "2026-10-01 20:00"}


class Subscriptions(Gateway):
    """api.weixin.qq.com."""

    service: LocalSubscriptions

    def do_POST(self):
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.tell(lambda: self.said(parts.path, dict(parse_qsl(parts.query)), content))

    do_GET = do_POST

    def said(self, path, query, content):
        try:
            said = self.service.answer(path, query, content)
        except httpx.ConnectError:
            return 502, {}, b""
        return None if said is None else (200, {"Content-Type": "application/json"}, said)


@pytest.fixture
def service():
    return LocalSubscriptions()


def send(adapter, fields=FIELDS, openid=MEI):
    adapter.send(openid=openid, template=TEMPLATE, fields=fields, page="pages/open/open?m=1")


def arrived() -> list[dict]:
    row = LocalSubscription.objects.unscoped("test").filter(openid_index=MEI).first()
    return [one["data"] for one in row.sent] if row else []


class MessagesContract:
    """What the product may rely on; `adapter` stands on `service`."""

    def test_one_allowing_is_one_message(self, adapter, service):
        service.allow(MEI, TEMPLATE)
        send(adapter)
        with pytest.raises(MemberRefuses):
            send(adapter)
        assert arrived() == [FIELDS]

    def test_member_who_allowed_nothing_gets_nothing(self, adapter, service):
        with pytest.raises(MemberRefuses):
            send(adapter)
        assert arrived() == []

    @pytest.mark.parametrize("fields", [{"thing1": "长" * 21}, {"title": "x"}, {"thing1": ""}, {}])
    def test_fields_wechat_does_not_take_never_go(self, adapter, service, fields):
        service.allow(MEI, TEMPLATE)
        with pytest.raises(NeverGoes):
            send(adapter, fields)
        assert arrived() == []

    @pytest.mark.parametrize(
        ("fault", "says"), [("busy", PortFailed), ("often", AskedTooOften), ("limit", AskedTooOften)]
    )
    def test_busy_and_rate_limits_are_for_later(self, adapter, service, fault, says):
        service.allow(MEI, TEMPLATE)
        service.faults.append(fault)
        with pytest.raises(PortFailed) as said:
            send(adapter)
        assert said.type is says
        send(adapter)
        assert arrived() == [FIELDS]

    def test_no_answer_in_time_leaves_it_uncertain(self, adapter, service):
        service.allow(MEI, TEMPLATE)
        service.faults.append("slow")
        with pytest.raises(PortUncertain):
            send(adapter)
        assert arrived() == [FIELDS]

    def test_token_is_fetched_once_and_anew_when_it_is_refused(self, adapter, service):
        for _nth in range(3):
            service.allow(MEI, TEMPLATE)
        send(adapter)
        send(adapter)
        assert service.tokens == 1
        service.faults.append("token")
        send(adapter)
        assert (len(arrived()), service.asked) == (3, 4)
        assert service.tokens >= 2

    def test_token_refused_again_and_again_is_a_failure_and_no_endless_asking(self, adapter, service):
        service.faults.extend(["token"] * 9)
        with pytest.raises(PortFailed) as said:
            send(adapter)
        assert (said.type, service.asked) == (PortFailed, 2)

    def test_message_the_network_brings_twice_arrives_once(self, adapter, service):
        service.allow(MEI, TEMPLATE)
        service.faults.append("twice")
        send(adapter)
        assert arrived() == [FIELDS]

    def test_login_code_says_whose_phone_it_is_once(self, adapter, service):
        code = service.login_code(MEI)
        assert adapter.openid(code) == MEI
        with pytest.raises(CodeRefused):
            adapter.openid(code)

    @pytest.mark.parametrize("code", ["0" * 32, "", "a b", "x" * 129])
    def test_login_code_of_nobody_is_refused(self, adapter, service, code):
        with pytest.raises(CodeRefused):
            adapter.openid(code)

    @pytest.mark.parametrize(
        ("fault", "says"), [("busy", PortFailed), ("often", AskedTooOften), ("slow", PortFailed)]
    )
    def test_login_wechat_does_not_answer_is_for_later(self, adapter, service, fault, says):
        service.faults.append(fault)
        with pytest.raises(PortFailed) as said:
            adapter.openid(service.login_code(MEI))
        assert said.type is says


class TestReal(MessagesContract):
    @pytest.fixture
    def adapter(self, service):
        with served(Subscriptions, service) as gateway:
            yield WeChatMessages(appid=APPID, secret=local_secret(), gateway=gateway)

    def test_wrong_secret_sends_nothing(self, service):
        service.allow(MEI, TEMPLATE)
        with served(Subscriptions, service) as gateway, pytest.raises(PortFailed):
            send(WeChatMessages(appid=APPID, secret="wrong", gateway=gateway))
        assert (arrived(), service.asked) == ([], 0)

    def test_gateway_that_is_not_there_fails_for_certain(self):
        adapter = WeChatMessages(appid=APPID, secret="x", gateway="http://127.0.0.1:9")
        adapter.token, adapter.good_until = "t", 2**40
        with pytest.raises(PortFailed) as said:
            send(adapter)
        assert said.type is PortFailed


class TestStandIn(MessagesContract):
    @pytest.fixture
    def adapter(self, service):
        return LocalWeChatMessages(service)

    def test_no_line_fails_for_certain(self, adapter, service):
        service.faults.append("down")
        with pytest.raises(PortFailed) as said:
            send(adapter)
        assert said.type is PortFailed

    def test_production_refuses_it(self, settings):
        settings.PRODUCTION = True
        with pytest.raises(PortFailed):
            LocalWeChatMessages.configured()

    def test_it_is_the_one_in_use_here(self):
        assert isinstance(port("wechat_messages"), LocalWeChatMessages)
