"""The till: scan, type, look at the price, sell, take back. Through the pages a clerk uses, without scripts."""

import re

import pytest
import time_machine
from django.utils import timezone

from gonghui.bills.models import Bill, BillRefund
from gonghui.bills.price_history import goods_prices
from gonghui.bills.tests.priced import published, union_share
from gonghui.bills.tests.stage import counted, fresh, pay_code, with_points
from gonghui.funds.tests.granting import capped
from gonghui.funds.tests.stage import build_money
from gonghui.members.models import PayCodeUse
from gonghui.portal.tests.till import Till, coupon_of, fields, opened, text
from tests.cast import IDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(cast):
    opened(cast)
    return cast


@pytest.fixture
def till(shop):
    return Till(shop)


def bills():
    return Bill.objects.unscoped("test").order_by("id")


def due(page: str) -> str:
    return re.search(r'till-due num"[^>]*><small>¥</small>([^<]+)<', page)[1]


class TestQuote:
    def test_quote_says_what_to_charge_who_pays_and_writes_nothing(self, till, shop):
        before = counted()
        page = text(till.quote("120"))
        assert due(page) == "100"
        assert "满100元减20元" in page and "商家让利" in page
        assert "陈**" in page and IDS["mei"][0] not in page
        assert counted() == before
        assert PayCodeUse.objects.unscoped("test").count() == 0

    def test_offer_that_does_not_apply_says_what_is_missing(self, till):
        page = text(till.quote("60.5"))
        assert due(page) == "60.50"
        assert "还差 39.50 元到 100 元" in page

    def test_scanned_code_becomes_a_ticket_that_outlives_it(self, till, shop):
        page = text(till.quote())
        ticket = fields(page)["customer"][0]
        assert ticket.startswith("GH3.")
        with time_machine.travel(timezone.now() + timezone.timedelta(minutes=5)):
            again = till.client.post("/clerk/till/quote", fields(page) | {"amount": "200"})
            assert due(text(again)) == "180"

    @pytest.mark.parametrize(
        ("amount", "said"),
        [
            ("", "应收"),
            ("-5", "要写成数字"),
            ("1.234", "要写成数字"),
            ("0", "“消费”这一行"),
            ("99999999", "要写成数字"),
            ("１２０元", "100"),
        ],
    )
    def test_amount_typed_is_taken_or_refused_in_words(self, till, amount, said):
        before = counted()
        assert said in text(till.quote(amount))
        assert counted() == before

    def test_several_lines_are_one_basket(self, till):
        rows = {
            "mode": "lines",
            "name": ["茶", "饼", ""],
            "price": ["30", "25.50", ""],
            "quantity": ["2", "2", "1"],
            "line_section": ["", "", ""],
        }
        page = text(till.quote("", **rows))
        assert due(page) == "91"
        assert fields(page)["name"] == ["茶", "饼"]

    def test_what_was_typed_comes_back(self, till):
        page = text(till.quote("abc"))
        assert 'value="abc"' in page
        assert fields(page)["customer"][0].startswith("GH3.")

    def test_stale_code_is_refused_with_advice(self, till):
        answer = till.quote(ahead=-5)
        assert answer.status_code == 409
        assert "已经过期" in text(answer) and "付款码" in text(answer)

    @pytest.mark.parametrize("who", ["mei", "city_admin", "stranger"])
    def test_only_clerks_reach_the_till(self, client, shop, who):
        client = shop.sign_in(client, who)
        for call in (client.get, client.post):
            for path in ("/clerk/till", "/clerk/till/quote", "/clerk/till/sell"):
                assert call(path).status_code in (403, 405)
        assert client.get("/clerk/bills").status_code == 403

    def test_quote_takes_few_queries_however_many_offers(self, till, django_assert_max_num_queries):
        for n in range(6):
            opened_more(till.cast, f"第{n}项")
        pay_code(till.cast)
        till.client.get("/clerk/till")
        with django_assert_max_num_queries(5) as page:
            till.client.get("/clerk/till")
        with django_assert_max_num_queries(len(page) + 15):
            till.quote()


def opened_more(cast, title):
    return published(cast, title=title, stack_class=title)


