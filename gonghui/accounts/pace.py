"""How often one may ask at a door, with or without an account."""

from __future__ import annotations

from django.http import HttpRequest

from gonghui.accounts.sessions import client_address
from gonghui.kit import pace


def keep_pace(request: HttpRequest, what: str, most: int) -> None:
    """By who is signed in, else by where they ask from."""
    user_id = request.actor.user_id
    pace.keep_pace(what, f"user {user_id}" if user_id else client_address(request), most)
