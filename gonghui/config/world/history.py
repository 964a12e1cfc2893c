"""A film weekend that is over: read, grabbed, honoured, missed and rated, so that the reports have something to show."""

from __future__ import annotations

import datetime as dt
import random
from uuid import UUID

from gonghui.accounts.models import User
from gonghui.activities.actions.writing import ActivityText, write_activity
from gonghui.activities.models import Activity, HolidayPeriod, Read, ReadDay, Session
from gonghui.benefits.actions.releases import CostSplit
from gonghui.benefits.engine import Claim, settle_claims
from gonghui.benefits.models import Pool, Redemption, Release, Voucher
from gonghui.config.actors import actor_of
from gonghui.config.world.partners import Venues
from gonghui.config.world.tree import Tree
from gonghui.feedback.models import Rating
from gonghui.kit import clock
from gonghui.members.models import Person

DAYS_AGO = 12
SUBJECT = "activity"
COMMENTS = (
    "一家人都很开心。",
    "位置好找，工作人员很热心。",
    "希望多一些周末场。",
    "影厅有点冷，记得带外套。",
    "下次还来。",
)


def build_history(
    tree: Tree, venues: Venues, staff: dict[str, User], holidays: dict[str, HolidayPeriod]
) -> None:
    rng = random.Random(380)  # noqa: S311
    activity = _write(tree, venues, staff, holidays)
    sessions = _sessions(activity, venues, staff)
    _attention(activity, rng)
    people = _people(tree)
    for session in sessions:
        _attend(session, people, staff, rng)
    Activity.objects.unscoped("demo world").filter(pk=activity.pk).update(state="ended")


def _write(
    tree: Tree, venues: Venues, staff: dict[str, User], holidays: dict[str, HolidayPeriod]
) -> Activity:
    past = max((p for key, p in holidays.items() if key.startswith("past:")), key=lambda p: p.ends_on)
    text = ActivityText(
        kind="film",
        title="周末影院：家庭专场",
        summary="市二宫两天四场，会员带家人免费看",
        body="周末两天，每天两场。",
        details={"film": "小镇列车", "length_min": 96, "language": "国语"},
        holiday_id=past.pk,
        partner_id=venues.partners["cinema"].pk,
    )
    split = CostSplit(merchant_fen=1500, union_fen=3000)
    activity = write_activity(actor_of(staff["operator"]), union=tree.by_code["4401"], text=text, split=split)
    # Written as it would stand today: its days are over, so the verbs, which look forward, would refuse it.
    facts = {"checker": staff["reviewer"], "announced_at": _ago(DAYS_AGO + 6), "state": "announced"}
    Activity.objects.unscoped("demo world").filter(pk=activity.pk).update(**facts)
    return activity


def _sessions(activity: Activity, venues: Venues, staff: dict[str, User]) -> list[Session]:
    release = Release.objects.create(
        offer=activity.offer,
        union=activity.union,
        title=activity.title,
        announce_at=_ago(DAYS_AGO + 6),
        opens_at=_ago(DAYS_AGO + 3),
        closes_at=_ago(DAYS_AGO),
        party_max=3,
        state="closed",
        maker=staff["operator"],
        checker=staff["reviewer"],
    )
    hall = venues.halls["cinema"][2]
    made = []
    for day in (0, 1):
        for hour in (15, 19):
            start = dt.datetime.combine(
                clock.today() - dt.timedelta(days=DAYS_AGO - day), dt.time(hour), clock.CHINA
            )
            made.append(_session(activity, release, hall, start))
    return made


def _session(activity: Activity, release: Release, hall, start: dt.datetime) -> Session:
    label, end = f"{start.month}月{start.day}日 {start:%H:%M}", start + dt.timedelta(hours=2)
    pool = Pool.objects.create(
        release=release,
        label=label,
        capacity=hall.seats,
        valid_from=start - dt.timedelta(hours=3),
        valid_until=end,
        place=f"{hall.store.name} {hall.name}",
        store=hall.store,
    )
    return Session.objects.create(
        activity=activity,
        store=hall.store,
        hall=hall,
        label=label,
        starts_at=start,
        ends_at=end,
        seats=hall.seats,
        pool=pool,
        state="done",
    )


def _attention(activity: Activity, rng: random.Random) -> None:
    for day in range(8):
        on = clock.today() - dt.timedelta(days=DAYS_AGO + 6 - day)
        readers = int(2400 / (day + 1)) + rng.randrange(60)
        ReadDay.objects.create(activity=activity, day=on, readers=readers)
    Read.objects.bulk_create(
        Read(activity=activity, day=clock.today() - dt.timedelta(days=DAYS_AGO), reader=f"v{n}")
        for n in range(20)
    )


def _people(tree: Tree) -> list[int]:
    inside = Person.objects.unscoped("demo world").filter(
        memberships__union__path__startswith=tree.by_code["4401"].path, verification="verified"
    )
    return list(inside.order_by("id").values_list("id", flat=True)[2:402])


def _attend(session: Session, people: list[int], staff: dict[str, User], rng: random.Random) -> None:
    """The hall fills with parties; about one in twelve does not come, two in three of the others rate."""
    chosen = [people.pop() for _n in range(min(52, len(people)))]
    claims = [
        Claim(person_id=p, key=UUID(int=rng.getrandbits(128), version=4), seats=rng.choice((2, 2, 3)))
        for p in chosen
    ]
    won = [a.voucher_id for a in settle_claims(session.pool_id, claims, issue=True) if a.answer == "won"]
    vouchers = Voucher.objects.unscoped("demo world").filter(pk__in=won).order_by("serial")
    for number, voucher in enumerate(vouchers):
        claimed = session.pool.release.opens_at + dt.timedelta(seconds=number * 0.9 + rng.random())
        came = rng.random() > 0.08
        state = Voucher.State.REDEEMED if came else Voucher.State.NO_SHOW
        _settle(voucher, state, claimed, session.ends_at)
        if came:
            _came(session, voucher, staff, rng)


def _settle(voucher: Voucher, state: str, claimed: dt.datetime, settled: dt.datetime) -> None:
    found = Voucher.objects.unscoped("demo world").filter(pk=voucher.pk)
    found.update(state=state, claimed_at=claimed, settled_at=settled)


def _came(session: Session, voucher: Voucher, staff: dict[str, User], rng: random.Random) -> None:
    Redemption.objects.create(
        voucher=voucher,
        kind="check_in",
        at=session.starts_at - dt.timedelta(minutes=rng.randrange(1, 40)),
        store=session.store,
        clerk=staff["operator"],
        arrived=voucher.seats,
        idempotency_key=UUID(int=rng.getrandbits(128), version=4),
    )
    if rng.random() < 0.66:
        score = rng.choices((5, 4, 3), (72, 25, 3))[0]
        rated = Rating.objects.create(
            union_id=session.activity.union_id,
            subject_type=SUBJECT,
            subject_id=session.activity_id,
            person_id=voucher.person_id,
            voucher_id=voucher.pk,
            score=score,
            comment=rng.choice(COMMENTS) if rng.random() < 0.3 else "",
        )
        when = session.ends_at + dt.timedelta(minutes=rng.randrange(5, 2000))
        Rating.objects.unscoped("demo world").filter(pk=rated.pk).update(created_at=when)


def _ago(days: int) -> dt.datetime:
    return clock.now() - dt.timedelta(days=days)
