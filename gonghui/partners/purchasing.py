"""采购比选: what is asked of an agreement by which the union buys, before it is sent for signing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from gonghui.kit import clock
from gonghui.kit.errors import require
from gonghui.kit.templatetags.kit import yuan
from gonghui.partners import errors
from gonghui.partners.models import Agreement, PurchaseRule, Selection

QUOTES_MAX = 20
FEN_MAX = 10**13
LINE = re.compile(r"^(?P<name>.{2,60}?)[\s,，:：]+(?P<yuan>\d{1,10}(?:\.\d{1,2})?)\s*元?$")


@dataclass(frozen=True, slots=True)
class Quote:
    supplier: str
    fen: int


def read_quotes(text: str) -> list[Quote]:
    """A supplier and its price in yuan on each line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    require(len(lines) <= QUOTES_MAX, errors.BAD_QUOTE, line=lines[-1] if lines else "")
    found = []
    for line in lines:
        read = LINE.match(line)
        require(read, errors.BAD_QUOTE, line=line[:60])
        whole, _point, cents = read["yuan"].partition(".")
        found.append(Quote(read["name"].strip(), int(whole) * 100 + int(cents.ljust(2, "0") or 0)))
    return found


def quotes_of(row: Agreement) -> list[Quote]:
    return [Quote(**one) for one in row.quotes]


def rule_for(fen: int, day: date) -> PurchaseRule | None:
    """The strictest of those in force that reach so low."""
    found = PurchaseRule.objects.filter(Q(effective_until=None) | Q(effective_until__gt=day))
    return (
        found.filter(effective_from__lte=day, above_fen__lte=fen).order_by("-quotes_min", "above_fen").first()
    )


def require_chosen(row: Agreement) -> None:
    """Where the union buys: how the supplier was chosen, with the quotes that the sum asks for."""
    if not row.is_purchase:
        return
    partner = row.partner.name
    require(row.chosen_by, errors.CHOICE_MISSING, partner=partner)
    if row.chosen_by != Selection.COMPARISON:
        require(row.chosen_why.strip(), errors.CHOICE_WITHOUT_REASON, way=row.get_chosen_by_display())
        return
    _require_compared(row, quotes_of(row))


def _require_compared(row: Agreement, quotes: Sequence[Quote]) -> None:
    rule = rule_for(row.purchase_fen, clock.today())
    if rule is not None:
        facts = {
            "sum": yuan(row.purchase_fen),
            "least": rule.quotes_min,
            "have": len({q.supplier for q in quotes}),
        }
        enough = facts["have"] >= rule.quotes_min
        require(enough, errors.TOO_FEW_QUOTES, **facts, above=yuan(rule.above_fen), clause=rule.cited)
    own = [quote.fen for quote in quotes if quote.supplier == row.partner.name]
    require(own or not quotes, errors.OWN_QUOTE_MISSING, partner=row.partner.name)
    is_cheapest = not own or min(own) <= min(quote.fen for quote in quotes)
    require(is_cheapest or row.chosen_why.strip(), errors.DEARER_WITHOUT_REASON, partner=row.partner.name)
