"""我的账单: who paid which fen, what came back, and one's own entries in the ledger; nobody else's."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from gonghui.bills.actions.selling import sell
from gonghui.bills.models import Bill
from gonghui.bills.tests.stage import pay_code, refunded, sale, sold, with_points
from gonghui.feedback.models import Rating
from gonghui.funds.tests.stage import build_money
from gonghui.kit import ports
from gonghui.payments.models import LocalTrade
from gonghui.payments.ports.local import KEY_ID, wireless_client
from gonghui.payments.ports.local_identity import Wireless, local_openid, local_secret
from gonghui.payments.ports.local_trades import APPID
from gonghui.payments.ports.wechat import WeChatPayments
from gonghui.payments.ports.wechat_identity import WeChatIdentity
from gonghui.payments.tests.figures import connected
from gonghui.portal.tests.till import coupon_of, opened, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(cast):
    opened(cast)
    with_points(build_money(cast))
    return cast


@pytest.fixture
def mei(shop, client):
    return shop.sign_in(client, "mei")


def fresh(bill):
    return Bill.objects.unscoped("test").get(pk=bill.pk)


def test_list_shows_own_bills_newest_first(mei, shop):
    first = sold(shop, 12000)
    second = sold(shop, 5000, customer=pay_code(shop, ahead=1))
    page = text(mei.get("/me/bills"))
    assert [int(pk) for pk in re.findall(r'href="/me/bills/(\d+)"', page)] == [second.pk, first.pk]
    assert "¥100" in page and "原价 120 元" in page


def test_list_without_bills_says_where_to_go(mei):
    page = text(mei.get("/me/bills"))
    assert "还没有账单" in page and 'href="/offers"' in page


def test_bill_says_who_paid_which_fen_and_what_came_back(mei, shop):
    bill = sold(shop, ("茶", 6000, 2), points=10)
    page = text(mei.get(f"/me/bills/{bill.pk}"))
    assert "茶 × 2" in page and "您付了" in page
    for who in ("商家让利", "福豆", "职工支付"):
        assert who in page
    refunded(shop, bill, (1, 1))
    page = text(mei.get(f"/me/bills/{bill.pk}"))
    assert "已退给您 45 元和 5 福豆" in page and "顾客退货" in page


def test_own_entries_lead_to_their_proof(mei, shop):
    bill = sold(shop, 12000, points=10)
    page = text(mei.get(f"/me/bills/{bill.pk}"))
    links = [part.split('"')[0] for part in page.split('href="/me/points/')[1:]]
    assert len(links) == 2  # the points, and the cash
    for link in links:
        assert mei.get(f"/me/points/{link}").status_code == 200


@pytest.mark.parametrize("who", ["hua", "stranger", "city_admin"])
def test_bill_of_another_is_not_there(client, shop, who):
    bill = sold(shop, 12000)
    client = shop.sign_in(client, who)
    for path in ("", "/state", "/pay"):
        assert client.get(f"/me/bills/{bill.pk}{path}").status_code == 404
    assert client.post(f"/me/bills/{bill.pk}/cancel").status_code == 404
    assert fresh(bill).state == "settled"


def test_member_rates_a_bill_once(mei, shop):
    bill = sold(shop, 12000)
    assert f'href="/me/bills/{bill.pk}/rate"' in text(mei.get(f"/me/bills/{bill.pk}"))
    assert "优惠帮上忙了吗" in text(mei.get(f"/me/bills/{bill.pk}/rate"))
    assert mei.post(f"/me/bills/{bill.pk}/rate", {"comment": "好"}).status_code == 422
    answer = mei.post(f"/me/bills/{bill.pk}/rate", {"score": "4", "comment": "省了二十"}, follow=True)
    page = text(answer)
    assert answer.redirect_chain == [(f"/me/bills/{bill.pk}", 302)]
    assert "省了二十" in page and "4.0 分，满分 5 分" in page and "/rate" not in page
    assert mei.post(f"/me/bills/{bill.pk}/rate", {"score": "1"})["Location"] == f"/me/bills/{bill.pk}"
    assert [one.score for one in Rating.objects.unscoped("test")] == [4]


@pytest.mark.parametrize("who", ["hua", "stranger"])
def test_bill_of_another_cannot_be_rated(client, shop, who):
    bill = sold(shop, 12000)
    client = shop.sign_in(client, who)
    assert client.get(f"/me/bills/{bill.pk}/rate").status_code == 404
    assert client.post(f"/me/bills/{bill.pk}/rate", {"score": "1"}).status_code == 404
    assert Rating.objects.unscoped("test").count() == 0


class TestHeld:
    @pytest.fixture
    def bill(self, shop):
        return sold(shop, 12000, method="wechat")

    def test_member_sees_what_to_pay_and_is_led_to_the_payment(self, mei, bill):
        page = text(mei.get(f"/me/bills/{bill.pk}/pay", follow=True))
        assert "微信支付 100 元" in page and "原价 120 元" in page
        answer = mei.post(f"/me/bills/{bill.pk}/pay")
        assert answer["Location"].startswith("/pay/local/")
        assert answer["Location"].endswith(f"?next=%2Fme%2Fbills%2F{bill.pk}")

    def test_member_may_give_it_up(self, mei, bill):
        assert mei.post(f"/me/bills/{bill.pk}/cancel")["Location"] == f"/me/bills/{bill.pk}"
        assert fresh(bill).state == "cancelled"
        assert "已取消，没有付款" in text(mei.get(f"/me/bills/{bill.pk}"))
        assert mei.get(f"/me/bills/{bill.pk}/pay")["Location"] == f"/me/bills/{bill.pk}"

    def test_settled_bill_cannot_be_given_up(self, mei, shop):
        bill = sold(shop, 12000)
        answer = mei.post(f"/me/bills/{bill.pk}/cancel")
        assert answer.status_code == 409
        assert "已经完成的，请办退货" in text(answer)
        assert fresh(bill).state == "settled"

    def test_state_is_told_to_the_page_that_waits(self, mei, bill, shop, client):
        assert mei.get(f"/me/bills/{bill.pk}/state").json() == {"state": "held"}
        clerk = shop.sign_in(client, "clerk")
        assert clerk.get(f"/clerk/bills/{bill.pk}/state").json() == {"state": "held"}
        assert "等会员付款" in text(clerk.get(f"/clerk/bills/{bill.pk}"))
        clerk.post(f"/clerk/bills/{bill.pk}/cancel")
        assert fresh(bill).state == "cancelled"


def test_coupon_says_how_it_is_used_and_leads_to_its_bill(mei, shop):
    voucher = coupon_of(shop)
    page = text(mei.get(f"/tickets/{voucher.code}"))
    assert "前到店结账时出示" in page and f"/offers/{voucher.release.offer_id}" in page
    assert "前到店出示" in text(mei.get("/tickets"))
    bill = sell(shop.actor("clerk"), sale=sale(shop, 30000, customer=voucher.code))
    page = text(mei.get(f"/tickets/{voucher.code}"))
    assert f"/me/bills/{bill.pk}" in page and "到店使用" in page


WECHAT = "Mozilla/5.0 (Linux; Android 14) Chrome/116 Mobile MicroMessenger/8.0.44 Language/zh_CN"


class TestConnecting:
    """Paying wants to know whose WeChat this is: the stand-in plays it in any browser."""

    @pytest.fixture
    def at(self, shop):
        return f"/me/bills/{sold(shop, 12000, method='wechat').pk}/pay"

    def test_first_visit_goes_to_wechat_and_comes_back_ready(self, mei, at):
        answer = mei.get(at, follow=True)
        assert [address.split("?")[0] for address, _status in answer.redirect_chain] == [
            "/payments/wechat/authorise",
            "/payments/wechat/local/authorize",
            "http://testserver/payments/wechat/return",
            at,
        ]
        assert "微信支付 100 元" in text(answer)
        assert mei.get(at).status_code == 200
        assert mei.post(at)["Location"].startswith("/pay/local/")

    def test_wechat_that_would_not_say_is_not_asked_again_by_itself(self, mei, at, authorisation):
        authorisation.faults[:] = ["busy"]
        assert mei.get(at, follow=True).status_code == 503
        page = text(mei.get(at))
        assert "先连接微信，再付款" in page and "微信支付 100 元" not in page
        answer = mei.post(at)
        assert (answer.status_code, "微信支付要在微信里打开" in text(answer)) == (422, True)
        again = mei.get(f"/payments/wechat/authorise?next={at}", follow=True)
        assert "微信支付 100 元" in text(again)

    def test_own_identity_of_another_day_serves_where_wechat_would_not_say(
        self, mei, shop, at, authorisation
    ):
        connected(shop.sign_in(Client(), "mei"))
        authorisation.faults[:] = ["busy"]
        assert mei.get(at, follow=True).status_code == 503
        assert "微信支付 100 元" in text(mei.get(at))
        assert mei.post(at)["Location"].startswith("/pay/local/")

    def test_second_member_on_the_phone_is_asked_anew(self, mei, shop, at):
        connected(mei)
        hua = shop.sign_in(mei, "hua")
        assert "wechat_identity" not in hua.session

    def test_identity_given_up_is_asked_for_again(self, mei, at):
        mei.get(at, follow=True)
        mei.post("/payments/wechat/forget")
        assert "先连接微信，再付款" in text(mei.get(at))

    def test_real_wechat_is_asked_in_wechat_and_the_bridge_gets_signed_facts(
        self, mei, at, wechat, authorisation, monkeypatch
    ):
        """The real adapters on both sides of the played wire."""
        real = on_the_wire(wechat, authorisation)
        monkeypatch.setattr(ports, "_adapter", lambda path: real[path.rsplit(".", 1)[1]])
        inside = {"headers": {"User-Agent": WECHAT}}
        away = mei.get(mei.get(at, **inside)["Location"], **inside)["Location"]
        assert away.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?")
        asked = dict(parse_qsl(urlsplit(away).query))
        code = authorisation.code_for("phone", asked)
        back = mei.get(asked["redirect_uri"], {"code": code, "state": asked["state"]}, **inside)
        assert back["Location"] == at
        page = text(mei.post(at, **inside))
        facts = json.loads(page.split('<script id="wx-invitation" type="application/json">')[1].split("<")[0])
        assert (facts["appId"], facts["signType"], facts["package"][:10]) == (APPID, "RSA", "prepay_id=")
        trade = LocalTrade.objects.unscoped("test").get(kind="trade")
        assert trade.facts["payer"] == {"openid": local_openid("phone")}

    def test_other_browsers_are_told_what_to_do(self, mei, at, wechat, authorisation, monkeypatch):
        real = on_the_wire(wechat, authorisation)
        monkeypatch.setattr(ports, "_adapter", lambda path: real[path.rsplit(".", 1)[1]])
        page = text(mei.get(at))
        for said in ("请在微信里打开这一页付款", "也可以在柜台付现金", "data:image/svg+xml"):
            assert said in page
        assert "微信支付 100 元" not in page
        assert mei.post(at).status_code == 422
        assert mei.get(f"/payments/wechat/authorise?next={at}").status_code == 422
        assert authorisation.asked == 0

    def test_nothing_set_up_is_said(self, mei, at, settings, monkeypatch):
        settings.PRODUCTION = True
        ports._adapter.cache_clear()
        page = text(mei.get(at))
        ports._adapter.cache_clear()
        assert "网上付款还没有开通" in page and "请在柜台付现金" in page


def on_the_wire(wechat, authorisation) -> dict:
    """The adapters of production, with the played provider at the other end."""
    payments = WeChatPayments(wireless_client(wechat), appid=APPID, public_key_id=KEY_ID)
    identity = WeChatIdentity(appid=APPID, secret=local_secret(), transport=Wireless(authorisation))
    return {"LocalPayments": payments, "LocalIdentity": identity}
