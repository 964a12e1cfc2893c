"""外部券 for members: one of a stock each, of the member's own union or one above, as the spending rules allow."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, QuerySet

from gonghui.benefits.errors import NOT_VERIFIED
from gonghui.bills import errors
from gonghui.bills.models import StockFunding
from gonghui.funds import rulebook
from gonghui.funds.models import BenefitUse
from gonghui.funds.models.rules import BenefitCategory
from gonghui.funds.rulebook import Giving
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, require
from gonghui.kit.locks import lock_name
from gonghui.ledger.engine import id_of
from gonghui.members.models import Membership
from gonghui.members.queries import own_person
from gonghui.payments.actions.coupons import send_external_coupon
from gonghui.payments.models import ExternalCoupon, ExternalStock

WHY = "offered to this member"


def stocks_for(actor: Actor) -> QuerySet[StockFunding]:
    """Covered, opened by the provider, in their time, of a union the member belongs to or one above it."""
    below = Membership.objects.unscoped("one's own").filter(
        person_id=actor.person_id,
        status__in=Membership.LIVE,
        union__path__startswith=OuterRef("stock__union__path"),
    )
    now = clock.now()
    found = StockFunding.objects.unscoped(WHY).filter(
        Exists(below),
        stock__state=ExternalStock.State.ACTIVE,
        stock__starts_at__lte=now,
        stock__ends_at__gt=now,
    )
    given = found.annotate(given=Count("stock__coupons")).select_related("stock__union", "budget__source")
    return given.order_by("stock__ends_at", "id")


def coupons_of(actor: Actor) -> QuerySet[ExternalCoupon]:
    mine = ExternalCoupon.objects.unscoped("one's own").filter(person_id=actor.person_id)
    return mine.select_related("stock").order_by("-id")


@action
def claim_external_coupon(actor: Actor, *, stock_pk: int) -> ExternalCoupon:
    """One a member; the second time it is the same. A job sends it to the member's own WeChat."""
    person = own_person(actor)
    require(person is not None, NOT_ALLOWED)
    require(person.is_verified, NOT_VERIFIED)
    funding = stocks_for(actor).filter(stock_id=stock_pk).first()
    require(funding is not None, NOT_FOUND)
    lock_name("external-stock", str(stock_pk))
    key = id_of(funding.stock.key, "member", person.pk)
    known = coupons_of(actor).filter(key=key).first()
    if known:
        return known
    given = ExternalCoupon.objects.unscoped("all of one stock").filter(stock_id=stock_pk).count()
    require(given < funding.stock.total, errors.STOCK_GONE)
    rulebook.require_given(rulebook.give(_giving_of(funding, person.pk)))
    return send_external_coupon(actor, key=key, stock_pk=stock_pk, person_id=person.pk)


def take_back_unused(stock_pk: int) -> None:
    """What lapsed unused counts against nobody's caps any longer. In the caller's transaction."""
    unused = (
        ExternalCoupon.objects.unscoped("all of one stock").filter(stock_id=stock_pk).exclude(state="used")
    )
    uses = BenefitUse.objects.unscoped("all of one stock").filter(
        occasion=_occasion_of(stock_pk), returned_fen=0, person_id__in=unused.values("person_id")
    )
    for person_id, amount_fen in uses.order_by("person_id").values_list("person_id", "amount_fen"):
        rulebook.take_back(person_id, _occasion_of(stock_pk), amount_fen)


def _occasion_of(stock_pk: int) -> str:
    return f"external:{stock_pk}"


def _giving_of(funding: StockFunding, person_id: int) -> Giving:
    source = funding.budget.source
    return Giving(
        person_ids=[person_id],
        union=funding.stock.union,
        source_kind=source.kind,
        source_level=source.level,
        category=BenefitCategory.COUPON,
        amount_fen=funding.stock.face_fen,
        on=clock.today(),
        occasion=_occasion_of(funding.stock_id),
    )
