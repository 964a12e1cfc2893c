"""The console's first page: figures and what comes next, filled by each app through two lists.

@figure(needs="members.view", order=10)
def members_in_scope(actor):
    return Figure(_("会员"), count, icon="group", link=…, note=_("其中已实名 %s") % …)

@upcoming
def releases_to_open(actor):
    yield Coming(at=release.opens_at, title=…, note=…, link=…)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from gonghui.kit import clock
from gonghui.kit.actors import Actor

COMING_MAX = 8


@dataclass(frozen=True, slots=True)
class Figure:
    title: str
    value: int | str
    icon: str = ""
    link: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """`length` and the darker `part` of it are shares of the longest, 0 to 1."""

    label: str
    length: float
    part: float = 0
    note: str = ""
    link: str = ""

    @property
    def widths(self) -> tuple[str, str]:
        """In hundredths, as SVG takes them in any language."""
        return f"{self.length * 100:.2f}", f"{self.part * 100:.2f}"


@dataclass(frozen=True, slots=True)
class Bars:
    title: str
    rows: list[Bar]


@dataclass(frozen=True, slots=True)
class Coming:
    at: datetime
    title: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    needs: str
    order: int
    read: Callable[[Actor], Any]


_figures: list[_Source] = []
_coming: list[_Source] = []
_tasks: list[_Source] = []
_bars: list[_Source] = []


def _registering(sources: list[_Source], needs: str, order: int) -> Callable:
    def register(read):
        sources.append(_Source(needs, order, read))
        return read

    return register


def figure(*, needs: str, order: int = 50) -> Callable:
    """A function of the actor that returns a `Figure`, or None when there is nothing to say."""
    return _registering(_figures, needs, order)


def bars(*, needs: str, order: int = 50) -> Callable:
    """A function of the actor that returns `Bars`, or None."""
    return _registering(_bars, needs, order)


def upcoming(*, needs: str, order: int = 50) -> Callable:
    """A function of the actor that yields `Coming`."""
    return _registering(_coming, needs, order)


def waiting(*, needs: str, order: int = 50) -> Callable:
    """A function of the actor that returns a `Figure` of things waiting for somebody's hand, or None."""
    return _registering(_tasks, needs, order)


def _read(sources: list[_Source], actor: Actor) -> Iterable[Any]:
    for source in sorted(sources, key=lambda s: s.order):
        if actor.may_anywhere(source.needs):
            yield source.read(actor)


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard hook."""
    actor = request.actor
    now = clock.now()
    coming = [c for found in _read(_coming, actor) for c in found if c.at >= now]
    context["figures"] = [f for f in _read(_figures, actor) if f is not None]
    context["bars"] = [b for b in _read(_bars, actor) if b is not None]
    context["waiting"] = [f for f in _read(_tasks, actor) if f is not None and f.value]
    context["coming"] = sorted(coming, key=lambda c: c.at)[:COMING_MAX]
    return context
