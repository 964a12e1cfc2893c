"""微信券: from the stock a union covered to the member's own WeChat, once a member, as the spending rules allow."""

import datetime as dt
from functools import partial
from uuid import uuid4

import pytest
from django.test import Client

from gonghui.bills.actions.external import GRACE, note_return, note_use, release_over_stocks
from gonghui.bills.actions.external_claims import claim_external_coupon
from gonghui.bills.tests.stocks import ordered_stock
from gonghui.funds.models import BenefitUse
from gonghui.funds.tests.granting import CLAUSE, capped
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.models import Person
from gonghui.payments import tasks
from gonghui.payments.actions.coupons import draft_stock, order_stock
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models import ExternalCoupon, ExternalStock, LocalTrade, PayerIdentity
from gonghui.payments.ports.coupons import StockOrder
from gonghui.payments.tests.figures import again, connected, identified, jobs
from gonghui.portal.tests.till import text

pytestmark = pytest.mark.django_db
PAGE = "/me/wechat-coupons"


def order_called(name, *, total=3, days=30) -> StockOrder:
    now = clock.now()
    return StockOrder(uuid4().hex, name, 500, 3000, total, now, now + dt.timedelta(days=days))


def stocked(money, cast, *, total=3, days=30) -> ExternalStock:
    """Five yuan off thirty, of the city, covered by its budget and opened by the provider."""
    order = order_called("满30减5", total=total, days=days)
    made = ordered_stock(money.cast, money.city, order)
    tasks.create_stock(stock_id=made.stock_id)
    return again(made.stock)


@pytest.fixture
def money(cast, wechat):
    return build_money(cast)


@pytest.fixture
def stock(money, cast):
    return stocked(money, cast)


@pytest.fixture
def mei(cast, authorisation):
    return cast.sign_in(Client(), "mei")


def claim(client, stock):
    return client.post(f"{PAGE}/{stock.pk}/claim")


def given() -> list[tuple]:
    return sorted(ExternalCoupon.objects.unscoped("test").values_list("stock_id", "person_id"))


def test_member_connects_claims_and_finds_it_in_their_own_wechat(mei, cast, stock, wechat):
    assert f'href="{PAGE}"' in text(mei.get("/offers?view=held"))
    page = text(mei.get(PAGE))
    assert "满30减5" in page and "先连接微信，再领" in page and "领到微信" not in page
    assert (claim(mei, stock).status_code, given()) == (422, [])
    assert "领到微信" in text(connected(mei).get(PAGE))
    assert claim(mei, stock)["Location"] == PAGE
    coupon = ExternalCoupon.objects.unscoped("test").get()
    tasks.send_coupon(coupon_id=coupon.pk)
    sent = LocalTrade.objects.unscoped("test").get(kind="coupon")
    assert sent.facts["openid"] == PayerIdentity.objects.unscoped("test").get().openid
    page = text(mei.get(PAGE))
    assert "我领过的" in page and "已发放" in page and "领到微信" not in page
    use = BenefitUse.objects.unscoped("test").get()
    assert (use.person_id, use.amount_fen, use.occasion) == (coupon.person_id, 500, f"external:{stock.pk}")


def test_second_claim_is_the_first_one(mei, stock):
    connected(mei)
    for _turn in range(3):
        assert claim(mei, stock).status_code == 302
    assert (len(given()), jobs("send_coupon")) == (1, 1)
    assert BenefitUse.objects.unscoped("test").count() == 1


@pytest.mark.parametrize("case", ["other_city", "over", "not_open", "uncovered"])
def test_stock_that_is_not_for_this_member_is_not_there(cast, money, stock, authorisation, case):
    who = "qiang" if case == "other_city" else "mei"
    client = connected(cast.sign_in(Client(), who))
    rows = ExternalStock.objects.unscoped("test").filter(pk=stock.pk)
    if case == "over":
        rows.update(starts_at=clock.now() - dt.timedelta(days=2), ends_at=clock.now())
    if case == "not_open":
        stock = ordered_stock(cast, money.city, order_called("还没开通")).stock
    if case == "uncovered":
        draft = draft_stock(
            cast.actor("city_finance"), union_id=cast.unions["city"].pk, order=order_called("没有出资")
        )
        stock = order_stock(cast.actor("city_admin"), stock_pk=draft.pk)
        tasks.create_stock(stock_id=stock.pk)
    page = text(client.get(PAGE))
    assert stock.name not in page
    assert (claim(client, stock).status_code, given()) == (404, [])


