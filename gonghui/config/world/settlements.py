"""Two settled months of the demo: one closed, one with a statement in every state, so that each step can be looked at and taken on."""

from __future__ import annotations

import datetime as dt
import random
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.bills.actions import terms
from gonghui.bills.actions.selling import priced
from gonghui.bills.actions.writing import write_bill
from gonghui.bills.customers import Customer
from gonghui.bills.models import OfferTerms
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.bills.pricing import Form, Terms
from gonghui.bills.selling import BillFacts, Sale, typed_line
from gonghui.config.actors import actor_of
from gonghui.config.world.budgets import Money
from gonghui.config.world.partners import Venues
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import Person
from gonghui.orgs.models import Union
from gonghui.partners.actions import register_payout_account
from gonghui.partners.models import Agreement, MerchantRole, Partner, Store
from gonghui.settlement import actions
from gonghui.settlement.cycles import bounds_of
from gonghui.settlement.models import Payout, PayoutBatch, Period, Statement

STEPS = 4
BUILDER = Actor.system("demo world")
BILLS, AT_THE_CINEMA, PEOPLE = 8, 24, 60
OWNER_PHONE = "1989999010{}"
CINEMA = "市二宫影城"
# How far the last month's statement of each venue got.
FAR = {
    "paid": "theatre", "bounced": "zoo", "approved": "museum", "confirmed": "wetland", "disputed": "opera",
    "sent": "cinema", "draft": "cruise",
}  # fmt: skip


def build_settlements(tree: Tree, staff: dict[str, User], venues: Venues, money: Money, progress) -> None:
    """Written by the city's finance officer, approved by its administrator, answered by each merchant's owner."""
    city = tree.by_code["4401"]
    owners = {key: _owner(nth, venues.partners[key]) for nth, key in enumerate(FAR.values())}
    _register_accounts(city, actor_of(staff["guangzhou"]))
    month, before = _months(city)
    offer = _put_up(city, staff, venues, money)
    progress.advance(1)
    _sell(city, before, [venues.stores[FAR[how]] for how in ("sent", "disputed", "paid")])
    _sell(city, month, [venues.stores[key] for key in owners])
    terms.end_terms(actor_of(staff["guangzhou"]), terms_id=offer.pk, reason=_("活动结束"))
    progress.advance(1)
    desk = Desk(city, actor_of(staff["finance"]), actor_of(staff["guangzhou"]))
    by_partner = {venues.partners[key].pk: actor_of(user) for key, user in owners.items()}
    desk.settle(before, by_partner, dict.fromkeys(by_partner, "paid"))
    actions.close_period(desk.finance, period_id=before.pk)
    progress.advance(1)
    desk.settle(month, by_partner, {venues.partners[key].pk: how for how, key in FAR.items()})
    progress.advance(1)


def _owner(nth: int, partner: Partner) -> User:
    """Who answers for a merchant; the cinema's is on the card of the demo's merchant."""
    held = MerchantRole.objects.unscoped("demo world").filter(partner=partner, role="owner", ended_at=None)
    if known := held.select_related("user").first():
        return known.user
    user = User.objects.create(phone=OWNER_PHONE.format(nth), display_name=f"{partner.name} {_('负责人')}")
    MerchantRole.objects.create(user=user, partner=partner, role="owner")
    return user


def _register_accounts(city: Union, writer: Actor) -> None:
    """Of every merchant of the city that has none yet: venues and hospitals."""
    open_ones = Agreement.objects.unscoped("demo world").filter(
        union=city, state="effective", payout_account__isnull=True
    )
    for nth, row in enumerate(open_ones.select_related("partner").order_by("id")):
        register_payout_account(
            writer, agreement_id=row.pk, payee=row.partner.name, bank=_("中国工商银行广州流花支行"),
            number=f"36020{20261001 + nth * 7919:012d}",
        )  # fmt: skip


def _months(city: Union) -> tuple[Period, Period]:
    """The last whole month and the one before it, as the calendar would have opened them."""
    first, _after = bounds_of("monthly", clock.today())
    last, _first = bounds_of("monthly", first - dt.timedelta(days=1))
    earlier, _last = bounds_of("monthly", last - dt.timedelta(days=1))
    return (
        Period.objects.create(union=city, cycle="monthly", starts_on=last, ends_on=first),
        Period.objects.create(union=city, cycle="monthly", starts_on=earlier, ends_on=last),
    )


