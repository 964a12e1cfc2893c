"""爽约: marked by a job after the grace, forgiven by hand with a reason, ruled by each union for its own releases."""

from __future__ import annotations

from gonghui.benefits import errors, messages
from gonghui.benefits.actions.news import tell_holder
from gonghui.benefits.models import NoShowExemption, NoShowRule, Voucher
from gonghui.benefits.models.vouchers import VOUCHER_VERBS
from gonghui.benefits.rules import NO_SHOW_GRACE
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.orgs.models import Union

BATCH = 200
EXPIRED_AT_ONCE = 20_000


def mark_no_shows(actor: Actor) -> int:
    marked = expire_coupons(actor)
    while count := mark_no_show_batch(actor):
        marked += count
    return marked


@action
def mark_no_show_batch(actor: Actor) -> int:
    """Confirmed tickets that nobody honoured until the grace was over. A window's paper ticket (exchanged) counts as come."""
    now = clock.now()
    due = (
        Voucher.objects.unscoped("tickets whose time is over")
        .filter(state=Voucher.State.CONFIRMED, pool__valid_until__lt=now - NO_SHOW_GRACE)
        .exclude(release__offer__is_priced=True)
        .select_related("release", "pool")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("id")[:BATCH]
    )
    found = list(due)
    for voucher in found:
        move(voucher, VOUCHER_VERBS, "miss", settled_at=now)
        tell_holder(actor, voucher, "missed", messages.missed(voucher))
    return len(found)


@action
def expire_coupons(actor: Actor) -> int:
    """Of priced offers: nobody waited for who did not use one."""
    now = clock.now()
    over = Voucher.objects.unscoped("coupons whose time is over").filter(
        state=Voucher.State.CONFIRMED, pool__valid_until__lt=now, release__offer__is_priced=True
    )
    due = over.select_for_update(of=("self",), skip_locked=True).order_by("id").values_list("id", flat=True)
    again = Voucher.objects.unscoped("just locked").filter(pk__in=list(due[:EXPIRED_AT_ONCE]))
    return again.update(state=Voucher.State.EXPIRED, settled_at=now, updated_at=now)


@action
def exempt_no_show(actor: Actor, *, voucher_id: int, reason: str) -> NoShowExemption:
    """The ticket stays a no-show in the reports; it no longer counts against its holder."""
    found = Voucher.objects.visible_to(actor).select_related("release__union", "pool")
    voucher = found.filter(pk=voucher_id).first()
    require(voucher, NOT_FOUND)
    require(actor.user_id and actor.may("vouchers.void", voucher.release.union.path))
    require(voucher.state == Voucher.State.NO_SHOW, errors.NOT_A_NO_SHOW)
    require(reason.strip(), errors.REASON_MISSING)
    exemption, is_new = NoShowExemption.objects.unscoped("the exemption of a fetched voucher").get_or_create(
        voucher=voucher, defaults={"reason": reason.strip(), "granted_by_id": actor.user_id}
    )
    if is_new:
        tell_holder(actor, voucher, "exempted", messages.exempted(voucher))
    return exemption


@action
def write_no_show_rule(
    actor: Actor, *, union_id: int, count: int, within_days: int, bar_days: int
) -> NoShowRule:
    union = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.may("releases.write", union.path))
    require(min(count, within_days, bar_days) >= 1, BAD_INPUT, detail=f"{count}/{within_days}/{bar_days}")
    rule, _new = NoShowRule.objects.update_or_create(
        union=union, defaults={"count": count, "within_days": within_days, "bar_days": bar_days}
    )
    return rule


@action
def drop_no_show_rule(actor: Actor, *, union_id: int) -> None:
    union = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.may("releases.write", union.path))
    NoShowRule.objects.filter(union=union).delete()
