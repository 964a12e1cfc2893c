"""Whoever is bound to a line of industry meets its live members and nobody else, in no list, page, sheet or figure."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from gonghui.accounts.models import User
from gonghui.funds.actions.rules import regions_of
from gonghui.funds.queries import budgets_to_take_from, sources_to_take_from
from gonghui.kit import clock
from gonghui.kit.console import ScopedAdmin
from gonghui.kit.console.navigation import pages
from gonghui.kit.masks import mask_name
from gonghui.ledger import day_pages
from gonghui.members.actions import changes, corrections, counter, exports, tags, transfers
from gonghui.members.headcounts import headcount_of
from gonghui.members.models import Membership, MergeCase
from gonghui.orgs.models import Grant, IndustryLine
from gonghui.orgs.roles import ROLES
from tests.attackers import listed_at, quiet
from tests.cast import IDS

SCREENS = [s for s in admin.site._registry.values() if isinstance(s, ScopedAdmin)]
OF_LINE, OTHERS = "qiang", ("mei", "hua", "lan")
ROWS_MAX = 3


def marks_of(*names: str) -> list[str]:
    """A name, whole or masked, the whole numbers and the end of the document."""
    return [
        word
        for name in names
        for said, id_no, phone in [IDS[name]]
        for word in (said, mask_name(said), id_no, phone)
    ]


@pytest.fixture
def busy(cast, stage) -> None:
    """Something of everybody on every screen of members."""
    city, sister = cast.actor("city_admin"), cast.actor("sister_admin")
    for actor, name in ((sister, OF_LINE), (city, "mei"), (city, "lan")):
        held = Membership.objects.unscoped("test").get(person=cast.people[name])
        left = changes.ChangeTerms(kind="laid_off", happened_on=clock.today(), document="1 号", reason="停产")
        changes.propose_change(actor, membership_id=held.pk, terms=left)
        tag = tags.TagTerms(kind="hardship", evidence="困难证 1 号", since=dt.date(2024, 1, 1))
        tags.tag_person(actor, membership_id=held.pk, terms=tag)
        counter.open_request(actor, person_id=held.person_id, kind="copy", words="本人带身份证到场")
        corrections.ask_correction(cast.actor(name), right=corrections.Right(name="改名不成"))
        claimant = cast.users["stranger"]
        MergeCase.objects.create(person=cast.people[name], claimant=claimant, reason="linked_elsewhere")
        terms = exports.ExportTerms(table="members.Person", title="职工", reason="核对名单")
        exports.ask_export(actor, terms=terms, row_ids=[held.person_id])
    papers = transfers.Papers(name=IDS["hua"][0], id_no=IDS["hua"][1], document="介 1 号")
    transfers.open_transfer_for(city, to_union_id=cast.unions["riders"].pk, papers=papers)


@pytest.fixture
def bound(cast) -> str:
    """Every role over the whole province, for the riders' line alone."""
    user = User.objects.create(login="bound", is_staff=True, display_name="bound")
    line = IndustryLine.objects.get(code="delivery")
    facts = {"user": user, "union": cast.unions["province"], "industry_line": line}
    Grant.objects.bulk_create(Grant(role=role, starts_on=dt.date(2024, 1, 1), **facts) for role in ROLES)
    cast.users["bound"] = user
    return "bound"


def addresses(screen, answer) -> list[str]:
    """Who wrote a list shared by all is named in its history, and is one of the staff elsewhere than in a stage."""
    ends = ("change", "history") if screen.path_field else ("change",)
    found = [f"{listed_at(screen)}export/"]
    if answer.status_code == 200 and "cl" in answer.context:
        for row in answer.context["cl"].result_list[:ROWS_MAX]:
            found += [f"{listed_at(screen)}{row.pk}/{end}/" for end in ends]
    return found


def met(answer, marks: list[str]) -> list[str]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return [mark for mark in marks if mark.encode() in body]


def walked() -> list[str]:
    found = ["/console/"]
    for page in pages():
        try:
            found.append(reverse(f"admin:{page.name}"))
        except NoReverseMatch:  # of one row
            continue
    return found


def test_grant_bound_to_a_line_meets_its_members_and_nobody_else(cast, stage, busy, bound):
    client, others, shown = cast.sign_in(quiet(), bound), marks_of(*OTHERS), set()
    for screen in SCREENS:
        answer = client.get(listed_at(screen))
        assert answer.status_code in (200, 403), screen
        for one in (answer, *map(client.get, addresses(screen, answer))):
            assert met(one, others) == [], screen
        if met(answer, marks_of(OF_LINE)):
            shown.add(screen.model._meta.label.partition(".")[2])
    for address in walked():
        assert met(client.get(address), others) == [], address
    assert shown == {
        "Person",
        "Membership",
        "MembershipChange",
        "PersonTag",
        "CounterRequest",
        "MergeCase",
        "CorrectionRequest",
    }


def test_rows_of_others_are_not_there_for_a_line(cast, stage, busy, bound):
    """By their addresses, as whoever sees all meets them."""
    client, whole = cast.sign_in(quiet(), bound), cast.sign_in(quiet(), "province_admin")
    seen = 0
    for screen in SCREENS:
        answer = whole.get(listed_at(screen))
        for address in addresses(screen, answer)[1:]:
            if met(whole.get(address), marks_of(*OTHERS)):
                seen += 1
                assert met(client.get(address), marks_of(*OTHERS)) == [], address
    assert seen > 15


KNOWING = {
    "members.Person", "members.Membership", "members.MembershipChange", "members.TransferRequest", "members.PersonTag",
    "members.CounterRequest", "members.CorrectionRequest", "members.MergeCase", "members.RosterImport", "members.ExportRequest",
    "orgs.Union", "orgs.UnionRegistration",
}  # fmt: skip
"""Screens whose scope says what is of a line."""


def test_screen_that_knows_no_line_shows_none_of_its_rows(cast, stage, busy, bound):
    """Whatever is of a place and not of a line: nothing of it, though the grant brings every verb for the whole province."""
    actor, whole, filled = cast.actor(bound), cast.actor("province_admin"), 0
    for screen in SCREENS:
        if not screen.path_field or screen.model._meta.label in KNOWING:
            continue
        filled += screen.within(whole).exists()
        assert not screen.within(actor).exists(), screen
    assert filled > 15


def test_pages_that_add_up_a_subtree_add_up_nothing_for_a_line(cast, bound):
    actor = cast.actor(bound)
    assert headcount_of(actor).members == 1
    assert day_pages.paths_of(actor, None) == []
    assert not budgets_to_take_from(actor).exists()
    assert not sources_to_take_from(actor).exists()
    assert not regions_of(actor).exists()
