"""A page whose frame is the same for every reader: rendered once in two seconds with gaps in it, filled for each reader.

A gap is a context variable whose value is a mark; a template may ask whether it is set, not what it holds.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from gonghui.portal.queries.fresh import FRESH_S, fresh_key, shelf

UNREAD_SHOWN_MAX = 99
# Nobody who writes a title can know the mark.
SEAL = secrets.token_hex(8)
MARK = re.compile(rf"\[\[{SEAL}:(\w+)\]\]")
Pieces = tuple[str, ...]


def looks_of(request: HttpRequest) -> tuple[bool, bool]:
    """What of a request shows in the frame itself: elder mode, and whether WeChat draws the title bar."""
    return request.COOKIES.get("elder") == "1", "MicroMessenger" in request.headers.get("User-Agent", "")


def frame(
    key: str, template: str, facts: Callable[[], Mapping[str, Any]], gaps: Iterable[str], looks=(False, False)
) -> Pieces:
    """Text, name of a gap, text, name, …, text. `facts` is asked only where nothing fresh is kept.

    Of what strangers type only what is known to us belongs in `key`: there is one frame a key and set of gaps to keep.
    """
    gaps = tuple(gaps)
    name = fresh_key("frame", key, gaps, looks)
    found = shelf.get(name)
    if found is None:
        found = rendered(template, facts(), gaps, looks)
        shelf.set(name, found, FRESH_S)
    return found


def rendered(template: str, facts: Mapping[str, Any], gaps: Iterable[str], looks=(False, False)) -> Pieces:
    elder, wechat = looks
    agent = {"User-Agent": "MicroMessenger" if wechat else ""}
    stand_in = SimpleNamespace(COOKIES={"elder": "1"} if elder else {}, headers=agent)
    marks = {name: mark_safe(f"[[{SEAL}:{name}]]") for name in gaps}  # noqa: S308  names of ours, typed by nobody
    return tuple(MARK.split(render_to_string(template, {"request": stand_in, **facts, **marks})))


def filled(pieces: Pieces, values: Mapping[str, Any]) -> str:
    """Values are HTML already."""
    return "".join(str(values[piece]) if at % 2 else piece for at, piece in enumerate(pieces))


def badge(unread: int) -> str | None:
    """The number on 消息; no gap where nothing is unread."""
    return None if not unread else f"{UNREAD_SHOWN_MAX}+" if unread > UNREAD_SHOWN_MAX else str(unread)


def answer(
    request: HttpRequest,
    key: str | None,
    template: str,
    facts: Callable[[], Mapping[str, Any]],
    values: Mapping[str, Any],
) -> HttpResponse:
    """The page for this reader: `values` fill its gaps, None leaves one out.

    Rendered for this reader alone where something is to be said to them, and where there is no `key`.
    """
    given = {name: value for name, value in values.items() if value is not None}
    said, looks = list(get_messages(request)), looks_of(request)
    if said or key is None:
        pieces = rendered(template, {**facts(), "messages": said}, given, looks)
    else:
        pieces = frame(key, template, facts, given, looks)
    return HttpResponse(filled(pieces, given))
