"""What a member takes from a union above, a lawyer's hour or a counsellor's, is met nowhere at or below the employer."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gonghui.benefits.actions import releases
from gonghui.benefits.actions.redemptions import Scan, redeem_voucher
from gonghui.benefits.actions.releases import PoolPlan
from gonghui.benefits.models import Redemption, Release, Reminder, Voucher, WaitEntry
from gonghui.benefits.tests.plans import in_minutes, pool_of, terms, won
from gonghui.feedback.models import Rating
from gonghui.kit.masks import mask_name
from gonghui.kit.templatetags.kit import short_code
from gonghui.members.models import Membership, Person
from gonghui.notices.models import Message
from tests.attackers import listed_at, quiet
from tests.played.test_health_unseen import SCREENS, holder_of_every_role, met, walked

USES = {"法律咨询": "劳动争议律师面谈", "心理疏导": "一对一心理疏导"}


@pytest.fixture
def used(cast, stage) -> list[Voucher]:
    """The city offers both; the factory's worker takes both and has been there."""
    return [taken(cast, kind, title) for kind, title in USES.items()]


def taken(cast, kind: str, title: str) -> Voucher:
    admin, worker = cast.actor("city_admin"), cast.people["mei"]
    offer = releases.write_offer(
        admin, union=cast.unions["city"], title=title, kind=kind, split=releases.CostSplit()
    )
    pool = PoolPlan("随到随谈", 5, valid_until=in_minutes(48 * 60), store_id=cast.store.pk)
    release = releases.draft_release(admin, offer_id=offer.pk, terms=terms(title=title), pools=[pool])
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    releases.announce_release(admin, release_id=release.pk)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=in_minutes(-60), opens_at=in_minutes(-1), state="open"
    )
    voucher = won(pool_of(release), worker.pk)
    redeem_voucher(cast.actor("clerk"), scan=Scan(text=voucher.code, key=uuid4(), store_id=cast.store.pk))
    Rating.objects.create(
        union=cast.unions["city"],
        subject_type="release",
        subject_id=release.pk,
        person=worker,
        voucher_id=voucher.pk,
        score=5,
    )
    return voucher


def marks_of(used: list[Voucher]) -> list[str]:
    """The titles themselves are public, on the list of what the city gives."""
    return [said for voucher in used for said in (voucher.code, short_code(voucher.code))]


def test_employer_side_meets_no_use_in_any_list_page_or_export(cast, used):
    worker, everything = cast.people["mei"], holder_of_every_role(cast, "factory")
    assert Membership.objects.unscoped("test").filter(person=worker, union=cast.unions["factory"]).exists()
    actor = cast.actor(everything)
    for model in (Voucher, Redemption, WaitEntry, Reminder, Rating, Message):
        assert not model.objects.visible_to(actor).exists(), model
    client, marks, listed = cast.sign_in(quiet(), everything), marks_of(used), 0
    for screen in SCREENS:
        answer = client.get(listed_at(screen))
        addresses = [f"{listed_at(screen)}export/"]
        if answer.status_code == 200 and "cl" in answer.context:
            listed += 1
            addresses += [f"{listed_at(screen)}{row.pk}/change/" for row in answer.context["cl"].result_list]
        for one in (answer, *map(client.get, addresses)):
            assert not tells(one, worker, marks), screen
    for address in walked():
        assert not tells(client.get(address), worker, marks), address
    own_page = client.get(f"{listed_at_persons()}{worker.pk}/change/")
    assert met(own_page, [worker.name]) and not tells(own_page, worker, marks)
    assert listed > 50


def tells(answer, worker: Person, marks: list[str]) -> bool:
    """A ticket of theirs; or their name, whole or masked, where a title stands too."""
    body = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(
        errors="replace"
    )

    def holds(words) -> bool:
        return any(word in body for word in words)

    return holds(marks) or (holds(USES.values()) and holds([worker.name, mask_name(worker.name)]))


def listed_at_persons() -> str:
    return next(listed_at(screen) for screen in SCREENS if screen.model._meta.label == "members.Person")


def test_city_that_gives_it_does_meet_it(cast, used):
    """Else the walk above would prove nothing."""
    client = cast.sign_in(quiet(), "city_admin")
    seen = {mark for screen in SCREENS for mark in met(client.get(listed_at(screen)), marks_of(used))}
    assert seen
