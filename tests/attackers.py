"""What the attack tests share: clients, tokens, and what must never be seen on a page."""

from __future__ import annotations

import functools

from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedAdmin

HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")
RAW = ("<script>alert", "<img src=x", "</script><script>")


@functools.cache
def door() -> ClientHandler:
    """Django's handler; making one reads every static file there is, so all clients here share it."""
    made = ClientHandler(enforce_csrf_checks=False)
    made.load_middleware()
    return made


def quiet() -> Client:
    client = Client(raise_request_exception=False)
    client.handler = door()
    return client


def bearer(cast, who: str) -> dict:
    user_id = cast.users[who].pk
    secret = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="试")
    return {"Authorization": f"Bearer {secret}"}


def strict() -> Client:
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def listed_at(screen: ScopedAdmin) -> str:
    return reverse(f"admin:{screen.opts.app_label}_{screen.opts.model_name}_changelist")


def broken(asked) -> list:
    """What was asked where the answer was an error of ours; `asked` yields pairs of it and the answer."""
    return [what for what, answer in asked if answer.status_code >= 500]
