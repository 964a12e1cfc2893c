"""What people are told when something happened to their identity or to those they book for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.kit.masks import mask_name
from gonghui.members.events import DelegationBegan, DelegationEnded, MergeCaseSettled, PersonVerified
from gonghui.members.models import Delegation, MergeCase
from gonghui.notices.actions.messages import Notice, tell_once
from gonghui.notices.models import MessageKind


@reacts_to(PersonVerified)
def tell_verified(event: PersonVerified) -> None:
    body = _("现在可以抢票、抽签和领取福利了。")
    notice = Notice(MessageKind.SECURITY, _("实名认证已通过"), body, "/activities")
    actor = Actor.system("news of a verification")
    tell_once(actor, once=f"verified:{event.person_id}", notice=notice, person_id=event.person_id)


@reacts_to(MergeCaseSettled)
def tell_case_settled(event: MergeCaseSettled) -> None:
    case = MergeCase.objects.unscoped("news of a settled case").filter(pk=event.case_id).first()
    if case is None:
        return
    if case.state == "moved":
        body = _("核对完成，身份已转到您现在的账号。")
    else:
        body = _("核对完成，这个证件号码仍属于原来的账号。如有疑问，请带上证件到所在工会办理。")
    notice = Notice(MessageKind.SECURITY, _("身份核对有了结果"), body, "/me")
    actor = Actor.system("news of a settled merge case")
    tell_once(actor, once=f"case:{event.case_id}", notice=notice, user_id=case.claimant_id)


@reacts_to(DelegationBegan)
def tell_delegation_began(event: DelegationBegan) -> None:
    found = _delegation(event.delegation_id)
    if found is None:
        return
    body = _("{who}现在可以代您预约。不需要时，随时可以结束。").format(who=mask_name(found.delegate.name))
    notice = Notice(MessageKind.SECURITY, _("有人可以代您预约"), body, "/me/delegations")
    actor = Actor.system("news of a delegation")
    tell_once(actor, once=f"delegation:{found.pk}", notice=notice, person_id=found.person_id)


@reacts_to(DelegationEnded)
def tell_delegation_ended(event: DelegationEnded) -> None:
    found = _delegation(event.delegation_id)
    if found is None:
        return
    ended_by, other = found.delegate, found.person
    if event.ended_by_person_id == found.person_id:
        ended_by, other = found.person, found.delegate
    body = _("与{who}的代约关系已经结束；已经订好的不受影响。").format(who=mask_name(ended_by.name))
    notice = Notice(MessageKind.SECURITY, _("代约关系已结束"), body, "/me/delegations")
    actor = Actor.system("news of a delegation")
    tell_once(actor, once=f"delegation-over:{found.pk}", notice=notice, person_id=other.pk)


def _delegation(delegation_id: int) -> Delegation | None:
    found = Delegation.objects.unscoped("news of a delegation").select_related("person", "delegate")
    return found.filter(pk=delegation_id).first()