class TestSell:
    def test_sale_is_posted_and_the_receipt_says_what_to_charge(self, till):
        answer = till.sell(till.quote("120"))
        bill = bills().get()
        assert (bill.list_fen, bill.due_fen, bill.state, bill.method) == (12000, 10000, "settled", "cash")
        assert answer["Location"] == f"/clerk/bills/{bill.pk}"
        page = text(till.client.get(answer["Location"]))
        assert due(page) == "100"
        assert "记账完成，请收" in page

    def test_double_tap_sells_once(self, till):
        quoted = till.quote()
        first, second = till.sell(quoted), till.sell(quoted)
        assert first["Location"] == second["Location"]
        assert bills().count() == 1
        assert PayCodeUse.objects.unscoped("test").count() == 1

    def test_one_code_sells_once_under_two_keys(self, till):
        quoted = till.quote()
        till.sell(quoted)
        before = counted()
        page = text(till.sell(quoted, key="11111111-1111-4111-8111-111111111111"))
        assert "已经付过一笔" in page
        assert counted() == before

    def test_price_that_changed_shows_both_and_asks_again(self, till):
        before = counted()
        answer = till.sell(till.quote(), shown_due="9000")
        page = text(answer)
        assert answer.status_code == 409
        assert "刚才显示 90 元，现在是 100 元" in page and "新的应收" in page
        assert counted() == before
        assert fields(page)["shown_due"] == ["10000"]
        assert till.sell(answer).status_code == 302

    def test_gift_that_is_gone_is_said_before_the_money_is_taken(self, shop, till):
        published(
            shop,
            title="送毛巾",
            form="gift",
            gift="毛巾",
            off_fen=0,
            stack_class="gift",
            windows=[{"capacity": 1}],
        )
        quoted = till.quote()
        assert "请给会员：毛巾" in text(quoted) and len(fields(text(quoted))["gift"]) == 1
        till.sold(who="lan")
        before = counted()
        answer = till.sell(quoted)
        page = text(answer)
        assert (answer.status_code, counted()) == (409, before)
        assert "“送毛巾”的赠品这一刻送完了" in page and "新的应收" in page and "gift" not in fields(page)
        assert till.sell(answer).status_code == 302

    def test_offer_a_rule_speaks_against_is_named_and_left_out_with_one_tap(self, shop, till):
        money = build_money(shop)
        capped(15, category="coupon")
        against = published(
            shop, title="工会补贴", category="coupon", stack_class="union",
            shares=[union_share(money.city, takes_rest=True)],
        )  # fmt: skip
        quoted = till.quote()
        before = counted()
        answer = till.sell(quoted)
        page = text(answer)
        assert (answer.status_code, counted()) == (409, before)
        assert "“工会补贴”不能给这位会员" in page and "去掉“工会补贴”，重新算" in page
        assert f'name="without" value="{against.offer_id}"' in page and 'id="sell"' not in page
        answer = till.client.post("/clerk/till/quote", fields(page) | {"without": [str(against.offer_id)]})
        page = text(answer)
        assert "已去掉 1 项优惠" in page and "确认收款 100 元" in page
        assert fields(page)["without"] == [str(against.offer_id)]
        assert till.sell(answer).status_code == 302

    def test_voucher_of_a_priced_offer_is_used_on_the_bill(self, shop, till):
        voucher = coupon_of(shop)
        page = text(till.client.get(f"/clerk/till?customer={voucher.code}"))
        assert voucher.code in page
        quoted = till.client.post("/clerk/till/quote", {"customer": voucher.code, "amount": "200"})
        assert "扫的是券码，不能用福豆" in text(quoted)
        assert till.sell(quoted).status_code == 302
        assert fresh(voucher).state == "redeemed"

    def test_counter_sends_priced_vouchers_and_pay_codes_to_the_till(self, shop, till):
        voucher = coupon_of(shop)
        found = till.client.post(
            "/clerk/look", {"text": voucher.code}, headers={"accept": "application/json"}
        ).json()
        assert found["go"] == f"/clerk/till?customer={voucher.code}&store={shop.store.pk}"
        found = till.client.post(
            "/clerk/look", {"text": pay_code(shop)}, headers={"accept": "application/json"}
        ).json()
        assert found["go"].startswith("/clerk/till?customer=GH3.")
        page = text(till.client.post("/clerk/look", {"text": voucher.code}))
        assert f'href="/clerk/till?customer={voucher.code}&amp;store={shop.store.pk}"' in page


class TestPoints:
    @pytest.fixture
    def till(self, shop):
        with_points(build_money(shop))
        return Till(shop)

    def test_points_are_offered_and_spent(self, till):
        quoted = till.quote("120")
        assert 'max="100"' in text(quoted)
        again = till.client.post("/clerk/till/quote", fields(text(quoted)) | {"points": "30"})
        assert due(text(again)) == "70"
        assert till.sell(again).status_code == 302
        bill = bills().get()
        assert (bill.points, bill.due_fen) == (30, 7000)

    @pytest.mark.parametrize("points", ["-1", "1.5", "many"])
    def test_points_must_be_whole(self, till, points):
        quoted = till.quote("120")
        page = text(till.client.post("/clerk/till/quote", fields(text(quoted)) | {"points": points}))
        assert "要写成整数" in page


class TestBills:
    def test_day_lists_bills_and_sums(self, till):
        till.sold("120")
        page = text(till.client.get("/clerk/bills"))
        assert "陈**" in page and "¥100" in page
        assert re.search(r"柜台收款（元）</dt><dd>100", page)

    def test_day_without_bills_says_so(self, till):
        assert "还没有账单" in text(till.client.get("/clerk/bills?day=2020-01-01"))
        assert "还没有账单" in text(till.client.get("/clerk/bills?day=nonsense"))

    def test_bill_of_another_store_is_not_there(self, till):
        assert till.client.get("/clerk/bills/999999").status_code == 404


