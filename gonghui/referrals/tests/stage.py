"""A campaign with money behind it, and people who join by a code, for the tests of this app."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from gonghui.benefits.actions import releases
from gonghui.benefits.models import Pool
from gonghui.bills import pricing
from gonghui.bills.tests.written import by_union, put_up, release_of
from gonghui.funds.models import Budget
from gonghui.joining.models import JoinApplication, JoinEntry
from gonghui.kit import clock
from gonghui.kit.tokens import new_short_code
from gonghui.members.models import Membership, Person
from gonghui.referrals.actions import CampaignTerms, draft_campaign, start_campaign
from gonghui.referrals.models import InviteCode, ReferralCampaign
from tests.cast import new_person

SPARE = [
    ("孙一帆", "440101199101010010", "13810000001"),
    ("周二宝", "440101199202020022", "13810000002"),
    ("吴三元", "440101199303030034", "13810000003"),
    ("郑四海", "440101199404040046", "13810000004"),
]


def coupon_pool(cast, budget: Budget, fen: int, places: int, *, per_person: int = 1) -> Pool:
    """满 31 减 30 and the like, all of it the union's, in a release that only goes out with something else."""
    off = pricing.Terms(pricing.Form.THRESHOLD_OFF, threshold_fen=fen + 100, off_fen=fen)
    made = put_up(cast, by_union(budget, takes_rest=True), price=off, title=f"{fen // 100} 元券")
    release = release_of(made, cast, places, mode="pack", per_person=per_person, party_max=1)
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    return release.pools.get()


def terms_of(joiner: Pool, referrer: Pool, **facts) -> CampaignTerms:
    now = clock.now()
    known = {
        "name": "携手入会有礼",
        "starts_at": now - dt.timedelta(days=1),
        "ends_at": now + dt.timedelta(days=30),
        "joiner_pool_id": joiner.pk,
        "referrer_pool_id": referrer.pk,
        "per_referrer": 2,
    }
    return CampaignTerms(**(known | facts))


def running(cast, budget: Budget, *, joiners: int = 5, referrers: int = 5, **facts) -> ReferralCampaign:
    """30 yuan for who joins, 20 for who brought them."""
    joiner = coupon_pool(cast, budget, 3000, joiners)
    referrer = coupon_pool(cast, budget, 2000, referrers, per_person=facts.get("per_referrer", 2))
    made = draft_campaign(
        cast.actor("city_admin"), union_id=cast.unions["city"].pk, terms=terms_of(joiner, referrer, **facts)
    )
    return start_campaign(cast.actor("province_admin"), campaign_id=made.pk)


def code_of(person: Person) -> str:
    found, _made = InviteCode.objects.unscoped("test").get_or_create(
        person=person, defaults={"code": new_short_code()}
    )
    return found.code


def newcomer(nth: int) -> Person:
    """Nobody's member yet."""
    name, id_no, phone = SPARE[nth]
    return new_person(name, id_no, phone, None, verified=True)


def applied(cast, person: Person, code: str, *, state: str = "submitted", **facts) -> JoinApplication:
    """Handed in, as its own door leaves it."""
    known = {
        "union": cast.unions["factory"],
        "name": person.name,
        "id_type": person.id_type,
        "id_no": person.id_no,
        "phone": person.phone,
        "group": "food_rider",
        "channel": "h5",
        "invitation_code": code,
        "consent_version": "2026-11",
        "agreed_how": "account",
    }
    made = JoinApplication.objects.create(**(known | facts))
    due = clock.today() + dt.timedelta(days=10)
    stepped(made, "submitted", submitted_at=clock.now(), due_on=due)
    if state != "submitted":
        stepped(made, state, due_on=None)
    return made


def stepped(application: JoinApplication, state: str, **facts) -> None:
    """One way further, with its step in the thread."""
    with transaction.atomic():
        found = JoinApplication.objects.unscoped("test").filter(pk=application.pk)
        found.update(state=state, **facts)
        JoinEntry.objects.create(
            application=application, at=clock.now(), by="applicant", verb="test", state=state
        )
    application.refresh_from_db()


def approved(cast, application: JoinApplication, person: Person) -> JoinApplication:
    """As the review leaves it."""
    membership = Membership.objects.create(person=person, union=application.union, source="h5")
    stepped(application, "under_review", reviewer=cast.users["city_admin"])
    stepped(
        application,
        "approved",
        due_on=None,
        person=person,
        membership=membership,
        decided_at=clock.now(),
        confirmed_at=clock.now(),
        confirmed_how="id_seen",
    )
    return application
