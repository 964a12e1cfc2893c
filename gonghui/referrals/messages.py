"""What both hear when the vouchers are there."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from gonghui.kit.masks import mask_name
from gonghui.members.models import Person
from gonghui.notices.actions import Notice
from gonghui.notices.models import MessageKind
from gonghui.referrals.models import Referral


def rewarded(referral: Referral) -> Iterator[tuple[int, Notice]]:
    """(person, what they read)."""
    name = referral.campaign.name
    if referral.joiner_voucher_id:
        body = _("“{campaign}”的新会员券已放进您的票券里。").format(campaign=name)
        yield referral.joinee_id, Notice(MessageKind.TICKET, _("欢迎入会，券到了"), body, "/tickets")
    if referral.referrer_voucher_id:
        joinee = Person.objects.unscoped("of an introduction in hand").get(pk=referral.joinee_id)
        body = _("您介绍的{who}已经入会。“{campaign}”的券已放进您的票券里。")
        said = body.format(who=mask_name(joinee.name), campaign=name)
        yield referral.referrer_id, Notice(MessageKind.TICKET, _("谢谢您的介绍，券到了"), said, "/tickets")
