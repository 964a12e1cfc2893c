"""券包: composed of a draft, checked at its review so that no pack comes up short, opened once; new members welcomed once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from gonghui.benefits import engine
from gonghui.benefits.actions.grants import entitled_people
from gonghui.benefits.actions.releases import release_for
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Pool, Release, Voucher
from gonghui.benefits.models.vouchers import VOUCHER_VERBS
from gonghui.bills import terms_errors
from gonghui.bills.actions.news import tell_opened
from gonghui.bills.actions.terms import is_in_line
from gonghui.bills.models import PackItem, PackOpening, WelcomeGift, WelcomePack
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.jobs import sweep
from gonghui.kit.states import move
from gonghui.members.models import Membership

OURS = "of a pack, moved with it"
BEFORE = (Release.State.DRAFT,)
OVER = (Release.State.CLOSED, Release.State.CANCELLED)
log = structlog.get_logger("gonghui.packs")


class PackShort(RuntimeError):
    """A place that was kept for the pack is not there."""


@action
def fill_pack(actor: Actor, *, release_id: int, items: Sequence[tuple[int, int]]) -> list[PackItem]:
    """(pool, count) of every pack of a draft; what was in it before is taken out."""
    pack = release_for(actor, release_id, "releases.write")
    is_draft = pack.state == Release.State.DRAFT
    require(is_draft, terms_errors.PACK_NOT_DRAFT, pack=pack.title, state=pack.get_state_display())
    wanted = dict(items)
    pools = Pool.objects.unscoped(OURS).select_related("release__union").filter(pk__in=wanted)
    found = [pool for pool in pools if is_in_line(pool.release.union.path, pack.union.path)]
    require(len(found) == len(wanted), terms_errors.PACK_ITEM_UNKNOWN)
    require(all(count > 0 for count in wanted.values()), terms_errors.PACK_WRONG, detail=_("每包至少一张。"))
    is_nested = PackItem.objects.unscoped(OURS).filter(pack__pools__in=wanted).exists()
    require(not is_nested, terms_errors.PACK_IN_PACK)
    pack.pack_items.all().delete()
    return [
        PackItem.objects.create(pack=pack, pool_id=pk, count=count) for pk, count in sorted(wanted.items())
    ]


def check_pack(actor: Actor, release: Release) -> None:
    """At its review: every voucher of every pack has its place, in a release nobody else gets anything of."""
    items = list(release.pack_items.order_by("pool_id"))
    if not items:
        return
    require(release.party_max == 1, terms_errors.ONE_A_CLAIM)
    locked = Pool.objects.unscoped(OURS).select_related("release").filter(pk__in=[i.pool_id for i in items])
    pools = {pool.pk: pool for pool in locked.order_by("id").select_for_update(of=("self",))}
    wrong = [text for item in items for text in _wrong_item(item, pools[item.pool_id], release)]
    require(not wrong, terms_errors.PACK_WRONG, detail="".join(wrong))


def _wrong_item(item: PackItem, pool: Pool, pack: Release) -> list[str]:
    part, named = pool.release, {"pool": f"{pool.release.title} {pool.label}"}
    wrong = []
    if part.mode != Release.Mode.PACK:
        wrong.append(_("“%(pool)s”不是“随礼包发放”的投放。") % named)
    if part.state in (*BEFORE, *OVER):
        wrong.append(_("“%(pool)s”的投放还没有复核，或者已经结束。") % named)
    if part.confirm_within_s:
        wrong.append(_("“%(pool)s”要求领后确认，装进礼包的券不能这样。") % named)
    if part.per_person < item.count * pack.per_person:
        need = named | {"need": item.count * pack.per_person}
        wrong.append(_("“%(pool)s”的每人限领次数至少要 %(need)d。") % need)
    promised = promised_places(pool.pk)
    if promised > pool.capacity:
        facts = named | {"need": promised, "there": pool.capacity}
        wrong.append(_("“%(pool)s”要留 %(need)d 份给礼包，只有 %(there)d 份。") % facts)
    return wrong


def promised_places(pool_id: int) -> int:
    """To packs that were reviewed, this one among them by now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT bills_promised_to_packs(%s)", [pool_id])
        return cursor.fetchone()[0]


def refuse_more_packs(actor: Actor, release: Release) -> None:
    if release.pack_items.exists():
        raise DomainError(terms_errors.PACK_NOT_ENLARGED, pack=release.title)


def unopened_packs() -> QuerySet[Voucher]:
    found = Voucher.objects.unscoped(OURS).filter(state=Voucher.State.CONFIRMED)
    packs = found.filter(release__pack_items__isnull=False, opening=None)
    paused = PackItem.objects.unscoped(OURS).filter(
        pack_id=OuterRef("release_id"), pool__release__state=Release.State.PAUSED
    )
    return packs.exclude(Exists(paused)).distinct().order_by("id")


def open_packs(actor: Actor) -> int:
    """Every pack that was claimed and confirmed, each in a transaction of its own."""
    unopened = list(unopened_packs().values_list("pk", flat=True))
    with sweep() as each:
        return sum(bool(each(_opened, actor, voucher_id=pk)) for pk in unopened)


def _opened(actor: Actor, *, voucher_id: int) -> bool:
    try:
        return open_pack(actor, voucher_id=voucher_id) is not None
    except (
        PackShort
    ) as short:  # places were taken past every door; the next sweep tries again, the others go on
        log.error("pack_short", voucher_id=voucher_id, why=str(short))
        return False


