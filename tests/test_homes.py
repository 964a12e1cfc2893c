"""Every form of the console that asks for a union begins with the only one its reader answers for, and checks it as any other."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.audiences.models import Audience, PeopleList
from gonghui.kit.actors import Actor
from gonghui.kit.actors import Grant as Held
from gonghui.kit.console import home_of
from gonghui.notices.models import Send, Template
from gonghui.orgs.models import Grant, IndustryLine

pytestmark = pytest.mark.django_db
OFFICER, MONEY = "org_admin", "finance_officer"
FORMS = [
    ("send_new", "union", OFFICER), ("template_new", "union", OFFICER), ("audience_new", "union", OFFICER),
    ("people_list_new", "union", OFFICER), ("join_on_site", "union", OFFICER), ("join_poster_new", "union", OFFICER),
    ("roster_new", "union", OFFICER), ("activity_new", "union", OFFICER), ("offer_new", "union", OFFICER),
    ("benefit_day_new", "union", OFFICER), ("offer_import", "union", OFFICER), ("referral_campaign_new", "union", OFFICER),
    ("union_registration_new", "parent", OFFICER), ("union_registration_import", "union", OFFICER),
    ("source_new", "union", MONEY), ("budget_new", "union", OFFICER), ("notices_sendrule_add", "union", OFFICER),
]  # fmt: skip


def posted_to(cast, role: str, *unions: str, line: IndustryLine | None = None) -> None:
    user = User.objects.create(login="newcomer", is_staff=True, display_name="新同事")
    cast.users["newcomer"] = user
    for union in unions:
        Grant.objects.create(
            user=user, role=role, union=cast.unions[union], industry_line=line, starts_on=dt.date(2024, 1, 1)
        )


def begun(cast, client, name: str):
    answer = cast.sign_in(client, "newcomer").get(reverse(f"admin:{name}"))
    assert answer.status_code == 200, name
    return answer


def form_of(answer):
    return answer.context["adminform"].form if "adminform" in answer.context else answer.context["form"]


@pytest.mark.parametrize(("name", "field", "role"), FORMS, ids=lambda one: one)
def test_form_begins_with_the_union_of_who_answers_for_one(cast, client, name, field, role):
    posted_to(cast, role, "factory")
    answer = begun(cast, client, name)
    assert form_of(answer)[field].value() == cast.unions["factory"].pk
    assert f'<option value="{cast.unions["factory"].pk}" selected>' in answer.content.decode()


@pytest.mark.parametrize(
    "name",
    ["send_new", "audience_new", "activity_new", "offer_new", "benefit_day_new", "notices_sendrule_add"],
)
def test_form_begins_empty_for_who_answers_for_several(cast, client, name):
    posted_to(cast, OFFICER, "factory", "sister")
    assert not form_of(begun(cast, client, name))["union"].value()


def test_home_is_the_topmost_and_no_line_of_one(cast):
    at = {name: union.path for name, union in cast.unions.items()}

    def home(*held: tuple[str, str | None]) -> int | None:
        grants = tuple(Held("officer", at[union], frozenset({"x.write"}), line) for union, line in held)
        return home_of(Actor(user_id=1, grants=grants), "x.write")

    assert home(("city", None), ("factory", None)) == cast.unions["city"].pk
    assert home(("city", None), ("city", "delivery")) == cast.unions["city"].pk
    assert home(("city", None), ("sister", None)) is None
    assert home(("city", "delivery")) is None
    assert home(("city", "delivery"), ("factory", None)) is None
    assert home() is None
    assert home_of(Actor(user_id=1, grants=(Held("o", at["city"], frozenset({"y"})),)), "x.write") is None


@pytest.mark.parametrize("name", ["orgs_grant_add", "orgs_staff_add"])
def test_power_is_given_by_no_form_of_its_own(cast, client, name):
    posted_to(cast, OFFICER, "factory")
    assert not form_of(begun(cast, client, name))["union"].value()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("send_new", {"channels": ["inbox"], "holdout_percent": "0", "step": "send", "seen": "1"}),
        ("audience_new", {"name": "骑手", "rule": "1440", "note": "", "predicate": '{"version": 1, "tree": {"all": []}}'}),
        ("people_list_new", {"name": "名单", "text": "13800000003"}),
        ("template_new", {"name": "通知", "kind": "notice", "title": "通知", "body": "通知"}),
    ],
)  # fmt: skip
def test_union_sent_is_checked_however_the_form_began(cast, client, name, given):
    posted_to(cast, OFFICER, "factory")
    begun(cast, client, name)
    answer = client.post(reverse(f"admin:{name}"), {"union": cast.unions["sister"].pk, **given})
    assert (answer.status_code, "union" in form_of(answer).errors) == (422, True)
    for model in (Send, Audience, PeopleList, Template):
        assert not model.objects.unscoped("test").exists()
