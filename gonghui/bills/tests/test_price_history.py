"""Real discounts: what goods cost before an offer, by what bills say; a raised price is asked about, an honest one is not."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.benefits.tests.plans import refused
from gonghui.bills import pricing
from gonghui.bills.actions.selling import cancel_bill
from gonghui.bills.actions.terms import review_terms, send_back_terms
from gonghui.bills.models import OfferTerms, PriceNote
from gonghui.bills.price_history import GoodsPrice, goods_prices
from gonghui.bills.tests.stage import counted, fresh, open_shop, pay_code, refunded, sold
from gonghui.bills.tests.test_bills_console import page, send
from gonghui.bills.tests.test_bills_database import refuses
from gonghui.bills.tests.written import drafted
from gonghui.kit.clock import CHINA
from gonghui.partners.models import Clerk
from gonghui.partners.tests.stage import new_owner, new_partner, new_store

TODAY = dt.datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)
CODE = "6901234567892"
SEVEN = pricing.Terms(pricing.Form.PERCENT, rate_permille=700, cap_fen=5_000)


@pytest.fixture
def shop(cast):
    with time_machine.travel(TODAY, tick=False):
        yield open_shop(cast)


def bought(shop, fen: int, days_ago: int, *, code: str = CODE, name: str = "观光船票", store=None):
    at = TODAY - dt.timedelta(days=days_ago, minutes=counted()[0])  # a minute's pay code pays once
    with time_machine.travel(at, tick=False):
        place = {"store_id": store.pk} if store else {}
        return sold(shop, (name, fen, 2, "", code), customer=pay_code(shop), **place)


def offer(shop, *codes: str, **facts) -> OfferTerms:
    return drafted(shop, price=facts.pop("price", SEVEN), codes=codes, **facts)


def review(shop, terms, **facts):
    return review_terms(shop.actor("province_admin"), terms_id=terms.pk, **facts)


def notes() -> list[PriceNote]:
    return list(PriceNote.objects.unscoped("test").order_by("id"))


def only(shop, *codes: str) -> GoodsPrice:
    (found,) = goods_prices([shop.store.pk], codes)
    return found


def test_price_of_a_unit_now_and_the_lowest_of_thirty_days(shop):
    for fen, days_ago in ((7_000, 31), (9_000, 29), (8_000, 12), (10_000, 1)):
        bought(shop, fen, days_ago)
    found = only(shop, CODE)
    assert (found.now_fen, found.low_fen, found.low_on) == (10_000, 8_000, dt.date(2026, 11, 8))
    assert found.says() == (
        "珠岛游船码头“观光船票”（6901234567892）现在原价 100 元，之前 30 天最低 80 元（11月8日）。"
    )


def test_price_raised_before_an_offer_is_asked_about_and_the_answer_kept(shop):
    bought(shop, 8_000, 20)
    bought(shop, 10_000, 3)
    terms = offer(shop, CODE)
    assert refused(review, shop, terms) == "terms_prices_raised"
    assert (fresh(terms).state, notes()) == ("draft", [])
    assert review(shop, terms, price_note="旺季票价，景区批文附后。").state == "reviewed"
    (note,) = notes()
    assert (note.words, note.checker) == ("旺季票价，景区批文附后。", shop.users["province_admin"])
    assert "现在原价 100 元，之前 30 天最低 80 元" in note.figures[0]
    send_back_terms(shop.actor("province_admin"), terms_id=terms.pk, reason="再看看")
    assert notes() == [note]
    refuses("bills_pricenote_stays", "UPDATE bills_pricenote SET words = '没问题'")
    refuses("bills_pricenote_stays", "DELETE FROM bills_pricenote")


def test_honest_price_is_reviewed_without_a_word(shop):
    for days_ago in (28, 14, 2):
        bought(shop, 10_000, days_ago)
    bought(shop, 8_000, 40)
    bought(shop, 12_000, 35)
    assert review(shop, offer(shop, CODE)).state == "reviewed"
    assert notes() == []


def test_dearer_branch_and_other_goods_are_no_raise(shop):
    branch = new_store(shop.store.partner, "机场店")
    Clerk.objects.create(user=shop.users["clerk"], store=branch)
    bought(shop, 8_000, 9)
    bought(shop, 12_000, 2, store=branch)
    bought(shop, 500, 9, code="690", name="水")
    bought(shop, 900, 2, code="690", name="水")
    both = (shop.store.pk, branch.pk)
    assert review(shop, offer(shop, CODE, store_ids=both)).state == "reviewed"
    assert refused(review, shop, offer(shop, "690", store_ids=both)) == "terms_prices_raised"


def test_offer_for_all_goods_asks_about_every_coded_one(shop):
    bought(shop, 500, 9, code="690", name="水")
    bought(shop, 900, 2, code="690", name="水")
    assert refused(review, shop, offer(shop)) == "terms_prices_raised"


def test_cancelled_bill_tells_nothing_and_a_refunded_one_what_was_charged(shop):
    with time_machine.travel(TODAY - dt.timedelta(days=5), tick=False):
        held = sold(shop, ("观光船票", 1_000, 1, "", CODE), customer=pay_code(shop), method="wechat")
        cancel_bill(shop.actor("clerk"), bill_id=held.pk, reason="不要了")
    bill = bought(shop, 10_000, 4)
    with time_machine.travel(TODAY - dt.timedelta(days=4), tick=False):
        refunded(shop, bill)
    assert (only(shop, CODE).now_fen, only(shop, CODE).low_fen) == (10_000, 10_000)


def test_agreement_price_that_is_no_bargain_is_asked_about(shop):
    bought(shop, 9_900, 10)
    dear = pricing.Terms(pricing.Form.AGREEMENT_PRICE, price_fen=9_900)
    fair = pricing.Terms(pricing.Form.AGREEMENT_PRICE, price_fen=7_900)
    assert refused(review, shop, offer(shop, CODE, price=dear)) == "terms_prices_raised"
    assert review(shop, offer(shop, CODE, price=fair)).state == "reviewed"


def test_thirty_days_end_where_the_offer_began(shop):
    """Raised since: still said; sold for the first time since: nothing to compare with."""
    bought(shop, 8_000, 35)
    bought(shop, 10_000, 5)
    begins = TODAY - dt.timedelta(days=10)
    (found,) = goods_prices([shop.store.pk], [CODE], begins=begins)
    assert (found.now_fen, found.low_fen, found.is_raised) == (10_000, 8_000, True)
    (found,) = goods_prices([shop.store.pk], [CODE], begins=TODAY - dt.timedelta(days=30))
    assert (found.low_fen, found.is_raised) == (8_000, True)
    bought(shop, 300, 5, code="691", name="新品")
    (found,) = goods_prices([shop.store.pk], ["691"], begins=begins)
    assert (found.low_fen, found.is_raised) == (None, False)
    assert found.says().endswith("现在原价 3 元，之前 30 天没有卖过。")


def test_one_query_however_many_goods(shop):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            goods_prices([shop.store.pk])
        return len(queries)

    bought(shop, 500, 9, code="690", name="水")
    assert asked() == 1
    for n in range(3):
        bought(shop, 500 + n, n + 1, code=f"69{n}9", name=f"水{n}")
    assert (asked(), len(goods_prices([shop.store.pk]))) == (1, 4)


def test_offers_page_shows_prices_and_says_where_nothing_is_known(shop, client):
    terms = offer(shop, CODE)
    said = page(client, shop, "province_admin", "offer", terms.pk).content.decode()
    assert "没有卖过，不知道原价，无法比较" in said
    bought(shop, 8_000, 20)
    bought(shop, 10_000, 3)
    said = page(client, shop, "province_admin", "offer", terms.pk).content.decode()
    assert "涨过价" in said and "10月31日" in said
    asked = page(client, shop, "province_admin", "bills_offerterms_review", terms.pk).content.decode()
    assert "现在原价 100 元，之前 30 天最低 80 元" in asked
    answer = send(
        client, shop, "province_admin", "bills_offerterms_review", {"price_note": "已核实。"}, terms.pk
    )
    assert (answer.status_code, fresh(terms).state) == (302, "reviewed")
    assert "已核实。" in page(client, shop, "province_admin", "offer", terms.pk).content.decode()


def test_merchant_sees_prices_of_own_stores_only(shop, client):
    bought(shop, 8_000, 20)
    bought(shop, 10_000, 3)
    client.force_login(new_owner(shop.store.partner, "13800000061"))
    said = client.get("/merchant/panels/prices").content.decode()
    assert "观光船票" in said and "最低 80 元" in said
    other = new_partner(shop, "好味食堂")
    new_store(other)
    client.force_login(new_owner(other, "13800000062"))
    said = client.get("/merchant/panels/prices").content.decode()
    assert "观光船票" not in said and "还没有价格记录" in said
