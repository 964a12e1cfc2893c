"""转会 in the back office: both sides see it, each is offered its own word."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.kit.console.dashboard import Figure
from gonghui.members.models import Membership, Person, TransferRequest, TransferRule
from gonghui.members.tests.transferring import (
    NEW,
    OLD,
    again,
    days_later,
    memberships,
    new_home,
    opened,
    released,
)
from gonghui.members.transfer_pages import to_accept, to_release
from tests.cast import IDS
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


class TestTransferScreen(ConsoleContract):
    model = TransferRequest

    def own(self, cast):
        return opened(cast, "mei", new_home(cast, "district"))

    def foreign(self, cast):
        return opened(cast, "qiang", new_home(cast, "sister"))

    def more(self, cast, count):
        for n in range(count):
            user = cast.users["lan"] if n == 0 else cast.users["hua"]
            person = Person.objects.unscoped("test").get(user=user)
            Person.objects.unscoped("test").filter(pk=person.pk).update(
                verification="verified", verified_at=person.created_at
            )
            opened(cast, "lan" if n == 0 else "hua", "riders")


class TestTransferRuleScreen(ConsoleContract):
    model = TransferRule
    change, wrong = {"release_days": 7}, {"release_days": 0}

    def own(self, cast):
        return TransferRule.objects.create(union=cast.unions["factory"], clause="会籍办法第五条")

    def foreign(self, cast):
        return TransferRule.objects.create(union=cast.unions["riders"], clause="西岭规定")

    def more(self, cast, count):
        for union in ("district", "city")[:count]:
            TransferRule.objects.create(union=cast.unions[union], clause=union)


def at(row, verb: str = "") -> str:
    tail = f"_{verb}" if verb else "_change"
    return reverse(f"admin:members_transferrequest{tail}", args=[row.pk])


def test_both_sides_see_it_and_each_is_offered_its_own_word(cast, client):
    row = opened(cast)
    seen = {}
    for who in (OLD, NEW):
        cast.sign_in(client, who)
        page = client.get(at(row)).content.decode()
        seen[who] = [verb for verb in ("release", "accept", "refuse") if f"verb/{verb}" in page]
    assert seen == {OLD: ["release", "refuse"], NEW: ["refuse"]}
    client.post(at(row, "release"))
    assert again(row).state == "opened"
    cast.sign_in(client, OLD)
    client.post(at(row, "release"))
    cast.sign_in(client, NEW)
    client.post(at(row, "accept"))
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def test_refusal_in_the_console_needs_its_reason(cast, client):
    row = opened(cast)
    cast.sign_in(client, OLD)
    client.post(at(row, "refuse"), {"reason": ""})
    assert again(row).state == "opened"
    client.post(at(row, "refuse"), {"reason": "工作交接还没有办完"})
    assert (again(row).state, row.steps.get(kind="refused").words) == ("refused", "工作交接还没有办完")
    assert "工作交接还没有办完" in client.get(at(row)).content.decode()


def figure(found: Figure | None) -> tuple | None:
    return (found.value, found.note) if found else None


def test_desks_count_what_waits_for_them(cast):
    assert [to_release(cast.actor(OLD)), to_accept(cast.actor(NEW))] == [None, None]
    opened(cast)
    assert (figure(to_release(cast.actor(OLD))), figure(to_release(cast.actor(NEW)))) == ((1, ""), None)
    released(cast, "lan")
    assert (figure(to_accept(cast.actor(NEW))), figure(to_accept(cast.actor(OLD)))) == ((1, ""), None)
    with days_later(12):
        assert figure(to_release(cast.actor(OLD))) == (1, "其中 1 件已过期")


def papers(**facts) -> dict:
    name, id_no, _phone = IDS["mei"]
    known = {"name": name, "id_type": "resident_id", "id_no": id_no, "to_union": "西岭配送工会联合会"}
    return known | {"document": "东转〔2026〕1号", "reason": "换了单位"} | facts


def test_papers_are_taken_at_the_counter(cast, client):
    cast.sign_in(client, NEW)
    page = reverse("admin:transfer_new")
    assert client.get(page).status_code == 200
    for wrong in ({"name": "王五"}, {"to_union": "没有这个工会"}, {"id_no": "1"}, {"document": ""}):
        answer = client.post(page, papers(**wrong))
        assert (answer.status_code, TransferRequest.objects.unscoped("test").count()) == (422, 0), wrong
    answer = client.post(page, papers())
    row = TransferRequest.objects.unscoped("test").get()
    assert (answer.status_code, answer["Location"]) == (302, at(row))
    assert (row.person, row.opener) == (cast.people["mei"], cast.users[NEW])


@pytest.mark.parametrize("who", ["judge", "finance_officer", "mei", "stranger"])
def test_papers_are_not_taken_by_others(cast, client, who):
    cast.sign_in(client, who)
    assert client.post(reverse("admin:transfer_new"), papers()).status_code in (302, 403)
    assert TransferRequest.objects.unscoped("test").count() == 0


def test_number_stands_on_the_membership_in_groups(cast, client):
    row = Membership.objects.unscoped("test").get(person=cast.people["mei"])
    cast.sign_in(client, OLD)
    page = client.get(reverse("admin:members_membership_change", args=[row.pk])).content.decode()
    number = str(row.person.number)
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in page
