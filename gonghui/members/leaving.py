"""Somebody gives up their account: what each table does about it. Every table with something of people in it answers here.

An app says so in its `forgetting.py`, which is imported at start; one that says nothing does not start (check members.E001).
Nor does one with a column that looks like somebody's and lies unsealed without a word (checks.py).

goes("mall.Favourite", _("收藏"))                                   # rows of the person are deleted
changes("feedback.Rating", _("评价"), _("只留分数"), comment="")       # columns are emptied, the row stays
stays("bills.Bill", _("账单"), _("按财务规定保存"))                    # nothing happens, for this reason
lies_open("members.Person", "name", because=_("名单要按姓名查找"))        # this column is not sealed, for this reason
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.checks import Error
from django.db import models
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from gonghui.kit.crypto import get_keyring
from gonghui.kit.fields import BlindIndexField, SealedField
from gonghui.kit.scope import AnyOf, ByKey

Text = str | Promise
PERSON, USER = "members.Person", "accounts.User"
LISTS_OF_PEOPLE = ("people", "persons", "members", "person_ids", "user_ids")
OF_THEIRS = "of somebody who is forgotten"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who goes, as they were: what they are found by in tables that only know a number."""

    user_id: int
    person_id: int | None = None
    name: str = field(default="", repr=False)
    id_no: str = field(default="", repr=False)
    phones: frozenset[str] = field(default=frozenset(), repr=False)

    def rows(self, label: str, *keys: str) -> models.QuerySet:
        """Rows of this model that are theirs, by the keys named or by every one that points to them."""
        model = apps.get_model(label)
        owned = models.Q(pk__in=[])
        for name in keys or keys_to_people(model):
            own = (
                self.user_id
                if model._meta.get_field(name).remote_field.model._meta.label == USER
                else self.person_id
            )
            if own is not None:
                owned |= models.Q(**{name: own})
        return model._default_manager.unscoped(OF_THEIRS).filter(owned)

    def at_their_phones(self, label: str) -> models.QuerySet:
        model = apps.get_model(label)
        ring = get_keyring()
        indexes = [index for phone in self.phones for index in ring.blind_indexes("phone", phone)]
        return model._default_manager.unscoped(OF_THEIRS).filter(phone_index__in=indexes)


Forget = Callable[[Leaving], object]


@dataclass(frozen=True, slots=True)
class Part:
    """What one table holds of people, what becomes of it, and why where it stays."""

    label: str
    what: Text
    forget: Forget | None = None
    because: Text = ""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What somebody would lose or leave undone; `may_give_up` where they may agree to lose it."""

    code: str
    words: Text
    advice: Text
    may_give_up: bool = False


parts: dict[str, Part] = {}
open_columns: dict[str, dict[str, Text]] = {}
"""Table → column → why it may lie unsealed; of every column that looks like somebody's (members.E003)."""
hindrances: list[Callable[[Leaving], Iterable[Hindrance]]] = []
"""Each is asked when somebody wants to go, and again when the days are over."""


def register(label: str, what: Text, forget: Forget, *, because: Text = "") -> None:
    parts[label] = Part(label, what, forget, because)


def goes(label: str, what: Text, *keys: str) -> None:
    register(label, what, lambda leaving: leaving.rows(label, *keys).delete())


def changes(label: str, what: Text, because: Text, *keys: str, **columns: object) -> None:
    register(label, what, lambda leaving: leaving.rows(label, *keys).update(**columns), because=because)


def stays(label: str, what: Text, because: Text) -> None:
    parts[label] = Part(label, what, None, because)


def lies_open(label: str, *columns: str, because: Text) -> None:
    open_columns.setdefault(label, {}).update(dict.fromkeys(columns, because))


def hinders(function: Callable[[Leaving], Iterable[Hindrance]]) -> Callable[[Leaving], Iterable[Hindrance]]:
    hindrances.append(function)
    return function


def what_hinders(leaving: Leaving) -> list[Hindrance]:
    return [found for ask in hindrances for found in ask(leaving)]


def keys_to_people(model: type[models.Model]) -> list[str]:
    """Foreign keys by which a row is somebody's; of accounts those it dies with: others name who acted."""
    found = []
    for key in model._meta.concrete_fields:
        if key.remote_field is None:
            continue
        label = key.remote_field.model._meta.label
        if label == PERSON or (label == USER and key.remote_field.on_delete is models.CASCADE):
            found.append(key.name)
    return found


def told_to_members() -> tuple[list[Text], list[tuple[Text, list[Text]]]]:
    """What goes; and what stays, by the reason why. Of what is not theirs nothing is said."""
    goes = [part.what for part in parts.values() if part.forget and not part.because]
    stays: dict[str, list[Text]] = {}
    for part in parts.values():
        if part.because and part.because not in (BUSINESS, WORK):
            stays.setdefault(str(part.because), []).append(part.what)
    return goes, list(stays.items())


def holds_people(model: type[models.Model]) -> bool:
    scope = getattr(model, "scope", None)
    rules = scope.rules if isinstance(scope, AnyOf) else (scope,)
    own = [rule.field for rule in rules if isinstance(rule, ByKey) and rule.key in {"person", "user"}]
    is_somebodys = any("__" not in column for column in own)  # else it is a part of a row that answers for it
    seals = any(isinstance(f, SealedField | BlindIndexField) for f in model._meta.concrete_fields)
    lists = any(isinstance(f, ArrayField) and f.name in LISTS_OF_PEOPLE for f in model._meta.concrete_fields)
    return is_somebodys or seals or lists or bool(keys_to_people(model))


def answering_models() -> list[type[models.Model]]:
    return [
        m
        for m in apps.get_models()
        if m.__module__.startswith("gonghui.") and not m._meta.proxy and m._meta.managed
    ]


def every_table_of_people_answers(app_configs=None, **_kwargs) -> list[Error]:
    hint = "say in the app's forgetting.py what becomes of its rows: goes, changes, register or stays (members.leaving)"
    return [
        Error(
            f"{model._meta.label} holds something of people and does not say what becomes of it",
            obj=model,
            hint=hint,
            id="members.E001",
        )
        for model in answering_models()
        if model._meta.label not in parts and holds_people(model)
    ]


def discover() -> None:
    """At start: every app's `forgetting.py`."""
    autodiscover_modules("forgetting")


FINANCE = _("按财务规定保存，只留编号，不再显示是谁")
RECORD = _("只留编号和数字，不再显示是谁")
WORK = _("谁在工作中做过什么，要能查清")
BUSINESS = _("是商户或工会的资料，不是会员的")
FOUND_BY = _("名单要能查找、筛选；列表只给有权限的人看，导出要两人")
