"""Scope belongs to data: every model says who may see its rows, and a queryset nobody scoped cannot be read.

A model sets `scope` to one of the rules below. `Model.objects.visible_to(actor)` applies it;
`.unscoped("why")` sets it aside on purpose. Evaluating a queryset without either raises `UnscopedQuery`.
Rows reached from an object already held (`release.pools.all()`) inherit that object's permission; global tables
(`Everyone`) are open.
Django's `_base_manager` stays open for the machinery (forward keys, deletion, migrations).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import reduce
from operator import and_
from typing import Any, Protocol

from django.db import models
from django.db.models import Q

from gonghui.kit.actors import Actor

_machinery: ContextVar[bool] = ContextVar("machinery", default=False)
NOTHING = Q(pk__in=[])


class UnscopedQuery(RuntimeError):
    """A queryset was read without saying for whom."""


class Rule(Protocol):
    def condition(self, actor: Actor) -> Q: ...


class BySubtree:
    """Rows below the paths where the actor may do `verb`.

    A grant bound to a line of industry reaches none of them, unless the rule says what is of a line: `line_field` holds its
    code, `line_also` narrows it further, and of a table with `line_own` it reaches the rows that the actor made.
    """

    def __init__(
        self,
        path_field: str,
        *,
        verb: str,
        line_field: str | None = None,
        line_also: Q | Callable[[], Q] | None = None,
        line_own: str | None = None,
    ):
        self.path_field, self.verb, self.line_field = path_field, verb, line_field
        self.line_also, self.line_own = line_also, line_own

    def condition(self, actor: Actor) -> Q:
        found = NOTHING
        for grant in actor.reaches(self.verb):
            within = Q(**{f"{self.path_field}__startswith": grant.path})
            if grant.line is not None:
                of_line = self._of_line(actor, grant.line)
                if of_line is None:
                    continue
                within &= of_line
            found = within if found is NOTHING else found | within
        return found

    def doing(self, verb: str) -> BySubtree:
        """The same rows, for another verb."""
        same = copy(self)
        same.verb = verb
        return same

    def _of_line(self, actor: Actor, line: str) -> Q | None:
        parts = [Q(**{self.line_field: line})] if self.line_field else []
        if self.line_own:
            parts.append(Q(**{self.line_own: actor.user_id}))
        if not parts:
            return None
        also = self.line_also() if callable(self.line_also) else self.line_also
        return reduce(and_, parts, also or Q())


class ByKey:
    """Rows that belong to the actor: `ByKey("person", "person_id")`."""

    def __init__(self, key: str, field: str):
        self.key, self.field = key, field

    def condition(self, actor: Actor) -> Q:
        owned = actor.owns(self.key)
        if len(owned) == 1:
            return Q(**{self.field: next(iter(owned))})
        return Q(**{f"{self.field}__in": sorted(owned)}) if owned else NOTHING


class Where:
    """Rows anyone may see because they were published: `Where(state__in=[...])`."""

    def __init__(self, **lookups: Any):
        self.lookups = lookups

    def condition(self, actor: Actor) -> Q:
        return Q(**self.lookups)


class AnyOf:
    def __init__(self, *rules: Rule):
        self.rules = rules

    def condition(self, actor: Actor) -> Q:
        parts = [p for rule in self.rules if (p := rule.condition(actor)) is not NOTHING]
        found = NOTHING
        for part in parts:
            found = part if found is NOTHING else found | part
        return found


class Everyone:
    """Global rows, with the reason why nobody owns them."""

    def __init__(self, reason: str):
        if not reason:
            raise ValueError("a global model needs a reason")
        self.reason = reason

    def condition(self, actor: Actor) -> Q:
        return Q()


class Nobody:
    """Rows never listed through a scope; the reason says which query reads them."""

    def __init__(self, reason: str):
        if not reason:
            raise ValueError("say which query reads these rows")
        self.reason = reason

    def condition(self, actor: Actor) -> Q:
        return NOTHING


@contextmanager
def machinery() -> Iterator[None]:
    """Lets Django's own uniqueness checks read; never used by a door or an action."""
    token = _machinery.set(True)
    try:
        yield
    finally:
        _machinery.reset(token)


class ScopedQuerySet(models.QuerySet):
    _scoped_by: str = ""

    def visible_to(self, actor: Actor) -> ScopedQuerySet:
        """Only the rows this actor may see. A system actor sees all and is named in the audit trail."""
        if actor.is_system:
            return self.unscoped(actor.reason)
        found = self.filter(self.model.scope.condition(actor))
        found._scoped_by = "actor"
        return found

    def unscoped(self, reason: str) -> ScopedQuerySet:
        if not reason:
            raise ValueError("say why this query needs no scope")
        found = self._chain()
        found._scoped_by = reason
        return found

    def _must_be_scoped(self) -> None:
        if isinstance(self.model.scope, Everyone):
            return
        if not (self._scoped_by or self._hints.get("instance") is not None or _machinery.get()):
            raise UnscopedQuery(
                f"{self.model.__name__}: call .visible_to(actor) or .unscoped(reason) before reading"
            )

    def _clone(self):
        found = super()._clone()
        found._scoped_by = self._scoped_by
        return found

    def _fetch_all(self):
        self._must_be_scoped()
        super()._fetch_all()

    def iterator(self, *args, **kwargs):
        self._must_be_scoped()
        return super().iterator(*args, **kwargs)

    def count(self):
        self._must_be_scoped()
        return super().count()

    def exists(self):
        self._must_be_scoped()
        return super().exists()

    def aggregate(self, *args, **kwargs):
        self._must_be_scoped()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs):
        self._must_be_scoped()
        return super().update(**kwargs)

    def delete(self):
        self._must_be_scoped()
        return super().delete()

    delete.alters_data = True
    delete.queryset_only = True

    def explain(self, *args, **kwargs):
        self._must_be_scoped()
        return super().explain(*args, **kwargs)


ScopedManager = models.Manager.from_queryset(ScopedQuerySet)
ScopedManager.__name__ = "ScopedManager"
