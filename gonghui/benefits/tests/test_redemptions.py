import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.utils import timezone

from gonghui.benefits import errors
from gonghui.benefits.actions.redemptions import Scan, reconcile_offline, redeem_voucher, voucher_at_counter
from gonghui.benefits.counter_days import counter_day
from gonghui.benefits.engine import Claim, settle_claims
from gonghui.benefits.models import OfflineException, Redemption, Voucher
from gonghui.benefits.packs import new_pack, pack_of
from gonghui.benefits.tests.crowd import new_pool, new_release
from gonghui.kit import clock, tokens
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError


@pytest.fixture
def pool(cast):
    now = timezone.now()
    release = new_release(cast.unions["city"], party_max=3)
    return new_pool(
        release,
        capacity=10,
        store=cast.store,
        valid_from=now - dt.timedelta(minutes=5),
        valid_until=now + dt.timedelta(hours=3),
    )


def ticket_for(person, pool, seats=2) -> Voucher:
    answer = settle_claims(pool.pk, [Claim(person_id=person.pk, key=uuid4(), seats=seats)])[0]
    return Voucher.objects.unscoped("test").get(code=answer.code)


@pytest.fixture
def ticket(cast, pool):
    return ticket_for(cast.people["mei"], pool)


@pytest.fixture
def clerk(cast):
    return cast.actor("clerk")


def scan_of(voucher, **fields) -> Scan:
    return Scan(text=voucher.code, key=uuid4(), store_id=voucher.pool.store_id, **fields)


def refused(run) -> str:
    with pytest.raises(DomainError) as caught:
        run()
    return caught.value.code


def redemptions() -> int:
    return Redemption.objects.unscoped("test").count()


def test_ticket_is_honoured_once_and_the_second_scan_says_when_and_where(clerk, ticket, cast):
    done = redeem_voucher(clerk, scan=scan_of(ticket))
    assert (done.kind, done.arrived) == ("check_in", 2)
    assert Voucher.objects.unscoped("test").get(pk=ticket.pk).state == "redeemed"
    with pytest.raises(DomainError) as second:
        redeem_voucher(clerk, scan=scan_of(ticket))
    assert second.value.reason is errors.ALREADY_USED
    assert cast.store.name in second.value.message and redemptions() == 1


def test_same_tap_sent_twice_is_one_redemption(clerk, ticket):
    scan = scan_of(ticket)
    assert redeem_voucher(clerk, scan=scan).pk == redeem_voucher(clerk, scan=scan).pk


def test_qr_of_this_minute_is_taken_and_of_another_refused(clerk, ticket):
    secret = tokens.voucher_secret(ticket.code)
    fresh, old = (
        tokens.qr_text(secret, ticket.code),
        tokens.qr_text(secret, ticket.code, timezone.now() - dt.timedelta(minutes=3)),
    )
    assert refused(lambda: redeem_voucher(clerk, scan=replace(scan_of(ticket), text=old))) == "stale_qr"
    forged = fresh[:-10] + "AAAAAAAAAA"
    assert refused(lambda: redeem_voucher(clerk, scan=replace(scan_of(ticket), text=forged))) == "forged_qr"
    assert redemptions() == 0
    assert redeem_voucher(clerk, scan=replace(scan_of(ticket), text=fresh)).voucher_id == ticket.pk


@pytest.mark.parametrize("text", ["", "hello", "GH1.x", "GH1.ABC.1.0", "AAAA AAAA"])
def test_text_that_is_no_code_is_refused(clerk, ticket, text):
    assert refused(lambda: redeem_voucher(clerk, scan=replace(scan_of(ticket), text=text))) == "not_a_code"


@pytest.mark.parametrize("who", ["mei", "stranger", "anonymous", "city_admin", "province_admin"])
def test_only_a_clerk_of_the_store_redeems(cast, ticket, who):
    assert refused(lambda: redeem_voucher(cast.actor(who), scan=scan_of(ticket))) == "not_a_clerk"
    assert redemptions() == 0


def test_ticket_of_another_store_is_unknown(clerk, ticket, cast):
    other = cast.store.partner.stores.create(name="另一个码头")
    actor = Actor(user_id=clerk.user_id, keys={"user": clerk.keys["user"], "store": frozenset({other.pk})})
    assert (
        refused(lambda: redeem_voucher(actor, scan=replace(scan_of(ticket), store_id=other.pk)))
        == "unknown_code"
    )


