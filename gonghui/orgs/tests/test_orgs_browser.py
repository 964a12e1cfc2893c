"""Applications, ends of unions and who sees a member, in a real browser on a phone and a desk."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.kit.audit import record_unmask
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.orgs import actions
from gonghui.orgs.models import Employer, Union
from gonghui.orgs.tests.stage import WITH_EVIDENCE, applied, bad_code, colleague, good_code
from gonghui.orgs.tests.test_registration_sheets import line, sheet
from tests.cast import new_union

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "东江市江口区珠岛街道恒远新能源汽车电池材料研究开发生产销售服务股份有限公司东江第二分公司工会委员会"


@pytest.fixture
def seen(visit):
    def look(who: str, path: str, name: str, size, act=None):
        page = visit(who, path, size)
        if act is not None:
            act(page)
        assert wrong_with(page, name) == []
        return page

    return look


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_registrations_stand_on_every_screen(cast, seen, size):
    row = applied(
        cast,
        1,
        who="province_admin",
        name=LONG,
        uscc=good_code("81"),
        employer_uscc=bad_code(),
        evidence=WITH_EVIDENCE,
    )
    applied(cast, 2, who="province_admin")
    back = applied(cast, 3, who="province_admin")
    actions.return_registration(
        cast.actor("city_admin"), unionregistration_id=back.pk, reason="批复看不清，请重新拍照"
    )
    screen = "admin:orgs_unionregistration_"
    seen("city_admin", reverse(f"{screen}changelist"), "list", size)
    seen("city_admin", reverse(f"{screen}change", args=[row.pk]), "row", size)
    seen("city_admin", reverse("admin:union_registration_new"), "new", size)
    seen("province_admin", reverse("admin:union_registration_edit", args=[back.pk]), "edit", size)
    seen("city_admin", reverse(f"{screen}paper", args=[row.pk]), "paper", size)
    seen("city_admin", "/console/", "home", size)

    def send(page) -> None:
        page.locator(".select2-selection").first.click()
        page.locator(".select2-results__option", has_text="江口区总工会").first.click()
        wrong = sheet(line(4, name=LONG, headcount="很多"), line(5, employer_uscc=bad_code("91", 5)), line(6))
        page.locator("input[type=file]").set_input_files(
            {"name": "建会.xlsx", "mimeType": "", "buffer": wrong}
        )
        page.get_by_role("button", name="上传并检查").click()
        page.wait_for_selector("text=退回的 2 行")

    seen("city_admin", reverse("admin:union_registration_import"), "sheet", size)
    seen("city_admin", reverse("admin:union_registration_import"), "sheet_done", size, send)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_ends_of_unions_stand_on_every_screen(cast, seen, size):
    factory = cast.unions["factory"]
    mill = new_union(
        LONG, "enterprise", cast.unions["district"], employer=Employer.objects.create(name="恒远")
    )
    actions.open_pool(cast.actor("city_admin"), union_id=cast.unions["city"].pk)
    colleague(cast, "factory_admin", "operator", "factory")
    seen("city_admin", reverse("admin:orgs_union_change", args=[factory.pk]), "union", size)
    seen("city_admin", reverse("admin:orgs_union_dissolve", args=[factory.pk]), "dissolve", size)
    seen("city_admin", reverse("admin:orgs_union_code", args=[factory.pk]), "code", size)
    seen("city_admin", reverse("admin:orgs_union_pool", args=[cast.unions["district"].pk]), "pool", size)

    def choose(page) -> None:
        page.locator(".select2-selection").first.click()
        page.locator(".select2-search__field").fill("恒远")
        page.locator(".select2-results__option", has_text="恒远").first.click()
        page.locator("textarea[name=reason]").fill("两厂合并，东工〔2026〕12号")
        page.get_by_role("button", name="合并").last.click()
        page.wait_for_selector("text=请核对")

    page = seen("city_admin", reverse("admin:orgs_union_merge", args=[factory.pk]), "merge", size, choose)
    page.get_by_role("button", name="合并").last.click()
    page.wait_for_selector("text=已合并，3 名会员转了过去。")
    assert Union.objects.unscoped("test").get(pk=factory.pk).merged_into_id == mill.pk
    seen("city_admin", reverse("admin:orgs_union_change", args=[factory.pk]), "merged", size)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_who_sees_a_member_stands_on_every_screen(cast, seen, size):
    mei = cast.people["mei"]
    for number in range(3):
        who = colleague(cast, f"operator_{number}", "operator", "district")
    record_unmask(
        who,
        [mei],
        fields=["phone"],
        reason="核对领取人电话，现场领取时本人没有带手机，按规定核对登记号码后发放",
    )
    seen("city_admin", reverse("admin:person_seen_by", args=[mei.pk]), "seen_by", size)
    seen("city_admin", reverse("admin:members_person_change", args=[mei.pk]), "person", size)
