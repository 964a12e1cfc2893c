"""携手入会有礼 of the demo: 30 yuan for whoever joins, 20 for who brought them, both from the city's budget."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from gonghui.benefits.models import Pool, Release
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.bills.pricing import Form, Terms
from gonghui.config.world.recurring import Hands
from gonghui.partners.models import Store
from gonghui.referrals.actions import CampaignTerms, draft_campaign, start_campaign

PLACES, TIMES = 600, 10


def build_referrals(hands: Hands) -> None:
    """One campaign that runs, and next month's, which waits for its review."""
    store = Store.objects.unscoped("the demo's canteen").get(name=_("好味食堂 %s") % _("天河店"))
    joiner = _coupon(hands, _("新会员满 31 减 30"), 3000, store)
    referrer = _coupon(hands, _("介绍人满 21 减 20"), 2000, store, per_person=TIMES)
    running = _drafted(hands, _("携手入会有礼"), 1, joiner, referrer)
    start_campaign(hands.checker, campaign_id=running.pk)
    _drafted(hands, _("携手入会有礼（新就业群体专场）"), -40, joiner, referrer)


def _coupon(hands: Hands, title: str, fen: int, store: Store, per_person: int = 1) -> Pool:
    price = Terms(Form.THRESHOLD_OFF, threshold_fen=fen + 100, off_fen=fen)
    union = SharePlan("union", hands.budget_id, takes_rest=True)
    made = hands.put_up(
        TermsPlan(title=title, kind="food", price=price, shares=(union,), store_ids=(store.pk,))
    )
    facts = {"mode": Release.Mode.PACK, "per_person": per_person}
    return hands.reviewed(hands.drafted(made.offer_id, title, PLACES, **facts)).pools.get()


def _drafted(hands: Hands, name: str, days_ago: int, joiner: Pool, referrer: Pool):
    starts = hands.now - timedelta(days=days_ago)
    groups = ("food_rider", "courier") if days_ago < 0 else ()
    terms = CampaignTerms(name, starts, starts + timedelta(days=35), joiner.pk, referrer.pk, groups, TIMES)
    return draft_campaign(hands.maker, union_id=hands.city.pk, terms=terms)
