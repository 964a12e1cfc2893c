"""The API as another app's server asks it: by bearer token, in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.kit.actors import Actor


def asker(cast, client) -> Callable[..., Any]:
    """`ask("clerk", "post", "/counter/sales", body)` → the answer; "anonymous" has no token."""

    def asked(who: str, method: str, path: str, body: dict | None = None):
        headers = {}
        if who != "anonymous":
            user_id = cast.users[who].pk
            token = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="测试")
            headers["Authorization"] = f"Bearer {token}"
        call = getattr(client, method)
        more = {"content_type": "application/json"} if body is not None else {}
        return call(f"/api/v1{path}", body, headers=headers, **more)

    return asked
