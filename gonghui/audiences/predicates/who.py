"""Leaves about who a member is: union, industry, verification, groups, gender, state of membership."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from gonghui.audiences.predicates import facts as fact
from gonghui.audiences.predicates.portrait import Portrait
from gonghui.audiences.predicates.set_query import SetQuery
from gonghui.audiences.predicates.tree import Leaf, Names

GENDERS = ("male", "female")
STATUSES = ("active", "transferring", "retained")


def listed(names: Names, kind: str, keys) -> str:
    return "、".join(names.of(kind, key) for key in keys)


@dataclass(frozen=True, slots=True)
class InUnion(Leaf):
    """At or below any of these. Paths are chains of ids: the chain is asked, so that a union that moves keeps its answer."""

    ids: tuple[int, ...]
    kind = "union"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> InUnion:
        return cls(fact.ids(facts, "ids"))

    def facts(self) -> dict[str, Any]:
        return {"ids": list(self.ids)}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return f"('.' || u.path) LIKE ANY ({query.bind([f'%.{pk}.%' for pk in self.ids])}::text[])"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return any(f".{pk}." in f".{portrait.path}" for pk in self.ids)

    def says(self, names: Names) -> str:
        return _("在这些工会（含下级）：{names}").format(names=listed(names, "union", self.ids))

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        return (("union", pk) for pk in self.ids)


@dataclass(frozen=True, slots=True)
class InIndustry(Leaf):
    codes: tuple[str, ...]
    kind = "industry"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> InIndustry:
        return cls(tuple(sorted({_code(one) for one in _some(facts, "codes")})))

    def facts(self) -> dict[str, Any]:
        return {"codes": list(self.codes)}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return f"COALESCE(l.code = ANY ({query.bind(list(self.codes))}::text[]), FALSE)"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return portrait.line in self.codes

    def says(self, names: Names) -> str:
        return _("所在工会属于产业：{names}").format(names=listed(names, "industry", self.codes))

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        return (("industry", code) for code in self.codes)


@dataclass(frozen=True, slots=True)
class InGroup(Leaf):
    """Any of these worker groups: data (`members.WorkerGroup`), never code."""

    codes: tuple[str, ...]
    kind = "group"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> InGroup:
        return cls(tuple(sorted({_code(one) for one in _some(facts, "codes")})))

    def facts(self) -> dict[str, Any]:
        return {"codes": list(self.codes)}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return f"p.groups && {query.bind(list(self.codes))}::varchar[]"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return not portrait.groups.isdisjoint(self.codes)

    def says(self, names: Names) -> str:
        return _("职业群体是：{names}").format(names=listed(names, "group", self.codes))

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        return (("group", code) for code in self.codes)


@dataclass(frozen=True, slots=True)
class IsVerified(Leaf):
    is_so: bool
    kind = "verified"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> IsVerified:
        return cls(fact.flag(facts, "is"))

    def facts(self) -> dict[str, Any]:
        return {"is": self.is_so}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return f"(p.verification = 'verified') = {query.bind(self.is_so)}"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return (portrait.verification == "verified") == self.is_so

    def says(self, names: Names) -> str:
        return _("已实名") if self.is_so else _("还没有实名")


@dataclass(frozen=True, slots=True)
class OfGender(Leaf):
    """Of whom it is not known: neither."""

    gender: str
    kind = "gender"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> OfGender:
        if facts.get("is") not in GENDERS:
            raise fact.Wrong(_("性别要选男或女。"))
        return cls(facts["is"])

    def facts(self) -> dict[str, Any]:
        return {"is": self.gender}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return f"p.gender = {query.bind(self.gender)}"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return portrait.gender == self.gender

    def says(self, names: Names) -> str:
        return _("性别是男") if self.gender == "male" else _("性别是女")


@dataclass(frozen=True, slots=True)
class HasStatus(Leaf):
    """保留会籍 and those on their way are live members too; who wants them not says so."""

    statuses: tuple[str, ...]
    kind = "status"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> HasStatus:
        return cls(fact.chosen(facts, "is", STATUSES))

    def facts(self) -> dict[str, Any]:
        return {"is": list(self.statuses)}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return f"m.status = ANY ({query.bind(list(self.statuses))}::text[])"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return portrait.status in self.statuses

    def says(self, names: Names) -> str:
        return _("会籍状态是：{names}").format(names=listed(names, "status", self.statuses))

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        return (("status", code) for code in self.statuses)


def _some(facts: dict[str, Any], name: str) -> list:
    found = facts.get(name)
    if not isinstance(found, list) or not found:
        raise fact.Wrong(_("有一个条件还没有选择内容。"))
    if len(found) > fact.IDS_MAX:
        raise fact.Wrong(_("一个条件最多选 {most} 项。").format(most=fact.IDS_MAX))
    return found


def _code(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 50 or "\x00" in value:
        raise fact.Wrong(_("有一个条件选择了不存在的内容，请重新选择。"))
    return value
