"""Leaves about what is noted of a member, what they did and agreed to, and which sets they are in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from gonghui.audiences.behaviours import behaviour_of, is_known
from gonghui.audiences.predicates import facts as fact
from gonghui.audiences.predicates.portrait import Portrait
from gonghui.audiences.predicates.set_query import SetQuery
from gonghui.audiences.predicates.tree import Leaf, Names
from gonghui.audiences.predicates.who import listed
from gonghui.kit.clock import CHINA
from gonghui.members.consents import PURPOSES
from gonghui.members.models import PersonTag
from gonghui.members.models.tags import SENSITIVE

TIMES_MAX, DAYS_MAX = 1000, 3650
SENSITIVE_PURPOSES = ("health",)
SHARE_STEPS = 2**32


@dataclass(frozen=True, slots=True)
class HasTag(Leaf):
    """Any of these, in force today."""

    kinds: tuple[str, ...]
    kind = "tag"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> HasTag:
        return cls(fact.chosen(facts, "kinds", PersonTag.Kind.values))

    def facts(self) -> dict[str, Any]:
        return {"kinds": list(self.kinds)}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        kinds, today = query.bind(list(self.kinds)), query.bind(query.today)
        return query.is_among(
            f"SELECT DISTINCT person_id FROM members_persontag WHERE kind = ANY ({kinds}::text[])"  # noqa: S608
            f" AND ended_at IS NULL AND since <= {today} AND (until IS NULL OR until >= {today})"
            f" AND {query.within('person_id')}"
        )

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return not portrait.tags.isdisjoint(self.kinds)

    def says(self, names: Names) -> str:
        return _("有标签：{names}").format(names=listed(names, "tag", self.kinds))

    def needs(self, today: date) -> Iterator[tuple]:
        yield ("tags",)

    def topic(self) -> str:
        return "tag"

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        return (("tag", code) for code in self.kinds)

    @property
    def is_sensitive(self) -> bool:
        return not set(SENSITIVE).isdisjoint(self.kinds)


@dataclass(frozen=True, slots=True)
class HasConsent(Leaf):
    """Given and not withdrawn; who has no account has given none."""

    purpose: str
    kind = "consent"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> HasConsent:
        to = facts.get("to")
        if not isinstance(to, str) or to not in PURPOSES:
            raise fact.Wrong(_("同意的用途要从列表里选。"))
        return cls(to)

    def facts(self) -> dict[str, Any]:
        return {"to": self.purpose}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return query.is_among(
            "SELECT DISTINCT cp.id AS person_id FROM members_person cp JOIN members_consent c ON c.user_id = cp.user_id"  # noqa: S608
            f" WHERE c.purpose = {query.bind(self.purpose)} AND c.withdrawn_at IS NULL AND {query.within('cp.id')}"
        )

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return self.purpose in portrait.consents

    def says(self, names: Names) -> str:
        return _("同意“{name}”，没有撤回").format(name=names.of("consent", self.purpose))

    def needs(self, today: date) -> Iterator[tuple]:
        yield ("consents",)

    def topic(self) -> str:
        return "consent"

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        yield "consent", self.purpose

    @property
    def is_sensitive(self) -> bool:
        return self.purpose in SENSITIVE_PURPOSES


@dataclass(frozen=True, slots=True)
class Did(Leaf):
    """At least so often within the last days (today is one of them; None: ever)."""

    what: str
    times: int
    days: int | None
    kind = "did"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Did:
        what = facts.get("what")
        if not isinstance(what, str) or not is_known(what):
            raise fact.Wrong(_("做过什么要从列表里选，“{what}”现在没有。").format(what=str(what)[:40]))
        times = fact.whole(facts, "times", 1, TIMES_MAX)
        return cls(what, times, fact.maybe_whole(facts, "days", 1, DAYS_MAX))

    def facts(self) -> dict[str, Any]:
        return {"what": self.what, "times": self.times, "days": self.days}

    def _since(self, today: date) -> datetime | None:
        if self.days is None:
            return None
        return datetime.combine(today - timedelta(days=self.days - 1), time.min, CHINA)

    def sql(self, query: SetQuery, salt: bytes) -> str:
        done = behaviour_of(self.what)
        return f"{query.how_often(done, self._since(query.today))} >= {query.bind(self.times)}"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        behaviour_of(self.what)
        return portrait.done.get((self.what, self._since(portrait.today)), 0) >= self.times

    def says(self, names: Names) -> str:
        what = names.of("did", self.what)
        if self.days is None:
            return what if self.times == 1 else _("{what}至少 {times} 次").format(what=what, times=self.times)
        if self.times == 1:
            return _("近 {days} 天内{what}").format(days=self.days, what=what)
        return _("近 {days} 天内{what}至少 {times} 次").format(days=self.days, what=what, times=self.times)

    def needs(self, today: date) -> Iterator[tuple]:
        yield "did", self.what, self._since(today)

    def topic(self) -> str:
        return behaviour_of(self.what).topic

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        yield "did", self.what


@dataclass(frozen=True, slots=True)
class InAudience(Leaf):
    """As that audience stands; it is always rebuilt before those that ask it."""

    audience_id: int
    kind = "audience"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> InAudience:
        return cls(fact.whole(facts, "id", 1, 2**62))

    def facts(self) -> dict[str, Any]:
        return {"id": self.audience_id}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return query.is_among(
            "SELECT unnest(people) AS person_id FROM audiences_audienceslice"  # noqa: S608
            f" WHERE audience_id = {query.bind(self.audience_id)} AND {query.slices()}"
        )

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return self.audience_id in portrait.audiences

    def says(self, names: Names) -> str:
        return _("在受众“{name}”里").format(name=names.of("audience", self.audience_id))

    def needs(self, today: date) -> Iterator[tuple]:
        yield "audience", self.audience_id

    def topic(self) -> str:
        return f"audience:{self.audience_id}"

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        yield "audience", self.audience_id


@dataclass(frozen=True, slots=True)
class OnList(Leaf):
    list_id: int
    kind = "list"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> OnList:
        return cls(fact.whole(facts, "id", 1, 2**62))

    def facts(self) -> dict[str, Any]:
        return {"id": self.list_id}

    def sql(self, query: SetQuery, salt: bytes) -> str:
        return query.is_among(
            f"SELECT unnest(people) AS person_id FROM audiences_peoplelist WHERE id = {query.bind(self.list_id)}"  # noqa: S608
        )

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        return self.list_id in portrait.lists

    def says(self, names: Names) -> str:
        return _("在名单“{name}”里").format(name=names.of("list", self.list_id))

    def needs(self, today: date) -> Iterator[tuple]:
        yield "list", self.list_id

    def names_used(self) -> Iterator[tuple[str, int | str]]:
        yield "list", self.list_id


@dataclass(frozen=True, slots=True)
class InShare(Leaf):
    """A stable random part: a hash of the person's token under the audience's secret. 0–90 and 90–100 never meet."""

    first: int
    end: int
    kind = "share"

    @classmethod
    def read(cls, facts: dict[str, Any]) -> InShare:
        first, end = (fact.whole(facts, name, 0, 100) for name in ("from", "to"))
        if first >= end:
            raise fact.Wrong(_("随机比例的前一个数要小于后一个。"))
        return cls(first, end)

    def facts(self) -> dict[str, Any]:
        return {"from": self.first, "to": self.end}

    def _bound(self, percent: int) -> bytes:
        return (SHARE_STEPS * percent // 100).to_bytes(5, "big")[1:]

    def sql(self, query: SetQuery, salt: bytes) -> str:
        drawn = f"sha256({query.bind(salt)}::bytea || uuid_send(p.token))"
        parts = [f"{drawn} >= {query.bind(self._bound(self.first))}"] if self.first else []
        parts += [f"{drawn} < {query.bind(self._bound(self.end))}"] if self.end < 100 else []
        return " AND ".join(parts) or "TRUE"

    def fits(self, portrait: Portrait, salt: bytes) -> bool:
        drawn = hashlib.sha256(salt + portrait.token.bytes).digest()
        is_before_end = self.end == 100 or drawn < self._bound(self.end)
        return drawn >= (self._bound(self.first) if self.first else b"") and is_before_end

    def says(self, names: Names) -> str:
        return _("随机抽到第 {first}% 到第 {end}% 之间").format(first=self.first, end=self.end)
