"""Coupons of a provider: covered when ordered, paid out once per use, whatever order the news come in."""

import datetime as dt
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.bills.actions import external
from gonghui.bills.actions.external import (
    GRACE,
    approve_funded_stock,
    draft_funded_stock,
    note_return,
    note_use,
    release_over_stocks,
)
from gonghui.bills.models import ExternalUse, StockFunding
from gonghui.bills.tests.stocks import ordered_stock
from gonghui.funds.models import Commitment
from gonghui.funds.tests.stage import approved, balance, build_money, new_staff, trial
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.orgs.models import Grant
from gonghui.payments.actions.coupons import note_stock
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models import ExternalStock
from gonghui.payments.ports.coupons import StockOrder
from gonghui.payments.tests.figures import jobs
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db
PROVIDER = Actor.system("test")
FACE, TOTAL = 500, 3


def order_of(total=TOTAL):
    now = clock.now()
    return StockOrder(uuid4().hex, "满30减5", FACE, 3000, total, now, now + dt.timedelta(days=30))


@pytest.fixture
def money(cast):
    return build_money(cast)


@pytest.fixture
def funding(cast, money):
    made = ordered_stock(cast, money.city, order_of())
    note_stock(PROVIDER, pk=made.stock_id, stock_id="s1")
    return made


def used(use="u1", off=FACE):
    return ExternalCouponUsed("wechat", "s1", "c1", use, off, 2500)


def returned(use="u1"):
    return ExternalCouponReturned("wechat", "s1", "c1", use)


def left(funding):
    return balance(funding.commitment.account_id)


def test_stock_is_ordered_by_two_people(cast, money):
    """One drafts and nothing moves; the same one cannot approve; another does, and it is covered and ordered."""
    finance = money.actor("city_finance")
    draft = draft_funded_stock(finance, budget_id=money.city.pk, order=order_of())
    assert (draft.commitment_id, draft.stock.state) == (None, "draft")
    assert (balance(money.city.account_id), jobs("create_stock")) == (30_000_00, 0)
    Grant.objects.create(
        user=cast.users["city_finance"], role="org_admin", union=cast.unions["city"], starts_on="2024-01-01"
    )
    for who, code in (
        ("city_finance", "external_stock_maker_is_checker"),
        ("second_finance", "not_allowed"),
        ("sister_admin", "not_found"),
    ):
        with pytest.raises(DomainError) as refused:
            approve_funded_stock(cast.actor(who), funding_id=draft.pk)
        assert refused.value.code == code
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ExternalStock.objects.unscoped("test").update(state="pending", checker=cast.users["city_admin"].pk)
    assert error.value.__cause__.diag.constraint_name == "bills_stock_is_covered"
    assert (balance(money.city.account_id), jobs("create_stock")) == (30_000_00, 0)
    made = approve_funded_stock(cast.actor("city_admin"), funding_id=draft.pk)
    assert (made.stock.state, left(made), jobs("create_stock")) == ("pending", FACE * TOTAL, 1)
    with pytest.raises(DomainError) as refused:
        approve_funded_stock(cast.actor("city_admin"), funding_id=draft.pk)
    assert (refused.value.code, jobs("create_stock")) == ("illegal_move", 1)


def test_stock_is_covered_when_it_is_ordered(money, funding):
    assert left(funding) == FACE * TOTAL
    assert balance(money.city.account_id) == 30_000_00 - FACE * TOTAL


def test_stock_nobody_can_cover_is_not_ordered(cast, money):
    with pytest.raises(DomainError) as refused:
        ordered_stock(cast, money.city, order_of(total=10_000_000))
    assert refused.value.code == "budget_short"
    assert ExternalStock.objects.unscoped("test").get().state == "draft"
    assert (Commitment.objects.unscoped("test").exists(), jobs("create_stock")) == (False, 0)


