"""The health pages in a real browser: on a phone, large for the elderly, at a desk."""

import pytest
from django.urls import reverse

from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.wellbeing.tests.stage import booked, build_health, slot_in, slots

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("size", "elder"), [(PHONE, False), (PHONE, True), (DESKTOP, False)])
def test_pages_fit_the_screen_and_axe_finds_nothing(wechat, cast, visit, size, elder):
    stage = build_health(
        cast, title="新就业形态劳动者健康关爱计划（外卖配送员、网约车司机、货车司机、快递员专场）第二期"
    )
    slots(stage)
    row = booked(wechat, stage, stage.actor("mei"), slot_in(stage, 4))
    place = reverse("health_place", args=[row.pk])
    doors = [("mei", "/health"), ("lan", f"/health/{stage.plan.pk}"), ("mei", place), ("mei", f"{place}/dates"),
             ("mei", f"{place}/cancel"), ("nurse", "/health/desk")]  # fmt: skip
    for who, path in doors:
        page = visit(who, path, size, elder)
        assert wrong_with(page, enhanced=elder) == []


def test_console_pages_fit_and_axe_finds_nothing_in_them(wechat, cast, visit):
    stage = build_health(cast)
    slots(stage)
    for size in (PHONE, DESKTOP):
        for path in ("admin:health_progress", "admin:health_calendar"):
            page = visit("health_officer", reverse(path, args=[stage.plan.pk]), size)
            assert wrong_with(page, within=".gh-stack") == []
