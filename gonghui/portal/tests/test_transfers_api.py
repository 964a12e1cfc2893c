"""Transfers from a mini-program: found, asked for once however often it is sent, followed, aimed elsewhere, cancelled."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gonghui.members.models import TransferRequest
from gonghui.members.tests.transferring import accepted, memberships, new_home, opened, released
from gonghui.portal.tests.asking import asker

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(cast, client):
    return asker(cast, client)


def body(cast, to: str = "riders", **other) -> dict:
    return {"key": str(uuid4()), "to_union_id": cast.unions[to].pk, "reason": "换了单位"} | other


def test_member_finds_the_union_asks_and_follows(cast, ask):
    (found,) = ask("mei", "get", "/me/transfers/unions?q=西岭配送").json()["items"]
    assert found == {
        "union_id": cast.unions["riders"].pk,
        "name": "西岭配送工会联合会",
        "above": "西岭市总工会",
    }
    made = ask("mei", "post", "/me/transfers", body(cast)).json()
    assert (made["state"], made["from_union"], made["to_union"], made["desk"], made["silence"]) == (
        "opened", "蓝海机械厂工会", "西岭配送工会联合会", "蓝海机械厂工会", "pass",
    )  # fmt: skip
    assert [step["label"] for step in made["steps"]] == ["您提出转会"]
    assert ask("mei", "get", "/me/transfers").json()["items"] == [made]
    assert ask("mei", "get", f"/me/transfers/{made['transfer_id']}").json() == made


def test_same_key_again_is_the_same_transfer_whatever_became_of_it(cast, ask):
    sent = body(cast)
    made = ask("mei", "post", "/me/transfers", sent).json()
    assert ask("mei", "post", "/me/transfers", sent).json()["transfer_id"] == made["transfer_id"]
    other = ask("mei", "post", "/me/transfers", body(cast))
    assert (other.status_code, other.json()["code"]) == (409, "transfer_open")
    done = ask("mei", "post", f"/me/transfers/{made['transfer_id']}/cancel").json()
    assert (done["state"], done["is_open"], done["desk"]) == ("cancelled", False, "")
    assert ask("mei", "post", "/me/transfers", sent).json() == done
    assert TransferRequest.objects.unscoped("test").count() == 1
    assert ask("lan", "post", "/me/transfers", sent).json()["transfer_id"] != made["transfer_id"]


def test_transfer_is_aimed_elsewhere_and_stays_released(cast, ask):
    row = released(cast)
    there = cast.unions[new_home(cast, "sister")].pk
    aimed = ask("mei", "post", f"/me/transfers/{row.pk}/aim", {"to_union_id": there}).json()
    assert (aimed["state"], aimed["to_union_id"], aimed["desk"]) == (
        "released", there, "西岭仓储工会",
    )  # fmt: skip


def test_transfer_is_nobody_elses(cast, ask):
    row = opened(cast)
    for who, status in (
        ("lan", 404),
        ("hua", 404),
        ("stranger", 404),
        ("anonymous", 401),
        ("city_admin", 401),
    ):
        assert ask(who, "get", f"/me/transfers/{row.pk}").status_code == status, who
        assert ask(who, "post", f"/me/transfers/{row.pk}/cancel").status_code == status, who
        there = {"to_union_id": cast.unions["sister"].pk}
        assert ask(who, "post", f"/me/transfers/{row.pk}/aim", there).status_code == status, who
    assert memberships(cast) == [("factory", "transferring")]


def test_union_that_is_none_and_an_account_that_is_nobodys_are_refused_with_what_to_do(cast, ask):
    for who, sent, code in (
        ("mei", body(cast, to_union_id=999999999), "transfer_no_union"),
        ("mei", body(cast, "factory"), "transfer_same_union"),
        ("hua", body(cast), "verify_first"),
    ):
        answer = ask(who, "post", "/me/transfers", sent)
        assert (answer.json()["code"], bool(answer.json()["detail"])) == (code, True)
    assert not TransferRequest.objects.unscoped("test").exists()


def test_memberships_are_listed_with_the_one_number(cast, ask):
    before = ask("mei", "get", "/me/memberships").json()["items"]
    accepted(cast)
    now, former = ask("mei", "get", "/me/memberships").json()["items"]
    assert (now["union"], now["status"], former["status"]) == ("西岭配送工会联合会", "active", "ended")
    assert now["number"] == former["number"] == before[0]["number"]