def test_same_order_again_is_the_same_stock(money):
    order, finance = order_of(), money.actor("city_finance")
    made = [draft_funded_stock(finance, budget_id=money.city.pk, order=order) for _ in range(2)]
    approve_funded_stock(money.actor("city_admin"), funding_id=made[0].pk)
    made.append(draft_funded_stock(finance, budget_id=money.city.pk, order=order))
    assert len({one.pk for one in made}) == 1
    assert (Commitment.objects.unscoped("test").count(), jobs("create_stock")) == (1, 1)


def test_same_key_out_of_another_budget_is_refused_and_sets_nothing_aside(money):
    order = order_of()
    ordered_stock(money.cast, money.city, order)
    other = approved(money.cast, "city", parent=money.province, yuan=100, name="另一笔预算")
    with pytest.raises(DomainError) as refused:
        draft_funded_stock(money.actor("city_finance"), budget_id=other.pk, order=order)
    assert refused.value.code == "external_stock_key_taken"
    assert (balance(other.account_id), Commitment.objects.unscoped("test").count()) == (100_00, 1)


@pytest.mark.parametrize("heard", sorted(set(permutations(["used", "used", "returned", "returned"]))))
def test_use_and_return_in_any_order_leave_what_was_there(funding, heard):
    for news in heard:
        if news == "used":
            note_use(PROVIDER, news=used())
        else:
            note_return(PROVIDER, news=returned())
    assert left(funding) == FACE * TOTAL
    assert ExternalUse.objects.unscoped("test").get().state == "returned"
    assert trial() == 0


def test_use_told_twice_is_paid_once(funding):
    for _ in range(3):
        note_use(PROVIDER, news=used())
    assert left(funding) == FACE * (TOTAL - 1)
    assert ExternalUse.objects.unscoped("test").get().state == "posted"


def test_use_nothing_covers_waits_on_the_list(funding):
    for n in range(TOTAL + 1):
        note_use(PROVIDER, news=used(f"u{n}"))
    states = ExternalUse.objects.unscoped("test").order_by("id").values_list("state", flat=True)
    assert list(states) == ["posted"] * TOTAL + ["uncovered"]
    assert left(funding) == 0
    note_return(PROVIDER, news=returned("u0"))
    assert external.cover_uses(PROVIDER) == 1
    assert left(funding) == 0


def uncovered(funding, *offs):
    """Uses of these sums, heard and not covered yet, oldest first."""
    uses = [
        ExternalUse(funding=funding, use_id=uuid4().hex, code="c", off_fen=off, state="uncovered")
        for off in offs
    ]
    return ExternalUse.objects.bulk_create(uses)


def states(funding):
    return "".join(use.state[0] for use in funding.uses.order_by("id"))


def test_sweep_covers_the_oldest_first_and_leaves_what_does_not_fit(funding, monkeypatch):
    monkeypatch.setattr(external, "BATCH", 2)
    first, *_others = uncovered(funding, 600, 0, 700, 300, 200, 100)
    assert external.cover_uses(PROVIDER) == 4
    assert (states(funding), left(funding)) == ("pppupu", 0)
    assert external.cover_uses(PROVIDER) == 0
    note_return(PROVIDER, news=returned(first.use_id))
    assert external.cover_uses(PROVIDER) == 2
    assert (states(funding), left(funding)) == ("rppppp", 200)
    assert trial() == 0


def test_what_is_wrong_with_one_stock_stops_no_other(money, funding):
    other = ordered_stock(money.cast, money.city, order_of())
    note_stock(PROVIDER, pk=other.stock_id, stock_id="s2")
    for one in (funding, other):
        uncovered(one, FACE, FACE)
    LedgerAccount.objects.unscoped("test").filter(pk=funding.commitment.account_id).update(
        closed_at=clock.now()
    )
    assert external.cover_uses(PROVIDER) == 2
    assert (states(funding), states(other)) == ("uu", "pp")
    assert (left(funding), left(other)) == (FACE * TOTAL, FACE)


