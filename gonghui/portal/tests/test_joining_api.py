"""Joining from a mini-program: found, handed in, returned, corrected, withdrawn; nobody else's."""

from __future__ import annotations

import pytest

from gonghui.joining import actions
from gonghui.joining.models import JoinApplication
from gonghui.joining.tests.stage import again, build_stage, id_no, taken
from gonghui.portal.tests.asking import asker
from tests.cast import IDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(cast):
    return build_stage(cast)


@pytest.fixture
def ask(cast, client):
    return asker(cast, client)


def body(stage, **other) -> dict:
    facts = {
        "union_id": stage.yard.pk,
        "name": "王大力",
        "id_no": id_no(1),
        "group": "truck_driver",
        "consent": True,
    }
    return facts | other


def test_unions_regions_and_groups_are_public_facts(stage, ask):
    (found,) = ask("anonymous", "get", "/join/unions?q=dongzhan").json()["items"]
    assert found == {
        "union_id": stage.yard.pk,
        "name": "东站货运场工会联合会",
        "kind": "federation",
        "place": "江口区",
    }
    regions = ask("anonymous", "get", "/join/regions?code=440100").json()
    assert regions["items"] == [{"code": "440106", "name": "江口区"}]
    assert regions["pool"]["name"] == "东江市会员周转库"
    assert ask("anonymous", "get", "/join/regions").json()["pool"] is None
    assert {"code": "truck_driver", "name": "货车司机"} in ask("anonymous", "get", "/join/groups").json()


def test_worker_applies_is_returned_and_hands_in_again(stage, ask):
    made = ask("stranger", "post", "/join/applications", body(stage, invitation_code="AB12")).json()
    assert (made["state"], made["channel"], made["name"], made["invitation_code"]) == (
        "submitted", "mini_program", "王**", "AB12",
    )  # fmt: skip
    assert made["steps"][0]["label"] == "您提交了申请"
    row = taken(stage, JoinApplication.objects.unscoped("test").get())
    actions.return_application(stage.actor("reviewer"), joinapplication_id=row.pk, asked="请写明平台")
    address = f"/me/join/applications/{row.pk}"
    assert ask("stranger", "get", address).json()["asked"] == "请写明平台"
    done = ask("stranger", "put", address, body(stage, employer="顺达", invitation_code="ZZ")).json()
    assert (done["state"], done["employer"], done["invitation_code"]) == ("submitted", "顺达", "AB12")
    assert len(ask("stranger", "get", "/me/join/applications").json()["items"]) == 1
    assert ask("stranger", "post", f"{address}/withdraw").json()["state"] == "withdrawn"


def test_refusals_are_problems_and_change_nothing(stage, ask):
    for given, status, code in (
        ({"id_no": "1"}, 422, "join_bad_application"),
        ({"consent": False}, 422, "join_consent_needed"),
        ({"union_id": 987654321}, 409, "join_not_joinable"),
        ({"name": IDS["qiang"][0], "id_no": IDS["qiang"][1]}, 422, "join_not_eligible"),
        ({"poster_code": "NOSUCHXX"}, 404, "join_bad_poster"),
        ({"channel": "on_site"}, 422, "bad_input"),
        ({"invitation_code": "<b>"}, 422, "bad_input"),
    ):
        answer = ask("stranger", "post", "/join/applications", body(stage, **given))
        assert (answer.status_code, answer.json()["code"]) == (status, code), given
    assert JoinApplication.objects.unscoped("test").count() == 0


def test_application_of_another_is_not_found(stage, ask):
    ask("stranger", "post", "/join/applications", body(stage))
    row = JoinApplication.objects.unscoped("test").get()
    for method, path, given in (
        ("get", "", None),
        ("put", "", body(stage, name="别人")),
        ("post", "/withdraw", None),
    ):
        assert ask("hua", method, f"/me/join/applications/{row.pk}{path}", given).status_code == 404
    assert (again(row).state, again(row).name) == ("submitted", "王大力")
