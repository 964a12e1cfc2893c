"""Who takes part in a health plan is met nowhere by whoever stands at or below an employer, whatever their role."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from gonghui.accounts.models import User
from gonghui.kit.console import ScopedAdmin
from gonghui.kit.console.navigation import pages
from gonghui.orgs.models import Grant
from gonghui.orgs.roles import ROLES
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package
from tests.attackers import listed_at, quiet

SCREENS = [s for s in admin.site._registry.values() if isinstance(s, ScopedAdmin)]
ROWS_MAX = 3


@pytest.fixture
def marks(stage) -> list[str]:
    """Words by which it would be recognised wherever it shows."""
    plan = HealthPlan.objects.unscoped("test").get(pk=stage.facts["plan"])
    package = Package.objects.unscoped("test").get(plan=plan)
    place = Enrolment.objects.unscoped("test").get(pk=stage.facts["place"])
    said = [plan.title, package.title, f"health:{place.pk}", place.code]
    return [word for word in said if word]


def holder_of_every_role(cast, union: str) -> str:
    """Whatever one role sees there, this one sees."""
    user = User.objects.create(login="everything", is_staff=True, display_name="everything")
    Grant.objects.bulk_create(
        Grant(user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1)) for role in ROLES
    )
    cast.users["everything"] = user
    return "everything"


def walked() -> list[str]:
    found = []
    for page in pages():
        try:
            found.append(reverse(f"admin:{page.name}"))
        except NoReverseMatch:  # of one row: reached from its list below
            continue
    return found


def test_employer_side_meets_health_in_no_list_page_or_export(cast, stage, marks):
    client, listed = cast.sign_in(quiet(), holder_of_every_role(cast, "factory")), 0
    for screen in SCREENS:
        answer = client.get(listed_at(screen))
        addresses = [f"{listed_at(screen)}export/"]
        if answer.status_code == 200 and "cl" in answer.context:
            listed += 1
            rows = answer.context["cl"].result_list[:ROWS_MAX]
            addresses += [f"{listed_at(screen)}{row.pk}/change/" for row in rows]
        for one in (answer, *map(client.get, addresses)):
            assert met(one, marks) == [], screen
    for address in (*walked(), "/console/"):
        assert met(client.get(address), marks) == [], address
    assert listed > 50


def met(answer, marks: list[str]) -> list[str]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return [mark for mark in marks if mark.encode() in body]


def test_union_of_the_plan_does_meet_it(cast, stage, marks):
    """Else the walk above would prove nothing."""
    client = cast.sign_in(quiet(), "city_admin")
    seen = {mark for screen in SCREENS for mark in met(client.get(listed_at(screen)), marks)}
    assert set(marks[:2]) <= seen