def test_sweep_takes_the_same_statements_for_one_use_and_for_many(funding, django_assert_num_queries):
    uncovered(funding, 1)
    with CaptureQueriesContext(connection) as one:
        assert external.cover_uses(PROVIDER) == 1
    uncovered(funding, *[1] * 200)
    with django_assert_num_queries(len(one)):
        assert external.cover_uses(PROVIDER) == 200


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE bills_externaluse SET state = 'posted'", "bills_external_moved"),
        ("INSERT INTO bills_externaluse (funding_id, use_id, code, off_fen, paid_fen, state)"
         " SELECT id, 'by hand', 'c', 1, 0, 'posted' FROM bills_stockfunding", "bills_external_moved"),
        ("UPDATE bills_externaluse SET state = 'returned'; UPDATE bills_externaluse SET state = 'uncovered'",
         "bills_external_stays"),
        ("UPDATE bills_externaluse SET off_fen = off_fen - 1", "bills_external_stays"),
        ("DELETE FROM bills_externaluse", "bills_external_stays"),
    ],
)  # fmt: skip
def test_database_lets_no_use_be_what_its_transfers_are_not(funding, statement, constraint):
    uncovered(funding, FACE)
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert error.value.__cause__.diag.constraint_name == constraint
    assert states(funding) == "u"


def test_what_returns_after_the_money_went_home_follows_it(money, funding, time_machine):
    note_use(PROVIDER, news=used())
    time_machine.move_to(funding.stock.ends_at + GRACE + dt.timedelta(hours=1), tick=False)
    assert release_over_stocks(PROVIDER) == FACE * (TOTAL - 1)
    note_return(PROVIDER, news=returned())
    assert release_over_stocks(PROVIDER) == FACE
    assert (left(funding), balance(money.city.account_id)) == (0, 30_000_00)


def test_coupons_no_union_pays_for_move_nothing(funding):
    assert note_use(PROVIDER, news=ExternalCouponUsed("wechat", "other", "c", "u", 500, 0)) is None
    assert left(funding) == FACE * TOTAL


def test_what_was_not_used_goes_home_after_the_grace(money, funding, time_machine):
    note_use(PROVIDER, news=used())
    assert release_over_stocks(PROVIDER) == 0
    time_machine.move_to(funding.stock.ends_at + GRACE + dt.timedelta(hours=1), tick=False)
    assert release_over_stocks(PROVIDER) == FACE * (TOTAL - 1)
    assert release_over_stocks(PROVIDER) == 0
    assert balance(money.city.account_id) == 30_000_00 - FACE


def test_stock_is_ordered_out_of_a_budget_in_the_back_office(cast, client, money):
    posted = {
        "budget": money.city.pk, "programme": "", "name": "满30减5", "face_fen": "5", "threshold_fen": "30",
        "total": "3", "starts_on": f"{clock.today()}", "ends_on": f"{clock.today()}", "key": uuid4(),
    }  # fmt: skip
    cast.sign_in(client, "city_finance")
    address = reverse("admin:funded_stock_new")
    for wrong, says in ({"face_fen": "31"}, "面额不能大于"), ({"ends_on": "2020-01-01"}, "开始日期不能晚于"):
        short = client.post(address, posted | wrong)
        assert (short.status_code, says in short.content.decode()) == (422, True)
    assert not StockFunding.objects.unscoped("test").exists()
    answers = [client.post(address, posted) for _n in range(2)]
    made = StockFunding.objects.unscoped("test").get()
    wanted = reverse("admin:bills_stockfunding_change", args=[made.pk])
    assert [(one.status_code, one.url) for one in answers] == [(302, wanted)] * 2
    assert (made.commitment, made.budget_id) == (None, money.city.pk)
    approve = reverse("admin:bills_stockfunding_approve", args=[made.pk])
    assert approve not in client.get(wanted).content.decode()
    assert client.post(approve).status_code == 403
    cast.sign_in(client, "city_admin")
    assert client.get(address).status_code == 403
    page = client.get(wanted).content.decode()
    assert approve in page and "15" in page and "待批准" in page and "&#x27;draft" not in page
    assert client.post(approve).status_code == 302
    made.refresh_from_db()
    assert (left(made), made.stock.state) == (FACE * TOTAL, "pending")
    assert "等待渠道" in client.get(wanted).content.decode()


