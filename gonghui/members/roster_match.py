"""Rows of a roster against the database: new, changed, same, or refused with a sentence. Reads only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.identifiers import plain_text
from gonghui.kit.scope import BySubtree
from gonghui.members.models import Membership, Person
from gonghui.members.roster import RosterRow
from gonghui.orgs.models import Union

NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"
BRACKETS = str.maketrans("（）【】〔〕[]", "()()()()")
NO_LETTERS = re.compile(r"[\s·.,，。、\-—_]+")
COMMITTEE = re.compile(r"(基层|工作)?委员会$")


class Place(NamedTuple):
    id: int
    path: str
    name: str


class Refused(NamedTuple):
    code: str
    sentence: str


class UnionFinder:
    """The unions of one subtree by exact name, credit code, or an alias that only one of them has."""

    def __init__(self, root: Union, actor: Actor):
        self.home = Place(root.pk, root.path, root.name)
        self._exact: dict[str, list[Place]] = defaultdict(list)
        self._aliases: dict[str, list[Place]] = defaultdict(list)
        for place, uscc, employer in self._places(root, actor):
            self._exact[plain_name(place.name)].append(place)
            for alias in {*aliases(place.name), plain_name(employer or ""), (uscc or "").upper()} - {""}:
                self._aliases[alias].append(place)

    @staticmethod
    def _places(root: Union, actor: Actor) -> Iterable[tuple[Place, str | None, str | None]]:
        rule = BySubtree("path", verb="members.import", line_field="industry_line__code")
        found = Union.objects.unscoped("the maker's own subtree").filter(
            path__startswith=root.path, status="active"
        )
        if not actor.is_system:
            found = found.filter(rule.condition(actor))
        columns = found.values_list("id", "path", "name", "uscc", "employer__name")
        for pk, path, name, uscc, employer in columns.iterator(chunk_size=5000):
            yield Place(pk, path, name), uscc, employer

    def find(self, text: str) -> Place | Refused:
        if not text:
            return self.home
        name = plain_name(text)
        for known in (self._exact, self._aliases):
            places = {place.id: place for key in (name, *aliases(text)) for place in known.get(key, ())}
            if known is self._exact and name in known:
                places = {place.id: place for place in known[name]}
            if len(places) == 1:
                return next(iter(places.values()))
            if places:
                return _ambiguous(text, list(places.values()))
        said = _("在“{home}”的范围内没有找到工会“{text}”。请核对全称，或填写它的统一社会信用代码。")
        return Refused("union_unknown", said.format(home=self.home.name, text=text))


def _ambiguous(text: str, places: list[Place]) -> Refused:
    names = "、".join(f"“{place.name}”" for place in places[:3])
    said = _("“{text}”对应 {count} 个工会：{names}等。请改写成全称，同名的请填统一社会信用代码。")
    return Refused("union_ambiguous", said.format(text=text, count=len(places), names=names))


def plain_name(text: str) -> str:
    return NO_LETTERS.sub("", plain_text(text).translate(BRACKETS)).upper()


def aliases(name: str) -> set[str]:
    """蓝海机械厂工会委员会 → 蓝海机械厂工会, 蓝海机械厂."""
    plain = plain_name(name)
    found = {plain}
    if COMMITTEE.search(plain):
        plain = COMMITTEE.sub("", plain)
        found.add(plain)
    if plain.endswith("工会") and len(plain) > 4:
        found.add(plain.removesuffix("工会"))
    return found


class Known(NamedTuple):
    """What the database holds of a person, as far as a roster can change it."""

    id: int
    name: str
    phone_index: bytes | None
    groups: list[str]


class Live(NamedTuple):
    id: int
    union: Place
    joined_on: Any


@dataclass(slots=True)
class Match:
    row: RosterRow
    kind: str
    id_index: bytes
    union: Place | None = None
    person: Known | None = None
    live: Live | None = None
    changes: list[str] = field(default_factory=list)
    refusal: Refused | None = None


class Matcher:
    """`lock` holds the people found until the transaction ends, always in the order of their ids."""

    def __init__(self, finder: UnionFinder):
        self._finder = finder
        self._keyring = get_keyring()

    def match(self, rows: Sequence[RosterRow], *, lock: bool = False) -> list[Match]:
        indexes = [self._keyring.blind_indexes("id_no", row.id_no) for row in rows]
        people = self._people({index for found in indexes for index in found}, lock)
        lives, expelled = self._memberships([person.id for person in people.values()])
        return [
            self._settled(row, own, people, lives, expelled) for row, own in zip(rows, indexes, strict=True)
        ]

    def _people(self, indexes: set[bytes], lock: bool) -> dict[tuple[str, bytes], Known]:
        found = Person.objects.unscoped("asked by full ID numbers of a roster").filter(id_index__in=indexes)
        if lock:
            found = found.select_for_update(no_key=True)
        columns = found.order_by("id").values_list(
            "id_type", "id_index", "id", "name", "phone_index", "groups"
        )
        return {(id_type, bytes(index)): Known(*rest) for id_type, index, *rest in columns}

    def _memberships(self, ids: list[int]) -> tuple[dict[int, Live], dict[int, set[int]]]:
        found = Membership.objects.unscoped("of people asked by full ID number").filter(person_id__in=ids)
        found = found.filter(status__in=(*Membership.LIVE, "expelled"))
        lives: dict[int, Live] = {}
        expelled: dict[int, set[int]] = defaultdict(set)
        columns = ("person_id", "id", "status", "joined_on", "union_id", "union__path", "union__name")
        for person, pk, status, joined, *union in found.values_list(*columns):
            if status == "expelled":
                expelled[person].add(union[0])
            else:
                lives[person] = Live(pk, Place(*union), joined)
        return lives, expelled

    def _settled(self, row: RosterRow, indexes: list[bytes], people, lives, expelled) -> Match:
        person = next((people[row.id_type, i] for i in indexes if (row.id_type, i) in people), None)
        live = lives.get(person.id) if person else None
        found = Match(row, SAME, indexes[0], person=person, live=live)
        union = self._finder.find(row.union_text)
        if isinstance(union, Refused):
            return _refused(found, union)
        if not row.union_text and live and live.union.path.startswith(self._finder.home.path):
            union = live.union  # a sheet without unions moves nobody
        found.union = union
        if person is None:
            found.kind = NEW
        elif refusal := self._why_not(found, expelled.get(person.id, set())):
            return _refused(found, refusal)
        else:
            found.changes = self._changes(found)
            found.kind = CHANGED if found.changes else SAME
        return found

    def _why_not(self, found: Match, expelled: set[int]) -> Refused | None:
        row, live = found.row, found.live
        if found.person.name != row.name:
            said = _("这个证件号码登记的是另一个姓名。请对照证件核对；改过姓名的，请先到原工会更正。")
            return Refused("name_differs", said)
        if live and not live.union.path.startswith(self._finder.home.path):
            said = _("已是“{union}”的会员，不能重复入会。请先办理会籍转接，转入后再导入。")
            return Refused("member_elsewhere", said.format(union=mask_union(live.union.name)))
        if not live and found.union.id in expelled:
            return Refused("expelled", _("已被这个工会除名。请核对；需要恢复的，请按会籍管理办法办理。"))
        return None

    def _changes(self, found: Match) -> list[str]:
        row, person, live = found.row, found.person, found.live
        changes = []
        if row.phone and person.phone_index not in self._keyring.blind_indexes("phone", row.phone):
            changes.append("phone")
        if set(row.group_codes) - set(person.groups):
            changes.append("groups")
        if live is None:
            changes.append("joined")
        elif live.union.id != found.union.id:
            changes.append("union")
        elif row.joined_on and live.joined_on is None:
            changes.append("joined_on")
        return changes


def _refused(found: Match, refusal: Refused) -> Match:
    found.kind, found.refusal = REFUSED, refusal
    return found


def mask_union(name: str) -> str:
    """Enough to ask at the right door, not enough to list where people work: 西岭****会."""
    return name[:2] + "*" * max(len(name) - 3, 2) + name[-1:]
