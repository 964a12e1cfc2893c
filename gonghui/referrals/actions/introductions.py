"""An introduction: noted when an application names a code, qualified by the approval, rewarded once, or void with a reason."""

from __future__ import annotations

from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from django.db import IntegrityError, transaction

from gonghui.accounts.models import Device
from gonghui.benefits import engine
from gonghui.benefits.actions.voids import VOIDABLE
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Pool, Voucher
from gonghui.joining.models import JoinApplication
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.jobs import sweep
from gonghui.kit.states import move
from gonghui.kit.tokens import new_short_code, normalise_short_code
from gonghui.members.models import Delegation, Membership, Person
from gonghui.notices.actions import tell_once
from gonghui.referrals import errors, messages, rules
from gonghui.referrals.models import VERBS, InviteCode, Referral, ReferralCampaign

OURS = "of an introduction in hand"
LOOK = "joining.review"
log = structlog.get_logger("gonghui.referrals")


class NoPlaceLeft(RuntimeError):
    """One of the two releases has nothing left; nothing of the pair is given."""


# --- the code -----------------------------------------------------------------------------------------------


@action
def show_code(actor: Actor) -> InviteCode:
    """The member's own, made on first look."""
    live = Membership.objects.visible_to(actor).filter(person_id=actor.person_id, status__in=Membership.LIVE)
    require(actor.person_id and live.exists(), errors.NOT_A_MEMBER_YET)
    known = InviteCode.objects.visible_to(actor).filter(person_id=actor.person_id).first()
    if known:
        return known
    made = InviteCode(person_id=actor.person_id, code=new_short_code())
    InviteCode.objects.bulk_create([made], ignore_conflicts=True)
    return InviteCode.objects.visible_to(actor).get(person_id=actor.person_id)


# --- from application to membership -------------------------------------------------------------------------


