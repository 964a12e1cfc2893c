"""Health plans for other apps: the same road as the pages, refusals as problems, nobody else's place."""

from __future__ import annotations

import json

import pytest

from gonghui.funds.tests.stage import trial
from gonghui.payments import tasks as payment_tasks
from gonghui.payments.errors import OPENID_NEEDED
from gonghui.payments.models import Payment
from gonghui.payments.tests.figures import identified
from gonghui.portal.tests.asking import asker
from gonghui.wellbeing.actions import paying
from gonghui.wellbeing.models import Enrolment
from gonghui.wellbeing.tests.conftest import *  # noqa: F403
from gonghui.wellbeing.tests.stage import SYSTEM, applied, slot_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(cast, client):
    return asker(cast, client)


def test_member_goes_from_the_plan_to_a_booked_date_and_back(wechat, health, ask):
    slot = slot_in(health, 4)
    (found,) = ask("mei", "get", "/health/plans").json()
    assert (found["plan_id"], found["left"], found["refused"], found["place_id"]) == (
        health.plan.pk,
        3,
        None,
        None,
    )
    shown = ask("mei", "get", f"/health/plans/{health.plan.pk}").json()["packages"][0]
    assert shown["co_pay_fen"] + shown["subsidy_fen"] + shown["concession_fen"] == shown["list_fen"] == 46_500
    wanted = {"package_id": health.package.pk}
    refused = ask("mei", "post", f"/health/plans/{health.plan.pk}/places", wanted)
    assert (refused.status_code, refused.json()["code"]) == (422, "health_consent_needed")
    place = ask("mei", "post", f"/health/plans/{health.plan.pk}/places", wanted | {"agrees": True}).json()
    assert (place["state"], place["code"], place["slot"]) == ("co_pay_due", "", None)
    at = f"/me/health/{place['place_id']}"
    unknown = ask("mei", "post", f"{at}/payment")
    assert (unknown.status_code, unknown.json()["code"]) == (422, OPENID_NEEDED.code)
    identified(health.actor("mei").person_id)
    assert ask("mei", "post", f"{at}/payment").json()["amount_fen"] == 10_000
    payment = Payment.objects.unscoped("test").get()
    wechat.pay(payment.out_trade_no)
    wechat.deliver(payment_tasks.take_notice)
    paying.note_co_pay(SYSTEM, payment_id=payment.pk)
    assert slot.pk in [one["slot_id"] for one in ask("mei", "get", f"{at}/slots").json()]
    booked = ask("mei", "put", f"{at}/slot", {"slot_id": slot.pk}).json()
    row = Enrolment.objects.unscoped("test").get()
    assert (booked["state"], booked["code"], booked["slot"]["day"]) == ("booked", row.code, f"{slot.day}")
    assert [one["place_id"] for one in ask("mei", "get", "/me/health").json()] == [row.pk]
    given_up = ask("mei", "delete", at).json()
    assert (given_up["state"], given_up["refunded_fen"], given_up["code"]) == ("cancelled", 10_000, "")
    assert trial() == 0


def test_place_of_another_is_not_there(health, ask):
    row = applied(health, health.actor("mei"))
    doors = [
        ("get", "", None), ("get", "/slots", None), ("post", "/payment", {}), ("put", "/slot", {"slot_id": 1}),
        ("delete", "", None),
    ]  # fmt: skip
    said = {
        ask("lan", method, f"/me/health/{row.pk}{path}", body).status_code for method, path, body in doors
    }
    assert said == {404}
    assert ask("lan", "get", "/me/health").json() == []
    row.refresh_from_db(from_queryset=Enrolment.objects.unscoped("test"))
    assert row.state == "co_pay_due"


def test_stranger_reads_the_plan_and_why_not(health, ask):
    (found,) = ask("anonymous", "get", "/health/plans").json()
    assert (found["title"], bool(found["refused"]["title"])) == (health.plan.title, True)
    wanted = {"package_id": health.package.pk, "agrees": True}
    assert ask("anonymous", "post", f"/health/plans/{health.plan.pk}/places", wanted).status_code == 401
    refused = ask("lan", "post", f"/health/plans/{health.plan.pk}/places", wanted).json()
    assert refused["code"] == "health_not_in_groups"
    assert Enrolment.objects.unscoped("test").count() == 0


def test_no_answer_has_a_field_for_a_medical_result(client):
    """Every shape of these doors, by the names of its fields."""
    shapes = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    ours = (
        "PlanOut",
        "PlanWithPackagesOut",
        "PackageOut",
        "PlaceOut",
        "SlotOut",
        "InvitationOut",
        "WhyNotOut",
    )
    names = {name for shape in ours for name in shapes[shape]["properties"]}
    free_text = {
        name for name in names if "result" in name or "report" in name or "note" in name or "file" in name
    }
    assert (free_text, "result" in json.dumps([shapes[shape] for shape in ours])) == (set(), False)
