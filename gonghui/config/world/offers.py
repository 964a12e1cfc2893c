"""优惠 of the demo: coupons that open soon, an off-peak window, a fixed price; and a morning's bills at one till."""

from __future__ import annotations

import datetime as dt
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.benefits.actions import releases
from gonghui.benefits.actions.releases import PoolPlan, ReleaseTerms
from gonghui.benefits.engine import Claim, settle_claims
from gonghui.benefits.models import Release
from gonghui.bills.actions import terms
from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import sell
from gonghui.bills.models import Bill, OfferTerms
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.bills.pricing import Form, Terms, Window
from gonghui.bills.selling import Back, Sale, typed_line
from gonghui.config.actors import actor_of
from gonghui.config.world.budgets import Money
from gonghui.config.world.partners import Venues
from gonghui.config.world.tree import Tree
from gonghui.kit import clock, tokens
from gonghui.kit.actors import Actor
from gonghui.members.models import MemberCard, Person
from gonghui.partners.models import Clerk
from gonghui.settlement.actions import open_periods

STEPS = 4
COUPONS = 20_000
BILLS = 12
WORKDAYS = frozenset(range(1, 6))
MERCHANT_REST = SharePlan("merchant", takes_rest=True)


def build_offers(tree: Tree, staff: dict[str, User], venues: Venues, money: Money, progress) -> OfferTerms:
    """Written by the city's administrator, reviewed by its reviewer, paid from the city's budget. Returns the coupon's."""
    maker, checker = actor_of(staff["guangzhou"]), actor_of(staff["reviewer"])
    city = tree.by_code["4401"]
    programme = terms.write_programme(
        maker, union_id=city.pk, title=_("工惠日"), starts_on=clock.today().replace(month=1, day=1)
    )
    ours = (maker, checker, city.pk)
    cinema, opera, theatre = (venues.stores[key].pk for key in ("cinema", "opera", "theatre"))
    union_20 = SharePlan("union", money.city.pk, fixed_fen=20_00)
    coupon = put_up(
        *ours,
        TermsPlan(
            title=_("观影满 200 减 30"), kind="cinema", price=Terms(Form.THRESHOLD_OFF, threshold_fen=200_00, off_fen=30_00, family=True),
            shares=(union_20, MERCHANT_REST), store_ids=(cinema, opera, theatre), programme_id=programme.pk,
            says=_("买票时出示券码或付款码，家属可用。"),
        )
    )  # fmt: skip
    progress.advance(1)
    put_up(
        *ours,
        TermsPlan(
            title=_("错峰七折"), kind="cinema", price=Terms(Form.PERCENT, rate_permille=700, cap_fen=30_00),
            shares=(MERCHANT_REST,), store_ids=(cinema,), needs_voucher=False, programme_id=programme.pk,
            windows=(Window(weekdays=WORKDAYS, from_time=dt.time(13), to_time=dt.time(17), capacity=200),),
        )
    )  # fmt: skip
    put_up(
        *ours,
        TermsPlan(
            title=_("职工影票 30 元"), kind="cinema", price=Terms(Form.FIXED_PRICE, price_fen=30_00, units_max=2),
            shares=(SharePlan("union", money.city.pk, permille=400, set_aside_fen=50_000_00, when_empty="next"), MERCHANT_REST),
            store_ids=(cinema,), needs_voucher=False, programme_id=programme.pk, limits=(("person_month", 2),),
        )
    )  # fmt: skip
    progress.advance(1)
    _release(maker, checker, coupon, city)
    progress.advance(1)
    _sell_a_few(cinema, city.path)
    open_periods(Actor.system("demo world"))
    progress.advance(1)
    return coupon


def put_up(maker: Actor, checker: Actor, union_id: int, plan: TermsPlan) -> OfferTerms:
    made = terms.write_terms(maker, union_id=union_id, plan=plan)
    terms.review_terms(checker, terms_id=made.pk)
    return terms.publish_terms(maker, terms_id=made.pk)


def _release(maker: Actor, checker: Actor, coupon: OfferTerms, city) -> Release:
    """20,000 on the first of the month, as the sources have it; here they open within minutes. Two members hold one."""
    now = clock.now()
    ends = now + dt.timedelta(days=30)
    facts = ReleaseTerms(
        title=_("观影券（{month} 月）").format(month=now.astimezone(clock.CHINA).month),
        announce_at=now, opens_at=now + dt.timedelta(minutes=6), closes_at=ends,
    )  # fmt: skip
    pool = PoolPlan(label=facts.title, capacity=COUPONS, valid_until=ends)
    release = releases.draft_release(maker, offer_id=coupon.offer_id, terms=facts, pools=[pool])
    releases.review_release(checker, release_id=release.pk)
    releases.announce_release(maker, release_id=release.pk)
    known = [
        Claim(person_id=person.pk, key=uuid5(NAMESPACE_URL, f"demo-coupon/{person.pk}"))
        for person in _members(city.path, 2)
    ]
    settle_claims(release.pools.get().pk, known, issue=True)
    return release


def _members(path: str, count: int) -> list[Person]:
    found = Person.objects.unscoped("demo members").filter(
        memberships__union__path__startswith=path, verification="verified"
    )
    return list(found.order_by("id")[:count])


def _sell_a_few(store_id: int, path: str) -> None:
    """Cash at the cinema's till, some of it with points, one ticket given back."""
    desk = Clerk.objects.unscoped("the demo's clerk").filter(store_id=store_id).select_related("user").first()
    clerk = actor_of(desk.user)
    made: list[Bill] = []
    for n, person in enumerate(_members(path, BILLS)):
        card = MemberCard.objects.create(person=person, code=tokens.new_short_code())
        shown = tokens.pay_text(tokens.PayCode(card.code, tokens.minute_of(clock.now())))
        tickets = [typed_line(_("影票"), 45_00 + n % 3 * 5_00, 1 + n % 3)]
        sale = Sale(key=uuid4(), store_id=store_id, customer=shown, lines=tuple(tickets), points=n % 4 * 5)
        made.append(sell(clerk, sale=sale))
    line = made[2].lines.get()
    refund_bill(clerk, bill_id=made[2].pk, key=uuid4(), back=[Back(line.pk, 1)], reason=_("会员临时有事"))
