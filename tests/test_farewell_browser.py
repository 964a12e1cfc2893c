"""A member downloads what is kept of them, gives up their account, takes it back, gives it up for good."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from gonghui.accounts.models import PhoneCode
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.browser import DESKTOP, PHONE, chromium, wrong_with  # noqa: F401
from gonghui.members.actions import forget
from gonghui.members.models import Farewell, Person
from tests.cast import IDS
from tests.test_money_pages_browser import open_as  # noqa: F401
from tests.walk import build_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME, ID_NO, _PHONE = IDS["hua"]


def ask(page) -> None:
    page.get_by_role("button", name="获取验证码，申请注销").click()
    code = PhoneCode.objects.unscoped("test").latest("id")
    assert page.locator("[data-demo-code]").count() == 1, code
    shown = page.locator("[data-demo-code]").inner_text()
    page.get_by_label("短信验证码").fill(shown)  # six digits send themselves
    page.get_by_text("在那以前一切照常").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_member_downloads_and_deletes_their_data(open_as, cast, settings, size):  # noqa: F811
    settings.GONGHUI_SHOW_CODES = True
    page = open_as("hua", size)
    page.goto("/me/data")
    with page.expect_download() as download:
        page.get_by_role("button", name="数据 .json").click()
    kept = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert ID_NO in json.dumps(kept, ensure_ascii=False)
    page.get_by_role("link", name="注销账号，删除我的资料").click()
    assert wrong_with(page) == []
    ask(page)
    assert wrong_with(page) == []
    page.get_by_role("button", name="撤回，继续使用").click()
    page.wait_for_url("**/me/data")
    PhoneCode.objects.unscoped("test").update(created_at=clock.now() - dt.timedelta(minutes=2))
    page.goto("/me/data/farewell")
    ask(page)
    cooling = Farewell.objects.unscoped("test").filter(state="cooling")
    cooling.update(due_at=clock.now() - dt.timedelta(seconds=1))
    assert forget.carry_out(Actor.system("test"), farewell_id=cooling.get().pk)
    page.goto("/me/data")
    assert "/sign-in" in page.url
    person = Person.objects.unscoped("test").get(pk=cast.people["hua"].pk)
    assert NAME not in person.name
    assert person.id_no is None


def test_what_is_in_the_way_is_listed_and_fits(open_as, cast):  # noqa: F811
    build_stage(cast)
    for size in (PHONE, DESKTOP):
        page = open_as("mei", size)
        page.goto("/me/data/farewell")
        assert page.get_by_text("没有用的票券").count() == 1
        assert wrong_with(page) == []
        page.get_by_role("button", name="获取验证码，申请注销").click()
        assert page.get_by_text("现在还不能注销").count() == 1
        assert wrong_with(page) == []
