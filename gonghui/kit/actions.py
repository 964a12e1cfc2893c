"""Every write is an action: one function, one verb, one transaction, one actor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from gonghui.kit.actors import Actor

request_id: ContextVar[str] = ContextVar("request_id", default="")

P = ParamSpec("P")
T = TypeVar("T")

SET_ACTOR = (
    "SELECT set_config('gonghui.actor', %s, true), set_config('gonghui.channel', %s, true),"
    " set_config('gonghui.request', %s, true), set_config('gonghui.reason', %s, true)"
)


def action(verb: Callable[P, T]) -> Callable[P, T]:
    """Runs `verb` in one transaction and names its actor to the audit trigger."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        actor = args[0]
        if not isinstance(actor, Actor):
            raise TypeError(f"{verb.__name__}: the first argument is the actor")
        with transaction.atomic():
            name_actor(actor)
            return verb(*args, **kwargs)

    return run


def name_actor(actor: Actor) -> None:
    """Tells the audit trigger who acts in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(SET_ACTOR, facts_of_actor(actor))


def facts_of_actor(actor: Actor) -> list[str]:
    """As `SET_ACTOR` takes them."""
    return [str(actor.user_id or ""), actor.channel, request_id.get(), actor.reason]
