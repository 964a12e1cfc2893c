"""One contract for the real adapter (over real HTTP) and the stand-in."""

from datetime import timedelta
from uuid import uuid4

import pytest

from gonghui.kit import clock
from gonghui.kit.ports import PortFailed, PortUncertain
from gonghui.payments.ports import local_trades
from gonghui.payments.ports.coupons import LocalCoupons, StockOrder, WeChatCoupons
from gonghui.payments.ports.local import (
    APPID,
    KEY_ID,
    LocalPayments,
    LocalWeChat,
    client_for,
    local_key,
    sign,
)
from gonghui.payments.ports.local_identity import local_openid
from gonghui.payments.ports.wechat import Charge, Forged, NoStatementYet, NotThere, WeChatPayments
from gonghui.payments.statement_file import read_coupons, read_trades
from gonghui.payments.tests.gateways import Gateway, served

pytestmark = pytest.mark.django_db(transaction=True)
NEXT_ID = "PUB_KEY_ID_NEXT"


class WeChatPay(Gateway):
    """The played provider."""

    service: LocalWeChat

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.tell(lambda: self.service.exchange(self.command, self.path, self.headers, body))

    do_GET = do_POST = answer


@pytest.fixture
def service():
    return LocalWeChat()


class PaymentContract:
    """What the product may rely on; `adapter` and `coupons` stand on `service`."""

    def charged(self, adapter, amount_fen=5000, **facts):
        number = uuid4().hex
        later = clock.now() + timedelta(minutes=15)
        adapter.prepay(Charge(number, amount_fen, "工会普惠", later, local_openid("mei")), **facts)
        return number

    def test_invitation_is_signed_for_the_phone(self, adapter):
        later = clock.now() + timedelta(minutes=15)
        facts = adapter.prepay(Charge(uuid4().hex, 5000, "工会普惠", later, local_openid("mei"))).facts
        assert (facts["appId"], facts["signType"], facts["package"][:10]) == (APPID, "RSA", "prepay_id=")
        assert len(facts["paySign"]) == 344

    def test_trade_is_waiting_then_paid(self, adapter, service):
        number = self.charged(adapter)
        assert adapter.trade(number).state == "waiting"
        service.pay(number)
        fact = adapter.trade(number)
        assert (fact.state, fact.amount_fen, fact.out_trade_no) == ("paid", 5000, number)
        assert abs(fact.paid_at - clock.now()) < timedelta(seconds=5)

    def test_trade_nobody_began_is_not_there(self, adapter):
        with pytest.raises(NotThere):
            adapter.trade(uuid4().hex)

    def test_closed_trade_cannot_be_paid_and_a_paid_one_not_closed(self, adapter, service):
        number, other = self.charged(adapter), self.charged(adapter)
        adapter.close(number)
        service.pay(number)
        assert adapter.trade(number).state == "closed"
        service.pay(other)
        with pytest.raises(PortFailed):
            adapter.close(other)
        assert adapter.trade(other).state == "paid"

    def test_refund_with_the_same_number_is_the_same_refund(self, adapter, service):
        number, refund = self.charged(adapter), uuid4().hex
        service.pay(number)
        asked = {"out_trade_no": number, "out_refund_no": refund, "refund_fen": 3000, "total_fen": 5000}
        facts = [adapter.refund(**asked), adapter.refund(**asked), adapter.refund_state(refund)]
        assert [f.state for f in facts] == ["waiting", "done", "done"]
        assert {f.refund_id for f in facts} == {facts[0].refund_id}
        with pytest.raises(PortFailed):
            adapter.refund(**(asked | {"refund_fen": 1}))
        with pytest.raises(PortFailed):
            adapter.refund(**(asked | {"out_refund_no": uuid4().hex, "refund_fen": 2001}))

    def test_silence_and_forgery_leave_it_open_and_refusal_does_nothing(self, adapter, service):
        number = self.charged(adapter)
        service.pay(number)
        asked = {"out_trade_no": number, "out_refund_no": uuid4().hex, "refund_fen": 1, "total_fen": 5000}
        for fault in ("slow", "forged", "down"):
            service.faults[:] = [fault]
            with pytest.raises(PortUncertain):
                adapter.refund(**asked)
        assert adapter.refund_state(asked["out_refund_no"]).state == "done"

    def test_statement_is_the_day_as_it_was(self, adapter, service):
        with pytest.raises(NoStatementYet):
            adapter.statement(clock.today())
        number = self.charged(adapter)
        service.pay(number)
        adapter.refund(out_trade_no=number, out_refund_no=uuid4().hex, refund_fen=100, total_fen=5000)
        rows = read_trades(adapter.statement(clock.today()))
        assert [(r.kind, r.amount_fen) for r in rows] == [("trade", 5000), ("refund", 100)]

    def test_statement_that_was_changed_on_the_way_is_refused(self, adapter, service, monkeypatch):
        service.pay(self.charged(adapter))
        monkeypatch.setattr("gonghui.payments.ports.local.serve_file", lambda name: b"\x1f\x8bxx")
        with pytest.raises(PortFailed):
            adapter.statement(clock.today())
        monkeypatch.setattr("gonghui.payments.ports.local.serve_file", lambda name: b"another")
        with pytest.raises(PortFailed):
            adapter.statement(clock.today())

    def test_callback_opens_with_our_key_only(self, adapter, service):
        from gonghui.payments.models import LocalNotice

        number = self.charged(adapter)
        service.pay(number)
        headers, body = service.envelope(LocalNotice.objects.unscoped("test").get())
        news = adapter.open_news(headers, body)
        assert (news.event_type, news.resource["out_trade_no"]) == ("TRANSACTION.SUCCESS", number)
        with pytest.raises(Forged):
            adapter.open_news(headers, body + b" ")

    def test_callback_by_the_providers_next_key_opens_once_we_were_told_of_it(self, adapter, service):
        """While it changes its key, some callbacks come by the old one and some by the new."""
        from gonghui.payments.models import LocalNotice

        service.pay(self.charged(adapter))
        old = service.envelope(LocalNotice.objects.unscoped("test").get())
        new = by_another_key(*old)
        with pytest.raises(Forged):
            adapter.open_news(*new)
        following = LocalWeChat(platform=local_key("next"), apiv3_key=service.apiv3_key)
        told = WeChatPayments(
            adapter.client,
            appid=APPID,
            public_key_id=KEY_ID,
            also={NEXT_ID: client_for(following, key_id=NEXT_ID)},
        )
        assert [told.open_news(*each).event_type for each in (old, new)] == ["TRANSACTION.SUCCESS"] * 2
        headers, body = new
        for wrong in ({"Wechatpay-Serial": KEY_ID}, {"Wechatpay-Signature": old[0]["Wechatpay-Signature"]}):
            with pytest.raises(Forged):
                told.open_news(headers | wrong, body)

    def test_coupons_are_ordered_sent_and_listed(self, coupons, service):
        now = clock.now()
        order = StockOrder(uuid4().hex, "满30减5", 500, 3000, 100, now, now + timedelta(days=30))
        stock = coupons.create_stock(order)
        assert coupons.create_stock(order) == stock
        key = uuid4().hex
        code = coupons.send(stock_id=stock, openid=local_openid("mei"), key=key)
        assert coupons.send(stock_id=stock, openid=local_openid("mei"), key=key) == code
        local_trades_move(service, key)
        rows = read_coupons(coupons.statement(stock))
        assert [(r.kind, r.number, r.amount_fen, r.paid_fen) for r in rows] == [("used", code, 500, 3000)]


