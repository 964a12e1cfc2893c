"""What comes again or together in the demo: a 工惠日, an off-peak window at two of five stores, a monthly series, a bundle, a welcome."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.benefits.actions import releases
from gonghui.benefits.actions.releases import PoolPlan, ReleaseTerms
from gonghui.benefits.models import Pool, Release
from gonghui.bills.actions import packs, series
from gonghui.bills.actions.days import DayPlan, write_benefit_day
from gonghui.bills.actions.series import SeriesPlan
from gonghui.bills.models import BenefitDay, OfferTerms
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.bills.pricing import Form, Terms, Window
from gonghui.config.actors import actor_of
from gonghui.config.world.budgets import Money
from gonghui.config.world.health import HOSPITALS
from gonghui.config.world.offers import COUPONS, MERCHANT_REST, WORKDAYS, put_up
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.orgs.models import Union
from gonghui.partners.models import Agreement, Partner, Store

STEPS = 4
RIDERS = ("food_rider", "ride_driver", "courier")
CANTEENS = (
    ("天河店", "体育西路 88 号", (23.1325, 113.3205)),
    ("海珠店", "江南大道中 60 号", (23.0985, 113.2742)),
    ("越秀店", "北京路 200 号", (23.1235, 113.2695)),
    ("荔湾店", "上下九步行街 18 号", (23.1165, 113.2465)),
    ("番禺店", "市桥光明北路 5 号", (22.9372, 113.3624)),
)
CAR_STORES = (
    ("绿源充电服务公司", "绿源充电站（黄埔大道）", "黄埔大道中 315 号", (23.1232, 113.3651)),
    ("洁新汽车美容公司", "洁新洗车（新港店）", "新港中路 376 号", (23.0981, 113.3223)),
)
PARTS, PACKS, WELCOMES = 900, 500, 300


class Hands:
    """Who writes and who reviews, for which city, from which budget."""

    def __init__(self, tree: Tree, staff: dict[str, User], money: Money):
        self.tree, self.staff = tree, staff
        self.maker, self.checker = actor_of(staff["guangzhou"]), actor_of(staff["reviewer"])
        self.city, self.budget_id = tree.by_code["4401"], money.city.pk
        self.now = clock.now()

    def put_up(self, plan: TermsPlan) -> OfferTerms:
        return put_up(self.maker, self.checker, self.city.pk, plan)

    def reviewed(self, release: Release) -> Release:
        return releases.review_release(self.checker, release_id=release.pk)

    def drafted(self, offer_id: int, title: str, places: int, **facts) -> Release:
        """Of one pool; opens within minutes and ends in two months, unless said otherwise."""
        opens, ends = self.now + dt.timedelta(minutes=8), self.now + dt.timedelta(days=60)
        known = {"announce_at": self.now, "opens_at": opens, "closes_at": ends}
        terms = ReleaseTerms(title=title, **(known | facts))
        pool = PoolPlan(label=title, capacity=places, valid_until=terms.closes_at + dt.timedelta(days=30))
        return releases.draft_release(self.maker, offer_id=offer_id, terms=terms, pools=[pool])


def build_recurring(tree: Tree, staff: dict[str, User], money: Money, coupon: OfferTerms, progress) -> None:
    hands = Hands(tree, staff, money)
    day = _benefit_day(tree.province, actor_of(staff["province"]))
    _canteens(hands, day)
    progress.advance(1)
    _monthly(hands, coupon)
    progress.advance(1)
    parts = _parts(hands)
    _bundle(hands, parts)
    progress.advance(1)
    _welcome(hands, parts[:2])
    progress.advance(1)


def _benefit_day(province: Union, writer: Actor) -> BenefitDay:
    plan = DayPlan(_("骑手工惠日"), "nth", nth=-1, weekday=5, groups=RIDERS)
    return write_benefit_day(writer, union_id=province.pk, plan=plan)


def _shops(city: Union, name: str, kind: str, *places: tuple[str, str, tuple[float, float]]) -> list[Store]:
    partner = Partner.objects.create(union=city, name=_(name), kind=kind, since=dt.date(2024, 5, 1))
    Agreement.objects.create(
        partner=partner,
        union=city,
        concession=_("按优惠规则让利。"),
        starts_on=partner.since,
        state="effective",
    )
    return [
        Store.objects.create(
            partner=partner, name=_(shop), address=_(at), latitude=where[0], longitude=where[1]
        )
        for shop, at, where in places
    ]


def _canteens(hands: Hands, day: BenefitDay) -> OfferTerms:
    """13:00–14:00 七折 for riders at two of five stores on workdays, at all five on their own day."""
    places = [(_("好味食堂 %s") % name, at, where) for name, at, where in CANTEENS]
    stores = _shops(hands.city, "好味餐饮管理有限公司", "food", *places)
    two = frozenset(store.pk for store in stores[:2])
    hours = {"from_time": dt.time(13), "to_time": dt.time(14)}
    windows = (
        Window(weekdays=WORKDAYS, groups=frozenset(RIDERS), store_ids=two, capacity=100, **hours),
        Window(only_on=day.named),
    )
    union = SharePlan("union", hands.budget_id, permille=400, set_aside_fen=30_000_00, when_empty="next")
    return hands.put_up(
        TermsPlan(
            title=_("骑手错峰七折"), kind="food", price=Terms(Form.PERCENT, rate_permille=700, cap_fen=20_00),
            shares=(union, MERCHANT_REST), store_ids=tuple(store.pk for store in stores), needs_voucher=False,
            windows=windows, says=_("出示会员码，由店员扫码。"),
        )
    )  # fmt: skip


def _monthly(hands: Hands, coupon: OfferTerms) -> None:
    """20,000 on the first of every month; the coming one is made ahead, with its money."""
    first = (clock.today().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    opens = dt.datetime.combine(first, dt.time(9), clock.CHINA)
    ends = (opens + dt.timedelta(days=32)).replace(day=1, hour=0)
    times = {"announce_at": opens - dt.timedelta(days=2), "opens_at": opens, "closes_at": ends}
    template = hands.drafted(coupon.offer_id, _("每月观影券"), COUPONS, **times)
    template.pools.update(valid_until=ends)
    plan = SeriesPlan(
        _("每月 1 号发观影券"), "monthly", first, first + dt.timedelta(days=370), day=1, ahead_days=31
    )
    made = series.draft_series(hands.maker, release_id=template.pk, plan=plan)
    series.review_series(hands.checker, series_id=made.pk)
    series.make_due_days(Actor.system("demo world"))


def _parts(hands: Hands) -> list[Pool]:
    """Coupons of three merchants that go out in packs only: 充电, 洗车, 体检."""
    (charge,), (wash,) = (_shops(hands.city, name, "car", place) for name, *place in CAR_STORES)
    hospital = Store.objects.unscoped("the demo's hospital").filter(name=_(HOSPITALS[0][0])).first()
    fifteen, twenty, hundred = (
        SharePlan("union", hands.budget_id, fixed_fen=fen) for fen in (10_00, 8_00, 60_00)
    )
    wanted = (
        (_("充电满 50 减 15"), "car", Terms(Form.THRESHOLD_OFF, threshold_fen=50_00, off_fen=15_00), fifteen, charge),
        (_("洗车满 40 减 20"), "car", Terms(Form.THRESHOLD_OFF, threshold_fen=40_00, off_fen=20_00), twenty, wash),
        (_("体检满 465 减 100"), "health", Terms(Form.THRESHOLD_OFF, threshold_fen=465_00, off_fen=100_00), hundred, hospital),
    )  # fmt: skip
    return [_part(hands, *one) for one in wanted]


def _part(hands: Hands, title: str, kind: str, price: Terms, union: SharePlan, store: Store) -> Pool:
    made = hands.put_up(
        TermsPlan(title=title, kind=kind, price=price, shares=(union, MERCHANT_REST), store_ids=(store.pk,))
    )
    facts = {"mode": Release.Mode.PACK, "per_person": 2}
    return hands.reviewed(hands.drafted(made.offer_id, title, PARTS, **facts)).pools.get()


def _bundle(hands: Hands, parts: list[Pool]) -> Release:
    pack = _pack(hands, _("安心出行礼包（充电+洗车+体检）"), PACKS, parts)
    return releases.announce_release(hands.maker, release_id=pack.pk)


def _welcome(hands: Hands, parts: list[Pool]) -> None:
    pack = _pack(hands, _("入会见面礼"), WELCOMES, parts, mode=Release.Mode.PACK)
    packs.set_welcome_pack(hands.maker, pool_id=pack.pools.get().pk)


def _pack(hands: Hands, title: str, places: int, parts: list[Pool], **facts) -> Release:
    offer = releases.write_offer(hands.maker, union=hands.city, title=title, kind="car")
    release = hands.drafted(offer.pk, title, places, **facts)
    packs.fill_pack(hands.maker, release_id=release.pk, items=[(part.pk, 1) for part in parts])
    return hands.reviewed(release)
