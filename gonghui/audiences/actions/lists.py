"""名单: numbers, pasted or uploaded, become people, as far as they are members below the union; others and nobody are not told
apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gonghui.audiences import errors
from gonghui.audiences.actions.saving import require_whole
from gonghui.audiences.list_rows import ListRow, rows_of_sheet, rows_of_text
from gonghui.audiences.models import PeopleList
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import require
from gonghui.members.models import Membership
from gonghui.orgs.models import Union

AT_ONCE = 1_000
SAID_MAX = 3
COLUMNS = {"id_no": "id_index", "phone": "phone_index"}


@dataclass(frozen=True, slots=True)
class Missed:
    """A row that led to nobody, and why; what stood in it is not repeated."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of it."""

    people_list: PeopleList
    missed: tuple[Missed, ...]


@action
def keep_list(actor: Actor, *, union_id: int, name: str, text: str = "", sheet: bytes | None = None) -> Kept:
    """ID numbers or phones, one a row. Rows that lead to nobody below this union are left out, and said with the reason."""
    union = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(union, errors.EMPTY_UNION)
    require_whole(actor, union)
    title = " ".join(name.split())[:60]
    require(title, errors.NAME_NEEDED)
    rows = rows_of_text(text) if sheet is None else rows_of_sheet(sheet)
    people: set[int] = set()
    missed: list[Missed] = []
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        found = _people_of(union, some)
        people.update(*found.values())
        missed += [
            Missed(row.number, row.fault or _("没有对上这个工会及下级的在籍会员。"))
            for row in some
            if row.number not in found
        ]
    require(people, errors.LIST_EMPTY, detail=said_of(missed))
    kept = PeopleList.objects.create(union=union, name=title, people=sorted(people), maker_id=actor.user_id)
    return Kept(kept, tuple(missed))


def said_of(missed: list[Missed]) -> str:
    """Of the first few."""
    return "".join(_("第 {n} 行：{why}").format(n=one.number, why=one.why) for one in missed[:SAID_MAX])


def _people_of(union: Union, rows: Iterable[ListRow]) -> dict[int, list[int]]:
    """Row → its live members below the union; a phone that several report is all of theirs."""
    keys, wanted = get_keyring(), dict[tuple[str, bytes], list[int]]()
    for row in rows:
        for context, value in row.indexed:
            for index in keys.blind_indexes(context, value):
                wanted.setdefault((COLUMNS[context], index), []).append(row.number)
    live = Membership.objects.unscoped("below a union the actor writes audiences for").filter(
        union__path__startswith=union.path, status__in=Membership.LIVE
    )
    found: dict[int, list[int]] = {}
    for column in COLUMNS.values():
        indexes = [index for name, index in wanted if name == column]
        there = live.filter(**{f"person__{column}__in": indexes})
        for person_id, index in there.values_list("person_id", f"person__{column}"):
            for number in wanted[column, bytes(index)]:
                found.setdefault(number, []).append(person_id)
    return found