class TestRefund:
    def line(self, page: str) -> str:
        return re.search(r'name="(line-\d+)"', page)[1]

    def test_part_goes_back_after_being_shown(self, till):
        number = till.sold("120")
        path = f"/clerk/bills/{number}/refund"
        line = self.line(text(till.client.get(path)))
        looked = till.client.post(path, {line: "60", "reason": "退货", "do": "look"})
        assert 'purse-number num">¥50<' in text(looked)
        assert BillRefund.objects.unscoped("test").count() == 0
        body = {
            line: "60",
            "reason": "退货",
            "do": "refund",
            "key": fields(text(looked), 'class="stack"')["key"][0],
        }
        done = till.client.post(path, body)
        assert done.status_code == 302
        again = till.client.post(path, body)
        assert again["Location"] == done["Location"]
        row = BillRefund.objects.unscoped("test").get()
        assert (row.list_fen, row.worker_fen) == (6000, 5000)
        page = text(till.client.get(done["Location"]))
        assert due(page) == "50" and "请给会员现金" in page

    @pytest.mark.parametrize(
        ("typed", "reason", "said"),
        [
            ("", "退货", "没有选要退的商品"),
            ("121", "退货", "最多还能退 120 元"),
            ("x", "退货", "要写成数字"),
            ("60", "", "请写明退货原因"),
        ],
    )
    def test_refund_that_cannot_be_is_refused_in_words(self, till, typed, reason, said):
        number = till.sold("120")
        path = f"/clerk/bills/{number}/refund"
        page = text(till.client.get(path))
        before = counted()
        body = {
            self.line(page): typed,
            "reason": reason,
            "do": "refund",
            "key": fields(page, 'class="stack"')["key"][0],
        }
        answer = till.client.post(path, body)
        assert said in text(answer)
        assert answer.status_code == 422
        assert counted() == before

    def test_units_go_back_by_the_piece(self, till):
        rows = {"mode": "lines", "name": ["茶"], "price": ["60"], "quantity": ["3"], "line_section": [""]}
        quoted = till.quote("", **rows)
        number = int(till.sell(quoted)["Location"].rsplit("/", 1)[1])
        path = f"/clerk/bills/{number}/refund"
        page = text(till.client.get(path))
        assert "可退 3 件" in page
        body = {self.line(page): "1", "reason": "退货", "do": "look"}
        assert 'purse-number num">¥53.33<' in text(till.client.post(path, body))


MILK, TEA = "6901234567892", "96385074"


class TestCodes:
    @pytest.fixture
    def shop(self, cast):
        """Two off each ten of the milk, and nothing off whatever else is bought with it."""
        opened(
            cast,
            title="牛奶八折",
            form="percent",
            rate_permille=800,
            threshold_fen=0,
            codes=[MILK],
            off_fen=0,
        )
        return cast

    def rows(self, *rows: tuple[str, str, str]) -> dict:
        codes, names, prices = zip(*rows, strict=True)
        return {
            "mode": "lines", "line_code": list(codes), "name": list(names), "price": list(prices),
            "quantity": ["1"] * len(rows),
        }  # fmt: skip

    def test_offer_for_a_code_takes_off_its_own_line_only(self, shop, till):
        quoted = till.quote("", **self.rows((MILK, "牛奶", "50"), (TEA, "茶", "30"), ("", "袋", "1")))
        assert due(text(quoted)) == "71"
        assert till.sell(quoted).status_code == 302
        lines = bills().get().lines.order_by("nth")
        assert [(line.code, line.list_fen) for line in lines] == [(MILK, 5000), (TEA, 3000), ("", 100)]
        off = [sum(part.fen for part in line.parts.all() if part.payer == "merchant") for line in lines]
        assert off == [1000, 0, 0]

    def test_full_width_and_spaced_codes_are_the_code(self, till):
        assert due(text(till.quote("", **self.rows((" ６９０１２３ 4567892", "牛奶", "50"))))) == "40"

    def test_price_history_hears_of_what_the_till_sold(self, shop, till):
        till.sell(till.quote("", **self.rows((MILK, "牛奶", "50"))))
        (found,) = goods_prices([shop.store.pk], [MILK])
        assert (found.name, found.now_fen) == ("牛奶", 5000)

    def test_code_scanned_again_brings_its_name_and_price(self, shop, till):
        till.sell(till.quote("", **self.rows((MILK, "牛奶", "1250"))))
        page = text(till.quote("", who="lan", **self.rows((MILK, "", ""))))
        assert due(page) == "1,000"
        kept = fields(page)
        assert (kept["name"], kept["price"], kept["line_code"]) == (["牛奶"], ["1250"], [MILK])

    @pytest.mark.parametrize(
        ("code", "price", "said"),
        [
            ("6901234567890", "50", "“6901234567890”不是有效的商品条码"),
            ("96385075", "", "“96385075”不是有效的商品条码"),
            (MILK, "", f"本店还没有卖过条码“{MILK}”的商品"),
        ],
    )
    def test_bad_or_unknown_code_is_refused_in_words_and_stays_typed(self, till, code, price, said):
        before = counted()
        answer = till.quote("", **self.rows((code, "", price)))
        assert (answer.status_code, counted()) == (422, before)
        assert said in text(answer) and fields(text(answer))["line_code"][0] == code
