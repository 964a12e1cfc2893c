"""Reports of programmes: the totals of Shenzhen in 2024, to the fen; refunds in their own month; words beside every figure."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from uuid import uuid4

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from gonghui.bills.actions import external
from gonghui.bills.actions.external import cover_uses
from gonghui.bills.models import ExternalUse, Programme
from gonghui.bills.tests import stage as till
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stocks import ordered_stock
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit import clock
from gonghui.ledger.models import LedgerAccount
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.verify import unsealed_count, verify_ledger
from gonghui.payments.actions.coupons import note_stock
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.ports.coupons import StockOrder
from gonghui.settlement import actions
from gonghui.settlement.models import Measure, Period, Statement
from gonghui.settlement.programmes import Effect, effects_of, measures
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests import shenzhen
from gonghui.settlement.tests.stage import SYSTEM, on, refunded, sold
from tests.cast import new_union

pytestmark = pytest.mark.django_db
YUAN = 100


@pytest.mark.big
@pytest.mark.django_db(transaction=True)
def test_shenzhen_totals_come_out_to_the_fen(shop, cast):
    """400,000 visits: 4,000 bills, and 396,000 uses of a provider's coupons. 3 M in, 4 M consumed, 1 M off; in the report, in
    the accounts, on the merchant's statement."""
    programme, offer = shenzhen.programme(cast)
    purses = shenzhen.purses(cast, union_yuan=816_000, sponsor_yuan=204_000, stock_yuan=1_980_000)
    shenzhen.write_bills(shop, offer, purses, 4_000, fen=(255_00, 250_00, 151_00))
    stock = shenzhen.hear_uses(cast, purses, programme, 396_000, off_fen=5_00, paid_fen=1_00)
    assert cover_uses(SYSTEM) == 396_000
    assert cover_uses(SYSTEM) == 0
    whole, months = effects_of(programme)
    assert whole.visits == 400_000
    assert whole.input_fen == 3_000_000 * YUAN
    assert whole.consumption_fen == 4_000_000 * YUAN
    assert whole.merchant_fen == 1_000_000 * YUAN
    assert (whole.union_fen, whole.employer_fen) == (2_796_000 * YUAN, 204_000 * YUAN)
    assert whole.leverage == Decimal("1.33")
    assert len(months) == 11
    assert [sum(getattr(one, name) for one in months) for name in ("input_fen", "consumption_fen", "visits")] == [
        whole.input_fen, whole.consumption_fen, whole.visits,
    ]  # fmt: skip
    _accounts_say_the_same(shop, purses, stock, whole)
    _statement_says_the_same(shop, cast)
    for _minute in range(2):
        seal_transfers(SYSTEM)
    assert (unsealed_count(), [check.name for check in verify_ledger() if not check.ok]) == (0, [])
    assert trial() == 0


def _accounts_say_the_same(shop, purses, stock, whole) -> None:
    spent = [
        purses.city.account_id,
        purses.sponsor.account_id,
        purses.of_union.account_id,
        purses.of_sponsor.account_id,
    ]
    assert [balance(pk) for pk in [*spent, stock.commitment.account_id]] == [0] * 5
    accounts = LedgerAccount.objects.unscoped("test")
    provider = accounts.get(kind="provider").balance
    payable, counter, concession = (
        accounts.get(kind=kind).balance for kind in ("payable", "counter", "concession")
    )
    workers = sum(account.balance for account in accounts.filter(kind="paid"))
    assert provider == 1_980_000 * YUAN
    assert payable == whole.input_fen - provider == 1_020_000 * YUAN
    assert -concession == whole.merchant_fen
    assert -workers == whole.worker_fen - 396_000 * YUAN == 604_000 * YUAN
    assert counter == whole.merchant_fen - workers


