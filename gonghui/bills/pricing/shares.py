"""Who funds a discount: every fen of it has a funder, or it is not given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from gonghui.bills.pricing.terms import Id, Payer, Share, WhenEmpty


class Split(NamedTuple):
    """`fens` stand as the shares do and add up to `given_fen`: the discount, less what a short funder shrank."""

    fens: tuple[int, ...]
    given_fen: int
    short: Share | None = None
    """Who could not give what was theirs, first one."""
    is_refused: bool = False


def split_discount(
    discount_fen: int,
    shares: Sequence[Share],
    left_fen: Mapping[Id, int] | None = None,
    cap_fen: int | None = None,
) -> Split:
    """Shares give in their order. Fixed and permille parts are taken first, the earlier before the later where there is
    not enough for both; the one that takes the rest gets what they leave, and so the last fen. `cap_fen`: all that those
    who are not the merchant may give together."""
    left = dict(left_fen) if left_fen else {}
    fens, carried, short = [], 0, None
    for share, wanted in zip(shares, _wanted(discount_fen, shares), strict=True):
        asked = given = wanted + carried
        if share.max_fen is not None and share.max_fen < given:
            given = share.max_fen
        is_capped = cap_fen is not None and share.payer != Payer.MERCHANT
        if is_capped and cap_fen < given:
            given = cap_fen
        if share.funder in left:
            given = max(min(given, left[share.funder]), 0)
            left[share.funder] -= given
        if is_capped:
            cap_fen -= given
        fens.append(given)
        missing, carried = asked - given, 0
        if missing:
            short = short or share
            if share.when_empty == WhenEmpty.REFUSE:
                return Split((0,) * len(shares), 0, share, is_refused=True)
            carried = missing if share.when_empty == WhenEmpty.NEXT else 0
    if carried:
        return Split((0,) * len(shares), 0, short, is_refused=True)
    return Split(tuple(fens), sum(fens), short)


def _wanted(discount_fen: int, shares: Sequence[Share]) -> list[int]:
    open_fen, wanted, rest = discount_fen, [], len(shares) - 1
    for n, share in enumerate(shares):
        asked = share.fixed_fen or discount_fen * share.permille // 1000
        if share.takes_rest:
            rest, asked = n, 0
        asked = min(asked, open_fen)
        open_fen -= asked
        wanted.append(asked)
    wanted[rest] += open_fen
    return wanted


def wrong_shares(shares: Sequence[Share]) -> list[str]:
    """What must be mended before an offer goes live, for forms."""
    problems = []
    if sum(share.takes_rest for share in shares) != 1:
        problems.append(_("要有且只有一个出资方承担余额。"))
    if sum(share.permille for share in shares) > 1000:
        problems.append(_("各方比例之和不能超过 100%。"))
    if any(share.permille and share.fixed_fen for share in shares):
        problems.append(_("一个出资方只能填比例或固定金额中的一项。"))
    if any(share.payer in (Payer.UNION, Payer.EMPLOYER) and share.funder is None for share in shares):
        problems.append(_("工会和单位出资要指明从哪一项预算支出。"))
    if shares and shares[-1].when_empty == WhenEmpty.NEXT:
        problems.append(_("最后一个出资方后面没有别人，额度不足时请选“不享受”或“减少优惠”。"))
    return problems
