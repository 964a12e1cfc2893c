"""What a counter asks before it prices anything: two queries, and facts that are true for this member now."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from dataclasses import replace
from time import thread_time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.benefits.tests.crowd import new_pool
from gonghui.bills import pricing
from gonghui.bills.holidays import holidays_around, last_noticed_year, statutory_holidays
from gonghui.bills.models import BenefitDay, LimitUse, OfferWindow, Purse, WindowUse
from gonghui.bills.offers_live import HELD_FIELDS, facts_at, live_offers, since_of
from gonghui.bills.pricing.fitting import is_kept_from_transit
from gonghui.bills.pricing.windows import begins_anew
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.funds.actions.commitments import release_commitment
from gonghui.funds.tests import granting
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.members.models import Membership
from gonghui.partners.tests.stage import new_partner, new_store
from tests.cast import new_union

pytestmark = pytest.mark.django_db
BASKET = pricing.Basket((pricing.Line("一桌菜", 20_000),))


@pytest.fixture
def money(cast):
    return build_money(cast)


def loaded(cast, who: str = "mei", at: dt.datetime | None = None):
    return live_offers(cast.store.pk, cast.people[who].pk, at or clock.now())


def only(cast, **asked) -> pricing.LiveOffer:
    (offer,), _asker, _visit = loaded(cast, **asked)
    return offer


def priced(cast, who: str = "mei", at: dt.datetime | None = None) -> pricing.Quote:
    offers, asker, visit = loaded(cast, who, at)
    return pricing.quote(offers, BASKET, asker, visit)


def test_terms_come_out_as_they_were_written(cast):
    terms = published(
        cast, title="七五折", form="percent", rate_permille=750, cap_fen=2000, threshold_fen=0, off_fen=0,
        stacking="always", basis="initial", order=7, sections=["farm"], codes=["690"], groups=["food_rider"],
        verified_only=False, audience_union=cast.unions["sister"],
    )  # fmt: skip
    assert only(cast) == pricing.LiveOffer(
        id=terms.offer_id,
        title="七五折",
        terms=pricing.Terms(
            pricing.Form.PERCENT, rate_permille=750, cap_fen=2000, stacking=pricing.Stacking.ALWAYS,
            basis=pricing.Basis.INITIAL, order=7,
        ),
        shares=(pricing.Share(pricing.Payer.MERCHANT, takes_rest=True),),
        sections=frozenset({"farm"}),
        codes=frozenset({"690"}),
        groups=frozenset({"food_rider"}),
        audience_path=cast.unions["sister"].path,
        audience_name="西岭市总工会",
    )  # fmt: skip


def test_purse_is_what_a_share_may_give_and_an_empty_one_gives_nothing(cast, money):
    terms = published(cast, shares=(union_share(money.city, set_aside_fen=1500), MERCHANT))
    purse = Purse.objects.unscoped("test").get(share__terms=terms).commitment
    offer, visit = only(cast), loaded(cast)[2]
    assert offer.shares[0].funder == purse.account_id
    assert visit.left_fen == {purse.account_id: 1500}
    assert priced(cast).due_fen == 18_000
    release_commitment(cast.actor("city_admin"), purpose=f"offer:{terms.pk}:1")
    assert loaded(cast)[2].left_fen == {purse.account_id: 0}
    assert [one.code for one in priced(cast).refused] == ["offer_budget_empty"]


def test_share_without_a_purse_gives_nothing(cast, money):
    terms = published(cast, shares=(union_share(money.city), MERCHANT))
    Purse.objects.unscoped("test").filter(share__terms=terms).delete()
    assert [one.code for one in priced(cast).refused] == ["offer_budget_empty"]


def test_voucher_brings_the_purse_of_its_own_release(cast, money):
    terms = published(cast, shares=(union_share(money.city), MERCHANT), needs_voucher=True)
    later = released(terms, fen=7_000, valid_until=clock.now() + dt.timedelta(days=9))
    sooner = released(terms, fen=5_000, valid_until=clock.now() + dt.timedelta(days=2))
    assert [one.code for one in priced(cast).refused] == ["offer_no_voucher"]
    mei = cast.people["mei"].pk
    given_voucher(later, mei)
    assert list(loaded(cast)[2].left_fen.values()) == [7_000]
    first = given_voucher(sooner, mei)
    assert list(loaded(cast)[2].left_fen.values()) == [5_000]
    assert only(cast).vouchers == 2
    assert facts_at(cast.store.pk, mei, clock.now()).vouchers == {terms.offer_id: first}
    assert only(cast, who="lan").vouchers == 0


def test_vouchers_of_other_stores_and_other_times_are_not_at_hand(cast):
    terms = published(cast, needs_voucher=True)
    now, mei = clock.now(), cast.people["mei"].pk
    elsewhere = new_store(new_partner(cast, "好味食堂"))
    for facts in (
        {"store": elsewhere},
        {"valid_until": now - dt.timedelta(hours=1), "valid_from": None},
        {"valid_from": now + dt.timedelta(hours=1)},
    ):
        given_voucher(released(terms, **facts), mei)
    assert only(cast).vouchers == 0
    assert facts_at(cast.store.pk, mei, now).vouchers == {}


def test_held_voucher_outlives_the_end_of_its_offer_and_nothing_else_does(cast):
    terms, other = published(cast, needs_voucher=True), published(cast)
    given_voucher(released(terms), cast.people["mei"].pk)
    for row in (terms, other):
        row.state = "ended"
        row.save()
    assert [offer.id for offer in loaded(cast)[0]] == [terms.offer_id]
    assert loaded(cast, "lan")[0] == []


def test_paused_offer_and_other_stores_are_left_out(cast):
    terms = published(cast)
    published(cast, stores=[new_store(new_partner(cast, "好味食堂"))])
    assert len(loaded(cast)[0]) == 1
    terms.state = "paused"
    terms.save()
    assert loaded(cast)[0] == []


def test_window_uses_are_of_the_day_on_which_it_began(cast):
    at = dt.datetime(2026, 9, 17, 1, 30, tzinfo=clock.CHINA)  # Thursday, in the night that began on Wednesday
    night = {"from_time": dt.time(22), "to_time": dt.time(2), "capacity": 5}
    published(cast, windows=[night])
    window = OfferWindow.objects.get()
    WindowUse.objects.create(window=window, day=dt.date(2026, 9, 16), used=5, capacity=5)
    assert loaded(cast, at=at)[2].window_uses == {(window.pk, dt.date(2026, 9, 16)): 5}
    assert [one.code for one in priced(cast, at=at).refused] == ["offer_window_full"]
    assert len(priced(cast, at=at + dt.timedelta(hours=21)).applied) == 1
    assert len(only(cast).windows) == 1


def test_limits_count_this_person_and_this_period(cast):
    terms = published(cast, limits=[("person_day", 1), ("month", 9), ("total", 50)])
    per = {limit.per: limit for limit in terms.limits.all()}
    at = dt.datetime(2026, 9, 16, 12, tzinfo=clock.CHINA)
    mei, lan = cast.people["mei"], cast.people["lan"]
    rows = [
        ("person_day", mei, dt.date(2026, 9, 16), 1),
        ("person_day", mei, dt.date(2026, 9, 15), 1),
        ("person_day", lan, dt.date(2026, 9, 15), 1),
        ("month", None, dt.date(2026, 9, 1), 4),
        ("month", None, dt.date(2026, 8, 1), 9),
        ("total", None, since_of("total", at.date()), 13),
    ]
    for name, person, since, used in rows:
        LimitUse.objects.create(limit=per[name], person=person, since=since, used=used, most=per[name].most)
    used = {who: [limit.used for limit in only(cast, who=who, at=at).limits] for who in ("mei", "lan")}
    assert used == {"mei": [1, 4, 13], "lan": [0, 4, 13]}
    assert [one.code for one in priced(cast, "mei", at).refused] == ["offer_limit_used"]
    assert len(priced(cast, "lan", at).applied) == 1


def test_week_begins_on_monday(cast):
    terms = published(cast, limits=[("person_week", 2)])
    limit, mei = terms.limits.get(), cast.people["mei"]
    LimitUse.objects.create(limit=limit, person=mei, since=dt.date(2026, 9, 14), used=2, most=2)
    noon = dt.datetime(2026, 9, 20, 12, tzinfo=clock.CHINA)
    for days, applied in ((-7, 1), (-6, 0), (0, 0), (1, 1)):
        assert len(priced(cast, at=noon + dt.timedelta(days=days)).applied) == applied
    (refused,) = priced(cast, at=noon).refused
    assert (refused.code, "每人每周" in refused.sentence) == ("offer_limit_used", True)
    assert begins_anew(pricing.Per.PERSON_WEEK, noon).date() == dt.date(2026, 9, 21)


def test_asker_is_the_person_with_union_groups_and_points(cast, money):
    granting.granted(money, per_head=30)
    _offers, asker, _visit = loaded(cast)
    assert (asker.union_path, asker.is_verified, asker.groups) == (
        cast.unions["factory"].path,
        True,
        frozenset(),
    )
    assert [lot.points for lot in asker.lots] == [30]
    assert loaded(cast, "qiang")[1].groups == frozenset({"food_rider"})
    assert live_offers(cast.store.pk, None, clock.now())[1] == pricing.Asker()


def in_a_pool(cast):
    """Mei waits in the pool of her city."""
    pool = new_union("东江市周转库", "pool", cast.unions["city"])
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(union=pool)
    return pool


def test_member_of_a_pool_gets_no_price_at_the_till(cast):
    terms = published(cast, verified_only=True)
    assert [one.offer_id for one in priced(cast).applied] == [terms.offer_id]
    pool = in_a_pool(cast)
    quote = priced(cast)
    assert ([one.reason.code for one in quote.refused], quote.applied) == (["in_transit"], ())
    assert is_kept_from_transit(replace(only(cast), audience_path=""), loaded(cast)[1])
    assert not is_kept_from_transit(replace(only(cast), audience_path=pool.path), loaded(cast)[1])
    assert not is_kept_from_transit(replace(only(cast), needs_voucher=True), loaded(cast)[1])


def test_member_of_a_pool_gets_a_price_that_is_for_everybody(cast):
    terms = published(cast, verified_only=False)
    in_a_pool(cast)
    assert [one.offer_id for one in priced(cast).applied] == [terms.offer_id]


def test_two_hundred_offers_take_two_queries_and_little_time(cast, money):
    granting.granted(money, per_head=30)
    windows = [{"from_time": dt.time(0), "to_time": dt.time(23, 59), "capacity": 500}]
    for n in range(200):
        published(
            cast, title=f"优惠{n}", off_fen=1000 + n, windows=windows, limits=[("person_day", 2)],
            shares=(union_share(money.city, set_aside_fen=2000), MERCHANT), stack_class=f"{n % 3}",
        )  # fmt: skip
    held = published(cast, needs_voucher=True, shares=(union_share(money.city), MERCHANT))
    given_voucher(released(held), cast.people["mei"].pk)
    counts = []
    for _turn in range(2):
        with CaptureQueriesContext(connection) as asked:
            offers, asker, visit = loaded(cast)
        counts.append(len(asked))
    assert (len(offers), counts) == (201, [4, 2])
    started = thread_time()
    loaded(cast)
    assert thread_time() - started < 0.25  # a twentieth of it on an idle core: benchmarks/quote.py
    assert len(pricing.quote(offers, BASKET, asker, visit).applied) >= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE benefits_offer SET title = '新名字'", "新名字"),
        (
            "UPDATE orgs_union SET name = '新工会' WHERE id = (SELECT audience_union_id FROM bills_offerterms)",
            "新工会",
        ),
    ],
)
def test_change_of_what_is_printed_is_seen_at_once(cast, change, said):
    published(cast, audience_union=cast.unions["city"])
    before = only(cast)
    assert only(cast) is before  # nothing is read, nothing built anew
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert said in (only(cast).title, only(cast).audience_name)


@pytest.mark.django_db(transaction=True)
def test_change_committed_by_another_process_is_seen_at_once_and_an_open_one_is_not(cast):
    published(cast, title="旧名字")
    assert only(cast).title == "旧名字"
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        other.set_autocommit(False)
        cursor.execute("UPDATE benefits_offer SET title = '新名字'")
        assert only(cast).title == "旧名字"
        other.commit()
        assert only(cast).title == "新名字"


@pytest.mark.django_db(transaction=True)
def test_offer_paused_from_another_connection_between_two_quotes_takes_nothing_off(cast):
    """And back again: what was kept of either state is only ever used while it holds."""
    dear, cheap = published(cast, off_fen=3000), published(cast, off_fen=1000)
    other = connection.copy()
    due = []
    with closing(other), other.cursor() as cursor:
        for state in ("paused", "published", "paused"):
            due.append(priced(cast).due_fen)
            cursor.execute("UPDATE bills_offerterms SET state = %s WHERE id = %s", [state, dear.pk])
        with CaptureQueriesContext(connection) as asked:
            due.append(priced(cast).due_fen)
        cursor.execute("UPDATE bills_offerterms SET state = 'paused' WHERE id = %s", [cheap.pk])
        due.append(priced(cast).due_fen)
    assert (due, len(asked)) == (
        [17_000, 19_000, 17_000, 19_000, 20_000],
        2,
    )  # the second pause is the first one's version
    with CaptureQueriesContext(connection) as asked:
        assert priced(cast).due_fen == 20_000
    assert len(asked) == 1  # nothing is printed there: nothing to count


def test_day_added_to_what_an_offer_follows_is_seen_at_once(cast):
    day = BenefitDay.objects.create(
        union=cast.unions["city"], name="店庆", rule="dates", days=[dt.date(2026, 9, 16)]
    )
    published(cast, windows=[{"benefit_day": day}])
    at = dt.datetime(2026, 9, 18, 12, tzinfo=clock.CHINA)
    assert [one.code for one in priced(cast, at=at).refused] == ["offer_windows_over"]
    day.days = [dt.date(2026, 9, 16), dt.date(2026, 9, 18)]
    day.save()
    assert len(priced(cast, at=at).applied) == 1


def test_terms_written_anew_after_they_were_sent_back_are_seen_at_once(cast):
    terms = published(cast, off_fen=2000, limits=[("person_day", 1)])
    assert priced(cast).due_fen == 18_000
    as_superuser = (
        "SET LOCAL session_replication_role = replica"  # past the guard: in trade no reviewed fact changes
    )
    with connection.cursor() as cursor:
        cursor.execute(as_superuser)
        cursor.execute("UPDATE bills_offerlimit SET most = 7")
        cursor.execute("UPDATE bills_offerterms SET off_fen = 3000 WHERE id = %s", [terms.pk])
    assert (priced(cast).due_fen, only(cast).limits[0].most) == (17_000, 7)


def test_store_that_joins_or_leaves_is_seen_at_once(cast):
    terms = published(cast)
    assert len(loaded(cast)[0]) == 1
    terms.offer_stores.all().delete()
    assert loaded(cast)[0] == []


def test_holidays_are_whole_runs_and_not_the_worked_weekends():
    of_october = sorted(day for day in statutory_holidays(2026) if day.month == 10)
    assert of_october == [dt.date(2026, 10, day) for day in range(1, 8)]
    assert sorted(day for day in statutory_holidays(2026) if day.month == 1) == [
        dt.date(2026, 1, day) for day in (1, 2, 3)
    ]
    assert last_noticed_year() >= 2026
    assert dt.date(2029, 10, 1) in holidays_around(dt.date(2028, 12, 31))


def test_voucher_at_hand_is_the_row_of_the_table(cast, money):
    """Ids of pool, release and person that differ: none stands in another's place."""
    terms = published(cast, shares=(union_share(money.city), MERCHANT), needs_voucher=True)
    for _n in range(3):
        pool = released(terms)
    new_pool(pool.release)
    mine = given_voucher(new_pool(pool.release, capacity=10), cast.people["mei"].pk)
    found = facts_at(cast.store.pk, cast.people["mei"].pk, clock.now()).vouchers[terms.offer_id]
    kept = [getattr(found, name) for name in HELD_FIELDS]
    assert kept == [getattr(mine, name) for name in HELD_FIELDS]
    assert len({mine.pool_id, mine.release_id}) == 2