def _statement_says_the_same(shop, cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does, sooner or later
    year = Period.objects.create(
        union=cast.unions["city"], cycle="monthly", starts_on="2024-01-01", ends_on="2025-01-01"
    )
    assert actions.make_statements(SYSTEM, period_id=year.pk) == 1
    row = Statement.objects.unscoped("test").get()
    assert (row.bill_count, row.refund_count, row.owed_fen) == (4_000, 0, 1_020_000 * YUAN)
    assert {f.payer: f.net_fen for f in row.funders.all()} == {
        "union": 816_000 * YUAN,
        "employer": 204_000 * YUAN,
    }
    assert reconcile(row).is_equal


CROWD = """
WITH people AS (
    INSERT INTO members_person (token, name, pinyin, grams, id_type, gender, groups, verification, verified_by, created_at,
                                updated_at)
    SELECT gen_random_uuid(), '会员' || n, '', '{}', 'resident_id', '', '{}', 'none', '', now(), now()
      FROM generate_series(1, 1000) n RETURNING id
), joined AS (
    INSERT INTO members_membership (person_id, union_id, status, source, created_at, updated_at)
    SELECT id, %(crowd)s, 'active', 'batch', now(), now() FROM people
)
SELECT array_agg(id ORDER BY id) FROM people
"""
MERCHANTS = """
WITH partner AS (
    INSERT INTO partners_partner (union_id, name, kind, group_kind, uscc, since, state, created_at, updated_at)
    SELECT %(union)s, '商户' || n, 'food', 'single', '', '2020-01-01', 'active', now(), now() FROM generate_series(1, 500) n
    RETURNING id, union_id
), store AS (
    INSERT INTO partners_store (partner_id, name, address, phone, created_at, updated_at)
    SELECT id, '门店', '', '', now(), now() FROM partner RETURNING id, partner_id
)
SELECT array_agg(id ORDER BY id), array_agg(partner_id ORDER BY id) FROM store
"""
FIVE_YEARS = """
INSERT INTO bills_bill (key, union_id, partner_id, store_id, person_id, at, list_fen, due_fen, points, method, state,
       settled_at, refunded_fen)
SELECT gen_random_uuid(), %(union)s, (%(partners)s::bigint[])[n], (%(stores)s::bigint[])[n],
       (%(people)s::bigint[])[1 + n %% 200], t.at, 15000000, 2000000, 0, 'cash', 'settled', t.at, 0
  FROM generate_series(1, 500) n
 CROSS JOIN LATERAL (SELECT timestamptz '2020-01-15 12:00+08' + (n %% 60) * interval '1 month') t(at)
"""


def test_sixty_million_in_five_years_reach_five_hundred_merchants_and_a_fifth_of_the_members(shop, cast):
    """Domain N17: each merchant one bill of 150,000 yuan, 120,000 of them the union's."""
    programme, offer = shenzhen.programme(cast)
    purses = shenzhen.purses(cast, union_yuan=60_000_000, sponsor_yuan=0, stock_yuan=0)
    crowd = cast.unions["crowd"] = new_union("千人工会", "enterprise", programme.union)
    programme.union = crowd
    programme.save()
    with connection.cursor() as cursor:
        facts = {"union": cast.unions["city"].pk, "crowd": crowd.pk}
        cursor.execute(CROWD, facts)
        facts["people"] = cursor.fetchone()[0]
        cursor.execute(MERCHANTS, facts)
        facts["stores"], facts["partners"] = cursor.fetchone()
        cursor.execute(FIVE_YEARS, facts)
    shenzhen.split_bills(facts["partners"], offer, purses, fen=(12_000_000, 1_000_000, 2_000_000))
    whole, months = effects_of(programme)
    assert (whole.union_fen, whole.merchants, whole.visits) == (60_000_000 * YUAN, 500, 500)
    assert (whole.persons, whole.members, whole.activity_percent) == (200, 1_000, Decimal("20"))
    assert (len(months), months[0].month, months[-1].month) == (60, dt.date(2020, 1, 1), dt.date(2024, 12, 1))
    assert {one.activity_permille for one in months} == {None}
    assert whole.per_visit_fen == 120_000 * YUAN
    assert balance(purses.of_union.account_id) == 0
    assert trial() == 0


def test_what_a_visit_costs_is_what_the_union_gave_for_it(shop, cast):
    """Domain N11, S2-10, a thousandth of it in rows: 42,000 yuan of the union's, 1,600 visits, 26.25 yuan each."""
    programme, offer = shenzhen.programme(cast)
    purses = shenzhen.purses(cast, union_yuan=42_000, sponsor_yuan=0, stock_yuan=0)
    shenzhen.write_bills(shop, offer, purses, 1_600, fen=(26_25, 10_00, 13_75))
    whole, _months = effects_of(programme)
    assert (whole.union_fen, whole.visits, whole.per_visit_fen) == (42_000 * YUAN, 1_600, 26_25)
    assert (balance(purses.of_union.account_id), trial()) == (0, 0)


def test_figures_per_head_round_down_and_say_nothing_of_nobody():
    assert Effect(None, union_fen=100, visits=3).per_visit_fen == 33
    assert Effect(None, union_fen=100).per_visit_fen is None
    assert Effect(None, active=1).activity_permille is None


def sold_at_the_till(cast, money) -> Programme:
    """Through the real actions: cash, points, a whole and a partial return; 100 yuan each, 20 off, half of it the city's."""
    programme, _offer = shenzhen.programme(cast)
    published(cast, programme=programme, shares=[union_share(money.city, 500), MERCHANT])
    began, bills = clock.now(), []
    for n, (lines, facts) in enumerate(
        [((100 * YUAN,), {})] * 3 + [((100 * YUAN,), {"points": 30}), ((("面", 25 * YUAN, 4),), {})]
    ):
        # A code pays once: each has a minute of its own.
        with time_machine.travel(began + dt.timedelta(minutes=2 * n), tick=False):
            bills.append(till.sold(cast, *lines, **facts))
    till.refunded(cast, bills[0])
    till.refunded(cast, bills[4], (1, 1))
    return programme


def test_bills_of_the_till_are_reported_settled_and_in_the_books_alike(cast):
    till.open_shop(cast)
    money = build_money(cast)
    till.with_points(money)
    programme = sold_at_the_till(cast, money)
    whole, _months = effects_of(programme)
    assert (whole.visits, whole.persons) == (4, 1)
    assert (whole.union_fen, whole.merchant_fen) == (3 * 1000 + 750, 3 * 1000 + 750)
    assert (whole.points_fen, whole.worker_fen) == (3000, 2 * 8000 + 5000 + 6000)
    assert whole.consumption_fen == whole.union_fen + whole.points_fen + whole.worker_fen
    day = clock.today()
    starts = day.replace(day=1)
    ends = (starts + dt.timedelta(days=32)).replace(day=1)
    of = Period.objects.create(union=cast.unions["city"], cycle="monthly", starts_on=starts, ends_on=ends)
    with time_machine.travel(dt.datetime.combine(ends, dt.time(3), clock.CHINA), tick=False):
        assert actions.make_statements(till.SYSTEM, period_id=of.pk) == 1
        row = Statement.objects.unscoped("test").get()
        assert (row.bill_count, row.refund_count) == (5, 2)
        assert row.owed_fen == whole.union_fen + whole.points_fen
        assert row.returned_fen == 1000 + 250
        assert {f.payer: f.net_fen for f in row.funders.all()} == {"union": whole.union_fen, "points": 3000}
        assert reconcile(row).is_equal
        assert actions.send_statement(cast.actor("finance_officer"), statement_id=row.pk).state == "sent"
    assert trial() == 0


def test_refund_counts_in_the_month_it_was_made(shop, cast):
    programme, offer = shenzhen.programme(cast)
    parts = (("merchant", 200), ("union", 300), ("worker", 500))
    for month in (9, 10):
        bill = sold(shop, *parts, at=on(month, 5), offer=offer)
        _given(bill, offer)
    refunded(shop, bill, at=on(11, 1), share=(1, 2))
    _whole, months = effects_of(programme)
    assert [(one.month.month, one.union_fen, one.consumption_fen) for one in months] == [
        (9, 300, 800), (10, 300, 800), (11, -150, -400),
    ]  # fmt: skip


def test_returned_use_counts_in_the_month_of_its_return(shop, cast):
    """What was reported of the month it was used in stays; one that was never paid counts nowhere."""
    programme, _offer = shenzhen.programme(cast)
    order = StockOrder(uuid4().hex, "渠道券", 5_00, 0, 2, on(9, 1), on(12, 1))
    with time_machine.travel(on(9, 1), tick=False):
        stock = ordered_stock(cast, shop.money.city, order, programme_id=programme.pk)
        note_stock(SYSTEM, pk=stock.stock_id, stock_id="s1")
    used = [ExternalCouponUsed("wechat", "s1", f"c{n}", f"u{n}", 5_00, 1_00) for n in range(3)]
    for use in used:
        external.note_use(SYSTEM, news=use)
    rows = ExternalUse.objects.unscoped("test")
    rows.update(created_at=on(9, 5))
    whole, months = effects_of(programme)
    assert [_figures(one) for one in months] == [(9, 10_00, 2_00, 12_00, 2)]
    with time_machine.travel(on(10, 3), tick=False):
        for n in (0, 2):
            external.note_return(SYSTEM, news=ExternalCouponReturned("wechat", "s1", f"c{n}", f"u{n}"))
    whole, months = effects_of(programme)
    assert [_figures(one) for one in months] == [(9, 10_00, 2_00, 12_00, 2), (10, -5_00, -1_00, -6_00, -1)]
    assert (whole.union_fen, whole.consumption_fen, whole.visits) == (5_00, 6_00, 1)
    words = {one.code: (one.version, "渠道券" in one.text) for one in measures()}
    assert [code for code, said in words.items() if said == (2, True)] == [
        "union", "worker", "consumption", "visits", "persons",
    ]  # fmt: skip


def _figures(one):
    return one.month.month, one.union_fen, one.worker_fen, one.consumption_fen, one.visits


def _given(bill, offer) -> None:
    from gonghui.bills.models import BillOffer

    BillOffer.objects.create(bill=bill, offer=offer, discount_fen=500)


def test_what_other_offers_gave_is_not_this_programmes(shop, cast):
    programme, offer = shenzhen.programme(cast)
    other_programme, other = shenzhen.programme(cast, "另一个项目")
    bill = sold(shop, ("merchant", 200), ("union", 300), ("worker", 500), at=on(10, 5), offer=offer)
    for one in (offer, other):
        _given(bill, one)
    assert effects_of(programme)[0].union_fen == 300
    whole = effects_of(other_programme)[0]
    assert (whole.union_fen, whole.merchant_fen, whole.consumption_fen, whole.visits) == (0, 0, 800, 1)
    assert whole.leverage is None


def test_programme_without_bills_is_empty(cast):
    programme, _offer = shenzhen.programme(cast)
    whole, months = effects_of(programme)
    assert (whole.input_fen, whole.visits, whole.leverage, months) == (0, 0, None, [])


def test_every_figure_has_its_words_and_the_newest_version_stands():
    assert [one.code for one in measures()] == [
        "union", "employer", "points", "input", "merchant", "worker", "consumption", "leverage", "visits", "persons",
        "merchants", "per_visit", "activity",
    ]  # fmt: skip
    Measure.objects.create(code="visits", version=3, nth=9, name="人次", text="另一种数法")
    assert next(one for one in measures() if one.code == "visits").text == "另一种数法"


@pytest.mark.parametrize(
    ("who", "status"),
    [("city_admin", 200), ("auditor", 200), ("sister_admin", 404), ("judge", 403), ("clerk", 302)],
)
def test_report_is_for_those_who_see_the_unions_money(client, cast, shop, who, status):
    programme, offer = shenzhen.programme(cast)
    _given(sold(shop, ("merchant", 200), ("union", 300), ("worker", 500), at=on(10, 5), offer=offer), offer)
    at = reverse("admin:programme_effect", args=[programme.pk])
    page = cast.sign_in(client, who).get(at)
    assert page.status_code == status
    if status == 200:
        assert "拉动消费" in page.content.decode()
        assert programme.title in client.get(reverse("admin:programme_effects")).content.decode()


def test_sheet_of_a_programme_holds_the_page_and_the_words(client, cast, shop):
    programme, offer = shenzhen.programme(cast)
    _given(sold(shop, ("merchant", 200), ("union", 300), ("worker", 500), at=on(10, 5), offer=offer), offer)
    answer = cast.sign_in(client, "city_admin").get(
        reverse("admin:programme_effect_sheet", args=[programme.pk])
    )
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_row=3)]
    assert rows[0] == ["2026-10", 3, 3, 0, 0, 2, 5, 8, 2.67, 1, 1, 1, 3, None]
    assert rows[1][1:-1] == rows[0][1:-1]
    assert rows[1][-1] == float(effects_of(programme)[0].activity_percent)
    assert "拉动消费 v2：" in [row[0].value[:8] for row in sheet.iter_rows(min_row=4)]
    assert "下载" in sheet.cell(sheet.max_row, 1).value
