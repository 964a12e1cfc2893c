"""Messages in a real browser: the member's settings on a phone, templates and sends at a desk; axe finds nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.members.actions.consents import give_consent
from gonghui.notices.actions import like_message, note_click, read_message
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Delivery, Message
from gonghui.notices.queries import switches_of
from gonghui.notices.tests.stage import SYSTEM, a_send, a_template, allowed, connected

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
LONG = "新就业形态劳动者健康关爱计划开抢预告（外卖配送员、网约车司机、货车司机专场）"


@pytest.fixture
def sent(cast, sms, wechat):
    """One send that reached people by all channels."""
    give_consent(cast.actor("mei"), purpose="messages")
    connected(cast, "mei", "hua")
    template = a_template(cast, name=LONG[:40], title=f"{{name}}，{LONG}"[:58])
    allowed(cast, wechat, "mei")
    send = a_send(cast, template, ("inbox", "sms", "wechat"), holdout_percent=0)
    deliver(SYSTEM, send_id=send.pk)
    mei = cast.actor("mei")
    message = Message.objects.visible_to(mei).get()
    read_message(mei, message_id=message.pk)
    like_message(mei, message_id=message.pk)
    note_click(
        SYSTEM, delivery_id=Delivery.objects.unscoped("test").filter(person=cast.people["mei"]).first().pk
    )
    return template, send, message


@pytest.mark.parametrize(("size", "elder"), [(PHONE, False), (PHONE, True), (DESKTOP, False)])
def test_member_pages_fit_and_axe_finds_nothing(cast, sent, visit, size, elder):
    _template, _send, message = sent
    for who, path, name in (
        ("mei", "/me/settings/messages", "settings"), ("stranger", "/me/settings/messages", "stranger"),
        ("mei", f"/messages/{message.pk}", "message"), ("mei", "/messages", "messages"), ("mei", "/me/settings", "all"),
    ):  # fmt: skip
        page = visit(who, path, size, elder)
        assert wrong_with(page, f"{name}{'-elder' if elder else ''}", enhanced=elder) == []


def test_switch_is_moved_by_a_tap_and_kept(cast, sent, visit):
    page = visit("mei", "/me/settings/messages")
    page.get_by_role("switch", name="活动 · 短信").click()
    page.get_by_role("button", name="保存设置").click()
    page.wait_for_url("**/me/settings/messages")
    page.get_by_text("消息设置已保存").wait_for()
    assert [key for key, is_on in switches_of(cast.actor("mei")).items() if not is_on] == [
        ("activity", "sms")
    ]
    page.get_by_role("button", name="允许一条").first.click()
    page.get_by_text("还可以给您发 1 条").wait_for()
    assert page.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_console_pages_fit_and_axe_finds_nothing_in_them(cast, sent, visit, size):
    template, send, _message = sent
    for name, path, within in (
        ("look", reverse("admin:template_look", args=[template.pk]), ".gh-stack"),
        ("result", reverse("admin:send_result", args=[send.pk]), ".gh-stack"),
        ("template", reverse("admin:template_new"), ".gp"),
        ("new", reverse("admin:send_new"), ".gp"),
    ):
        page = visit("city_admin", path, size)
        if name == "result":
            page.locator("[data-chart-area] canvas, [data-chart-area] svg").first.wait_for()
        assert wrong_with(page, name, within=within) == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_numbers_are_seen_before_it_goes(cast, sent, visit, size):
    template, _send, _message = sent
    page = visit("city_admin", f"{reverse('admin:send_new')}?template={template.pk}", size)
    page.get_by_role("combobox", name="发给哪个工会的会员").click()
    page.locator(".select2-search__field").fill("东江")
    page.locator(".select2-results__option", has_text="东江市总工会").first.click()
    for label in ("短信", "微信订阅消息"):
        page.get_by_text(label, exact=True).first.click()
    page.get_by_role("button", name="看人数和样子").click()
    page.get_by_role("button", name="现在发给 3 人").wait_for()
    assert wrong_with(page, "numbers", within=".gp") == []
    page.get_by_role("button", name="现在发给 3 人").click()
    page.wait_for_url("**/notices/sends/*")
    page.get_by_role("heading", name="各渠道").wait_for()
