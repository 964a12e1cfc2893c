"""Migrations that draw anew what they touch, and nothing else.

Django keeps a class for every model at every step of its migrations, and for each table, index and constraint added it draws
all classes anew that are related, here nearly all of them: nine tenths of the time of a new database. A new table needs its
own class alone; an index or a constraint changes no class. docs/decisions/0011-light-migrations.md
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ModelState, ProjectState

NEEDS_NO_CLASS = ("indexes", "constraints")


@contextmanager
def light_states() -> Iterator[None]:
    """Within it, states of migrations are light."""
    states: Any = ProjectState
    drawn_anew = states.add_model, states._append_option
    states.add_model, states._append_option = _add_model, _append_option
    try:
        yield
    finally:
        states.add_model, states._append_option = drawn_anew


def _add_model(self: Any, model_state: ModelState) -> None:
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        # Classes drawn in a state before look there for those that point to them.
        for model in self.apps.get_models(include_auto_created=True):
            model._meta.apps = self.apps
        self.apps.render_multiple([model_state])


def _append_option(self: Any, app_label: str, model_name: str, option_name: str, added: Any) -> None:
    if option_name not in NEEDS_NO_CLASS:
        raise ValueError(option_name)
    options = self.models[app_label, model_name].options
    options[option_name] = [*options[option_name], added]
    if "apps" in self.__dict__:
        meta = self.apps.get_model(app_label, model_name)._meta
        setattr(meta, option_name, options[option_name])
