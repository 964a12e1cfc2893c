"""Coupons at a till without network: what is in the pack, what becomes of what was sold, and its bounds."""

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.benefits.actions.voids import void_voucher
from gonghui.benefits.models import Redemption, Voucher
from gonghui.benefits.packs import pack_of
from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions import offline
from gonghui.bills.actions.offline import hand_in_sales
from gonghui.bills.actions.terms import pause_terms
from gonghui.bills.models import Bill, OfferTerms, PackUse, Purse
from gonghui.bills.offline import FUNDED_FEN_MAX, mark_of, mark_salt
from gonghui.bills.offline_packs import new_till_pack
from gonghui.bills.tests.offline import (
    bills,
    coupon_of,
    coupon_terms,
    exceptions,
    handed,
    pack_at,
    second_desk,
    tap,
)
from gonghui.bills.tests.priced import given_voucher, released
from gonghui.bills.tests.stage import (
    balances,
    by_payer,
    counted,
    fresh,
    moved,
    pay_code,
    refunded,
    sold,
    transfers,
)
from gonghui.funds.tests.granting import capped
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock, tokens
from gonghui.partners.models import Partner
from gonghui.partners.tests.stage import new_owner

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def clerk(shop):
    return shop.actor("clerk")


@pytest.fixture
def coupon(money):
    return coupon_of(money)


@pytest.fixture
def pack(clerk, shop, coupon):
    return pack_at(clerk, shop.store, minutes_ago=10)


# --- Handed in ----------------------------------------------------------------------------------------------


def test_sale_without_network_is_a_bill_like_any_other(money, shop, clerk, coupon, pack):
    online = sold(shop, customer=coupon_of(money, "lan").code)
    at = clock.now() - dt.timedelta(minutes=5)
    assert handed(clerk, pack, tap(coupon, at=at)) == [True]
    bill = bills()[-1]
    assert (bill.state, bill.method, bill.list_fen, bill.due_fen) == ("settled", "cash", 10_000, 8_000)
    assert (bill.person_id, bill.clerk_id, bill.offline_at) == (coupon.person_id, clerk.user_id, at)
    assert bill.at - at >= dt.timedelta(minutes=5) and bill.settled_at == bill.at
    assert by_payer(bill) == by_payer(online) == {"union": 1_000, "merchant": 1_000, "worker": 8_000}
    assert transfers(f"bill:{bill.pk}") == transfers(f"bill:{online.pk}")
    used = Redemption.objects.unscoped("test").get(voucher=coupon)
    assert (used.at, used.offline, used.kind, fresh(coupon).settled_at) == (at, True, "bill", at)
    assert (exceptions(), trial()) == ([], 0)


def test_pack_handed_in_again_is_the_same_bills(money, shop, clerk):
    pool = released(coupon_terms(money))
    coupons = [coupon_of(money, who, pool=pool) for who in ("mei", "lan", "qiang")]
    pack = pack_at(clerk, shop.store)
    taps = [tap(one) for one in coupons]
    assert handed(clerk, pack, *taps) == [True] * 3
    before, balanced = counted(), balances()
    for again in (taps, taps[::-1], taps[1:]):
        assert set(handed(clerk, pack, *again)) == {True}
    assert (counted(), balances(), exceptions()) == (before, balanced, [])
    assert PackUse.objects.unscoped("test").get().used == 3


def test_refund_of_a_sale_without_network_gives_everything_back(shop, clerk, coupon, pack):
    before = balances()
    handed(clerk, pack, tap(coupon))
    refunded(shop, bills()[0])
    assert (moved(before, balances()), fresh(coupon).state) == ({}, "confirmed")


def test_price_of_the_moment_it_was_sold_holds(money, shop, clerk):
    friday = dt.datetime(2026, 11, 20, 23, 50, tzinfo=clock.CHINA)
    with time_machine.travel(friday, tick=False):
        voucher = coupon_of(money, windows=[{"weekdays": [5]}])
        pack, sale = pack_at(clerk, shop.store), tap(voucher)
    with time_machine.travel(friday + HOUR, tick=False):
        assert refused(sold, shop, customer=voucher.code) == "offer_window_closed"
        assert handed(clerk, pack, sale) == [True]
    assert bills()[0].offline_at == friday


