"""支出规则 at work: may these people have this, and if so it is written down. The typed shell over sql/20_rulebook.sql."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext as _

from gonghui.funds import errors
from gonghui.funds.models import BenefitRule
from gonghui.kit.errors import DomainError, require
from gonghui.kit.templatetags.kit import yuan
from gonghui.orgs.models import Union

PEOPLE_MAX = 5_000
"""In one call: what one transaction may keep waiting."""

GIVE = """
SELECT person_id, rule_id FROM funds_give(%(people)s::bigint[], %(union)s,
    (%(path)s, %(kind)s, %(level)s, %(category)s, %(festival)s, %(amount)s, %(on)s, %(occasion)s, %(days)s)::funds_giving)
"""
FIT = """
SELECT person_id, rule_id FROM funds_fit(%(people)s::bigint[],
    (%(path)s, %(kind)s, %(level)s, %(category)s, %(festival)s, %(amount)s, %(on)s, %(occasion)s, %(days)s)::funds_giving)
"""


@dataclass(frozen=True, slots=True)
class Giving:
    """One amount for many people. `occasion` is what it is about ("grant:17"): once for each person."""

    person_ids: Sequence[int]
    union: Union
    source_kind: str
    source_level: str
    category: str
    amount_fen: int
    on: date
    occasion: str
    festival: str = ""
    days: int = 1
    """For how many days it is at once: so many times the cap of a day."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rule` is the one that refuses; none: it was given, now or before."""

    person_id: int
    rule: BenefitRule | None = None

    @property
    def is_given(self) -> bool:
        return self.rule is None

    @property
    def reason(self) -> str:
        return says(self.rule) if self.rule else ""


def give(giving: Giving) -> list[Verdict]:
    """Writes it for all whom no rule refuses; one verdict a person, in order of their ids. In the caller's transaction.

    Others who give to the same people wait until that ends. Give once in a transaction, or in the order of people.
    """
    with transaction.atomic():
        return _asked(GIVE, giving)


def would_fit(giving: Giving) -> list[Verdict]:
    """As things stand, without waiting for anybody and writing nothing."""
    return _asked(FIT, giving)


REFUSING_EVERYBODY = """
SELECT min(r.rule_id) FROM funds_rules_for(
    (%(path)s, %(kind)s, %(level)s, %(category)s, %(festival)s, %(amount)s, %(on)s, %(occasion)s, %(days)s)::funds_giving) r
 WHERE r.cap_fen < %(amount)s OR r.max_count < 1
"""


def rule_against_everybody(giving: Giving) -> BenefitRule | None:
    """A rule under which nobody could ever have this much, whatever they had before. The people are not asked about."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSING_EVERYBODY, facts_of(giving))
        (rule_id,) = cursor.fetchone()
    return rules_named([rule_id])[rule_id] if rule_id else None


def region_code_of(union_path: str) -> str:
    """Of the nearest union at or above that has a region; empty where none has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT funds_region_of(%s)", [union_path])
        return cursor.fetchone()[0]


def take_back(person_id: int, occasion: str, amount_fen: int) -> None:
    """What came back counts no longer; refuses more than was given."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT funds_take_back(%s, %s, %s)", [person_id, occasion, amount_fen])
        require(cursor.fetchone()[0], errors.NOTHING_TO_TAKE_BACK, occasion=occasion)


def require_given(verdicts: Iterable[Verdict]) -> None:
    """Raises the first refusal, with its clause."""
    for verdict in verdicts:
        if verdict.rule is not None:
            raise DomainError(errors.RULE_REFUSES, says=verdict.reason, clause=verdict.rule.clause)


def _asked(sql: str, giving: Giving) -> list[Verdict]:
    require(giving.amount_fen > 0, errors.BAD_FEN)
    require(len(giving.person_ids) <= PEOPLE_MAX, errors.TOO_MANY_PEOPLE, most=PEOPLE_MAX)
    with connection.cursor() as cursor:
        cursor.execute(sql, facts_of(giving) | {"people": list(giving.person_ids)})
        rows = cursor.fetchall()
    rules = rules_named(rule_id for _person, rule_id in rows if rule_id)
    return [Verdict(person_id, rules.get(rule_id)) for person_id, rule_id in rows]


def facts_of(giving: Giving) -> dict[str, object]:
    """Everything but the people, as the SQL names it."""
    return {
        "union": giving.union.pk, "path": giving.union.path, "kind": giving.source_kind, "level": giving.source_level,
        "category": giving.category, "festival": giving.festival, "amount": giving.amount_fen, "on": giving.on,
        "occasion": giving.occasion, "days": giving.days,
    }  # fmt: skip


def rules_named(rule_ids: Iterable[int]) -> dict[int, BenefitRule]:
    named = set(rule_ids)
    found = BenefitRule.objects.unscoped("rules are public").select_related("region")
    return found.in_bulk(named) if named else {}


def says(rule: BenefitRule) -> str:
    """The cap and the clause it comes from, in one sentence; and that nobody has verified it, where that is so."""
    facts = {
        "place": rule.region.name, "what": rule.get_category_display(), "period": rule.get_period_display(),
        "cap": yuan(rule.cap_fen or 0), "clause": rule.clause, "most": rule.max_count or "",
    }  # fmt: skip
    if not rule.cap_fen:
        said = _("按{place}的规定，这类经费不能用于{what}（依据：{clause}）。")
    elif rule.max_count:
        said = _("按{place}的规定，{what}每人{period}不超过 {cap} 元、{most} 次（依据：{clause}）。")
    else:
        said = _("按{place}的规定，{what}每人{period}不超过 {cap} 元（依据：{clause}）。")
    return said.format(**facts) + ("" if rule.is_verified else _("这条依据还没有核实原文。"))
