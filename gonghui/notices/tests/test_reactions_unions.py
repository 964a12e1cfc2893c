"""Whoever applied for a union is told how it was answered, under 消息 of their account."""

from __future__ import annotations

import pytest

from gonghui.members.actions import rosters
from gonghui.members.events import RosterConfirmedByMaker
from gonghui.members.tests.test_rosters import checked, newcomers
from gonghui.notices import reactions_unions as reactions
from gonghui.notices.queries import messages_of
from gonghui.notices.tests.test_reactions import deferred
from gonghui.orgs import actions
from gonghui.orgs.events import RegistrationAnswered
from gonghui.orgs.models import Union
from gonghui.orgs.tests.stage import applied, facts

pytestmark = pytest.mark.django_db


def hear() -> None:
    """The jobs that wait, each twice."""
    for given in deferred("tell_registration_answered"):
        for _twice in range(2):
            reactions.tell_registration_answered(RegistrationAnswered(**given))


def told(cast, who: str) -> list[tuple[str, str]]:
    return [(row.title, row.body) for row in messages_of(cast.actor(who))]


def test_applicant_is_told_of_the_approval_once_and_led_to_it(cast, client):
    row = applied(cast, who="province_admin")
    actions.approve_registration(cast.actor("city_admin"), unionregistration_id=row.pk)
    assert told(cast, "province_admin") == []
    hear()
    [(title, body)] = told(cast, "province_admin")
    assert title == "建会申请已批准"
    assert body.startswith("木棉1号公司工会已经建成，上级是江口区总工会。")
    assert Union.objects.unscoped("test").filter(name="木棉1号公司工会").count() == 1
    message = messages_of(cast.actor("province_admin")).get()
    page = cast.sign_in(client, "province_admin").get(message.link)
    assert (page.status_code, "木棉1号公司工会" in page.content.decode()) == (200, True)
    assert [told(cast, who) for who in ("city_admin", "sister_admin", "mei")] == [[], [], []]


def test_applicant_is_told_of_each_answer_and_its_reason(cast):
    row, city = applied(cast, who="province_admin"), cast.actor("city_admin")
    actions.return_registration(city, unionregistration_id=row.pk, reason="批复看不清")
    hear()
    maker = cast.actor("province_admin")
    actions.amend_and_resubmit(maker, unionregistration_id=row.pk, new=facts(headcount=90))
    hear()
    actions.reject_registration(city, unionregistration_id=row.pk, reason="已有同名工会")
    hear()
    assert told(cast, "province_admin") == [
        ("建会申请没有批准", "木棉1号公司工会：已有同名工会。情况有变化时可以重新申请。"),
        ("建会申请请修改", "木棉1号公司工会：批复看不清。改好后再提交，原来填的都在。"),
    ]


def test_roster_confirmed_by_its_maker_is_told_to_the_level_above_and_by_another_to_nobody(cast, client):
    roster = checked(cast, *newcomers(2))
    rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    for given in deferred("tell_roster_of_one_hand") * 2:
        reactions.tell_roster_of_one_hand(RosterConfirmedByMaker(**given))
    [(title, body)] = told(cast, "province_admin")
    assert (title, "新增 2" in body) == ("一份名册由上传人自己确认", True)
    assert [told(cast, who) for who in ("city_admin", "sister_admin", "finance_officer", "mei")] == [
        [],
        [],
        [],
        [],
    ]
    page = messages_of(cast.actor("province_admin")).get().link
    assert cast.sign_in(client, "province_admin").get(page).status_code == 200
    before = len(deferred("tell_roster_of_one_hand"))
    other = checked(cast, *newcomers(3))
    rosters.apply_roster(cast.actor("province_admin"), roster_id=other.pk, in_background=False)
    assert len(deferred("tell_roster_of_one_hand")) == before


def test_news_of_an_application_that_is_gone_is_no_error(cast):
    reactions.tell_roster_of_one_hand(RosterConfirmedByMaker(roster_id=0))
    reactions.tell_registration_answered(RegistrationAnswered(registration_id=0))
