"""What an attacker tries of rights: other people's rows, with their ids, as nobody or as somebody else."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.test import Client

from gonghui.activities.tests.stage import written
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.members.models import Delegation
from gonghui.members.queries import bookable_for
from gonghui.notices.actions import tell
from gonghui.portal.my_data import my_data_json
from gonghui.portal.queries.account import SECTIONS
from tests.attackers import bearer
from tests.cast import IDS
from tests.walk import fingerprint

SYSTEM = Actor.system("test")


# --- NULL is nobody -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anonymous", "stranger", "city_admin", "clerk"])
def test_whoever_is_no_person_may_book_for_nobody(cast, who):
    assert cast.actor(who).person_id is None
    assert list(bookable_for(cast.actor(who))) == []


@pytest.mark.parametrize("who", ["stranger", "city_admin"])
def test_forms_offer_a_stranger_nobody_to_book_for(cast, client, stage, who):
    cast.sign_in(client, who)
    names = [f"{name[0]}*" for name, _id, _phone in IDS.values()]
    for path in ("/claims/{release}", "/draws/{lots}/enter", "/me/party/{release}"):
        page = client.get(stage.address(path))
        assert page.status_code == 200
        assert not [name for name in names if name in page.content.decode()], path


def test_stranger_gets_no_place_in_the_name_of_a_member(cast, client, stage):
    before = fingerprint()
    cast.sign_in(client, "stranger")
    lan = cast.people["lan"].pk
    asked = {"pool": stage.facts["pool"], "seats": 1, "key": str(uuid4()), "for_person": lan}
    assert client.post(stage.address("/claims/{release}"), asked).status_code == 422
    assert client.get(stage.address("/me/pass/{pool}?for=") + str(lan)).status_code == 403
    body = {"key": str(uuid4()), "seats": 1, "for_person": lan}
    answer = client.post(
        stage.address("/api/v1/pools/{pool}/claims"), body, content_type="application/json",
        headers=bearer(cast, "stranger"),
    )  # fmt: skip
    assert answer.status_code == 403
    assert fingerprint() == before


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.code)
def test_own_data_of_one_without_a_person_names_no_row_of_anybody(cast, stage, section):
    tell(SYSTEM, person_id=cast.people["mei"].pk, kind="notice", title="美的消息")
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"], relation="family")
    rows = list(section.rows(cast.actor("stranger")))
    assert len(rows) == (1 if section.code == "account" else 0)


def test_own_data_of_one_member_holds_nothing_of_another(cast, stage):
    tell(SYSTEM, person_id=cast.people["lan"].pk, kind="notice", title="兰的消息")
    text = my_data_json(cast.actor("mei")).decode()
    assert stage.facts["code"] in text
    for name, number, phone in (IDS["lan"], IDS["qiang"], IDS["hua"]):
        assert not [value for value in (name, number, phone, "兰的消息") if value in text]


def test_every_scoped_model_shows_an_anonymous_actor_only_what_was_published(cast, stage):
    """The rows a nobody may read belong to a short list of tables."""
    from django.apps import apps

    from gonghui.kit.scope import Everyone, ScopedQuerySet

    tell(SYSTEM, person_id=cast.people["mei"].pk, kind="notice", title="消息")
    seen = set()
    for model in apps.get_models():
        is_ours = isinstance(model._default_manager.get_queryset(), ScopedQuerySet)
        if is_ours and not isinstance(model.scope, Everyone) and model.objects.visible_to(ANONYMOUS).exists():
            seen.add(model._meta.label)
    published = {
        "activities.Activity",
        "activities.Session",
        "benefits.Release",
        "benefits.Pool",
        "benefits.Offer",
        "wellbeing.HealthPlan",
        "wellbeing.Package",
        "mall.Shop",
        "mall.Product",
        "mall.Picture",
        "mall.ProductPicture",
    }
    assert seen <= published | {"partners.Partner", "partners.Store", "partners.Hall"}


# --- Other people's rows ------------------------------------------------------------------------------------


def test_ids_of_others_answer_like_ids_of_nobody(cast, client, stage):
    message = tell(SYSTEM, person_id=cast.people["lan"].pk, kind="notice", title="兰的消息")
    given = Delegation.objects.create(
        person=cast.people["lan"], delegate=cast.people["qiang"], relation="family"
    )
    cast.sign_in(Client(), "lan")
    cast.sign_in(client, "hua")
    before = fingerprint()
    for verb, path, missing in (
        ("get", f"/messages/{message.pk}", "/messages/987654321"),
        ("post", f"/me/delegations/{given.pk}/end", "/me/delegations/987654321/end"),
        ("get", stage.address("/tickets/{code}"), "/tickets/ZZZZZZZZ"),
        ("post", stage.address("/tickets/{code}/return"), "/tickets/ZZZZZZZZ/return"),
        ("get", stage.address("/activities/{draft}"), "/activities/987654321"),
    ):
        theirs, nobodys = (getattr(client, verb)(p) for p in (path, missing))
        assert (theirs.status_code, nobodys.status_code) == (404, 404), path
        assert len(theirs.content) == len(nobodys.content), path
    assert fingerprint() == before


def test_devices_of_others_cannot_be_ended(cast, client):
    from gonghui.accounts.models import Device

    bearer(cast, "lan")
    device = Device.objects.unscoped("test").get(user=cast.users["lan"])
    cast.sign_in(client, "mei")
    assert client.post(f"/me/devices/{device.pk}/end").status_code == 404
    assert Device.objects.unscoped("test").get(pk=device.pk).ended_at is None


def test_drafts_of_the_sister_city_are_hidden_in_every_page_of_the_console(cast, client):
    draft = written(cast)
    cast.sign_in(client, "sister_admin")
    before = fingerprint()
    for page in ("text", "sessions/new", "live"):
        address = f"/console/activities/{draft.pk}/{page}"
        assert client.get(address).status_code in (302, 403, 404), page
        assert client.post(address, {"title": "夺"}).status_code in (302, 403, 404, 405), page
    for address in (
        f"/console/reports/activity/{draft.pk}",
        f"/console/activities/activity/{draft.pk}/change/",
    ):
        assert client.get(address).status_code in (302, 403, 404), address
    assert fingerprint() == before


def test_member_facing_json_names_others_masked(cast, client, stage):
    mei, lan = cast.people["mei"], cast.people["lan"]
    Delegation.objects.create(person=lan, delegate=mei, relation="family")
    headers = bearer(cast, "mei")
    cast.sign_in(client, "mei")
    texts = [client.get(stage.address("/me/party/{release}")).content.decode()]
    for path in ("me/bookable", "me", "tickets", "waiting", "releases/{lots}/draws", "activities/{activity}"):
        texts.append(client.get(stage.address(f"/api/v1/{path}"), headers=headers).content.decode())
    look = {"store_id": cast.store.pk, "text": stage.facts["code"]}
    asked = client.post(
        "/api/v1/counter/look", look, content_type="application/json", headers=bearer(cast, "clerk")
    )
    assert asked.json()["holder"] == "陈**"
    texts = [json.dumps(json.loads(text), ensure_ascii=False) for text in [*texts, asked.content.decode()]]
    assert "黄**" in texts[0] and "黄**" in texts[1]
    for text in texts:
        assert not [v for name, number, phone in IDS.values() for v in (name, number, phone) if v in text]