@action
def note_invitation(actor: Actor, *, application_id: int) -> Referral | None:
    """When an application that names a code is handed in. What cannot count is noted as void, with why."""
    found = JoinApplication.objects.unscoped("news of an application").select_related("union")
    application = found.filter(pk=application_id).first()
    if application is None or not application.invitation_code:
        return None
    if known := Referral.objects.unscoped(OURS).filter(application=application).first():
        return known
    campaign = campaign_of(application)
    code = normalise_short_code(application.invitation_code)
    codes = InviteCode.objects.unscoped("asked by a whole code, of one who is a member")
    invite = codes.filter(code=code or "", person__memberships__status__in=Membership.LIVE).first()
    if campaign is None or invite is None:
        log.info("invitation_not_counted", application=application_id, campaign=bool(campaign))
        return None  # nobody to name, or nothing promised
    why = rules.ONESELF if _is_oneself(invite, application) else ""
    made = Referral(
        campaign=campaign,
        referrer_id=invite.person_id,
        application=application,
        state=Referral.State.VOID if why else Referral.State.PENDING,
        why_void=str(why),
        settled_at=clock.now() if why else None,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        return Referral.objects.unscoped(OURS).filter(application=application).first()
    return made


def campaign_of(application: JoinApplication) -> ReferralCampaign | None:
    running = ReferralCampaign.objects.unscoped("in force for an application").filter(state="running")
    applied = rules.Applied(application.union.path, application.group, application.created_at)
    return rules.campaign_for(running.select_related("union"), applied)


def _is_oneself(invite: InviteCode, application: JoinApplication) -> bool:
    """The same account, the same document, or the same telephone."""
    person = Person.objects.unscoped(OURS).select_related("user").get(pk=invite.person_id)
    if application.user_id and application.user_id == person.user_id:
        return True
    phones = {person.phone_index, person.user.phone_index if person.user else None} - {None}
    same_id = application.id_index and application.id_index == person.id_index
    return bool(same_id or (application.phone_index and application.phone_index in phones))


@action
def qualify(actor: Actor, *, application_id: int) -> Referral | None:
    """After the approval. Flags are for a person to look at; only what cannot count is void."""
    referral = _of_application(application_id)
    if referral is None or referral.state != Referral.State.PENDING:
        return referral
    person_id = referral.application.person_id
    why = _why_not(referral, person_id)
    if why:
        return _void(referral, str(why))
    try:
        with transaction.atomic():
            flags = flags_of(referral.referrer_id, person_id)
            move(referral, VERBS, "qualify", joinee_id=person_id, flags=flags, updated_at=clock.now())
    except IntegrityError as error:
        if "referral_joinee_once" not in str(error):
            raise
        return _void(referral, str(rules.COUNTED_ELSEWHERE))
    return referral


def _why_not(referral: Referral, person_id: int | None):
    if person_id is None:
        return rules.NOT_JOINED
    if person_id == referral.referrer_id:
        return rules.ONESELF
    mine = Membership.objects.unscoped(OURS).filter(person_id=person_id)
    if mine.filter(created_at__lt=referral.application.created_at).exists():
        return rules.WAS_A_MEMBER
    counted = Referral.objects.unscoped(OURS).filter(joinee_id=person_id)
    return rules.COUNTED_ELSEWHERE if counted.exclude(state="void").exists() else None


def flags_of(referrer_id: int, joinee_id: int) -> list[str]:
    """What a person should look at before the vouchers go out."""
    flags = []
    if _share_a_device(referrer_id, joinee_id):
        flags.append(Referral.Flag.SAME_DEVICE.value)
    both = (referrer_id, joinee_id)
    between = Delegation.objects.unscoped(OURS).filter(person_id__in=both, delegate_id__in=both)
    if between.exists():
        flags.append(Referral.Flag.HOUSEHOLD.value)
    return flags


def _share_a_device(referrer_id: int, joinee_id: int) -> bool:
    devices = Device.objects.unscoped(OURS).exclude(mark=None)
    theirs = devices.filter(user__person=joinee_id).values("mark")
    return devices.filter(user__person=referrer_id, mark__in=theirs).exists()


def void_what_came_to_nothing(actor: Actor) -> int:
    """Applications refused or withdrawn for good: those not handed in again within the days of grace."""
    found = Referral.objects.unscoped("the sweep looks at every introduction").filter(state="pending")
    over = found.filter(
        application__state__in=("rejected", "withdrawn"),
        application__updated_at__lt=clock.now() - rules.GRACE,
    )
    ids = list(over.values_list("pk", flat=True))
    with sweep() as each:
        return sum(bool(each(_nothing_came, actor, referral_id=pk)) for pk in ids)


@action
def _nothing_came(actor: Actor, *, referral_id: int) -> bool:
    referral = _locked(referral_id)
    if referral.state != Referral.State.PENDING:
        return False
    _void(referral, str(rules.NOT_JOINED))
    return True


# --- the reward ---------------------------------------------------------------------------------------------


@action
def reward(actor: Actor, *, referral_id: int) -> Referral:
    """Both vouchers in one transaction, once, whoever asks at the same time. Raises `NoPlaceLeft` and gives neither."""
    referral = _locked(referral_id)
    if referral.state != Referral.State.QUALIFIED or referral.needs_a_look:
        return referral
    campaign = referral.campaign
    # One at a time a referrer, so that the cap holds.
    InviteCode.objects.unscoped(OURS).select_for_update().get(person_id=referral.referrer_id)
    rewarded = Referral.objects.unscoped(OURS).filter(
        campaign=campaign, referrer_id=referral.referrer_id, referrer_voucher__isnull=False
    )
    over_cap = rewarded.exclude(state="void").count() >= campaign.per_referrer
    asked = [(campaign.joiner_pool_id, referral.joinee_id, "joiner_voucher_id")]
    if not over_cap:
        asked.append((campaign.referrer_pool_id, referral.referrer_id, "referrer_voucher_id"))
    given = _both(referral, asked)
    move(
        referral,
        VERBS,
        "reward",
        is_over_cap=over_cap,
        settled_at=clock.now(),
        updated_at=clock.now(),
        **given,
    )
    _tell(actor, referral)
    return referral


def _both(referral: Referral, asked: list[tuple[int, int, str]]) -> dict[str, int]:
    """In the order of the releases' locks."""
    releases = dict(
        Pool.objects.unscoped(OURS).filter(pk__in=[a[0] for a in asked]).values_list("pk", "release_id")
    )
    given = {}
    for pool_id, person_id, column in sorted(asked, key=lambda one: releases[one[0]]):
        key = reward_key(referral.pk, column)
        (answer,) = engine.settle_claims(
            pool_id, [Claim(person_id=person_id, key=key, wait=False)], issue=True
        )
        if answer.answer != "won":
            raise NoPlaceLeft(f"{answer.answer} of pool {pool_id}")
        given[column] = answer.voucher_id
    return given


def reward_key(referral_id: int, side: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"referral/{referral_id}/{side}")


def reward_waiting(actor: Actor) -> int:
    """Everybody who qualified and needs no look; who finds nothing left waits and holds nobody up."""
    found = Referral.objects.unscoped("the sweep looks at every introduction").filter(state="qualified")
    waiting = list(found.order_by("id").values_list("id", flat=True))
    with sweep() as each:
        return sum(bool(each(_rewarded, actor, referral_id=pk)) for pk in waiting)


def _rewarded(actor: Actor, *, referral_id: int) -> bool:
    try:
        return reward(actor, referral_id=referral_id).state == Referral.State.REWARDED
    except NoPlaceLeft as short:
        log.warning("reward_waits", referral=referral_id, why=str(short))
        return False


def _tell(actor: Actor, referral: Referral) -> None:
    for person_id, notice in messages.rewarded(referral):
        tell_once(actor, once=f"referral:{referral.pk}:{person_id}", notice=notice, person_id=person_id)


# --- by a person --------------------------------------------------------------------------------------------


@action
def clear_referral(actor: Actor, *, referral_id: int, reason: str) -> Referral:
    """Somebody looked at what was flagged and found it right; the vouchers go out with it where there are any left."""
    referral = _to_decide(actor, referral_id)
    require(referral.needs_a_look, errors.LOOK_NOT_NEEDED)
    referral.looked_by_id = actor.user_id
    referral.save(update_fields=["looked_by", "updated_at"])
    try:
        with transaction.atomic():
            return reward(actor, referral_id=referral.pk)
    except NoPlaceLeft as short:
        log.warning("reward_waits", referral=referral.pk, why=str(short))
        return referral


@action
def void_referral(actor: Actor, *, referral_id: int, reason: str) -> Referral:
    """Fraud or a mistake. Vouchers not used yet are taken back; what was used stays used."""
    referral = _to_decide(actor, referral_id)
    return _void(referral, reason.strip()[:200])


def void_those_who_left(actor: Actor) -> int:
    """Whoever left within the days the campaign names."""
    found = Referral.objects.unscoped("the sweep looks at every introduction").filter(
        state__in=("qualified", "rewarded"), campaign__stay_days__gt=0
    )
    gone = found.filter(joinee__memberships__status__in=("exited", "expelled")).distinct()
    ids = list(gone.values_list("pk", flat=True))
    with sweep() as each:
        return sum(bool(each(_left_early, actor, referral_id=pk)) for pk in ids)


@action
def _left_early(actor: Actor, *, referral_id: int) -> bool:
    referral = _locked(referral_id)
    mine = Membership.objects.unscoped(OURS).filter(person_id=referral.joinee_id)
    first, days = mine.order_by("id").first(), referral.campaign.stay_days
    ended = mine.filter(status__in=("exited", "expelled")).order_by("id").last()
    lives = mine.filter(status__in=Membership.LIVE).exists()
    if lives or not (first and ended and ended.left_on) or referral.state == Referral.State.VOID:
        return False
    began = first.joined_on or first.created_at.astimezone(clock.CHINA).date()
    if (ended.left_on - began).days >= days:
        return False
    _void(referral, str(rules.LEFT_EARLY).format(days=days))
    return True


def _void(referral: Referral, why: str) -> Referral:
    move(referral, VERBS, "void", why_void=why, settled_at=clock.now(), updated_at=clock.now())
    for voucher_id in filter(None, (referral.joiner_voucher_id, referral.referrer_voucher_id)):
        voucher = Voucher.objects.unscoped(OURS).get(pk=voucher_id)
        if voucher.state in VOIDABLE:
            engine.give_back(voucher_id, Voucher.State.VOIDED)
    return referral


def _to_decide(actor: Actor, referral_id: int) -> Referral:
    """Nobody decides about an introduction they have a part in."""
    seen = Referral.objects.visible_to(actor).filter(pk=referral_id).exists()
    require(seen, NOT_FOUND)
    referral = _locked(referral_id)
    require(actor.user_id and actor.may(LOOK, referral.campaign.union.path))
    require(actor.person_id not in (referral.referrer_id, referral.joinee_id))
    return referral


def _of_application(application_id: int) -> Referral | None:
    found = Referral.objects.unscoped(OURS).select_related("campaign__union", "application")
    return found.filter(application_id=application_id).select_for_update(of=("self",)).first()


def _locked(referral_id: int) -> Referral:
    found = Referral.objects.unscoped(OURS).select_related("campaign__union", "application")
    return found.select_for_update(of=("self",)).get(pk=referral_id)
