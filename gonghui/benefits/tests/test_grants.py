"""直接发放: everybody entitled once, whoever pulls the plug."""

import pytest

from gonghui.benefits import tasks
from gonghui.benefits.actions import grants, news, releases
from gonghui.benefits.actions.releases import PoolPlan
from gonghui.benefits.models import GrantRun, Release, Voucher
from gonghui.benefits.tests.crowd import counts
from gonghui.benefits.tests.plans import SYSTEM, announced, drafted, fresh, jobs, opened, pool_of, refused
from gonghui.members.models import Membership, Person
from gonghui.notices.models import Message


def with_members(cast, size: int, union: str = "factory", groups=()) -> list[int]:
    """Verified members with nothing but a name and a number to hash."""
    from django.utils import timezone

    people = Person.objects.bulk_create(
        Person(
            name=f"会员{n:05}",
            id_no=f"test-{union}-{n}",
            verification="verified",
            verified_at=timezone.now(),
            groups=list(groups),
        )
        for n in range(size)
    )
    Membership.objects.bulk_create(Membership(person=p, union=cast.unions[union]) for p in people)
    return [p.pk for p in people]


def holders() -> list[int]:
    return sorted(Voucher.objects.unscoped("test").values_list("person_id", flat=True))


def test_grant_reaches_the_audience_and_nobody_else(cast):
    """hua is not verified, qiang is of the sister city."""
    release = opened(cast, mode="grant", places=100)
    grants.grant_release(SYSTEM, release_id=release.pk)
    assert holders() == sorted([cast.people["mei"].pk, cast.people["lan"].pk])


def test_grant_to_groups(cast):
    riders = with_members(cast, 3, groups=["food_rider"])
    release = opened(cast, mode="grant", places=100, audience_groups=("food_rider",))
    grants.grant_release(SYSTEM, release_id=release.pk)
    assert holders() == riders


def test_grant_killed_half_way_goes_on(cast, monkeypatch):
    """The worker dies inside the third batch: the first two stand, the rest follows, nobody gets two."""
    monkeypatch.setattr(grants, "BATCH", 10)
    crowd = with_members(cast, 45)
    release = opened(cast, mode="grant", places=1000)
    for _batch in range(2):
        grants.grant_batch(SYSTEM, release_id=release.pk)
    standing = holders()
    assert len(standing) == 20

    def dies(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(GrantRun, "save", dies)
        grants.grant_batch(SYSTEM, release_id=release.pk)
    assert holders() == standing
    for _minute in range(3):
        tasks.follow_the_clock(0)
    ((_when, arguments),) = jobs("grant_release")
    tasks.grant_release(**arguments)
    run = GrantRun.objects.unscoped("test").get()
    assert (run.granted, run.left_out, run.finished_at is not None) == (47, 0, True)
    assert holders() == sorted([*crowd, cast.people["mei"].pk, cast.people["lan"].pk])
    assert counts(pool_of(release)) == (47, 953)


def test_grant_twice_is_once(cast):
    release = opened(cast, mode="grant", places=100)
    for _twice in range(2):
        grants.grant_release(SYSTEM, release_id=release.pk)
        GrantRun.objects.unscoped("test").update(finished_at=None, last_person_id=0)
    assert Voucher.objects.unscoped("test").count() == 2


def test_grant_says_how_many_were_left_out(cast):
    with_members(cast, 10)
    release = opened(cast, mode="grant", places=4)
    run = grants.grant_release(SYSTEM, release_id=release.pk)
    assert (run.granted, run.left_out) == (4, 8)
    assert counts(pool_of(release)) == (4, 0)


def test_grant_fills_pool_after_pool(cast):
    with_members(cast, 3)
    release = drafted(cast, mode="grant", places=2)
    releases.add_pools(cast.actor("city_admin"), release_id=release.pk, pools=[PoolPlan("第二场", 10)])
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    releases.announce_release(cast.actor("city_admin"), release_id=release.pk)
    releases.open_release(cast.actor("city_admin"), release_id=release.pk, reason="测试")
    tasks.grant_release(release.pk)
    by_pool = Voucher.objects.unscoped("test").order_by("pool_id").values_list("pool__label", flat=True)
    assert list(by_pool) == ["10月1日 19:30"] * 2 + ["第二场"] * 3


def test_grant_waits_for_its_opening(cast):
    release = announced(cast, mode="grant")
    assert refused(grants.grant_release, SYSTEM, release_id=release.pk) == "too_early_to_open"
    assert (holders(), GrantRun.objects.unscoped("test").count()) == ([], 0)


def test_grab_is_not_granted(cast):
    release = opened(cast)
    assert refused(grants.grant_release, SYSTEM, release_id=release.pk) == "not_a_grant"


@pytest.mark.parametrize("name", ["sister_admin", "finance_officer", "mei"])
def test_grant_is_given_only_by_those_who_may(cast, name):
    release = opened(cast, mode="grant")
    assert refused(grants.grant_release, cast.actor(name), release_id=release.pk) == "not_allowed"
    assert holders() == []


def test_the_granted_are_told(cast):
    release = opened(cast, mode="grant", places=100)
    grants.grant_release(SYSTEM, release_id=release.pk)
    news.tell_news(SYSTEM)
    assert set(Message.objects.unscoped("test").values_list("title", flat=True)) == {"收到一张票"}


def test_cancelled_grant_stops(cast):
    release = opened(cast, mode="grant", places=100)
    Release.objects.unscoped("test").filter(pk=release.pk).update(state="cancelled")
    run = grants.grant_release(SYSTEM, release_id=release.pk)
    assert (run.granted, holders(), fresh(release).state) == (0, [], "cancelled")