@action
def open_pack(actor: Actor, *, voucher_id: int) -> PackOpening | None:
    """Gives out what is in it, marks it used and says so, together. None when somebody opened it, it was returned, it is no
    pack, or a part is paused: then it is opened whole once that goes on."""
    found = Voucher.objects.unscoped(OURS).filter(pk=voucher_id).select_related("release__union")
    voucher = found.select_for_update(of=("self",)).first()
    if voucher is None or voucher.state != Voucher.State.CONFIRMED:
        return None
    items = PackItem.objects.unscoped(OURS).filter(pack_id=voucher.release_id).order_by("pool_id")
    if not items or _is_paused(items.values("pool__release")):
        return None
    living = list(items.exclude(pool__release__state="cancelled").select_related("pool__release__offer"))
    given = sum(_give(item, voucher) for item in living)
    move(voucher, VOUCHER_VERBS, "redeem", settled_at=clock.now())
    tell_opened(actor, voucher, living)
    return PackOpening.objects.create(voucher=voucher, given=given)


def _is_paused(release_ids: QuerySet) -> bool:
    """Under their locks, in the order of their ids: a pause waits for what is being given, or is seen by it."""
    rows = Release.objects.unscoped(OURS).filter(pk__in=release_ids).order_by("pk")
    found = rows.select_for_update(of=("self",), no_key=True).values_list("state", flat=True)
    return Release.State.PAUSED in list(found)


def _give(item: PackItem, voucher: Voucher) -> int:
    keys = [item_key(voucher.pk, item.pk, nth) for nth in range(item.count)]
    claims = [Claim(person_id=voucher.person_id, key=key, wait=False) for key in keys]
    answers = engine.settle_claims(item.pool_id, claims, issue=True)
    if any(one.answer != "won" for one in answers):
        raise PackShort(f"{[one.answer for one in answers]} of pool {item.pool_id}")
    return len(answers)


def item_key(voucher_id: int, item_id: int, nth: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"pack/{voucher_id}/{item_id}/{nth}")


# --- Welcome ------------------------------------------------------------------------------------------------


@action
def set_welcome_pack(actor: Actor, *, pool_id: int) -> WelcomePack:
    """Who joins from now on gets one; for whom is the release's audience: its union, groups, verified or not."""
    pool = Pool.objects.visible_to(actor).select_related("release__union").filter(pk=pool_id).first()
    require(pool, NOT_FOUND)
    release = pool.release
    require(actor.may("releases.write", release.union.path))
    wrong = []
    if release.mode != Release.Mode.PACK:
        wrong.append(_("入会礼包要用“随礼包发放”的投放。"))
    if release.state in (*BEFORE, *OVER):
        wrong.append(_("这个投放还没有复核，或者已经结束。"))
    if not release.pack_items.exists():
        wrong.append(_("这个投放里还没有装券，请先组装礼包。"))
    require(not wrong, terms_errors.PACK_WRONG, detail="".join(wrong))
    is_taken = WelcomePack.objects.unscoped(OURS).filter(pool=pool, ended_at=None).exists()
    require(not is_taken, terms_errors.WELCOME_TAKEN, pack=release.title)
    return WelcomePack.objects.create(pool=pool, maker_id=actor.user_id)


@action
def end_welcome_pack(actor: Actor, *, welcome_id: int) -> WelcomePack:
    found = WelcomePack.objects.visible_to(actor).select_related("pool__release__union")
    welcome = found.filter(pk=welcome_id).select_for_update(of=("self",)).first()
    require(welcome, NOT_FOUND)
    require(actor.may("releases.write", welcome.pool.release.union.path))
    if welcome.ended_at is None:
        welcome.ended_at = clock.now()
        welcome.save(update_fields=["ended_at", "updated_at"])
    return welcome


def welcome_joiners(actor: Actor) -> int:
    """Those who joined since a welcome was set and were not welcomed yet; the pool's last place ends it."""
    living = WelcomePack.objects.unscoped(OURS).filter(ended_at=None)
    going = living.exclude(pool__release__state__in=(*OVER, Release.State.PAUSED))
    found = going.select_related("pool__release__union", "pool__release__audience_union").order_by("id")
    with sweep() as each:
        return sum(
            bool(each(welcome_person, actor, welcome_id=welcome.pk, person_id=person_id))
            for welcome in found
            for person_id in _joined(welcome)
        )


def _joined(welcome: WelcomePack) -> list[int]:
    # As many as there are places for. Whoever only moves to another union is no new member.
    before = Membership.objects.unscoped(OURS).filter(
        person=OuterRef("pk"), created_at__lt=welcome.created_at
    )
    people = entitled_people(welcome.pool.release).filter(welcome_gift=None)
    since = people.filter(memberships__created_at__gte=welcome.created_at).filter(~Exists(before))
    return list(since.distinct().order_by("pk").values_list("pk", flat=True)[: welcome.pool.remaining])


@action
def welcome_person(actor: Actor, *, welcome_id: int, person_id: int) -> WelcomeGift | None:
    """Once per person ever, whatever runs at once; the pack is opened with it."""
    welcome = WelcomePack.objects.unscoped(OURS).filter(pk=welcome_id).first()
    if welcome is None or WelcomeGift.objects.unscoped(OURS).filter(person_id=person_id).exists():
        return None
    key = uuid5(NAMESPACE_OID, f"welcome/{person_id}")
    try:
        with transaction.atomic():
            if _is_paused(Pool.objects.unscoped(OURS).filter(pk=welcome.pool_id).values("release")):
                return None
            claim = Claim(person_id=person_id, key=key, wait=False)
            (answer,) = engine.settle_claims(welcome.pool_id, [claim], issue=True)
            if answer.answer != "won":
                return None
            gift = WelcomeGift.objects.create(
                person_id=person_id, welcome=welcome, voucher_id=answer.voucher_id
            )
    except IntegrityError:
        return None  # welcomed elsewhere in this moment
    open_pack(actor, voucher_id=answer.voucher_id)
    return gift