def by_another_key(headers, body):
    parts = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"], body.decode()
    signature = sign(local_key("next"), *parts)
    return headers | {"Wechatpay-Serial": NEXT_ID, "Wechatpay-Signature": signature}, body


def local_trades_move(service, key):
    from django.db import transaction

    with transaction.atomic():
        local_trades.move_coupon(service, key, "used", off_fen=500, paid_fen=2500)


class TestStandIn(PaymentContract):
    @pytest.fixture
    def adapter(self, service):
        return LocalPayments(service)

    @pytest.fixture
    def coupons(self, service):
        return LocalCoupons(service)


class TestWeChatPay(PaymentContract):
    @pytest.fixture
    def gateway(self, service, monkeypatch):
        with served(WeChatPay, service) as address:
            monkeypatch.setattr(local_trades, "HOST", address)
            yield address

    @pytest.fixture
    def adapter(self, service, gateway):
        return WeChatPayments(
            client_for(service, timeout=5), appid=APPID, public_key_id=KEY_ID, gateway=gateway
        )

    @pytest.fixture
    def coupons(self, service, gateway):
        return WeChatCoupons(
            client_for(service, timeout=5), appid=APPID, public_key_id=KEY_ID, gateway=gateway
        )

    def test_nobody_there_is_nothing_done(self, service):
        lonely = WeChatPayments(
            client_for(service, timeout=1), appid=APPID, public_key_id=KEY_ID, gateway="http://127.0.0.1:9"
        )
        with pytest.raises(PortFailed):
            lonely.trade(uuid4().hex)

    def test_adapter_is_made_from_the_environment(self, service, gateway, tmp_path, monkeypatch):
        from gonghui.payments.ports.local import MCHID, SERIAL, pem_of, public_pem_of

        texts = {
            "KEY_FILE": pem_of(service.merchant), "APIV3_KEY_FILE": service.apiv3_key,
            "PUBLIC_KEY_FILE": public_pem_of(service.platform),
        }  # fmt: skip
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
            monkeypatch.setenv(f"GONGHUI_WECHAT_{name}", str(tmp_path / name))
        plain = {
            "MCHID": MCHID, "APPID": APPID, "CERT_SERIAL": SERIAL, "PUBLIC_KEY_ID": KEY_ID,
            "NOTIFY_URL": "https://example.invalid/payments/wechat/notify",
        }  # fmt: skip
        for name, value in plain.items():
            monkeypatch.setenv(f"GONGHUI_WECHAT_{name}", value)
        adapter = WeChatPayments.configured()
        adapter.client._core._gate_way = gateway
        assert adapter.trade(self.charged(adapter)).state == "waiting"
        assert list(adapter.openers) == [KEY_ID]
        (tmp_path / "NEXT").write_text(public_pem_of(local_key("next")))
        monkeypatch.setenv("GONGHUI_WECHAT_NEXT_PUBLIC_KEY_FILE", str(tmp_path / "NEXT"))
        monkeypatch.setenv("GONGHUI_WECHAT_NEXT_PUBLIC_KEY_ID", NEXT_ID)
        assert sorted(WeChatPayments.configured().openers) == [KEY_ID, NEXT_ID]
