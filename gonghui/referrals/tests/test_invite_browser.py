"""邀同事入会 on a phone: the code, what it is good for, who came by it."""

from __future__ import annotations

import pytest

from gonghui.funds.tests.stage import build_money
from gonghui.joining.events import ApplicationApproved, ApplicationSubmitted
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.partners.tests.stage import standing_agreement
from gonghui.referrals import reactions
from gonghui.referrals.tests.stage import applied, approved, code_of, newcomer, running


@pytest.mark.django_db(transaction=True)
def test_invitation_is_clear_and_clean_before_and_after_somebody_came(cast, visit):
    standing_agreement(cast.store.partner)
    page = visit("mei", "/invite")
    assert "现在没有奖励活动" in page.inner_text("main")
    running(cast, build_money(cast).city, name="携手入会有礼 · 五一国际劳动节新就业形态劳动者专场")
    people = [newcomer(nth) for nth in range(3)]
    for nth, person in enumerate(people):
        application = applied(cast, person, code_of(cast.people["mei"]))
        reactions.note_who_invited(ApplicationSubmitted(application.pk))
        if nth:
            approved(cast, application, person)
            reactions.reward_who_invited(ApplicationApproved(application.pk))
    for size in (PHONE, DESKTOP):
        page = visit("mei", "/invite", size=size)
        assert "吴**" in page.inner_text("main")
        assert wrong_with(page) == []
    assert "会员才有邀请码" in visit("stranger", "/invite").inner_text("main")
