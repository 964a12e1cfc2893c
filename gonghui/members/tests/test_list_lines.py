"""Lists of the console draw what is the same in every line once: the lines look as the theme's, the side bar is a role's."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation
from unfold.templatetags.unfold_list import items_for_result

from gonghui.kit.console import navigation, rows
from gonghui.kit.console.rows import headings, lines
from tests.cast import new_person


def listed(cast, client, who: str, address: str, **asked):
    answer = cast.sign_in(client, who).get(address, asked)
    assert answer.status_code == 200
    return answer.context["cl"], answer.content.decode()


@pytest.mark.parametrize(
    "table", ["members_person", "members_membership", "orgs_union", "orgs_grant", "members_workergroup"]
)
def test_lines_are_the_themes_own(cast, client, table):
    cl, page = listed(cast, client, "province_admin", reverse(f"admin:{table}_changelist"))
    with translation.override("zh-hans"):
        ours = list(lines(cl, headings(cl)))
        themes = ["".join(items_for_result(cl, row, None)) for row in cl.result_list]
    assert ours == themes
    assert ours and all(line in page for line in ours)


def test_line_leads_back_to_the_list_as_it_was_asked_for(cast, client):
    cl, page = listed(cast, client, "province_admin", reverse("admin:members_person_changelist"), q="陈小梅")
    address = reverse("admin:members_person_change", args=[cast.people["mei"].pk])
    assert f'href="{address}?_changelist_filters=q%3D' in page
    assert [str(row) for row in cl.result_list] == ["陈小梅"]


def test_name_with_markup_is_text_in_a_line(cast, client):
    new_person("<b>钱</b>多", "440101199001010010", "13900000001", cast.unions["factory"], verified=False)
    _cl, page = listed(cast, client, "city_admin", reverse("admin:members_person_changelist"))
    assert "&lt;b&gt;钱&lt;/b&gt;多" in page
    assert "<b>钱" not in page


def test_what_is_alike_in_all_lines_is_worked_out_once(cast, client, monkeypatch):
    asked = []
    monkeypatch.setattr(rows, "result_headers", lambda cl: asked.append(cl) or themes_own(cl))
    monkeypatch.setattr(rows, "display_for_label", lambda *facts: asked.append(facts) or "标签")
    cl, _page = listed(cast, client, "province_admin", reverse("admin:members_person_changelist"))
    assert len(cl.result_list) == 4
    states = {person.verification for person in cl.result_list}
    assert len(asked) == 1 + len(states)


themes_own = rows.result_headers


def titles(cast, client, who: str) -> set[str]:
    groups = cast.sign_in(client, who).get(reverse("admin:index")).context["sidebar_navigation"]
    return {item["title"] for group in groups for item in group["items"]}


def test_side_bar_is_worked_out_once_a_role_and_is_never_anothers(cast, client, monkeypatch):
    navigation._open_to.clear()
    worked_out = []
    monkeypatch.setattr(
        navigation, "_worked_out", lambda request: worked_out.append(1) or themes_side_bar(request)
    )
    city, judge = titles(cast, client, "city_admin"), titles(cast, client, "judge")
    assert (titles(cast, client, "sister_admin"), titles(cast, client, "judge")) == (city, judge)
    assert len(worked_out) == 2
    assert "职工" in city and "职工" not in judge


themes_side_bar = navigation._worked_out


def test_side_bar_marks_where_one_is(cast, client):
    page = cast.sign_in(client, "city_admin").get(reverse("admin:members_person_changelist")).content.decode()
    here = reverse("admin:members_person_changelist")
    assert f'<a href="{here}" class="active" aria-current="page">' in page
    assert page.count('aria-current="page"') == 1
    home = cast.sign_in(client, "city_admin").get(reverse("admin:index")).content.decode()
    assert f'<a href="{reverse("admin:index")}" class="active" aria-current="page">' in home