def test_party_may_come_incomplete_but_not_larger(clerk, ticket):
    assert refused(lambda: redeem_voucher(clerk, scan=scan_of(ticket, arrived=3))) == "too_many_arrived"
    assert redeem_voucher(clerk, scan=scan_of(ticket, arrived=1)).arrived == 1


def test_ticket_is_refused_before_and_after_its_time(clerk, ticket, pool):
    pool.valid_from, pool.valid_until = (
        clock.now() + dt.timedelta(hours=5),
        clock.now() + dt.timedelta(hours=6),
    )
    pool.save()
    assert refused(lambda: redeem_voucher(clerk, scan=scan_of(ticket))) == "too_early"
    pool.valid_from, pool.valid_until = (
        clock.now() - dt.timedelta(hours=5),
        clock.now() - dt.timedelta(hours=1),
    )
    pool.save()
    assert refused(lambda: redeem_voucher(clerk, scan=scan_of(ticket))) == "too_late"
    assert redemptions() == 0


def test_window_exchanges_paper_tickets_and_counts_them(clerk, ticket, pool, cast):
    pool.honour_by = "exchange"
    pool.save()
    assert redeem_voucher(clerk, scan=scan_of(ticket)).kind == "exchange"
    day = counter_day(clerk, store_id=cast.store.pk, on=clock.today())
    assert (day.exchanged_vouchers, day.paper_tickets, day.people_in) == (1, 2, 0)


def test_offline_pack_holds_no_name_in_clear_and_only_its_store(clerk, ticket, cast):
    pack = new_pack(clerk, store_id=cast.store.pk)
    assert list(pack["vouchers"]) == [ticket.code]
    entry = pack["vouchers"][ticket.code]
    assert (entry["name"], entry["seats"], entry["used"]) == ("陈**", 2, False)
    assert entry["secret"] == tokens.voucher_secret(ticket.code).hex()


def offline(clerk, cast, scans):
    pack = pack_of(new_pack(clerk, store_id=cast.store.pk)["token"])
    return reconcile_offline(clerk, pack=pack, scans=scans)


def test_offline_redemption_is_taken_once_however_often_it_is_handed_in(clerk, ticket, cast):
    scan = scan_of(ticket, offline_at=clock.now())
    for _ in range(3):
        assert [r.taken for r in offline(clerk, cast, [scan])] == [True]
    row = Redemption.objects.unscoped("test").get()
    assert row.offline is True and OfflineException.objects.unscoped("test").count() == 0


def test_offline_redemption_of_a_used_ticket_becomes_an_exception(clerk, ticket, cast):
    redeem_voucher(clerk, scan=scan_of(ticket))
    scan = scan_of(ticket, offline_at=clock.now())
    assert [
        r.taken
        for r in offline(
            clerk,
            cast,
            [
                scan,
            ],
        )
    ] == [False]
    assert [r.taken for r in offline(clerk, cast, [scan])] == [False]
    assert OfflineException.objects.unscoped("test").get().why == "already_used"
    assert redemptions() == 1


def test_offline_redemption_past_the_limit_is_taken_and_flagged(clerk, cast, pool):
    ticket = ticket_for(cast.people["mei"], pool, 1)
    pack = replace(
        pack_of(new_pack(clerk, store_id=cast.store.pk)["token"]),
        issued_at=clock.now() - dt.timedelta(hours=1),
    )
    done = reconcile_offline(clerk, pack=pack, scans=[scan_of(ticket, offline_at=clock.now())])
    assert done[0].taken and OfflineException.objects.unscoped("test").get().why == "limits"


def test_pack_of_somebody_else_or_forged_is_refused(clerk, ticket, cast):
    token = new_pack(clerk, store_id=cast.store.pk)["token"]
    assert refused(lambda: pack_of(token[:-3] + "AAA")) == "pack_ended"
    assert (
        refused(lambda: reconcile_offline(cast.actor("mei"), pack=pack_of(token), scans=[])) == "not_a_clerk"
    )


def test_voucher_at_the_counter_takes_one_query(clerk, ticket, django_assert_num_queries):
    store_id = ticket.pool.store_id
    with django_assert_num_queries(1):
        voucher = voucher_at_counter(clerk, text=ticket.code, store_id=store_id)
        assert (voucher.pool.store.name, voucher.person.name) == ("珠岛游船码头", "陈小梅")
