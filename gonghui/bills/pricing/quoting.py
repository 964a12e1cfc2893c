"""`quote`: what a basket costs this asker here and now. The dry run and the redemption call the same function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gonghui.bills.pricing import errors
from gonghui.bills.pricing.choosing import (
    Combination,
    Given,
    best_combination,
    is_gift,
    touched_lines,
)
from gonghui.bills.pricing.discounts import missing_of, total_discount
from gonghui.bills.pricing.fitting import Candidate, fit, refused
from gonghui.bills.pricing.outcomes import Applied, Part, PricedLine, Quote, Refused
from gonghui.bills.pricing.points import Spent, spend_points
from gonghui.bills.pricing.shares import split_discount
from gonghui.bills.pricing.spreading import spread_matrix
from gonghui.bills.pricing.terms import (
    Asker,
    Basis,
    Basket,
    Id,
    LiveOffer,
    Payer,
    Stacking,
    Visit,
)
from gonghui.bills.pricing.windows import begins_anew
from gonghui.funds.worth import POINT_FEN

NO_END = 10**12


def quote(
    offers: Iterable[LiveOffer], basket: Basket, asker: Asker, visit: Visit, *, points: int = 0
) -> Quote:
    """Every offer is either applied or refused with its reason. `points` are at most what may be spent: asking for more
    spends `points_most`. Same facts, same answer, in whatever order the offers come."""
    if points < 0:
        raise ValueError("points below zero")
    asked = list(offers)
    answers: dict[Id, Candidate | Refused] = {}
    for offer in asked:
        answer = fit(offer, basket, asker, visit)
        if isinstance(answer, Candidate):
            answer = judged_alone(answer, basket, visit)
        answers[offer.id] = answer
    if len(answers) != len(asked):
        raise ValueError("an offer is there twice")
    candidates = [answer for answer in answers.values() if isinstance(answer, Candidate)]
    candidates.sort(key=lambda c: (c.offer.terms.order, c.offer.id))
    best, is_best = best_combination(candidates, basket.lines, visit.left_fen)
    given = {one.candidate.offer.id for one in best.given}
    reasons = [
        _beaten(answer, best) if isinstance(answer, Candidate) else answer
        for offer_id, answer in answers.items()
        if offer_id not in given
    ]
    return _priced(basket, asker, best, tuple(reasons), points=points, is_best=is_best)


def judged_alone(candidate: Candidate, basket: Basket, visit: Visit) -> Candidate | Refused:
    """Whether money speaks against it even without company; what is not given alone is not given at all."""
    offer, terms = candidate.offer, candidate.offer.terms
    is_whole = candidate.touched is basket.places
    touched = basket.whole if is_whole else touched_lines(candidate, basket.lines, basket.lists)
    if missing := missing_of(terms, touched):
        return _under_threshold(offer, missing)
    gift = is_gift(candidate)
    off_fen = terms.price_fen if gift else total_discount(terms, touched)[0]
    if terms.bill_cap_fen is not None and not gift:
        off_fen = min(off_fen, terms.bill_cap_fen)
    if not off_fen and not gift:
        return refused(offer, errors.NOTHING_OFF)
    given_fen = split_discount(off_fen, offer.shares, visit.left_fen, candidate.cap_fen).given_fen
    if given_fen < off_fen and (gift or not given_fen):
        return _why_no_money(offer, off_fen, given_fen, visit)
    if terms.basis == Basis.AFTER and not gift:
        left = sum(fen for _, fen, _ in touched) - given_fen
        if left < terms.threshold_fen:
            return _under_threshold(offer, terms.threshold_fen - left)
    candidate.alone_fen, candidate.given_fen = off_fen, given_fen
    return candidate


def _why_no_money(offer: LiveOffer, off_fen: int, given_fen: int, visit: Visit) -> Refused:
    """A cap, where more would be given without it; else an empty purse."""
    cap = offer.tightest_cap
    if cap is None or split_discount(off_fen, offer.shares, visit.left_fen).given_fen <= given_fen:
        return refused(offer, errors.BUDGET_EMPTY)
    reason = errors.CAP_SHORT if cap.left else errors.CAP_USED
    return refused(
        offer, reason, cap=cap.per, left=cap.left, again=begins_anew(cap.per, visit.at), now=visit.at
    )


def _under_threshold(offer: LiveOffer, missing_fen: int) -> Refused:
    threshold_fen = offer.terms.threshold_fen
    return refused(
        offer, errors.UNDER_THRESHOLD, missing=missing_fen, threshold=threshold_fen, gain=offer.terms
    )


def _beaten(candidate: Candidate, best: Combination) -> Refused:
    terms, alone = candidate.offer.terms, candidate.given_fen
    if terms.stacking == Stacking.ONCE:
        for one in best.given:
            rival = one.candidate.offer
            if rival.terms.stacking == Stacking.ONCE and rival.terms.stack_class == terms.stack_class:
                return refused(candidate.offer, errors.BEATEN_IN_CLASS, by=rival.title, alone=alone)
    by = "”“".join(one.candidate.offer.title for one in best.given)
    return refused(candidate.offer, errors.BEATEN, by=by, alone=alone)


def _priced(
    basket: Basket,
    asker: Asker,
    best: Combination,
    reasons: tuple[Refused, ...],
    *,
    points: int,
    is_best: bool,
) -> Quote:
    parts: list[list[Part]] = [[] for _ in basket.lines]
    due = list(basket.lists)
    for one in best.given:
        for n, line_parts in enumerate(_line_parts(one)):
            parts[n] += line_parts
            due[n] -= one.fens[n]
    sections = [line.section for line in basket.lines]
    most = _total(spend_points(asker.lots, sections, due, NO_END))
    spent = spend_points(asker.lots, sections, due, points)
    _pay_with_points(parts, due, spent)
    lines = _lines(basket, parts, due) + [_gift_line(one) for one in best.given if _has_worth(one)]
    applied = tuple(_applied(one) for one in best.given)
    list_fen = sum(line.list_fen for line in lines)
    return Quote(applied, reasons, tuple(lines), list_fen, _total(spent), points, most, sum(due), is_best)


def _line_parts(one: Given) -> list[list[Part]]:
    """Rows are lines, columns funders; both sums hold to the fen."""
    if is_gift(one.candidate):
        return [[] for _ in one.fens]
    offer = one.candidate.offer
    return [
        [
            Part(share.payer, fen, share.funder, offer.id)
            for share, fen in zip(offer.shares, row, strict=True)
            if fen
        ]
        for row in spread_matrix(one.fens, one.split.fens)
    ]


def _total(spent: Spent) -> int:
    return sum(sum(points) for _, points in spent)


def _pay_with_points(parts: list[list[Part]], due: list[int], spent: Spent) -> None:
    for lot_id, on_lines in spent:
        for n, count in enumerate(on_lines):
            if count:
                parts[n].append(Part(Payer.POINTS, count * POINT_FEN, lot_id))
                due[n] -= count * POINT_FEN


def _lines(basket: Basket, parts: Sequence[list[Part]], due: Sequence[int]) -> list[PricedLine]:
    return [
        PricedLine(
            line.name,
            line.quantity,
            line.list_fen,
            line.section,
            (*of_line, *([Part(Payer.WORKER, left)] if left else [])),
            code=line.code,
        )
        for line, of_line, left in zip(basket.lines, parts, due, strict=True)
    ]


def _has_worth(one: Given) -> bool:
    return is_gift(one.candidate) and one.split.given_fen > 0


def _gift_line(one: Given) -> PricedLine:
    offer = one.candidate.offer
    name = offer.terms.gift or offer.title
    return PricedLine(name, 1, one.split.given_fen, "", _bill_parts(one), gift_of=offer.id)


def _bill_parts(one: Given) -> tuple[Part, ...]:
    offer = one.candidate.offer
    pairs = zip(offer.shares, one.split.fens, strict=True)
    return tuple(Part(share.payer, fen, share.funder, offer.id) for share, fen in pairs if fen)


def _applied(one: Given) -> Applied:
    candidate = one.candidate
    return Applied(
        candidate.offer.id,
        candidate.offer.title,
        one.split.given_fen,
        _bill_parts(one),
        candidate.offer.terms,
        candidate.window,
        candidate.window_day,
        one.wanted_fen - one.split.given_fen,
    )
