"""Settlement in a real browser, on a phone and on a desk: nothing runs out of the page, nothing complains, axe is content."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.settlement import actions
from gonghui.settlement.models import Dispute, Payout
from gonghui.settlement.tests import shenzhen
from gonghui.settlement.tests.stage import SYSTEM, build_shop, period, refunded, sold, statement_of
from gonghui.settlement.tests.test_merchant_pages import OWNER, people
from gonghui.settlement.tests.test_races import DAYS, at
from gonghui.settlement.tests.test_seats import published_since, took, window_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stated(cast, shop):
    """A month with returns and a dispute that was put right, another merchant already in a batch."""
    of = period(cast, *DAYS)
    programme, offer = shenzhen.programme(cast)
    purses = shenzhen.purses(cast, union_yuan=2_000, sponsor_yuan=500, stock_yuan=1)
    busy = build_shop(cast, shop.money, phone="13800000077", name="一千单")
    shenzhen.write_bills(busy, offer, purses, 300)
    for day in range(1, 26):
        sold(
            shop,
            ("merchant", 1250),
            ("union", 2375),
            ("employer", 500),
            ("worker", 8875),
            at=at(day),
            store=day % 2,
            offline_at=at(day - 3) if day in (4, 5) else None,
        )
    refunded(shop, sold(shop, ("union", 300), ("worker", 700), at=at(3), method="wechat"), at=at(5))
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行汽车服务连锁有限公司东江分公司")
    sold(other, ("union", 123_456), at=at(4))
    finance, admin = cast.actor("finance_officer"), cast.actor("city_admin")
    actions.make_statements(SYSTEM, period_id=of.pk)
    for one in (shop, other):
        actions.send_statement(finance, statement_id=statement_of(one, of).pk)
    line = statement_of(shop, of).lines.order_by("id")[0]
    actions.dispute_line(cast.actor(OWNER), line_id=line.pk, reason="这一单少补了一元，请核对小票。")
    amends = actions.Amends(shop.money.city.pk, 100, "少补一元", line.pk)
    actions.propose_adjustment(finance, statement_id=line.statement_id, key=uuid4(), amends=amends)
    row = statement_of(other, of)
    actions.confirm_statement(
        other.actor(f"owner of {other.partner.name}"), statement_id=row.pk, total_fen=row.total_fen
    )
    actions.approve_statement(admin, statement_id=row.pk)
    batch = actions.make_payout_batch(finance, union_id=row.union_id)
    actions.approve_batch(admin, batch_id=batch.pk)
    return {"statement": statement_of(shop, of), "batch": batch, "programme": programme, "period": of}


@pytest.fixture
def seen(visit):
    def look(who: str, path: str, name: str, size) -> None:
        page = visit(who, path, size)
        assert wrong_with(page, name) == []

    return look


def with_seats(shop, crowd) -> None:
    """An evening window across midnight, two of its days used by many, one by few; another nobody came for."""
    night = {"from_time": dt.time(22), "to_time": dt.time(2), "capacity": 1_200}
    window = window_at(shop, weekdays=[1, 2, 3, 4, 5], **night)
    window_at(shop, capacity=20, store_ids=[shop.stores[0].pk])
    published_since(clock.today() - timedelta(days=60))
    workdays = [day for n in range(1, 8) if (day := clock.today() - timedelta(days=n)).weekday() < 5]
    for n, person in enumerate(crowd):
        took(shop, window, workdays[min(n // 15, 2)], person, at=dt.time((22, 23)[n % 2], 30), fen=3_000 + n)


def test_back_office_of_settlement_fits_and_is_readable(seen, shop, stated):
    payout = Payout.objects.unscoped("test").get()
    dispute = Dispute.objects.unscoped("test").get()
    pages = {
        "periods": reverse("admin:settlement_period_changelist"),
        "period": reverse("admin:settlement_period_change", args=[stated["period"].pk]),
        "statements": reverse("admin:settlement_statement_changelist"),
        "statement": reverse("admin:statement", args=[stated["statement"].pk]),
        "adjust": reverse("admin:settlement_statement_adjust", args=[stated["statement"].pk]),
        "disputes": reverse("admin:settlement_dispute_changelist"),
        "answer": reverse("admin:settlement_dispute_answer", args=[dispute.pk]),
        "adjustments": reverse("admin:settlement_adjustment_changelist"),
        "batches": reverse("admin:settlement_payoutbatch_changelist"),
        "batch": reverse("admin:payout_batch", args=[stated["batch"].pk]),
        "batch_new": reverse("admin:payout_batch_new"),
        "paid": reverse("admin:settlement_payout_paid", args=[payout.pk]),
        "programmes": reverse("admin:programme_effects"),
        "programme": reverse("admin:programme_effect", args=[stated["programme"].pk]),
        "seats": reverse("admin:seats"),
        "account": reverse("admin:ledger_statement", args=[shop.payable.pk]),
    }
    with_seats(shop, people(shop.cast, 36))
    for size in (PHONE, DESKTOP):
        for name, path in pages.items():
            seen("finance_officer", path, name, size)


def test_merchants_money_and_visitors_fit_and_are_readable(seen, cast, shop, stated):
    crowd = people(cast, 60)
    for n, person in enumerate(crowd[:24]):
        now = clock.now().replace(hour=(9, 9, 18)[n % 3] if n else 9, minute=0)
        for days in (2, 40)[: 1 + n % 2]:
            sold(
                shop,
                ("union", 500),
                ("worker", 1900 + n),
                at=now - timedelta(days=days),
                who=person,
                store=n % 2,
            )
    with_seats(shop, crowd[24:])
    pages = {
        "money": "/merchant/panels/money",
        "traffic": "/merchant/panels/traffic",
        "own": f"/merchant/statements/{stated['statement'].pk}",
    }
    for size in (PHONE, DESKTOP):
        for name, path in pages.items():
            seen(OWNER, path, f"merchant-{name}", size)
