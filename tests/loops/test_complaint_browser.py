"""A complaint, the whole loop in a real browser: the member complains on the phone, the merchant refuses, the member asks the
union, an officer rules in the console, and the member reads the thread down to the money that came back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.bills.models import Bill
from gonghui.complaints.models import Complaint
from gonghui.complaints.tests.stage import again, build_stage
from gonghui.funds.tests.stage import trial
from gonghui.kit.tests.browser import wrong_at_both_widths
from tests.loops.conftest import press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(cast):
    return build_stage(cast)


def fits(people, who: str) -> None:
    assert wrong_at_both_widths(people.pages[who]) == []


def test_member_complains_merchant_refuses_union_rules_and_the_money_is_back(people, stage):
    bill = stage.bought()
    row = member_complains(people, bill)
    merchant_refuses(people, row)
    member_asks_the_union(people, row)
    officer_rules(people, row)
    member_reads_the_end(people, row, bill)
    assert trial() == 0
    assert people.complaints() == {}


def member_complains(people, bill: Bill) -> Complaint:
    page = people.at("mei", f"/me/bills/{bill.pk}")
    page.click("text=对这笔消费有意见")
    page.wait_for_selector("text=付款后 30 天内可以提")
    fits(people, "mei")
    page.click("label:has-text('面 × 2')")
    page.click("label:has-text('质量问题')")
    page.click("label:has-text('退这些')")
    page.fill("[name=words]", "面里有头发，找店员也不理")
    press(page, "提交给商家")
    page.wait_for_selector("text=已经交给商家，最迟")
    fits(people, "mei")
    return Complaint.objects.unscoped("test").get()


def merchant_refuses(people, row: Complaint) -> None:
    page = people.at("owner", "/merchant/panels/complaints")
    assert "陈小梅" not in page.inner_text("main")
    fits(people, "owner")
    page.fill(f"#words-{row.pk}", "厨房录像里没有，顾客吃完才说")
    page.click("button:has-text('发出答复')")
    page.wait_for_selector("text=答复已发给会员")
    fits(people, "owner")


def member_asks_the_union(people, row: Complaint) -> None:
    page = people.at("mei", f"/me/complaints/{row.pk}")
    page.wait_for_selector("text=厨房录像里没有")
    fits(people, "mei")
    page.fill("#why", "我当场就说了，有照片")
    press(page, "不接受，请工会裁定")
    page.wait_for_selector("text=正在核对")


def officer_rules(people, row: Complaint) -> None:
    page = people.at("reviewer", reverse("admin:complaints_complaint_changelist"))
    page.wait_for_selector(f"text={row.number}")
    page.goto(people.url + reverse("admin:complaint", args=[row.pk]), wait_until="load")
    fits(people, "reviewer")
    page.click("a:has-text('裁定')")
    page.wait_for_selector("text=还没退的原价 100 元")
    page.check("input[name^=line_]")
    page.fill("[name=reason]", "照片和录像时间一致，属实")
    fits(people, "reviewer")
    page.locator("form").get_by_role("button", name="裁定", exact=True).click()
    page.wait_for_selector("text=账目已更正")
    fits(people, "reviewer")
    assert again(row).state == "upheld"


def member_reads_the_end(people, row: Complaint, bill: Bill) -> None:
    page = people.at("mei", f"/me/bills/{bill.pk}")
    page.wait_for_selector("text=账目已更正：退给您 83.33 元，现金到门店领取")
    fits(people, "mei")
    page.click("text=意见：质量问题")
    page.wait_for_selector("text=工会裁定：支持您")
    fits(people, "mei")
    page.click("text=看这笔钱的来去")
    page.wait_for_selector("text=已按原路退回 8.34 元")
    page.wait_for_load_state("load")
    people.at("mei", "/me/complaints")
    page.wait_for_selector("text=裁定支持")
    fits(people, "mei")
