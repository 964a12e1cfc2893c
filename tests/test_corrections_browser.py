"""更正 in a real browser: the member's page on a phone, the queue in the console; clean for axe, none wider than the screen."""

from __future__ import annotations

import pytest

from gonghui.kit.tests.browser import DESKTOP, PHONE, chromium  # noqa: F401
from gonghui.members.actions.corrections import Right
from gonghui.members.models import Person
from gonghui.members.tests.test_corrections import DOCUMENT, PDF, again, asked, refused
from tests.test_money_pages_browser import faults, open_as  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/me/data/correct"
WORDS = "名册里的字打错了，户口本和身份证上都是晓字" * 6


@pytest.mark.parametrize("elder", [False, True])
def test_member_asks_on_a_phone_and_sees_how_far_it_is(open_as, cast, elder):  # noqa: F811
    refused(cast, asked(cast), reason=WORDS)
    page = open_as("mei", PHONE, elder=elder)
    assert faults(page, ["/me/data", PAGE], enhanced=elder) == []
    page.get_by_label("正确的姓名").fill("陈晓梅")
    page.get_by_label("证件正面").set_input_files(
        {"name": "证件.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.get_by_role("button", name="提交更正").click()
    page.get_by_role("heading", name="等工会核对").wait_for()
    assert faults(page, [PAGE], enhanced=elder) == []
    page.get_by_role("button", name="撤回这次更正").click()
    page.get_by_label("正确的姓名").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_queue_in_the_console_is_clean_for_axe_and_fits(open_as, cast, size):  # noqa: F811
    right = Right(DOCUMENT.name, DOCUMENT.id_type, DOCUMENT.id_no, words=WORDS[:200])
    row = asked(cast, right=right, papers=[PDF, PDF])
    asked(cast, "hua", Right(name="阿卜杜拉·买买提·艾合买提江·吐尔逊"))
    page = open_as("city_admin", size)
    own = "/console/members/correctionrequest/"
    verbs = [f"{own}{row.pk}/verb/{verb}/" for verb in ("approve", "refuse", "unmask", "paper_1")]
    assert faults(page, [own, f"{own}{row.pk}/change/", *verbs], within="#content") == []
    page.goto(f"{own}{row.pk}/verb/approve/")
    page.get_by_label("怎样核对").select_option("papers")
    page.get_by_role("button", name="更正").click()
    page.get_by_text("已更正，并告诉会员").wait_for()
    assert again(row).state == "approved"
    assert Person.objects.unscoped("test").get(pk=row.person_id).verified_by == "staff"
