"""One contract for the real adapter (over real HTTP) and the stand-in; the authorise page of the stand-in."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine

from gonghui.kit import clock
from gonghui.kit.ports import PortFailed, PortUncertain, port
from gonghui.payments.ports import wechat_identity
from gonghui.payments.ports.local_identity import (
    LocalAuthorisation,
    LocalIdentity,
    local_openid,
    local_secret,
)
from gonghui.payments.ports.local_trades import APPID, Refusal
from gonghui.payments.ports.wechat_identity import CodeRefused, WeChatIdentity
from gonghui.payments.tests.gateways import Gateway, served

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = {"appid": APPID, "response_type": "code", "scope": "snsapi_base", "state": "a1"}


class Authorisation(Gateway):
    """api.weixin.qq.com."""

    service: LocalAuthorisation

    def do_GET(self):
        parts = urlsplit(self.path)
        self.tell(lambda: said_of(self.service.answer(parts.path, dict(parse_qsl(parts.query)))))


def said_of(content):
    """As the original: JSON by the name of text."""
    return None if content is None else (200, {"Content-Type": "text/plain"}, content)


@pytest.fixture
def service():
    return LocalAuthorisation()


class IdentityContract:
    """What the product may rely on; `adapter` stands on `service`."""

    def refused(self, adapter, code) -> str:
        with pytest.raises(CodeRefused) as said:
            adapter.openid(code)
        return str(said.value)

    def test_code_tells_whose_wechat_it_is(self, adapter, service):
        mine, others = service.code_for("mei", ASKED), service.code_for("hua", ASKED)
        assert adapter.openid(mine) == local_openid("mei")
        assert adapter.openid(others) == local_openid("hua") != local_openid("mei")

    def test_code_is_good_once(self, adapter, service):
        code = service.code_for("mei", ASKED)
        adapter.openid(code)
        assert self.refused(adapter, code) == "40163"

    def test_code_is_good_for_five_minutes(self, adapter, service):
        code = service.code_for("mei", ASKED)
        with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
            assert self.refused(adapter, code) == "42003"

    def test_code_nobody_gave_out_is_refused(self, adapter, service):
        assert self.refused(adapter, "0" * 32) == "40029"

    @pytest.mark.parametrize("code", ["", "a b", "a&secret=x", "码", "a" * 129, "a\n"])
    def test_what_is_no_code_is_not_even_asked(self, adapter, service, code):
        assert self.refused(adapter, code) == "not a code"
        assert service.asked == 0

    def test_busy_is_said_once_and_the_code_stays_good(self, adapter, service):
        code = service.code_for("mei", ASKED)
        service.faults[:] = ["busy"]
        with pytest.raises(PortFailed) as said:
            adapter.openid(code)
        assert (type(said.value), str(said.value), service.asked) == (PortFailed, "errcode -1", 1)
        assert adapter.openid(code) == local_openid("mei")

    def test_network_that_fails_twice_is_asked_a_third_time(self, adapter, service):
        code = service.code_for("mei", ASKED)
        service.faults[:] = ["down", "down"]
        assert (adapter.openid(code), service.asked) == (local_openid("mei"), 3)

    def test_network_that_stays_away_is_said_after_three_times(self, adapter, service):
        code = service.code_for("mei", ASKED)
        service.faults[:] = ["down"] * 4
        with pytest.raises(PortUncertain):
            adapter.openid(code)
        assert service.asked == 3

    def test_answer_lost_on_the_way_leaves_a_used_code(self, adapter, service):
        service.faults[:] = ["slow"]
        assert self.refused(adapter, service.code_for("mei", ASKED)) == "40163"

    def test_another_appid_or_secret_is_refused(self, adapter, service):
        code = service.code_for("mei", ASKED)
        for wrong, errcode in (({"appid": "wx2"}, 40013), ({"secret": "0" * 32}, 40125)):
            for name, value in wrong.items():
                kept = getattr(adapter, name)
                setattr(adapter, name, value)
                with pytest.raises(PortFailed, match=f"errcode {errcode}"):
                    adapter.openid(code)
                setattr(adapter, name, kept)
        assert adapter.openid(code) == local_openid("mei")

    def test_nothing_said_of_a_failure_names_secret_or_code(self, adapter, service, caplog):
        code = service.code_for("mei", ASKED)
        service.faults[:] = ["busy", *["down"] * 3]
        for _turn in range(2):
            with pytest.raises(PortFailed) as said:
                adapter.openid(code)
            assert code not in str(said.value) and adapter.secret not in str(said.value)
        assert code not in caplog.text and adapter.secret not in caplog.text


class TestStandIn(IdentityContract):
    @pytest.fixture
    def adapter(self, service):
        return LocalIdentity(service)

    def test_page_refuses_what_the_original_refuses(self, service):
        for wrong, number in (
            ({"appid": "wx2"}, "10012"),
            ({"state": ""}, "10013"),
            ({"scope": "snsapi_userinfo"}, "10005"),
            ({"response_type": "token"}, "10005"),
        ):
            with pytest.raises(Refusal) as said:
                service.code_for("mei", ASKED | wrong)
            assert said.value.code == number

    def test_repeat_hands_out_the_code_of_before(self, adapter, service):
        first = service.code_for("mei", ASKED)
        adapter.openid(first)
        service.repeats[:] = ["again"]
        assert service.code_for("mei", ASKED) == first
        assert self.refused(adapter, first) == "40163"

    def test_production_has_no_stand_in(self, settings):
        settings.PRODUCTION = True
        with pytest.raises(PortFailed):
            LocalIdentity.configured()

    def test_faults_come_from_the_environment(self, monkeypatch):
        monkeypatch.setenv("GONGHUI_WECHAT_IDENTITY_FAULTS", "busy,down")
        monkeypatch.setenv("GONGHUI_WECHAT_IDENTITY_REPEATS", "again")
        monkeypatch.setenv("GONGHUI_WECHAT_IDENTITY_DELAY_S", "0.5")
        service = LocalIdentity.configured().service
        assert (service.faults, service.repeats, service.delay_s) == (["busy", "down"], ["again"], 0.5)


class TestRealAdapter(IdentityContract):
    @pytest.fixture
    def gateway(self, service):
        with served(Authorisation, service) as address:
            yield address

    @pytest.fixture
    def adapter(self, gateway):
        return WeChatIdentity(appid=APPID, secret=local_secret(), gateway=gateway)

    def test_nobody_there_is_said_in_time(self, monkeypatch):
        monkeypatch.setattr(wechat_identity, "PAUSE_S", 0)
        lonely = WeChatIdentity(appid=APPID, secret="s", gateway="http://127.0.0.1:9")
        with pytest.raises(PortUncertain, match="ConnectError"):
            lonely.openid("0" * 32)

    @pytest.mark.parametrize(
        "content", [b"", b"<html>", b"[]", b"{}", b'{"openid": 3}', b'{"openid": "a b c d e"}']
    )
    def test_answer_that_names_nobody_is_no_identity(self, adapter, service, monkeypatch, content):
        monkeypatch.setattr(service, "answer", lambda path, query: content)
        with pytest.raises(PortFailed):
            adapter.openid("0" * 32)

    def test_adapter_is_made_from_the_environment(self, service, gateway, tmp_path, monkeypatch):
        (tmp_path / "secret").write_text(local_secret() + "\n")
        monkeypatch.setenv("GONGHUI_WECHAT_APPID", APPID)
        monkeypatch.setenv("GONGHUI_WECHAT_APP_SECRET_FILE", str(tmp_path / "secret"))
        adapter = WeChatIdentity.configured()
        assert str(adapter.client.base_url) == "https://api.weixin.qq.com"
        adapter.client.base_url = gateway
        assert adapter.openid(service.code_for("mei", ASKED)) == local_openid("mei")

    def test_authorise_address_is_as_the_original_wants_it(self, adapter):
        address = adapter.authorise_address(
            returning_to="https://gh.example/payments/wechat/return", state="a1"
        )
        assert address == (
            f"https://open.weixin.qq.com/connect/oauth2/authorize?appid={APPID}"
            "&redirect_uri=https%3A%2F%2Fgh.example%2Fpayments%2Fwechat%2Freturn"
            "&response_type=code&scope=snsapi_base&state=a1#wechat_redirect"
        )

    @pytest.mark.parametrize(("agent", "works"), [
        ("Mozilla/5.0 (Linux; Android 14) Chrome/116 Mobile MicroMessenger/8.0.44 Language/zh_CN", True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.44(0x18002c2f)", True),
        ("Mozilla/5.0 (Linux; Android 14) MicroMessenger/7.0.1 wxwork/4.1.10", False),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/116 Mobile Safari/537.36", False),
        ("", False),
    ])  # fmt: skip
    def test_only_wechats_own_browser_can_say(self, adapter, agent, works):
        assert adapter.works_in(agent) is works


def test_port_is_the_stand_in_unless_told_otherwise():
    assert isinstance(port("wechat_identity"), LocalIdentity)
