"""A city means some of its members, writes to them, and reads what came of it: audience, template by two, send, read, result."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.audiences.models import Audience
from gonghui.kit.tests.browser import come_to_rest, wait_until
from gonghui.notices.models import Send, Template
from tests.loops.conftest import do, press, work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_city_sends_to_an_audience_and_reads_the_result(people, cast):
    audience = women_are_meant(people)
    template = words_are_written_by_two(people)
    send = it_goes_to_them(people, audience, template)
    told = people.at("lan", "/messages").inner_text("main")
    assert "女职工免费两癌筛查" in told
    assert "女职工免费两癌筛查" not in people.at("hua", "/messages").inner_text("main")
    one_reads_and_likes_it(people)
    what_came_of_it(people, send)
    assert people.complaints() == {}


def women_are_meant(people) -> Audience:
    page = people.at("city_admin", "/console/audiences/new")
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill("东江市")
    page.locator(".select2-results__option", has_text="东江市总工会").first.click()
    page.get_by_role("button", name="＋ 加条件").last.click()
    page.get_by_label("条件", exact=True).last.select_option("gender")
    wait_until(page, "() => document.querySelector('[data-count]').textContent.includes('2 人')")
    page.fill("[name=name]", "东江女职工")
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_url("**/console/audiences/*")
    work_off()
    page.reload()
    come_to_rest(page)
    assert "2 人" in page.inner_text("body")
    return Audience.objects.unscoped("test").get()


def words_are_written_by_two(people) -> Template:
    page = people.at("city_admin", reverse("admin:template_new"))
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill("东江市")
    page.locator(".select2-results__option", has_text="东江市总工会").first.click()
    page.fill("[name=name]", "两癌筛查")
    page.fill("[name=title]", "女职工免费两癌筛查")
    page.fill("[name=body]", "{name}，{union}为您准备了免费筛查，11 月底前到江口医院。")
    page.locator("form button.primary").last.click()
    page.wait_for_load_state("load")
    template = Template.objects.unscoped("test").get()
    if template.state == "draft":
        do(people, "city_admin", "admin:notices_template_submit", template, "送审")
    do(people, "province_admin", "admin:notices_template_approve", template, "复核通过")
    template.refresh_from_db(from_queryset=Template.objects.unscoped("test"))
    assert template.state == "approved"
    return template


def it_goes_to_them(people, audience: Audience, template: Template) -> Send:
    page = people.at("city_admin", f"{reverse('admin:send_new')}?template={template.pk}")
    page.get_by_role("combobox", name="发给哪个工会的会员").click()
    page.locator(".select2-search__field").fill("东江")
    page.locator(".select2-results__option", has_text="东江市总工会").first.click()
    page.select_option("[name=audience]", f"{audience.pk}")
    press(page, "看人数和样子")
    page.get_by_role("button", name="现在发给 2 人").click()
    page.wait_for_url("**/notices/sends/*")
    work_off()
    send = Send.objects.unscoped("test").get()
    assert (send.recipients, send.audience_id, send.audience_version.number) == (2, audience.pk, 1)
    return send


def one_reads_and_likes_it(people) -> None:
    page = people.at("mei", "/messages")
    page.get_by_text("女职工免费两癌筛查").first.click()
    page.wait_for_load_state("load")
    assert "陈小梅，东江市总工会" in page.inner_text("main") or "陈小梅" in page.inner_text("main")
    page.get_by_role("button", name="点个赞").first.click()
    page.wait_for_load_state("load")
    assert people.findings("mei") == []


def what_came_of_it(people, send: Send) -> None:
    page = people.at("city_admin", reverse("admin:send_result", args=[send.pk]))
    said = page.locator(".gh-sums").inner_text()
    figures = dict(zip(said.split()[::3], said.split()[1::3], strict=False))
    assert (figures["应发"], figures["送达"], figures["阅读"], figures["点赞"]) == ("2", "2", "1", "1")
    assert "东江女职工" in page.inner_text("body")
