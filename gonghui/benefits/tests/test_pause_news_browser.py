"""The desk's first page while releases stand still, and the list it leads to; at 390 and 1440 px."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.benefits.actions import releases
from gonghui.benefits.tests.plans import opened
from gonghui.bills.tests.test_bills_console_browser import LONG, console, seen, world  # noqa: F401
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "场馆停电检修，预计明天上午十点恢复，已经领到的票改到后天同一时间使用"


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_paused_releases_stand_on_the_desk_with_the_way_to_go_on(console, world, size):  # noqa: F811
    cast, _money = world
    for title in (LONG, "珠岛夜游"):
        release = opened(cast, title=title)
        releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=WHY)
    page = console("/console/", size)
    seen(page, "desk-paused")
    page.get_by_role("link", name="暂停的投放，可以恢复").click()
    page.get_by_text("珠岛夜游").first.wait_for()
    seen(page, "list-paused")
    page.goto(reverse("admin:benefits_release_change", args=[release.pk]))
    seen(page, "release-paused")
