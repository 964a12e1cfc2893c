"""Rows of a roster against the database: new, changed, same, or refused with a sentence. Reads only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.identifiers import plain_text
from gonghui.kit.scope import BySubtree
from gonghui.members.criteria import Candidate, Refused, Standing, why_not
from gonghui.members.models import Membership, Person, Verification
from gonghui.members.roster import RosterRow
from gonghui.members.union_endings import ended_unions, union_now
from gonghui.orgs.actions.unions import line_of
from gonghui.orgs.models import Union
from gonghui.orgs.queries import grants_of

NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"
BRACKETS = str.maketrans("（）【】〔〕[]", "()()()()")
ANSWERS_KEPT = 50_000
NO_LETTERS = re.compile(r"[\s·.,，。、\-—_]+")
COMMITTEE = re.compile(r"(基层|工作)?委员会$")


class Place(NamedTuple):
    id: int
    path: str
    name: str
    kind: str


class UnionFinder:
    """The unions of one subtree by exact name, credit code, or an alias that only one of them has."""

    def __init__(self, root: Union, actor: Actor):
        self.home = Place(root.pk, root.path, root.name, root.kind)
        self.is_lost = False
        """Moved out of the maker's reach while the roster ran."""
        self._actor, self._line = actor, line_of(root)
        self._exact: dict[str, list[Place]] = defaultdict(list)
        self._aliases: dict[str, list[Place]] = defaultdict(list)
        self._answers: dict[str, Place | Refused] = {}
        is_whole = actor.is_system or actor.may("members.import", root.path)
        self._of_line: set[int] | None = None if is_whole else set()
        for place, uscc, employer in self._places(root, actor):
            if self._of_line is not None:
                self._of_line.add(place.id)
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
        columns = found.values_list("id", "path", "name", "kind", "uscc", "employer__name")
        for pk, path, name, kind, uscc, employer in columns.iterator(chunk_size=5000):
            yield Place(pk, path, name, kind), uscc, employer

    def holds(self, place: Place) -> bool:
        """Its members are the maker's to report: below their union, and of the line they are bound to."""
        is_below = place.path.startswith(self.home.path)
        return is_below and (self._of_line is None or place.id in self._of_line)

    def look_again(self, *, lock: bool) -> None:
        """Unions move and end while a roster runs: where its own one is now, held there until the batch is written."""
        self.home = Place(*union_now(self.home.id, lock=lock), self.home.kind)
        if self._of_line is not None:
            here = Union.objects.unscoped("held here").filter(pk=self.home.id)
            self._line = here.values_list("industry_line__code", flat=True).get()
        actor = replace(self._actor, grants=grants_of(self._actor.user_id))
        self.is_lost = not actor.may("members.import", self.home.path, self._line)

    def find(self, text: str) -> Place | Refused:
        """The same text comes again for every member of a union."""
        if not text:
            return self.home
        if text not in self._answers:
            if len(self._answers) >= ANSWERS_KEPT:
                self._answers.clear()
            self._answers[text] = self._find(text)
        return self._answers[text]

    def _find(self, text: str) -> Place | Refused:
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
    verification: str


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
        self._today = clock.today()
        self._over: dict[int, str] = {}

    def match(
        self,
        rows: Sequence[RosterRow],
        *,
        lock: bool = False,
        indexes: Mapping[int, list[bytes]] | None = None,
    ) -> list[Match]:
        """`indexes` by line, where they were made before."""
        made = indexes or {row.line_no: self._keyring.blind_indexes("id_no", row.id_no) for row in rows}
        own = [made[row.line_no] for row in rows]
        people = self._people({index for found in own for index in found}, lock)
        self._finder.look_again(lock=lock)
        unions = {text: self._finder.find(text) for text in {row.union_text for row in rows}}
        self._over = ended_unions({place.id for place in unions.values() if isinstance(place, Place)})
        lives, expelled = self._memberships([person.id for person in people.values()])
        return [
            self._settled(row, found, unions[row.union_text], people, lives, expelled)
            for row, found in zip(rows, own, strict=True)
        ]

    def _people(self, indexes: set[bytes], lock: bool) -> dict[tuple[str, bytes], Known]:
        found = Person.objects.unscoped("asked by full ID numbers of a roster").filter(id_index__in=indexes)
        if lock:
            found = found.select_for_update(no_key=True)
        columns = found.order_by("id").values_list(
            "id_type", "id_index", "id", "name", "phone_index", "groups", "verification"
        )
        return {(id_type, bytes(index)): Known(*rest) for id_type, index, *rest in columns}

    def _memberships(self, ids: list[int]) -> tuple[dict[int, Live], dict[int, set[int]]]:
        found = Membership.objects.unscoped("of people asked by full ID number").filter(person_id__in=ids)
        found = found.filter(status__in=(*Membership.LIVE, "expelled"))
        lives: dict[int, Live] = {}
        expelled: dict[int, set[int]] = defaultdict(set)
        columns = (
            "person_id",
            "id",
            "status",
            "joined_on",
            "union_id",
            "union__path",
            "union__name",
            "union__kind",
        )
        for person, pk, status, joined, *union in found.values_list(*columns):
            if status == "expelled":
                expelled[person].add(union[0])
            else:
                lives[person] = Live(pk, Place(*union), joined)
        return lives, expelled

    def _settled(self, row: RosterRow, indexes: list[bytes], union, people, lives, expelled) -> Match:
        person = next((people[row.id_type, i] for i in indexes if (row.id_type, i) in people), None)
        live = lives.get(person.id) if person else None
        found = Match(row, SAME, indexes[0], person=person, live=live)
        if self._finder.is_lost:
            said = _("“{home}”已调整到您的管理范围之外，没有导入。请联系它现在的上级工会。")
            return _refused(found, Refused("union_lost", said.format(home=self._finder.home.name)))
        if isinstance(union, Refused):
            return _refused(found, union)
        if not row.union_text and live and self._finder.holds(live.union):
            union = live.union  # a sheet without unions moves nobody
        if union.id in self._over:
            return _refused(found, Refused("union_ended", self._over[union.id]))
        found.union = union
        if refusal := self._why_not(found, expelled.get(person.id, set()) if person else set()):
            return _refused(found, refusal)
        if person is None:
            found.kind = NEW
        else:
            found.changes = self._changes(found)
            found.kind = CHANGED if found.changes else SAME
        return found

    def _why_not(self, found: Match, expelled: set[int]) -> Refused | None:
        row, live, person = found.row, found.live, found.person
        known = person and Standing(
            person.name,
            is_revoked=person.verification == Verification.REVOKED,
            union=live.union.name if live else "",
            may_move=bool(live and self._finder.holds(live.union)),
            is_expelled=found.union.id in expelled,
        )
        who = Candidate(row.name, row.birth_date, row.group_codes, row.employment)
        return why_not(who, known, union_kind=found.union.kind, today=self._today)

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
