"""The builder and an audience's page in a real browser, on a phone and at a desk."""

from __future__ import annotations

import pytest

from gonghui.audiences.actions import rebuild_waiting
from gonghui.audiences.models import Audience
from gonghui.audiences.tests.stage import VERIFIED, names_in, saved
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wait_until, wrong_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


OURS = ".gh-stack, .gp"


def counted(page, text: str) -> None:
    wait_until(page, "(text) => document.querySelector('[data-count]')?.textContent.includes(text)", text)


def pick_union(page, name: str) -> None:
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill(name)
    page.locator(".select2-results__option", has_text=name).first.click()


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_audience_is_built_counted_explained_and_changed(cast, visit, size):
    page = visit("city_admin", "/console/audiences/new", size=size)
    pick_union(page, "东江市")
    counted(page, "3 人")
    assert wrong_with(page, within=OURS) == []
    page.get_by_role("button", name="近 30 天没有领过券").click()
    counted(page, "2 人")
    page.get_by_role("button", name="＋ 加条件").last.click()
    page.get_by_label("条件", exact=True).last.select_option("union")
    page.get_by_label("所在工会 输入名称查找").fill("蓝海")
    wait_until(page, "() => document.querySelectorAll('datalist option').length === 1")
    page.get_by_label("所在工会 输入名称查找").press("Enter")
    page.get_by_role("button", name="删去 蓝海机械厂工会").wait_for()
    page.get_by_role("button", name="＋ 加分组").first.click()
    page.get_by_label("条件", exact=True).last.select_option("gender")
    counted(page, "2 人")
    assert wrong_with(page, "builder", within=OURS) == []
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_url("**/console/audiences/*")
    one = Audience.objects.unscoped("test").get()
    assert one.name == "近 30 天没有领过券"
    rebuild_waiting()
    assert names_in(cast, one) == ["lan", "mei"]
    page.reload()
    page.get_by_label("姓名或手机号").fill("陈小梅")
    page.get_by_role("button", name="查一查").click()
    page.get_by_text("陈**（蓝海机械厂工会）在这个受众里。").wait_for()
    assert wrong_with(page, "why", within=OURS) == []
    page.get_by_role("link", name="修改条件").click()
    counted(page, "2 人")
    page.get_by_label("实名", exact=True).locator("select").select_option("")
    counted(page, "0 人")
    page.get_by_role("button", name="存为新版本").click()
    page.wait_for_url("**/console/audiences/*")
    page.get_by_text("条件刚改过").wait_for()
    rebuild_waiting()
    assert names_in(cast, one) == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_pages_hold_with_long_names_many_rows_and_failures(cast, visit, size):
    long = "东江港口经济区与临空产业园新就业形态劳动者关爱行动第一批骑手司机快递员且已经实名并且最近三十天没有领过券的会员们"
    many = [{"any": [{"kind": "group", "codes": ["food_rider", "courier", "guard"]}, {"kind": "age", "from": 18, "to": 60},
                     {"none": [{"kind": "birthday", "span": "between", "from": "12-20", "to": "01-10"}, VERIFIED]}]},
            {"kind": "joined", "from": "2020-01-01", "to": None}, {"kind": "share", "from": 0, "to": 90},
            {"kind": "tag", "kinds": ["hardship", "model_worker"]}, {"kind": "consent", "to": "messages"}]  # fmt: skip
    one = saved(cast, *many, name=long[:60])
    for word in (VERIFIED, {"kind": "gender", "is": "female"}):
        saved(cast, word, name="有历史的") if word is VERIFIED else saved(
            cast, word, name="有历史的", audience_id=Audience.objects.unscoped("test").get(name="有历史的").pk
        )
    other = Audience.objects.unscoped("test").get(name="有历史的")
    one.tally.problem, one.tally.failures = "表不见了", 2
    one.tally.save()
    for name, path in (("edit", f"/console/audiences/{one.pk}/edit"), ("failed", f"/console/audiences/{one.pk}"),
                       ("history", f"/console/audiences/{other.pk}")):  # fmt: skip
        page = visit("city_admin", path, size=size)
        if name == "edit":
            counted(page, "人")
        assert wrong_with(page, name, within=OURS) == []
    for name, path in (("list", "/console/audiences/audience/"), ("people", "/console/audiences/lists/new")):
        page = visit("city_admin", path, size=size)
        assert wrong_with(page, name, within="#content") == []
