"""Builds the demo world: a province as the sources count it, from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.config.actors import actor_of
from gonghui.config.world.audiences import build_audiences, build_counts
from gonghui.config.world.budgets import STEPS, build_budgets
from gonghui.config.world.complaints import build_complaints
from gonghui.config.world.health import build_health
from gonghui.config.world.joining import build_joining
from gonghui.config.world.mall import build_mall
from gonghui.config.world.mass import draw_plan
from gonghui.config.world.merchants import build_merchants, sign_cinema
from gonghui.config.world.messages import build_messages
from gonghui.config.world.offers import STEPS as OFFER_STEPS
from gonghui.config.world.offers import build_offers
from gonghui.config.world.opsdesk import build_opsdesk
from gonghui.config.world.partners import VENUES, build_partners
from gonghui.config.world.people import build_people
from gonghui.config.world.points import build_points
from gonghui.config.world.privacy import build_privacy
from gonghui.config.world.programme import build_programme
from gonghui.config.world.recurring import STEPS as RECURRING_STEPS
from gonghui.config.world.recurring import Hands, build_recurring
from gonghui.config.world.referrals import build_referrals
from gonghui.config.world.registrations import build_registrations
from gonghui.config.world.rosters import build_rosters
from gonghui.config.world.sends import build_sends
from gonghui.config.world.service_points import STEPS as POINT_STEPS
from gonghui.config.world.service_points import build_service_points
from gonghui.config.world.settlements import STEPS as SETTLEMENT_STEPS
from gonghui.config.world.settlements import build_settlements
from gonghui.config.world.staff import COLLEAGUES, POSTS, build_staff, write_cards
from gonghui.config.world.transfers import build_transfers
from gonghui.config.world.tree import build_tree
from gonghui.funds.actions.rules import load_rules
from gonghui.kit.actors import Actor
from gonghui.orgs.models import Union


class Progress(Protocol):
    """One bar at a time: `start` names it and says how many, `advance` moves it."""

    def start(self, title: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


def is_empty() -> bool:
    return not Union.objects.unscoped("is there a world yet").exists()


@dataclass(frozen=True)
class Size:
    """So many members and, where it is to be exact, so many unions."""

    members: int
    unions: int | None = None


SIZES = {"small": Size(20_000), "city": Size(1_000_000), "province": Size(14_290_000, 128_900)}
NET_STEPS = 7
OWN_MOST = 50_000
"""Above this the demo has its own 20,000 members, with whom everything happens, and the others come as a mass."""


def build_world(size: Size, seed: int, progress: Progress) -> None:
    """Divisions and unions, people, partners, staff, money, then the National Day and Mid-Autumn programme."""
    builder = Actor.system("demo world")
    own = size.members if size.members <= OWN_MOST else SIZES["small"].members
    unions = size.unions or 1 + 21 + 124 + 1757 + 9 + 84 + max(60, size.members // 111)
    progress.start(_("工会组织"), unions)
    tree = build_tree(size.members, seed, progress, size.unions)
    progress.start(_("会员"), own)
    build_people(tree, own, seed, progress)
    gather_statistics()
    progress.start(_("合作单位"), len(VENUES))
    venues = build_partners(tree, progress)
    merchants = build_merchants(tree, venues)
    progress.start(_("工作人员"), len(POSTS) + len(COLLEAGUES))
    staff, cards = build_staff(tree, venues, progress)
    sign_cinema(venues, actor_of(staff["guangzhou"]), actor_of(staff["reviewer"]))
    write_cards([*cards, *merchants])
    load_rules(builder)
    progress.start(_("预算和福豆"), STEPS + 2)
    money = build_budgets(tree, staff, progress)
    build_points(tree, staff, progress)
    progress.start(_("优惠和账单"), OFFER_STEPS + RECURRING_STEPS + POINT_STEPS)
    coupon = build_offers(tree, staff, venues, money, progress)
    build_health(tree, staff, money)
    build_recurring(tree, staff, money, coupon, progress)
    build_service_points(Hands(tree, staff, money), progress)
    progress.start(_("结算"), SETTLEMENT_STEPS)
    build_settlements(tree, staff, venues, money, progress)
    build_mall(tree, staff, money.city)
    build_complaints(staff)
    build_messages(tree, staff)
    build_programme(builder, tree, venues, staff, progress)
    build_data_net(Hands(tree, staff, money), seed, progress)
    if size.members > own:
        draw_plan(size.members - own, first=own, seed=seed)


def build_data_net(hands: Hands, seed: int, progress: Progress) -> None:
    """Unions applied for, members who join and move, who is meant and told, the operators' desk, personal data."""
    tree, staff = hands.tree, hands.staff
    progress.start(_("组织、入会和消息"), NET_STEPS)
    build_registrations(tree, staff)
    progress.advance(1)
    audiences = build_audiences(tree, staff)
    progress.advance(1)
    build_referrals(hands)
    build_joining(tree, staff, seed)
    build_rosters(tree, staff, seed)
    progress.advance(1)
    build_transfers(tree, staff)
    build_counts(staff, audiences)
    progress.advance(1)
    build_sends(tree, staff, audiences)
    progress.advance(1)
    build_opsdesk(tree, staff)
    progress.advance(1)
    build_privacy(tree, staff)
    progress.advance(1)


def gather_statistics() -> None:
    """Nobody else looks into an open transaction, and a plan made for empty tables takes minutes on full ones."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orgs_union, members_person, members_membership")
