"""A release for an audience: asked of each at the moment of the claim, by the wording it was reviewed with."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from gonghui.audiences.actions import rebuild_waiting
from gonghui.audiences.models import Audience
from gonghui.audiences.tests.stage import RIDERS, VERIFIED, saved
from gonghui.benefits.actions import releases
from gonghui.benefits.actions.grants import grant_release
from gonghui.benefits.actions.releases import CostSplit, PoolPlan
from gonghui.benefits.models import Release, Voucher
from gonghui.benefits.queries import entitlement
from gonghui.benefits.tests.plans import SYSTEM, in_minutes, terms
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person

WOMEN = {"kind": "gender", "is": "female"}


def drafted(cast, audience: Audience | None, **facts) -> Release:
    admin = cast.actor("city_admin")
    offer = releases.write_offer(
        admin, union=cast.unions["city"], title="珠岛夜游", kind="cruise", split=CostSplit()
    )
    pool = PoolPlan("10月1日 19:30", 5, valid_until=in_minutes(48 * 60), store_id=cast.store.pk)
    meant = {"audience_id": audience.pk if audience else None}
    return releases.draft_release(admin, offer_id=offer.pk, terms=terms(**(meant | facts)), pools=[pool])


def opened(cast, audience: Audience | None, **facts) -> Release:
    release = drafted(cast, audience, **facts)
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    releases.announce_release(cast.actor("city_admin"), release_id=release.pk)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        state="open", announce_at=in_minutes(-2), opens_at=in_minutes(-1)
    )
    release.refresh_from_db()
    return release


def answer(cast, release: Release, who: str) -> str | None:
    found = entitlement(cast.actor(who), release.pools.get().pk)
    return found.refusal.code if found.refusal else None


@pytest.mark.django_db
def test_only_who_is_in_the_audience_at_this_moment_is_entitled(cast):
    release = opened(cast, saved(cast, WOMEN), verified_only=False)
    assert [answer(cast, release, who) for who in ("mei", "lan", "hua")] == [
        None,
        None,
        "release_not_for_you",
    ]
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(gender="male")
    assert answer(cast, release, "mei") == "release_not_for_you"  # nothing was made anew meanwhile


@pytest.mark.django_db
def test_new_wording_does_not_change_who_was_promised_something(cast):
    audience = saved(cast, WOMEN)
    release = opened(cast, audience)
    saved(cast, RIDERS, audience_id=audience.pk, name=audience.name)
    assert [answer(cast, release, who) for who in ("mei", "lan")] == [None, None]
    assert release.audience_version.number == 1


@pytest.mark.django_db
def test_grant_goes_to_the_audience_by_its_reviewed_wording_or_not_at_all(cast):
    audience = saved(cast, WOMEN)
    release = opened(cast, audience, mode="grant")
    assert grant_release(SYSTEM, release_id=release.pk).granted == 2
    given = Voucher.objects.unscoped("test").filter(release=release).values_list("person__name", flat=True)
    assert sorted(given) == ["陈小梅", "黄玉兰"]
    later = opened(cast, audience, mode="grant", title="第二次")
    saved(cast, VERIFIED, audience_id=audience.pk, name=audience.name)
    with pytest.raises(DomainError) as said:
        grant_release(SYSTEM, release_id=later.pk)
    assert said.value.code == "audience_reworded"
    assert not Voucher.objects.unscoped("test").filter(release=later).exists()


@pytest.mark.django_db
def test_audience_of_a_sister_city_or_one_never_made_is_refused(cast):
    theirs = saved(cast, VERIFIED, union="sister", who="sister_admin")
    unmade = saved(cast, WOMEN, built=False)
    before = Release.objects.unscoped("test").count()
    for audience, code in ((theirs, "not_found"), (unmade, "audience_not_made")):
        with pytest.raises(DomainError) as said, transaction.atomic():
            drafted(cast, audience)
        assert said.value.code == code
    assert Release.objects.unscoped("test").count() == before
    rebuild_waiting()
    assert drafted(cast, unmade).audience_id == unmade.pk


@pytest.mark.django_db
def test_release_without_an_audience_asks_nothing_more(cast, django_assert_num_queries):
    plain, meant = opened(cast, None), opened(cast, saved(cast, WOMEN), title="女职工专场")
    actor, pool_id = cast.actor("mei"), plain.pools.get().pk
    with django_assert_num_queries(4):
        entitlement(actor, pool_id)
    assert answer(cast, meant, "mei") is None


@pytest.mark.django_db
def test_audience_and_its_wording_stand_together_in_the_database(cast):
    release = drafted(cast, saved(cast, WOMEN))
    with pytest.raises(IntegrityError, match="audience_as_worded"), transaction.atomic():
        Release.objects.unscoped("test").filter(pk=release.pk).update(audience_version=None)
