"""What somebody writes into an offer's terms, and what is wrong with it in words. Pure but for the rows it is read from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from operator import attrgetter

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.audiences import queries as audiences
from gonghui.bills import pricing
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models import OfferLimit, OfferTerms, OfferWindow
from gonghui.kit import clock
from gonghui.kit.clock import CHINA
from gonghui.kit.templatetags.kit import yuan

SPAN_FEN = 1_000
"""Permille parts round down anew every so many fen: the most of a share is within the last of these."""
MERCHANT = pricing.Payer.MERCHANT
SHARE_FACTS = (
    "payer",
    "budget_id",
    "permille",
    "fixed_fen",
    "max_fen",
    "when_empty",
    "takes_rest",
    "set_aside_fen",
)
AUDIENCE = (
    "needs_voucher", "audience_union_id", "audience_id", "verified_only", "category", "festival", "programme_id",
)  # fmt: skip
LISTS = ("groups", "sections", "codes")
GIVES = (
    (pricing.Payer.MERCHANT, gettext_lazy("商家让 %s")),
    (pricing.Payer.UNION, gettext_lazy("工会贴 %s")),
    (pricing.Payer.EMPLOYER, gettext_lazy("单位贴 %s")),
)


@dataclass(frozen=True, slots=True)
class SharePlan:
    payer: str
    budget_id: int | None = None
    permille: int = 0
    fixed_fen: int = 0
    max_fen: int | None = None
    when_empty: str = "refuse"
    takes_rest: bool = False
    set_aside_fen: int = 0

    @property
    def as_share(self) -> pricing.Share:
        return pricing.Share(
            pricing.Payer(self.payer),
            self.budget_id,
            self.permille,
            self.fixed_fen,
            self.max_fen,
            pricing.WhenEmpty(self.when_empty),
            self.takes_rest,
        )


@dataclass(frozen=True, slots=True)
class TermsPlan:
    """An offer with its price, funders, windows and stores, as written. `limits`: (per, times); `caps`: (per, fen)."""

    title: str
    kind: str
    price: pricing.Terms
    shares: tuple[SharePlan, ...]
    windows: tuple[pricing.Window, ...] = ()
    limits: tuple[tuple[str, int], ...] = ()
    caps: tuple[tuple[str, int], ...] = ()
    store_ids: tuple[int, ...] = ()
    says: str = ""
    """What members read about how to use it."""
    needs_voucher: bool = True
    audience_union_id: int | None = None
    audience_id: int | None = None
    """Besides union and groups; its wording of the day it is written is kept."""
    verified_only: bool = True
    groups: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    category: str = ""
    festival: str = ""
    programme_id: int | None = None

    def as_fields(self) -> dict:
        """Of `OfferTerms`."""
        facts = {name: getattr(self, name) for name in AUDIENCE}
        facts["audience_version_id"] = audiences.version_of(self.audience_id).pk if self.audience_id else None
        return asdict(self.price) | facts | {name: list(getattr(self, name)) for name in LISTS}


def plan_of(terms: OfferTerms) -> TermsPlan:
    """Five queries."""
    return _plan_of(
        terms,
        terms.shares.order_by("nth"),
        terms.windows.select_related("benefit_day").order_by("id"),
        terms.limits.order_by("id"),
        terms.offer_stores.order_by("store_id"),
    )


PARTS = ("shares", "windows__benefit_day", "limits", "offer_stores")


def plan_fetched(terms: OfferTerms) -> TermsPlan:
    """Of a row whose offer and `PARTS` were fetched along with many others."""
    by_id = attrgetter("pk")
    return _plan_of(
        terms,
        sorted(terms.shares.all(), key=attrgetter("nth")),
        sorted(terms.windows.all(), key=by_id),
        sorted(terms.limits.all(), key=by_id),
        sorted(terms.offer_stores.all(), key=attrgetter("store_id")),
    )


def _plan_of(terms: OfferTerms, shares, windows, limits, stores) -> TermsPlan:
    return TermsPlan(
        title=terms.offer.title,
        kind=terms.offer.kind,
        says=terms.offer.terms,
        price=price_of(terms),
        shares=tuple(SharePlan(**{name: getattr(share, name) for name in SHARE_FACTS}) for share in shares),
        windows=tuple(window_of(window) for window in windows),
        **_limits_of(limits),
        store_ids=tuple(one.store_id for one in stores),
        **{name: getattr(terms, name) for name in AUDIENCE},
        **{name: tuple(getattr(terms, name)) for name in LISTS},
    )


def _limits_of(rows: Iterable[OfferLimit]) -> dict[str, tuple[tuple[str, int], ...]]:
    found = [(row.per, row.most, row.most_fen) for row in rows]
    return {
        "limits": tuple((per, most) for per, most, _fen in found if most),
        "caps": tuple((per, fen) for per, _most, fen in found if fen),
    }


def price_of(terms: OfferTerms) -> pricing.Terms:
    facts = {name: getattr(terms, name) for name in pricing.Terms.__slots__}
    kinds = {"form": pricing.Form, "basis": pricing.Basis, "stacking": pricing.Stacking}
    return pricing.Terms(**(facts | {name: kind(facts[name]) for name, kind in kinds.items()}))


def window_of(row: OfferWindow) -> pricing.Window:
    plain = ("id", "starts_on", "ends_on", "from_time", "to_time", "capacity")
    sets = {name: frozenset(getattr(row, name)) for name in ("weekdays", "groups", "store_ids")}
    return pricing.Window(
        **{name: getattr(row, name) for name in plain},
        **sets,
        holidays=pricing.Holidays(row.holidays),
        only_on=row.benefit_day and row.benefit_day.named,
    )


def greatest_discount(price: pricing.Terms) -> int | None:
    """The most it takes off one bill, in fen; None where the bill decides."""
    most = None
    if price.form == pricing.Form.THRESHOLD_OFF and price.repeat_max:
        most = price.off_fen * price.repeat_max
    if price.form == pricing.Form.GIFT:
        return price.price_fen
    for cap_fen in (price.cap_fen, price.bill_cap_fen):
        if cap_fen is not None:
            most = cap_fen if most is None else min(most, cap_fen)
    return most


def most_of_shares(price: pricing.Terms, shares: Sequence[pricing.Share]) -> list[int | None]:
    """What each share can give on one bill at the most, in fen; None where nothing bounds it."""
    greatest = greatest_discount(price)
    if greatest is None:
        return [_bound_alone(share, shares[n - 1] if n else None) for n, share in enumerate(shares)]
    willing = [_unfunded(share, is_last=n == len(shares)) for n, share in enumerate(shares, 1)]
    splits = [
        pricing.split_discount(fen, willing).fens for fen in range(max(greatest - SPAN_FEN, 0), greatest + 1)
    ]
    return [max(fens) for fens in zip(*splits, strict=True)]


def least_of_shares(price: pricing.Terms, shares: Sequence[pricing.Share]) -> list[int]:
    """What each gives at the least when the offer is used, in fen: all of it where the sum is always the same, else one fen."""
    if price.form != pricing.Form.THRESHOLD_OFF:
        return [1] * len(shares)
    return [most or 1 for most in most_of_shares(price, shares)]


def _unfunded(share: pricing.Share, *, is_last: bool) -> pricing.Share:
    """As it gives when nobody is short of money: its own maximum shrinks the discount, nothing refuses it."""
    hands_on = share.when_empty == pricing.WhenEmpty.NEXT and not is_last
    when = pricing.WhenEmpty.NEXT if hands_on else pricing.WhenEmpty.SHRINK
    return replace(share, funder=None, when_empty=when)


def _bound_alone(share: pricing.Share, before: pricing.Share | None) -> int | None:
    if share.max_fen is not None:
        return share.max_fen
    takes_over = before is not None and before.when_empty == pricing.WhenEmpty.NEXT
    return share.fixed_fen if share.fixed_fen and not (share.takes_rest or takes_over) else None


def wrong_plan(plan: TermsPlan, at: datetime) -> list[str]:
    """What must be mended, in words; empty when the price, the shares and the windows make sense. Stores may still be missing."""
    shares = [share.as_share for share in plan.shares]
    return [
        *wrong_price(plan.price),
        *pricing.wrong_shares(shares),
        *_wrong_money(plan, shares),
        *_wrong_windows(plan, at),
        *_wrong_limits(plan),
    ]


def wrong_price(price: pricing.Terms) -> Iterable[str]:
    form = price.form
    if form == pricing.Form.THRESHOLD_OFF and not price.off_fen:
        yield _("满减要填减多少元。")
    if form == pricing.Form.THRESHOLD_OFF and price.threshold_fen and price.off_fen > price.threshold_fen:
        yield _("减的金额不能多于满的金额。")
    if form == pricing.Form.THRESHOLD_OFF and not price.threshold_fen and price.repeat_max != 1:
        yield _("没有门槛的立减，每单只能减一次。")
    if form == pricing.Form.PERCENT and not 0 < price.rate_permille < 1000:
        yield _("折扣要在 0 折和 10 折之间，例如七五折填 7.5；全免请选“免费”。")
    if form in (pricing.Form.FIXED_PRICE, pricing.Form.AGREEMENT_PRICE) and not price.price_fen:
        yield _("请填写价格；不收钱的请选“免费”。")
    if form == pricing.Form.GIFT and not price.gift:
        yield _("请写明赠品是什么。")
    if price.cap_fen == 0 or price.bill_cap_fen == 0:
        yield _("“最多优惠”不填表示不限，不能填 0。")


def _wrong_money(plan: TermsPlan, shares: Sequence[pricing.Share]) -> Iterable[str]:
    greatest = greatest_discount(plan.price)
    fixed_fen = sum(share.fixed_fen for share in shares)
    if greatest is not None and fixed_fen > greatest:
        yield _("各方固定金额加起来超过了最多能减的金额。")
    if not plan.needs_voucher:
        for share in plan.shares:
            if share.payer != MERCHANT and not share.set_aside_fen:
                yield _("不凭券的优惠，工会和单位出资要填写上线时预留多少元，用完为止。")
                return
    elif any(
        share.payer != MERCHANT and most is None
        for share, most in zip(shares, most_of_shares(plan.price, shares), strict=True)
    ):
        yield _("发券要按名额留足补贴资金：请填写“最多优惠”，或填写工会、单位每单最多出多少元。")


def _wrong_windows(plan: TermsPlan, at: datetime) -> Iterable[str]:
    holidays = holidays_around(at.astimezone(CHINA).date())
    visit = pricing.Visit(None, at, holidays=holidays)
    for nth, window in enumerate(plan.windows, 1):
        if window.capacity == 0:
            yield _("第 %d 个时段的每天名额不能为 0；不限请留空。") % nth
        if plan.store_ids and not window.store_ids <= set(plan.store_ids):
            yield _("第 %d 个时段选了不参加这项优惠的门店：请先选上它们，或在时段里去掉。") % nth
        if not window.store_ids <= set(plan.store_ids or window.store_ids):
            continue
        everybody = replace(window, store_ids=frozenset(), capacity=None)
        is_now = pricing.is_open(everybody, at, groups=window.whom, holidays=holidays)
        if not is_now and pricing.next_opening([everybody], pricing.Asker(groups=window.whom), visit) is None:
            yield _("第 %d 个时段在今后一年里一天也没有：请核对日期、星期和节假日。") % nth


def _wrong_limits(plan: TermsPlan) -> Iterable[str]:
    if len({per for per, _most in plan.limits}) != len(plan.limits):
        yield _("同一种限次只能填一次。")
    if any(most < 1 for _per, most in plan.limits):
        yield _("限次至少为 1；不限请不要填。")
    if len({per for per, _fen in plan.caps}) != len(plan.caps):
        yield _("同一种补贴上限只能填一次。")
    if any(fen < 1 for _per, fen in plan.caps):
        yield _("补贴上限要大于 0；不限请不要填。")
    if plan.caps and all(share.payer == MERCHANT for share in plan.shares):
        yield _("补贴上限限的是工会和单位的钱：这项优惠全由商家让利，请不要填。")


def tried_on(plan: TermsPlan, list_fen: int) -> str:
    """What one bill of this price would come to, with nobody short of money: 满200元减30元：商家让 10…"""
    shares = tuple(replace(share.as_share, funder=None) for share in plan.shares)
    offer = pricing.LiveOffer(1, plan.title, plan.price, shares)
    basket = pricing.Basket((pricing.Line(plan.title or _("商品"), list_fen),))
    quote = pricing.quote([offer], basket, pricing.Asker(), pricing.Visit(None, clock.now()))
    facts = {"list": yuan(list_fen), "says": pricing.says_terms(plan.price)}
    if quote.refused:
        return _("原价 %(list)s 元：") % facts + quote.refused[0].sentence
    parts = [(said, quote.fen_of(payer)) for payer, said in GIVES]
    facts["by"] = _("、").join(said % yuan(fen) for said, fen in parts if fen)
    facts["due"] = yuan(quote.due_fen)
    gives = _("%(by)s、") % facts if facts["by"] else ""
    return _("原价 %(list)s 元，%(says)s：") % facts + gives + _("职工付 %(due)s 元。") % facts


def sample_fen(price: pricing.Terms) -> int:
    """A price at which the offer shows what it does."""
    return max(price.threshold_fen, price.off_fen * 2, price.price_fen * 3 // 2, 10_000)
