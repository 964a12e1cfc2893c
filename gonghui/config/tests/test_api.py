"""The API as a mini-program uses it, and as a fuzzer does."""

import json
from uuid import uuid4

import pytest

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.benefits.models import Voucher
from gonghui.benefits.tests.crowd import new_pool, new_release
from gonghui.kit.actors import Actor

API = "/api/v1"


@pytest.fixture
def token_of(cast):
    return lambda name: issue_api_token(
        Actor(user_id=cast.users[name].pk), user_id=cast.users[name].pk, label="测试"
    )


@pytest.fixture
def call(client):
    def run(method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = json.dumps(body) if body is not None else ""
        return client.generic(method, API + path, content, content_type="application/json", headers=headers)

    return run


@pytest.fixture
def pool(cast):
    return new_pool(new_release(cast.unions["city"], party_max=3), capacity=3)


def test_member_claims_shows_and_returns_a_ticket_by_token(call, token_of, pool):
    token = token_of("mei")
    claimed = call("POST", f"/pools/{pool.pk}/claims", {"key": str(uuid4()), "seats": 2}, token).json()
    assert (claimed["answer"], claimed["remaining"]) == ("won", 1)
    listed = call("GET", "/tickets", token=token).json()
    assert [t["code"] for t in listed["items"]] == [claimed["code"]]
    shown = call("GET", f"/tickets/{claimed['code']}", token=token).json()
    assert (len(shown["secret"]), shown["seats"], shown["can_return"]) == (64, 2, True)
    assert call("DELETE", f"/tickets/{claimed['code']}", token=token).status_code == 204
    assert Voucher.objects.unscoped("test").get(code=claimed["code"]).state == "returned"


def test_same_key_is_the_same_claim(call, token_of, pool):
    body, token = {"key": str(uuid4())}, token_of("mei")
    codes = {call("POST", f"/pools/{pool.pk}/claims", body, token).json()["code"] for _ in range(3)}
    assert len(codes) == 1


def test_pass_is_bound_to_the_token_it_was_given_to(call, token_of, pool):
    from gonghui.benefits.gate.passes import Passes, binding_of
    from gonghui.kit.crypto import get_keyring

    token = token_of("mei")
    given = call("POST", f"/pools/{pool.pk}/pass", {"seats": 1}, token).json()
    assert Passes(get_keyring()).read(given["pass"]).binding == binding_of(token)


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [(None, 401, "sign_in_first"), ("hua", 403, "not_verified"), ("qiang", 403, "not_in_audience")],
)
def test_refusals_are_problems_in_words_and_change_nothing(call, token_of, pool, who, status, code):
    token = token_of(who) if who else None
    answer = call("POST", f"/pools/{pool.pk}/claims", {"key": str(uuid4())}, token)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["code"], problem["status"]) == (code, status) and problem["title"] and problem["detail"]
    assert Voucher.objects.unscoped("test").count() == 0


def test_other_members_ticket_is_not_found(call, token_of, pool):
    code = call("POST", f"/pools/{pool.pk}/claims", {"key": str(uuid4())}, token_of("mei")).json()["code"]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/confirm"), ("POST", "/rating")):
        body = {"score": 5} if path == "/rating" else {}
        answer = call(method, f"/tickets/{code}{path}", body, token_of("lan"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_staff_token_and_ended_token_open_nothing(call, token_of, cast):
    from gonghui.accounts.actions.devices import sign_out_everywhere

    assert call("GET", "/me", token=token_of("city_admin")).status_code == 401
    token = token_of("mei")
    sign_out_everywhere(cast.actor("mei"))
    assert call("GET", "/me", token=token).status_code == 401


def test_session_write_without_csrf_token_is_refused(cast, pool):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.users["mei"])
    answer = client.post(
        f"{API}/pools/{pool.pk}/claims", json.dumps({"key": str(uuid4())}), content_type="application/json"
    )
    assert answer.status_code == 403 and Voucher.objects.unscoped("test").count() == 0


def test_invalid_body_names_the_field(call, token_of, pool):
    problem = call("POST", f"/pools/{pool.pk}/claims", {"key": "x", "seats": 0}, token_of("mei")).json()
    assert problem["status"] == 422
    assert {e["at"] for e in problem["errors"]} == {"body.body.key", "body.body.seats"}


def test_documentation_page_runs_without_inline_script(client, db):
    page = client.get(f"{API}/docs")
    assert page.status_code == 200 and "cdn" not in page.content.decode()
    paths = client.get(f"{API}/openapi.json").json()["paths"]
    assert len(paths) > 20