def test_member_who_is_not_verified_is_told_so(cast, stock, authorisation):
    hua = connected(cast.sign_in(Client(), "hua"))
    answer = claim(hua, stock)
    assert (answer.status_code, given()) == (403, [])


def test_coupon_past_a_cap_is_refused_with_its_clause(mei, stock, money, cast):
    connected(mei)
    capped(4, category="coupon")
    answer = claim(mei, stock)
    assert answer.status_code >= 400 and CLAUSE in text(answer)
    assert (given(), BenefitUse.objects.unscoped("test").count()) == ([], 0)


def test_another_members_wechat_is_refused_in_words(mei, cast, stock):
    connected(mei)
    lan = cast.sign_in(Client(), "lan")
    lan.cookies["local_wechat"] = mei.cookies["local_wechat"].value
    connected(lan)
    answer = claim(lan, stock)
    assert (answer.status_code, "只能发到本人的微信" in text(answer)) == (422, True)
    assert given() == []


def test_provider_that_is_not_set_up_closes_the_page_and_breaks_nothing(mei, stock, settings, monkeypatch):
    from gonghui.kit import ports

    monkeypatch.undo()
    settings.PRODUCTION = True
    ports._adapter.cache_clear()
    page = text(mei.get(PAGE))
    answer = claim(mei, stock)
    ports._adapter.cache_clear()
    assert "微信券还没有开通" in page
    assert (answer.status_code, given()) == (503, [])


def test_page_without_stocks_says_so(mei):
    page = text(mei.get(PAGE))
    assert "现在没有可领的微信券" in page


def test_coupon_that_lapsed_unused_counts_against_no_cap(mei, cast, stock):
    connected(mei)
    claim(mei, stock)
    lan = identified(cast.people["lan"].pk).person_id
    claim_external_coupon(cast.actor("lan"), stock_pk=stock.pk)
    ExternalCoupon.objects.unscoped("test").filter(person_id=lan).update(state="used")
    rows = ExternalStock.objects.unscoped("test").filter(pk=stock.pk)
    rows.update(starts_at=clock.now() - 2 * GRACE, ends_at=clock.now() - GRACE)
    assert release_over_stocks(Actor.system("test")) == 1500
    uses = BenefitUse.objects.unscoped("test").values_list("person_id", "amount_fen", "returned_fen")
    assert {person: (fen, back) for person, fen, back in uses} == {
        cast.people["mei"].pk: (500, 500),
        lan: (500, 0),
    }
    assert release_over_stocks(Actor.system("test")) == 0


@pytest.mark.django_db(transaction=True)
def test_last_coupon_is_claimed_once_from_all_sides(cast, money):
    stock = stocked(money, cast, total=2)
    Person.objects.unscoped("test").update(
        verification="verified", verified_at=clock.now(), verified_by="roster"
    )
    names = ("mei", "hua", "lan")
    for name in names:
        identified(cast.people[name].pk)
    sides = [partial(claim_external_coupon, cast.actor(name), stock_pk=stock.pk) for name in names]
    found = at_once(*sides, *sides, *sides)
    refused = {one.code for one in found if isinstance(one, DomainError)}
    assert (len(given()), refused) == (2, {"external_stock_gone"})


def test_member_reads_which_union_gave_how_much_out_of_which_budget(mei, money, stock):
    connected(mei)
    claim(mei, stock)
    assert "用掉时由东江市总工会从“普惠预算”出资，最多 5 元。" in text(mei.get(PAGE))
    ExternalCoupon.objects.unscoped("test").update(code="c9", state="used")
    row = ExternalStock.objects.unscoped("test").get(pk=stock.pk)
    news = ExternalCouponUsed("wechat", row.stock_id, "c9", "u9", 480, 2500)
    note_use(Actor.system("test"), news=news)
    page = text(mei.get(PAGE))
    assert "东江市总工会从“普惠预算”替您付了 4.80 元。" in page
    assert (
        f"{money.source.name}（南粤省总工会） → 普惠预算（南粤省总工会） → 普惠预算（东江市总工会）" in page
    )
    note_return(Actor.system("test"), news=ExternalCouponReturned("wechat", row.stock_id, "c9", "u9"))
    ExternalCoupon.objects.unscoped("test").update(state="returned")
    assert "这张券的钱已经退回“普惠预算”。" in text(mei.get(PAGE))
