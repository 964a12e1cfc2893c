"""优惠: what holds now for whom, who pays for it, and the dry run that says why not."""

import datetime as dt
import re

import pytest
import time_machine

from gonghui.bills.models import OfferTerms
from gonghui.bills.tests.priced import published, union_share
from gonghui.bills.tests.stage import counted
from gonghui.bills.tests.test_live_offers import in_a_pool
from gonghui.funds.tests.stage import build_money
from gonghui.kit.clock import CHINA
from gonghui.portal.tests.till import coupon_of, opened, text

pytestmark = pytest.mark.django_db
SATURDAY_NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=CHINA)


@pytest.fixture
def shop(cast):
    opened(cast)
    return cast


@pytest.fixture
def mei(shop, client):
    return shop.sign_in(client, "mei")


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 class="clip-2">([^<]+)</h2>', page)


def test_offers_that_can_be_used_now_come_first(mei, shop):
    published(shop, title="骑手专享", groups=["food_rider"])
    published(shop, title="凭券", needs_voucher=True)
    assert titles(text(mei.get("/offers"))) == ["满减"]
    assert titles(text(mei.get("/offers?view=all"))) == ["满减", "凭券", "骑手专享"]
    assert "您还没有优惠券" in text(mei.get("/offers?view=held"))


def test_coupon_in_hand_makes_its_offer_usable(mei, shop):
    voucher = coupon_of(shop)
    page = text(mei.get("/offers?view=held"))
    assert titles(page) == ["满200减60"] and "您有 1 张券" in page
    page = text(mei.get(f"/offers/{voucher.release.offer_id}"))
    assert f'href="/tickets/{voucher.code}"' in page


def test_member_of_a_pool_is_told_before_the_till(mei, shop):
    terms = published(shop, title="实名专享")
    in_a_pool(shop)
    page = text(mei.get(f"/offers/{terms.offer_id}"))
    assert (
        "您的会籍还在周转库" in page and 'href="/me/membership/transfer"' in page and "现在可用" not in page
    )


def test_member_not_verified_is_told_to_verify_first(client, shop):
    client = shop.sign_in(client, "hua")
    assert titles(text(client.get("/offers?view=now"))) == []
    assert "要先实名" in text(client.get("/offers?view=all"))


def test_stranger_sees_every_offer(client, shop):
    published(shop, title="骑手专享", groups=["food_rider"])
    assert len(titles(text(client.get("/offers?view=all")))) == 2


def test_offer_out_of_its_window_says_when_it_begins(mei, shop):
    with time_machine.travel(SATURDAY_NOON, tick=False):
        terms = published(shop, title="午市", windows=[{"from_time": "13:00", "to_time": "14:00"}])
        assert "午市" not in titles(text(mei.get("/offers")))
        page = text(mei.get(f"/offers/{terms.offer_id}"))
        assert "今天 13:00 开始" in page and "13:00–14:00" in page
        with time_machine.travel(SATURDAY_NOON + dt.timedelta(minutes=90), tick=False):
            assert "午市" in titles(text(mei.get("/offers")))


def test_offer_says_who_pays_what(mei, shop):
    money = build_money(shop)
    terms = published(
        shop,
        title="三方",
        shares=[{"payer": "merchant", "permille": 500}, union_share(money.city, 0, takes_rest=True)],
    )
    page = text(mei.get(f"/offers/{terms.offer_id}"))
    assert "以 100 元为例" in page
    assert [
        re.search(rf'{who}</span><b class="num">¥([\d.]+)<', page)[1]
        for who in ("商家让利", "工会补贴", "职工支付")
    ] == ["10", "10", "80"]
    widths = [int(width) for width in re.findall(r'width="(\d+)" height="40"', page)]
    assert widths == [100, 100, 800]


def test_offer_paused_or_ended_is_not_listed(mei, shop):
    terms = OfferTerms.objects.unscoped("test").get()
    OfferTerms.objects.unscoped("test").filter(pk=terms.pk).update(state="paused")
    assert titles(text(mei.get("/offers?view=all"))) == []
    assert "暂停了" in text(mei.get(f"/offers/{terms.offer_id}"))
    OfferTerms.objects.unscoped("test").filter(pk=terms.pk).update(state="ended")
    assert mei.get(f"/offers/{terms.offer_id}").status_code == 404


def test_no_offers_at_all_says_so(cast, client):
    assert "还没有优惠" in text(client.get("/offers?view=all"))
    assert "还没有参加优惠的门店" in text(client.get("/offers/quote"))


@pytest.mark.parametrize(
    ("amount", "said"),
    [("150", "¥130<"), ("60", "还差 40 元到 100 元"), ("abc", "要写成数字"), ("0", "“消费”这一行")],
)
def test_dry_run_answers_every_offer_and_writes_nothing(mei, shop, amount, said):
    before = counted()
    assert said in text(mei.get(f"/offers/quote?store={shop.store.pk}&amount={amount}"))
    assert counted() == before


def test_dry_run_of_a_stranger_says_to_sign_in(client, shop):
    page = text(client.get(f"/offers/quote?store={shop.store.pk}&amount=150"))
    assert "请先登录" in page and "¥150<" in page


def test_dry_run_at_a_store_without_offers_is_not_there(mei, shop):
    assert mei.get(f"/offers/quote?store={shop.store.pk + 1}&amount=150").status_code == 404
    assert "请选一家门店" in text(mei.get("/offers/quote?amount=150"))