def _put_up(city: Union, staff: dict[str, User], venues: Venues, money: Money) -> OfferTerms:
    """满 100 减 20 of two months, half of it the city's."""
    maker, checker = actor_of(staff["guangzhou"]), actor_of(staff["reviewer"])
    plan = TermsPlan(
        title=_("文旅惠民：满 100 减 20"), kind="leisure", needs_voucher=False,
        price=Terms(Form.THRESHOLD_OFF, threshold_fen=100_00, off_fen=20_00),
        shares=(SharePlan("union", money.city.pk, fixed_fen=10_00, set_aside_fen=5_000_00), SharePlan("merchant", takes_rest=True)),
        store_ids=tuple(venues.stores[key].pk for key in FAR.values()),
    )  # fmt: skip
    made = terms.write_terms(maker, union_id=city.pk, plan=plan)
    terms.review_terms(checker, terms_id=made.pk)
    return terms.publish_terms(maker, terms_id=made.pk)


def _sell(city: Union, period: Period, stores: list[Store]) -> None:
    rng = random.Random(period.starts_on.toordinal())  # noqa: S311
    people = Person.objects.unscoped("demo world").filter(
        memberships__union__path__startswith=city.path, verification="verified"
    )
    known = list(people.order_by("id").values_list("id", flat=True)[:PEOPLE])
    days = (period.ends_on - period.starts_on).days
    for store in stores:
        for nth in range(BILLS):
            hours = dt.timedelta(
                days=nth * days // BILLS, hours=rng.randrange(9, 21), minutes=rng.randrange(60)
            )
            _sell_one(store, rng.choice(known), period.starts_at + hours, rng)


def _sell_one(store: Store, person_id: int, at: dt.datetime, rng: random.Random) -> None:
    """As the till would have written it that day."""
    key = uuid5(NAMESPACE_URL, f"demo-bill/{store.pk}/{at:%Y%m%d%H%M}")
    line = typed_line(_("门票"), rng.randrange(60, 160) * 100, rng.choice((1, 1, 2)))
    sale = Sale(key=key, store_id=store.pk, customer="", lines=(line,))
    quoted, vouchers = priced(sale, Customer(person_id), store, at)
    facts = BillFacts(key, store, person_id, None, "cash", at)
    write_bill(BUILDER, facts=facts, quoted=quoted, vouchers=vouchers)


class Desk:
    """The hands a month goes through."""

    def __init__(self, city: Union, finance: Actor, admin: Actor):
        self.city, self.finance, self.admin = city, finance, admin

    def settle(self, period: Period, owners: dict[int, Actor], far: dict[int, str]) -> None:
        """`far`: how far the statement of each merchant gets. What came back from the bank is at the bank again."""
        actions.make_statements(BUILDER, period_id=period.pk)
        rows = {row.partner_id: row for row in period.statements.order_by("id")}
        for partner_id, row in rows.items():
            self._ask(row, far[partner_id], owners[partner_id])
        if first := [row for row in rows.values() if far[row.partner_id] in ("paid", "bounced")]:
            for payout in self._send_to_bank(first).payouts.order_by("id"):
                self._hear(payout, far[payout.statement.partner_id])
        if second := [row for row in rows.values() if far[row.partner_id] == "approved"]:
            self._send_to_bank(second)

    def _ask(self, row: Statement, how: str, owner: Actor) -> None:
        if how == "draft":
            return
        row = actions.send_statement(self.finance, statement_id=row.pk)
        if how == "disputed":
            line = row.lines.order_by("at", "id")[2]
            actions.dispute_line(owner, line_id=line.pk, reason=_("这一单是两张票，少记了一张的补贴。"))
        elif how != "sent":
            actions.confirm_statement(owner, statement_id=row.pk, total_fen=row.total_fen)

    def _send_to_bank(self, rows: list[Statement]) -> PayoutBatch:
        for row in rows:
            actions.approve_statement(self.admin, statement_id=row.pk)
        batch = actions.make_payout_batch(self.finance, union_id=self.city.pk)
        return actions.approve_batch(self.admin, batch_id=batch.pk)

    def _hear(self, payout: Payout, how: str) -> None:
        heard = (
            {"note": _("户名与账号不符")} if how == "bounced" else {"bank_number": f"ICBC{payout.pk:010d}"}
        )
        actions.record_payout(self.finance, payout_id=payout.pk, result=how, **heard)
