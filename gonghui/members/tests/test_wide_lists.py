"""Lists of members where there are more than anybody reads: in scope, bounded, counted by what is kept."""

from __future__ import annotations

import datetime as dt

import pytest

from gonghui.members import listing
from gonghui.members.actions import headcounts
from gonghui.members.models import Person
from gonghui.orgs.actions.unions import move_union
from gonghui.orgs.models import Grant
from tests.cast import new_person

PEOPLE = "/console/members/person/"
MEMBERSHIPS = "/console/members/membership/"


@pytest.fixture
def wide(cast, monkeypatch):
    """Twelve more in the factory, ten among the riders of the sister city; lists are wide from five on."""
    monkeypatch.setattr(listing, "FOUND_MOST", 5)
    monkeypatch.setattr(listing.WalkedByUnion, "found_most", 5)
    for n in range(22):
        home = cast.unions["factory" if n < 12 else "riders"]
        new_person(f"钱{'多少来去'[n % 4]}", f"44010119900101{n:04}", f"139{n:08}", home, verified=n % 2 == 0)
    return cast


def shown(cast, client, who: str, address: str, **asked):
    answer = cast.sign_in(client, who).get(address, asked)
    assert answer.status_code == 200
    return answer.context["cl"], answer.content.decode()


def test_wide_list_is_counted_by_what_is_kept_and_walked_by_union(wide, client):
    cl, page = shown(wide, client, "city_admin", PEOPLE)
    assert cl.result_count == 15
    assert {person.seen_memberships[0].union.name for person in cl.result_list} == {"蓝海机械厂工会"}
    assert "共 15 项" in page


def test_wide_list_shows_each_once_over_its_pages(wide, client, monkeypatch):
    from gonghui.members.admin import PersonAdmin

    monkeypatch.setattr(PersonAdmin, "list_per_page", 4)
    seen = []
    for page in range(1, 5):
        cl, _page = shown(wide, client, "city_admin", PEOPLE, p=page)
        seen += [person.pk for person in cl.result_list]
    below = Person.objects.unscoped("test").filter(
        memberships__union__path__startswith=wide.unions["city"].path
    )
    assert sorted(seen) == sorted(below.values_list("pk", flat=True))


def test_wide_list_of_a_subtree_is_that_subtree(wide, client):
    cl, _page = shown(wide, client, "province_admin", PEOPLE, under=wide.unions["sister"].pk)
    assert cl.result_count == 11
    assert {person.seen_memberships[0].union_id for person in cl.result_list} == {wide.unions["riders"].pk}
    foreign, _page = shown(wide, client, "city_admin", PEOPLE, under=wide.unions["sister"].pk)
    assert list(foreign.result_list) == []


def test_union_one_sees_without_its_members_shows_none_of_them(wide, client):
    """A judge over the province who keeps the members of one city: whatever union they pick."""
    judge = {"role": "judge", "union": wide.unions["province"], "starts_on": dt.date(2024, 1, 1)}
    Grant.objects.create(user=wide.users["sister_admin"], **judge)
    picked = {"under": wide.unions["city"].pk}
    marked = picked | {"verification__exact": "verified"}
    for address, asked in ((PEOPLE, picked), (PEOPLE, marked), (MEMBERSHIPS, picked)):
        cl, _page = shown(wide, client, "sister_admin", address, **asked)
        assert list(cl.result_list) == []
    cl, _page = shown(wide, client, "sister_admin", PEOPLE, under=wide.unions["province"].pk)
    assert cl.result_count == 11
    assert {person.seen_memberships[0].union_id for person in cl.result_list} == {wide.unions["riders"].pk}


def test_search_stops_at_so_many_and_says_so(wide, client):
    cl, page = shown(wide, client, "city_admin", PEOPLE, q="钱")
    assert cl.result_count == 5
    assert "不止 5 项" in page
    exact, page = shown(wide, client, "city_admin", PEOPLE, q="陈小梅")
    assert [person.name for person in exact.result_list] == ["陈小梅"]
    assert "共 1 项" in page


def test_search_and_filter_stay_in_scope(wide, client):
    for asked in ({"q": "赵志强"}, {"q": "zzq"}, {"q": "赵志强", "verification__exact": "verified"}):
        cl, _page = shown(wide, client, "city_admin", PEOPLE, **asked)
        assert list(cl.result_list) == []
        cl, _page = shown(wide, client, "sister_admin", PEOPLE, **asked)
        assert [person.name for person in cl.result_list] == ["赵志强"]


def test_who_left_is_in_the_memberships_and_not_among_people(wide, client):
    wide.people["mei"].memberships.update(status="exited")
    cl, _page = shown(wide, client, "city_admin", PEOPLE, q="陈小梅")
    assert list(cl.result_list) == []
    cl, _page = shown(wide, client, "city_admin", MEMBERSHIPS, q="陈小梅")
    assert [row.person.name for row in cl.result_list] == ["陈小梅"]


def test_order_of_a_column_is_not_taken_from_the_address(wide, client):
    usual, _page = shown(wide, client, "city_admin", PEOPLE)
    cl, _page = shown(wide, client, "city_admin", PEOPLE, o="-1")
    assert [row.pk for row in cl.result_list] == [row.pk for row in usual.result_list]


def test_wide_list_costs_the_same_however_many_there_are(wide, client, django_assert_max_num_queries):
    wide.sign_in(client, "city_admin")
    client.get(PEOPLE)
    with django_assert_max_num_queries(9):
        client.get(PEOPLE)


def test_moved_subtree_is_listed_where_it_is(wide, client):
    headcounts.fold_headcounts(wide.actor("province_admin"))
    factory, riders = wide.unions["district"], wide.unions["sister"]
    move_union(wide.actor("province_admin"), union_id=factory.pk, parent_id=riders.pk)
    cl, _page = shown(wide, client, "sister_admin", PEOPLE)
    assert cl.result_count == 26
    cl, _page = shown(wide, client, "city_admin", PEOPLE)
    assert list(cl.result_list) == []


def test_first_page_of_the_console_shows_the_three_figures_and_bars(wide, client):
    page = wide.sign_in(client, "province_admin").get("/console/").content.decode()
    assert "下级工会的会员" in page
    assert "15 人，实名率" in page
    assert page.index("工会组织") < page.index("实名率")