def test_coupon_shown_at_two_desks_pays_once_and_both_are_named(money, shop, clerk):
    other, store = second_desk(shop)
    voucher = coupon_of(money, stores=[shop.store, store])
    first, second = pack_at(clerk, shop.store), pack_at(other, store)
    sales = tap(voucher), tap(voucher, 20_000, 18_000)
    assert handed(clerk, first, sales[0]) == [True]
    before = balances()
    assert handed(other, second, sales[1]) == handed(other, second, sales[1]) == [False]
    [row] = exceptions()
    assert (row.why, row.list_fen, row.due_fen, row.short_fen) == ("already_used", 20_000, 18_000, 2_000)
    assert row.desk == "江口店 · 江*** 138****0066"
    assert row.first.desk == "珠岛游船码头 · 码*** 138****0008"
    assert (row.voucher.person_id, row.first.voucher_id) == (voucher.person_id, voucher.pk)
    assert "珠岛游船码头" in row.says
    assert (len(bills()), moved(before, balances()), trial()) == (1, {}, 0)


def paused(shop, voucher):
    pause_terms(shop.actor("city_admin"), terms_id=voucher.release.offer.priced_by.pk, reason="先停一停")


def voided(shop, voucher):
    void_voucher(shop.actor("city_admin"), voucher_id=voucher.pk, reason="发错了人")


def qr(voucher, *, minutes: int = 0, forged: bool = False) -> str:
    at = clock.now() - dt.timedelta(minutes=minutes)
    text = tokens.qr_text(tokens.voucher_secret(voucher.code), voucher.code, at)
    return text[:-10] + "AAAAAAAAAA" if forged else text


