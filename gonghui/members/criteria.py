"""统一认定标准: who may become a member, judged alike for every channel (S4-15). Pure: it is told what the database holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from gonghui.kit import identifiers
from gonghui.members.roster.values import DOCUMENT_LABELS
from gonghui.orgs.models import UnionKind

AGE_MIN = 16
"""Working age (劳动法 第十五条)."""
POOL = UnionKind.POOL
"""The kind of a transit pool: who lands there has no employer's union that would answer for a labour relation."""
JOINABLE = (
    UnionKind.ENTERPRISE,
    UnionKind.FEDERATION,
    UnionKind.INDUSTRY,
    UnionKind.STREET,
    UnionKind.GROUP,
)
"""Kinds whose members are their own, whether one joins or moves there; a city's or a district's union has unions below it."""


class Refused(NamedTuple):
    """The code is the same by every channel; the sentence says what to do next."""

    code: str
    sentence: str


class Identity(NamedTuple):
    """Read and normalised."""

    name: str
    id_type: str
    id_no: str

    @property
    def birth_date(self) -> date | None:
        """As the number says; other documents say none."""
        return identifiers.birth_date(self.id_no) if self.id_type == "resident_id" else None

    @property
    def gender(self) -> str:
        return identifiers.gender(self.id_no) if self.id_type == "resident_id" else ""


class Candidate(NamedTuple):
    """Whoever would join. `relation`: the employer, or the kind of employment, in their own words."""

    name: str
    birth_date: date | None
    groups: Sequence[str]
    relation: str


class Standing(NamedTuple):
    """What is on record under the same document. `may_move`: whoever reports them stands over the union they are in."""

    name: str
    is_revoked: bool = False
    union: str = ""
    may_move: bool = False
    is_expelled: bool = False


def read_identity(name: object, id_type: str, id_no: object) -> tuple[Identity | None, list[Refused]]:
    """As typed into a form; all that is wrong with it at once, under the codes a sheet's reader gives."""
    said = identifiers.read_person_name(name)
    if id_type not in DOCUMENT_LABELS:
        return None, [Refused("id_type_unknown", _("证件类型不在目录里，请从列表里选择。"))]
    number = identifiers.read_document(id_type, id_no, typed=True)
    wrong = [
        Refused(f"{key}_{reading.code}", f"{label}：{reading.message}")
        for key, label, reading in (("name", _("姓名"), said), ("id_no", _("证件号码"), number))
        if not reading.ok
    ]
    return (None if wrong else Identity(said.value, id_type, number.value)), wrong


def why_not(who: Candidate, known: Standing | None, *, union_kind: str, today: date) -> Refused | None:
    """The first reason against it, the gravest first; None where they may join. Of a member who stays one, only the name is
    judged."""
    if known and known.name != who.name:
        said = _("这个证件号码登记的是另一个姓名。请对照证件核对；改过姓名的，请先到原工会更正。")
        return Refused("name_differs", said)
    if known and known.union:
        return None if known.may_move else _elsewhere(known.union)
    if known and known.is_expelled:
        return Refused("expelled", _("已被这个工会除名。请核对；需要恢复的，请按会籍管理办法办理。"))
    if known and known.is_revoked:
        said = _("实名认证已被撤销，现在不能入会。请带上证件到所在工会当面核对。")
        return Refused("identity_revoked", said)
    if who.birth_date and age_on(who.birth_date, today) < AGE_MIN:
        said = _("还没有满 {age} 周岁，不能入会。请核对出生日期；满 {age} 周岁后再申请。")
        return Refused("under_age", said.format(age=AGE_MIN))
    if union_kind == POOL and not who.groups and not who.relation:
        said = _("没有写明职业群体或工作单位，认定不了劳动关系。请选择职业群体，或填写工作单位。")
        return Refused("no_relation", said)
    return None


def _elsewhere(union: str) -> Refused:
    said = _("已是“{union}”的会员，不能重复入会。换了单位的，请先办理会籍转接。")
    return Refused("member_elsewhere", said.format(union=mask_union(union)))


def age_on(born: date, day: date) -> int:
    """Whole years; who was born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def mask_union(name: str) -> str:
    """Enough to ask at the right door, not enough to list where people work: 西岭****会."""
    return name[:2] + "*" * max(len(name) - 3, 2) + name[-1:]
