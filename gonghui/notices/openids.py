"""By which openid WeChat knows a member: whoever keeps that, in a room above, hangs a look-up on this list."""

from __future__ import annotations

from collections.abc import Callable, Collection

LookUp = Callable[[str, Collection[int]], dict[int, str]]
"""(appid, person ids) → person id → openid."""

WhoIs = Callable[[str, str], int | None]
"""(appid, openid) → person id."""

known: list[LookUp] = []
owners: list[WhoIs] = []


def openids_of(appid: str, person_ids: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for look_up in known:
        found |= look_up(appid, person_ids)
    return found


def whose(appid: str, openid: str) -> int | None:
    return next((found for look_up in owners if (found := look_up(appid, openid)) is not None), None)
