"""优秀案例: told by an administrator, judged by another above, read by everybody below the judging union."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.notices.models import Message
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import CaseAward
from gonghui.opsdesk.queries import cases_seen, cases_to_judge
from gonghui.opsdesk.tests.stage import again

pytestmark = pytest.mark.django_db
TOLD = actions.Told(
    "爱心暖胃早餐进园区", "每天六点半在站点门口发放，先登记后领取。", "三个月 12,000 份，入会 430 人。"
)


def told(stage, who: str = "factory_admin", union: str = "factory", key=None, said=TOLD) -> CaseAward:
    return actions.submit_case(stage.actor(who), key=key or uuid4(), union_id=stage.union(union), told=said)


def awarded(stage, who: str = "city_admin", **facts) -> CaseAward:
    return actions.award_case(
        stage.actor(who), caseaward_id=told(stage, **facts).pk, words="做法清楚，可以照着做"
    )


def test_awarded_case_is_read_by_everybody_below_the_judge_and_nobody_beside(stage):
    row = awarded(stage)
    seen = {
        who: list(cases_seen(stage.actor(who)))
        for who in (
            "reviewer",
            "district_admin",
            "factory_admin",
            "province_admin",
            "sister_admin",
            "mei",
            "anonymous",
        )
    }
    assert (row.judge_id, row.officer_id) == (stage.union("city"), stage.user("city_admin"))
    assert {who for who, rows in seen.items() if rows == [row]} == {
        "reviewer", "district_admin", "factory_admin", "province_admin"
    }  # fmt: skip
    message = Message.objects.unscoped("test").get(user_id=stage.user("factory_admin"), title=TOLD.title)
    assert "做法清楚" in message.body


def test_case_of_a_province_is_read_in_every_city(stage):
    row = awarded(stage, "province_admin")
    assert list(cases_seen(stage.actor("riders_admin"))) == [row]


def test_case_not_yet_awarded_is_its_authors_and_the_desks(stage):
    row = told(stage)
    assert not cases_seen(stage.actor("reviewer")).exists()
    actions.pass_over_case(stage.actor("city_admin"), caseaward_id=row.pk, words="请补充成效数字")
    assert (again(row).state, cases_seen(stage.actor("district_admin")).exists()) == ("passed", False)


@pytest.mark.parametrize("who", ["reviewer", "sister_admin", "riders_admin", "mei", "stranger", "anonymous"])
def test_case_is_judged_by_a_desk_above_only(stage, who):
    row = told(stage)
    with pytest.raises(DomainError) as refused:
        actions.award_case(stage.actor(who), caseaward_id=row.pk, words="好")
    assert (refused.value.code, again(row).state) == ("not_found", "submitted")


def test_nobody_judges_their_own_case_and_none_is_judged_twice(stage):
    own = told(stage, "city_admin", "city")
    with pytest.raises(DomainError) as refused:
        actions.award_case(stage.actor("city_admin"), caseaward_id=own.pk, words="好")
    assert (refused.value.code, again(own).state) == ("opsdesk_own_case", "submitted")
    actions.award_case(stage.actor("operator"), caseaward_id=own.pk, words="好")
    with pytest.raises(DomainError):
        actions.pass_over_case(stage.actor("province_admin"), caseaward_id=own.pk, words="不好")
    assert again(own).words == "好"


@pytest.mark.parametrize(
    "said", [TOLD.__class__("", "x", "x"), TOLD.__class__("x", "", "x"), TOLD.__class__("x" * 61, "x", "x")]
)
def test_case_without_its_words_is_refused(stage, said):
    with pytest.raises(DomainError):
        told(stage, said=said)
    assert not CaseAward.objects.unscoped("test").exists()


def test_author_takes_a_case_back_until_it_is_judged(stage):
    row = told(stage)
    with pytest.raises(DomainError):
        actions.withdraw_case(stage.actor("operator"), caseaward_id=row.pk)
    actions.withdraw_case(stage.actor("factory_admin"), caseaward_id=row.pk)
    with pytest.raises(DomainError):
        actions.award_case(stage.actor("city_admin"), caseaward_id=row.pk, words="好")
    assert again(row).state == "withdrawn"


def test_database_keeps_what_a_case_tells_and_how_it_was_judged(stage):
    row, rows = awarded(stage), CaseAward.objects.unscoped("test")
    new = told(stage)
    tries = [
        lambda: rows.filter(pk=row.pk).update(words="别的话"),
        lambda: rows.filter(pk=new.pk).update(text="别的做法"),
        lambda: rows.filter(pk=new.pk).update(state="awarded"),
        lambda: rows.filter(pk=new.pk).update(
            state="awarded", judge_id=stage.union("sister"), officer_id=stage.user("operator"), words="好",
            decided_at=row.decided_at,
        ),
        lambda: rows.filter(pk=new.pk).delete(),
    ]  # fmt: skip
    for attempt in tries:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert (again(row).words, again(new).state) == ("做法清楚，可以照着做", "submitted")


@pytest.mark.django_db(transaction=True)
def test_case_judged_from_four_sides_at_once_is_judged_once(stage):
    row, key = told(stage), uuid4()

    def judge(who, verb):
        try:
            return verb(stage.actor(who), caseaward_id=row.pk, words=who).state
        except DomainError:
            return "refused"

    sides = [
        lambda who=who, verb=verb: judge(who, verb)
        for who in ("city_admin", "operator")
        for verb in (actions.award_case, actions.pass_over_case)
    ]
    assert sorted(at_once(*sides)).count("refused") == 3
    same = at_once(*[lambda: told(stage, key=key)] * 4)
    assert len({one.pk for one in same}) == 1


def test_case_is_told_judged_and_read_on_pages(stage, client):
    author = stage.cast.sign_in(client, "factory_admin")
    form = {"union": stage.union("factory"), "title": TOLD.title, "text": TOLD.text, "results": ""}
    wrong = author.post(reverse("admin:opsdesk_case_new"), form)
    assert (wrong.status_code, TOLD.text in wrong.content.decode()) == (422, True)
    done = author.post(reverse("admin:opsdesk_case_new"), form | {"results": TOLD.results})
    row = CaseAward.objects.unscoped("test").get()
    assert done["Location"] == reverse("admin:opsdesk_case", args=[row.pk])
    shown = author.get(done["Location"]).content.decode()
    assert ("撤回" in shown, "评为优秀案例" in shown) == (True, False)
    client.logout()
    judge = stage.cast.sign_in(client, "city_admin")
    assert "评为优秀案例" in judge.get(done["Location"]).content.decode()
    verb = reverse("admin:opsdesk_caseaward_award", args=[row.pk])
    assert judge.post(verb, {"words": "做得好"})["Location"] == done["Location"]
    client.logout()
    reader = stage.cast.sign_in(client, "reviewer")
    page = reader.get(done["Location"]).content.decode()
    assert ("做得好" in page, "factory_admin" in page) == (True, False)
    assert TOLD.title in reader.get(reverse("admin:opsdesk_cases")).content.decode()


def test_list_of_awarded_cases_costs_the_same_for_one_and_three(stage, client, django_assert_num_queries):
    reader = stage.cast.sign_in(client, "reviewer")
    for rows in (1, 2):
        for _nth in range(rows):
            awarded(stage)
        reader.get(reverse("admin:opsdesk_cases"))
        with django_assert_num_queries(6):
            reader.get(reverse("admin:opsdesk_cases"))


def test_desk_is_told_what_waits_and_an_author_is_not(stage, client):
    told(stage)
    told(stage, "city_admin", union="city")
    counts = {
        who: cases_to_judge(stage.actor(who)).count()
        for who in ("city_admin", "operator", "province_admin", "factory_admin", "sister_admin", "mei")
    }
    assert counts == {
        "city_admin": 1, "operator": 2, "province_admin": 2, "factory_admin": 0, "sister_admin": 0, "mei": 0
    }  # fmt: skip
    judge = stage.cast.sign_in(client, "city_admin")
    shown = {figure.title: figure.value for figure in judge.get(reverse("admin:index")).context["waiting"]}
    assert shown["优秀案例待评选"] == 1
    assert "等您评选 1 个" in judge.get(reverse("admin:opsdesk_cases")).content.decode()


def test_side_bar_marks_one_page_of_the_room(stage, client):
    reader = stage.cast.sign_in(client, "city_admin")
    row = told(stage)
    for address in (reverse("admin:opsdesk_cases"), reverse("admin:opsdesk_case", args=[row.pk])):
        groups = reader.get(address).context["sidebar_navigation"]
        marked = [item["link"] for group in groups for item in group["items"] if item["active"]]
        assert marked == [reverse("admin:opsdesk_cases")]
        assert [group["title"] for group in groups if group["open"]] == ["运营协同"]
