"""Coupons that are drawn: none is worth more than a prize may be."""

from __future__ import annotations

import pytest

from gonghui.benefits.actions import releases
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills.models import Purse
from gonghui.bills.pricing import Form, Terms
from gonghui.bills.tests.written import put_up, release_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("yuan", "state"), [(50_000, "reviewed"), (50_001, "draft")])
def test_drawn_coupon_takes_off_no_more_than_a_prize_may_be_worth(shop, yuan, state):
    off = Terms(Form.THRESHOLD_OFF, threshold_fen=yuan * 100, off_fen=yuan * 100)
    release = release_of(put_up(shop, price=off), shop, 1, mode="draw")
    city = shop.actor("province_admin")
    if state == "reviewed":
        releases.review_release(city, release_id=release.pk)
    else:
        assert refused(releases.review_release, city, release_id=release.pk) == "draw_prize_too_high"
    assert (fresh(release).state, Purse.objects.unscoped("test").count()) == (state, 0)
