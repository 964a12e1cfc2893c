"""Two phones of one supplier, and the sweep in the night, on real connections."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from django.db import connection

from gonghui.kit import clock
from gonghui.kit.tests.racing import at_once
from gonghui.mall.actions import pictures, shelf
from gonghui.mall.models import Picture, PictureFile, ProductPicture
from gonghui.mall.pictures import drawn_from
from gonghui.mall.tests.shots import shot
from gonghui.mall.tests.stage import SYSTEM, again, build_mall, facts
from gonghui.mall.tests.test_mall_races import codes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(cast):
    return build_mall(cast)


@pytest.fixture
def draft(stage):
    return shelf.draft_product(stage.actor("owner"), shop=stage.shop, facts=facts("挂面", "grain", 900, 9))


def added(stage, draft, nth: int) -> partial:
    drawn = drawn_from(shot((220, 220 + nth)))
    return partial(pictures.add_picture, stage.actor("owner"), product_id=draft.pk, drawn=drawn)


def places(draft) -> list[int]:
    found = ProductPicture.objects.unscoped("test").filter(product=draft)
    return list(found.order_by("nth").values_list("nth", flat=True))


def test_uploads_at_once_never_make_seven(stage, draft):
    for nth in range(5):
        added(stage, draft, nth)()
    said = at_once(*[added(stage, draft, 100 + nth) for nth in range(4)])
    assert codes(said) == {"ProductPicture": 1, "mall_pictures_full": 3}
    assert places(draft) == [1, 2, 3, 4, 5, 6]


def test_same_upload_from_four_sides_is_one_picture(stage, draft):
    said = at_once(*[added(stage, draft, 1)] * 4)
    assert codes(said) == {"ProductPicture": 1, "mall_picture_twice": 3}
    assert (places(draft), PictureFile.objects.unscoped("test").count()) == ([1], 3)


def test_moves_and_removals_at_once_leave_every_place_once(stage, draft):
    owner, uses = stage.actor("owner"), [added(stage, draft, nth)() for nth in range(6)]
    calls = [partial(pictures.move_picture, owner, picture_id=use.pk) for use in uses[1:4]]
    calls += [partial(pictures.remove_picture, owner, picture_id=uses[5].pk)] * 2
    assert codes(at_once(*calls)) == {"Product": 4, "not_found": 1}
    assert places(draft) == [1, 2, 3, 4, 5]


def test_upload_while_it_is_handed_in_is_reviewed_with_it_or_refused(stage, draft):
    hand_in = partial(shelf.submit_product, stage.actor("owner"), product_id=draft.pk)
    said = at_once(hand_in, *[added(stage, draft, nth) for nth in range(3)])
    found = codes(said)
    assert (again(draft).state, found["Product"]) == ("submitted", 1)
    assert found["ProductPicture"] + found["mall_only_a_draft"] == 3
    assert len(places(draft)) == found["ProductPicture"]


def test_picture_put_up_again_while_it_is_swept_is_whole(stage, draft):
    sweep = partial(pictures.sweep_pictures, SYSTEM, before=clock.now() - dt.timedelta(days=1))
    for nth in range(6):
        use = added(stage, draft, nth)()
        pictures.remove_picture(stage.actor("owner"), picture_id=use.pk)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE mall_picture SET updated_at = now() - interval '3 days'")
        said = at_once(sweep, added(stage, draft, nth), sweep)
        assert [one for one in said if isinstance(one, Exception)] == []
        kept = Picture.objects.unscoped("test").get(uses__product=draft)
        assert PictureFile.objects.unscoped("test").filter(picture=kept).count() == 3
        pictures.remove_picture(stage.actor("owner"), picture_id=said[1].pk)
