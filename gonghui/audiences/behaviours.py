"""What members do, as rooms above have it in their own tables; registered in their `AppConfig.ready`, never copied.

register(Behaviour("claimed", _("领过券"), table="benefits_voucher", at="claimed_at"))

Its table needs an index that begins with the person: one member is asked by it, and sets are asked in ranges of persons.
Whatever is written to the table, by whichever door, tells of those it is about (`following.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`table`, `person`, `at`, `where` and `source` are ours, never typed by anybody: they stand in SQL as they are."""

    code: str
    title: str | Promise
    """After "近 30 天内": 领过券."""
    table: str
    at: str
    person: str = "person_id"
    where: str = "TRUE"
    source: str = "{rows}"
    """Where the person stands in another table: a question over `{rows}`, which are those of `table`."""

    @property
    def topic(self) -> str:
        return f"did:{self.code}"

    @property
    def rows(self) -> str:
        """What stands behind FROM."""
        return self.of_rows(self.table)

    def of_rows(self, rows: str) -> str:
        return self.source.format(rows=rows)


_known: dict[str, Behaviour] = {}


def register(behaviour: Behaviour) -> None:
    _known[behaviour.code] = behaviour


def known_behaviours() -> list[Behaviour]:
    return list(_known.values())


def is_known(code: str) -> bool:
    return code in _known


def behaviour_of(code: str) -> Behaviour:
    """Asked of one that is registered no more, nobody is counted: "did not" would be true of everybody."""
    try:
        return _known[code]
    except KeyError:
        raise LookupError(f"no room registers the behaviour {code!r}") from None
