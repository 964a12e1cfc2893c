"""Migrations that draw anew what they touch, and nothing else.

Django keeps a class for every model at every step of its migrations, and for each table, index and constraint added it draws
all classes anew that are related, here nearly all of them: nine tenths of the time of a new database. A new table needs its
own class alone; a new column is one more on the class that stands; an index or a constraint changes no class.
docs/decisions/0011-light-migrations.md
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field

NEEDS_NO_CLASS = ("indexes", "constraints")
CHANGED = ("add_model", "add_field", "_append_option", "_remove_option")


@contextmanager
def light_states() -> Iterator[None]:
    """Within it, states of migrations are light."""
    states: Any = ProjectState
    drawn_anew = {name: getattr(states, name) for name in CHANGED}
    for name, light in zip(CHANGED, (_add_model, _add_field, _append_option, _remove_option), strict=True):
        setattr(states, name, light)
    try:
        yield
    finally:
        for name, heavy in drawn_anew.items():
            setattr(states, name, heavy)


def _add_model(self: Any, model_state: ModelState) -> None:
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        _move_in(self.apps)
        self.apps.render_multiple([model_state])


def _move_in(apps: Any) -> None:
    """Classes drawn in a state before look there for those that point to them."""
    for model in apps.get_models(include_auto_created=True):
        model._meta.apps = apps


def _add_field(
    self: Any, app_label: str, model_name: str, name: str, field: Field, preserve_default: bool
) -> None:
    """The state before shares the class and has the column too: whoever adds one asks the state after it."""
    field = field.clone()
    if not preserve_default:
        field.default = NOT_PROVIDED
    key = app_label, model_name
    self.models[key].fields[name] = field
    if self._relations is not None:
        self.resolve_model_field_relations(key, name, field)
    if field.many_to_many:  # brings a table of its own
        self.reload_model(*key)
    elif "apps" in self.__dict__:
        _move_in(self.apps)
        self.apps.get_model(app_label, model_name).add_to_class(name, field.clone())
        self.apps.clear_cache()


def _append_option(self: Any, app_label: str, model_name: str, option_name: str, added: Any) -> None:
    if option_name not in NEEDS_NO_CLASS:
        raise ValueError(option_name)
    options = self.models[app_label, model_name].options
    options[option_name] = [*options[option_name], added]
    if "apps" in self.__dict__:
        meta = self.apps.get_model(app_label, model_name)._meta
        setattr(meta, option_name, options[option_name])


def _remove_option(self: Any, app_label: str, model_name: str, option_name: str, name: str) -> None:
    if option_name not in NEEDS_NO_CLASS:
        raise ValueError(option_name)
    options = self.models[app_label, model_name].options
    options[option_name] = [one for one in options[option_name] if one.name != name]
    if "apps" in self.__dict__:
        meta = self.apps.get_model(app_label, model_name)._meta
        setattr(meta, option_name, options[option_name])