IMPOSSIBLE = {
    "used at the till": (lambda shop, v: sold(shop, customer=v.code), {}, "already_used"),
    "paused": (paused, {}, "not_usable"),
    "voided": (voided, {}, "not_usable"),
    "another price": (None, {"due_fen": 7_900}, "price"),
    "another amount": (None, {"amount_fen": 12_000}, "price"),
    "under its threshold": (None, {"amount_fen": 9_000}, "not_usable"),
    "family": (None, {"is_family": True}, "not_usable"),
    "before the pack": (None, {"at": -30}, "clock"),
    "in the future": (None, {"at": 10}, "clock"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_sale_that_is_not_possible_moves_nothing_and_names_everybody(shop, clerk, coupon, pack, case):
    happens, facts, why = IMPOSSIBLE[case]
    sale = tap(coupon, **{name: value for name, value in facts.items() if name != "at"})
    if "at" in facts:
        sale = replace(sale, at=clock.now() + dt.timedelta(minutes=facts["at"]))
    if happens:
        happens(shop, coupon)
    before, balanced = counted(), balances()
    for _n in range(2):
        assert handed(clerk, pack, sale) == [False]
    [row] = exceptions()
    assert (row.why, row.store_id, row.clerk_id) == (why, shop.store.pk, clerk.user_id)
    assert (row.voucher_id, row.list_fen, row.due_fen) == (coupon.pk, sale.amount_fen, sale.due_fen)
    assert row.says and pack.issued_at <= row.at <= clock.now()
    assert (counted(), balances()) == (before, balanced)
    assert not PackUse.objects.unscoped("test").exists()


@pytest.mark.parametrize(("asked", "why"), [({"forged": True}, "forged"), ({"minutes": 5}, "clock")])
def test_qr_that_is_forged_or_of_another_minute_moves_nothing(clerk, coupon, pack, asked, why):
    assert handed(clerk, pack, tap(coupon, text=qr(coupon, **asked))) == [False]
    assert [row.why for row in exceptions()] == [why]
    assert bills() == []
    assert handed(clerk, pack, tap(coupon, text=qr(coupon))) == [True]


def test_sale_after_the_packs_end_or_handed_in_days_later_moves_nothing(money, shop, clerk, coupon):
    old = pack_at(clerk, shop.store, minutes_ago=40)
    assert handed(clerk, old, tap(coupon)) == [False]
    pack = new_till_pack(clerk, store_id=shop.store.pk)
    sale = tap(coupon)
    with time_machine.travel(clock.now() + dt.timedelta(days=3)):
        assert refused(pack_of, pack["token"]) == "pack_ended"
        late = pack_of(pack["token"], takes_late=True)
        assert handed(shop.actor("clerk"), late, sale) == [False]
    assert [row.why for row in exceptions()] == ["limits", "limits"]
    assert bills() == []


def test_what_is_no_coupon_of_ours_is_told_and_leaves_no_row(shop, clerk, coupon, pack):
    for text in ("", "AAAA AAAA", "GH1.x", "GH1.AAAAAAAA.1.AAAAAAAAAA", pay_code(shop)):
        answers = hand_in_sales(clerk, pack=pack, sales=[tap(coupon, text=text)])
        assert [(one.taken, bool(one.sentence)) for one in answers] == [(False, True)], text
    assert (exceptions(), bills()) == ([], [])


def test_pack_that_is_forged_or_somebody_elses_or_of_another_store_is_refused(shop, clerk, coupon, pack):
    other, store = second_desk(shop)
    token = pack.token()
    assert refused(pack_of, token[:-3] + "AAA", takes_late=True) == "pack_ended"
    assert refused(handed, other, pack, tap(coupon)) == "not_a_clerk"
    assert refused(handed, clerk, replace(pack, store_id=store.pk), tap(coupon)) == "not_a_clerk"
    assert (exceptions(), bills()) == ([], [])
    # Of a store where the coupon does not hold: an exception, as the desk has given something for it.
    assert handed(other, pack_at(other, store), tap(coupon)) == [False]
    assert [row.why for row in exceptions()] == ["not_usable"]


# --- Bounds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "most"), [("OFFLINE_COUNT_MAX", 2), ("FUNDED_FEN_MAX", 2_500)])
def test_pack_sells_no_more_than_its_bounds_in_however_many_lists(
    money, shop, clerk, monkeypatch, name, most
):
    monkeypatch.setattr(offline, name, most)
    pool = released(coupon_terms(money))
    pack, coupons = (
        pack_at(clerk, shop.store),
        [coupon_of(money, who, pool=pool) for who in ("mei", "lan", "qiang")],
    )
    assert [handed(clerk, pack, tap(one)) for one in coupons] == [[True], [True], [False]]
    assert [(row.why, row.voucher_id) for row in exceptions()] == [("limits", coupons[2].pk)]
    use = PackUse.objects.unscoped("test").get()
    assert (use.used, use.funded_fen, len(bills()), trial()) == (2, 2_000, 2, 0)


def test_database_lets_no_pack_pass_its_bounds_and_no_bill_be_offline_but_cash(shop, clerk, coupon, pack):
    handed(clerk, pack, tap(coupon))
    uses = PackUse.objects.unscoped("test")
    for facts in ({"used": 51}, {"funded_fen": FUNDED_FEN_MAX + 1}):
        with pytest.raises(IntegrityError, match="bills_pack_never_overused"), transaction.atomic():
            uses.update(**facts)
    found = Bill.objects.unscoped("test")
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(offline_at=None)
    assert found.get().offline_at is not None


# --- The pack -----------------------------------------------------------------------------------------------


def marks(*coupons) -> set[str]:
    return {mark_of(coupon.code, mark_salt()) for coupon in coupons}


def in_pack(clerk, shop) -> set[str]:
    return set(new_till_pack(clerk, store_id=shop.store.pk)["coupons"])


def test_pack_holds_what_the_price_needs_and_neither_name_nor_code_in_clear(shop, clerk, coupon):
    pack = new_till_pack(clerk, store_id=shop.store.pk)
    entry = pack["coupons"][mark_of(coupon.code, bytes.fromhex(pack["salt"]))]
    assert coupon.code not in str(pack)  # nobody reads codes off the phone
    assert (entry["name"], entry["offer"]) == ("陈**", str(coupon.release.offer_id))
    assert entry["secret"] == tokens.voucher_secret(coupon.code).hex()
    offer = pack["offers"][entry["offer"]]
    assert (offer["form"], offer["threshold"], offer["off"], offer["says"]) == (
        "threshold_off", 10_000, 2_000, "满100元减20元",
    )  # fmt: skip
    assert (pack["most"], pack["most_fen"], pack["vouchers"]) == (50, FUNDED_FEN_MAX, {})


NEEDS_NETWORK = {
    "limit": {"limits": [("person_day", 1)]},
    "cap": {"caps": [("store_day", 5_000)]},
    "places": {"windows": [{"capacity": 5}]},
    "shelf": {"sections": ["helped"]},
    "article": {"codes": ["6901"]},
    "agreement": {"form": "agreement_price", "price_fen": 100},
    "group": {"groups": ["food_rider"]},
    "no voucher": {"needs_voucher": False},
    "unbounded": {"form": "free", "cap_fen": None, "threshold_fen": 0},
}


@pytest.mark.parametrize("case", NEEDS_NETWORK)
def test_what_is_not_simple_is_left_out_and_refused_when_handed_in(money, shop, clerk, case):
    terms = coupon_terms(money, **NEEDS_NETWORK[case])
    voucher = given_voucher(released(terms), shop.people["mei"].pk)
    assert in_pack(clerk, shop) == set()
    if case in ("limit", "cap", "places", "agreement"):
        assert handed(clerk, pack_at(clerk, shop.store), tap(voucher)) == [False]
        assert [row.why for row in exceptions()] == ["not_usable"]
        assert bills() == []


def test_window_is_in_the_pack_when_it_holds_for_all_its_life(money, shop, clerk):
    noon = dt.datetime(2026, 11, 20, 12, 0, tzinfo=clock.CHINA)
    with time_machine.travel(noon, tick=False):
        open_all = coupon_of(money, windows=[{"from_time": dt.time(11), "to_time": dt.time(14)}])
        coupon_of(money, windows=[{"from_time": dt.time(12, 10), "to_time": dt.time(14)}])
        coupon_of(money, windows=[{"from_time": dt.time(11), "to_time": dt.time(12, 15)}])
        assert in_pack(clerk, shop) == marks(open_all)


def test_coupon_that_would_be_refused_at_the_till_is_left_out(money, shop, clerk, coupon):
    good = marks(coupon)
    assert in_pack(clerk, shop) == good
    gone = coupon_of(money, "lan")
    voided(shop, gone)
    later = released(coupon_terms(money), valid_from=clock.now() + HOUR)
    given_voucher(later, shop.people["mei"].pk)
    coupon_of(money, "hua")  # not verified
    _other, store = second_desk(shop)
    coupon_of(money, stores=[store])
    unpaid = coupon_of(money)
    Purse.objects.unscoped("test").filter(release=unpaid.release).delete()
    assert in_pack(clerk, shop) == good
    paused(shop, coupon)
    assert in_pack(clerk, shop) == set()


def test_coupon_a_rule_would_refuse_is_left_out(money, shop, clerk, coupon):
    meal = coupon_of(money, "lan", category="meal")
    assert in_pack(clerk, shop) == marks(coupon, meal)
    capped(9, category="meal")
    assert in_pack(clerk, shop) == marks(coupon)
    capped(9, category="coupon")
    assert in_pack(clerk, shop) == set()


def test_health_store_and_one_that_may_not_trade_have_no_coupons_in_the_pack(shop, clerk, coupon):
    partner = Partner.objects.unscoped("test").filter(pk=shop.store.partner_id)
    for facts in ({"kind": "health"}, {"kind": "food", "state": "suspended"}):
        partner.update(**facts)
        assert in_pack(clerk, shop) == set()


def test_pack_takes_the_same_queries_for_one_coupon_and_for_three(
    money, shop, clerk, django_assert_max_num_queries
):
    pool = released(coupon_terms(money))
    for who in ("mei", "lan"):
        coupon_of(money, who, pool=pool)
    with django_assert_max_num_queries(12):
        assert len(in_pack(clerk, shop)) == 2


# --- Who sees it --------------------------------------------------------------------------------------------


def test_exception_is_shown_to_clerk_merchant_and_unions_staff_with_its_sum(money, shop, clerk, client):
    voucher = coupon_of(money)
    sold(shop, customer=voucher.code)
    handed(clerk, pack_at(clerk, shop.store), tap(voucher, 123_456, 121_456))
    owner = new_owner(shop.store.partner, "13800000077")
    pages = {"clerk": "/clerk/day", "owner": "/merchant/panels/offline"}
    for who, path in pages.items():
        client.force_login(owner if who == "owner" else shop.users[who])
        page = client.get(path).content.decode()
        for said in (
            "另一处已先核销",
            "消费 1,234.56 元，已收 1,214.56 元，差 20 元",
            "陈**",
            "先用的一处：珠岛游船码头",
        ):
            assert said in page, (who, said)
        assert "陈小梅" not in page
    shop.sign_in(client, "city_admin")
    page = client.get(reverse("admin:benefits_offlineexception_changelist")).content.decode()
    assert "珠岛游船码头 · 码*** 138****0008" in page
    assert ">20<" in page
    shop.sign_in(client, "sister_admin")
    page = client.get(reverse("admin:benefits_offlineexception_changelist")).content.decode()
    assert "珠岛游船码头 · 码***" not in page


def test_merchant_without_an_exception_is_told_so(shop, client):
    client.force_login(new_owner(shop.store.partner, "13800000077"))
    assert "没有要核对的离线记录" in client.get("/merchant/panels/offline").content.decode()


def test_time_it_was_sold_at_is_shown_beside_the_bill(shop, clerk, coupon, pack, client):
    handed(clerk, pack, tap(coupon, at=clock.now() - dt.timedelta(minutes=5)))
    bill = bills()[0]
    shop.sign_in(client, "clerk")
    assert "断网时收" in client.get(f"/clerk/bills/{bill.pk}").content.decode()
    assert "断网收" in client.get("/clerk/bills").content.decode()
    shop.sign_in(client, "mei")
    assert "门店断网" in client.get(f"/me/bills/{bill.pk}").content.decode()
    shop.sign_in(client, "city_admin")
    assert "断网时收于" in client.get(reverse("admin:bill", args=[bill.pk])).content.decode()
    assert OfferTerms.objects.unscoped("test").count() == Voucher.objects.unscoped("test").count() == 1