class TestStockFundingScreen(ConsoleContract):
    model = StockFunding
    owner, sister, parent = "city_finance", "sister_finance", "province_finance"

    @pytest.fixture(autouse=True)
    def stage(self, cast):
        self.money = build_money(cast)
        new_staff(cast, "sister_finance", "finance_officer", "sister")

    def own(self, cast):
        return self._made(cast, "city_finance", self.money.city)

    def foreign(self, cast):
        sister = approved(cast, "sister", parent=self.money.province, yuan=1_000)
        return self._made(cast, "sister_finance", sister)

    def more(self, cast, count):
        for _n in range(count):
            self._made(cast, "city_finance", self.money.city)

    def _made(self, cast, who: str, budget):
        return draft_funded_stock(cast.actor(who), budget_id=budget.pk, order=order_of())


class TestExternalUseScreen(ConsoleContract):
    model = ExternalUse
    owner, sister, parent = "city_finance", "sister_finance", "province_finance"

    @pytest.fixture(autouse=True)
    def stage(self, cast):
        self.money = build_money(cast)
        new_staff(cast, "sister_finance", "finance_officer", "sister")
        new_staff(cast, "sister_second", "org_admin", "sister")

    def own(self, cast):
        return self._used(ordered_stock(cast, self.money.city, order_of()), "s1")

    def foreign(self, cast):
        sister = approved(cast, "sister", parent=self.money.province, yuan=1_000)
        draft = draft_funded_stock(cast.actor("sister_finance"), budget_id=sister.pk, order=order_of())
        return self._used(approve_funded_stock(cast.actor("sister_second"), funding_id=draft.pk), "s2")

    def more(self, cast, count):
        for n in range(count):
            self._used(ordered_stock(cast, self.money.city, order_of()), f"m{n}")

    def _used(self, funding, stock_id):
        note_stock(PROVIDER, pk=funding.stock_id, stock_id=stock_id)
        return note_use(PROVIDER, news=ExternalCouponUsed("wechat", stock_id, "c1", "u1", FACE, 2500))


def test_use_leads_to_its_transfers_and_up_to_the_source(cast, client, money, funding):
    use = note_use(PROVIDER, news=used())
    at = reverse("admin:external_use", args=[use.pk])
    cast.sign_in(client, "city_finance")
    page = client.get(at)
    assert [(step.kind, step.name) for step in page.context["way"]] == [
        ("source", money.source.name), ("budget", "普惠预算"), ("budget", "普惠预算"), ("commitment", "专款预留"),
    ]  # fmt: skip
    moved = Transfer.objects.unscoped("test").get(code="use_external")
    told = client.get(reverse("admin:ledger_transfer", args=[moved.pk]))
    assert reverse("admin:ledger_transfer", args=[moved.pk]) in page.content.decode()
    assert [step["kind"] for step in told.context["way"]] == [
        "经费来源",
        "预算",
        "预算",
        "经费预留",
        "渠道代付",
    ]
    assert [(lead.label, lead.address) for lead in told.context["leads"]] == [
        ("外部券使用", at), ("出资预算", reverse("admin:budget", args=[money.city.pk])),
    ]  # fmt: skip
    assert [one["id"] for one in told.context["beside"]] == [moved.pk]
    stock = client.get(reverse("admin:bills_stockfunding_change", args=[funding.pk])).content.decode()
    assert f"?funding={funding.pk}" in stock
    assert cast.sign_in(client, "sister_admin").get(at).status_code == 404
    assert cast.sign_in(client, "judge").get(at).status_code == 403


def test_what_is_set_aside_for_a_stock_is_not_beside_the_use_of_the_same_number(cast, funding):
    """Stock 5 and use 5 are two things."""
    commit = Transfer.objects.unscoped("test").get(code="commit", credit_id=funding.commitment.account_id)
    use = note_use(PROVIDER, news=used())
    assert (commit.subject, use.funding.commitment.purpose) == (f"stock:{funding.stock_id}",) * 2
    assert Transfer.objects.unscoped("test").filter(subject=f"external:{use.pk}").count() == 1
