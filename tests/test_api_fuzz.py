"""Schemathesis over the OpenAPI document: whatever is sent, no answer is a 5xx and every refusal is a problem."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.benefits.tests.crowd import new_pool, new_release
from gonghui.config.api import api
from gonghui.config.wsgi import application
from gonghui.kit.actors import Actor

# Both members see their own rows only, so what one operation changes does not hide another's fault.
FUZZ = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@pytest.fixture
def headers(cast):
    """Nobody's, and those of a member, with a pool to aim at."""
    new_pool(new_release(cast.unions["city"], party_max=3), capacity=3)
    user_id = cast.users["mei"].pk
    token = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="模糊测试")
    return ({}, {"Authorization": f"Bearer {token}"})


@pytest.fixture(autouse=True)
def _keep_the_test_transaction():
    """As Django's own test client does: a request's end does not close the test's connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations():
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    schema.app = application
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.big
@pytest.mark.django_db
@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.label)
def test_operation_answers_anything_without_a_server_error(operation, headers):
    @FUZZ
    @given(case=operation.as_strategy())
    def answers(case):
        for sent in headers:
            answer = case.call(headers=sent)
            assert answer.status_code < 500, (case.method, case.path, answer.text[:400])
            if answer.status_code >= 400:
                kind = answer.headers["content-type"][0]
                assert kind.startswith(("application/problem+json", "text/html")), kind

    answers()
