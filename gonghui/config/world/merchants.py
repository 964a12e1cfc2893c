"""Standing agreements of the demo's partners, a merchant account, and one application that waits for review."""

from __future__ import annotations

from django.utils.translation import gettext as _
from stdnum.cn import uscc

from gonghui.accounts.models import User
from gonghui.config.world.partners import Venues
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.partners.models import Agreement, MerchantRole, PartnerApplication, PayoutAccount

MERCHANT_PHONE = "19899990002"
APPLICANT_PHONE = "19899990003"
ACCOUNT = "6217000000001234"
BODY = "91440101MA59AB001"


def build_merchants(tree: Tree, venues: Venues) -> list[dict]:
    """Returns the cards of the merchant and of whoever applies, for accounts.json."""
    for partner in venues.partners.values():
        Agreement.objects.create(
            partner=partner,
            union_id=partner.union_id,
            concession=_("按原有约定。"),
            starts_on=partner.since,
            state="effective",
        )
    owner = User.objects.create(phone=MERCHANT_PHONE, display_name=_("影城 梁经理"))
    cinema = venues.partners["cinema"]
    MerchantRole.objects.create(user=owner, partner=cinema, role="owner")
    PayoutAccount.objects.create(
        partner=cinema,
        holder=cinema.name,
        bank=_("中国银行广州江南中路支行"),
        account=ACCOUNT,
        entered_by=owner,
    )
    _waiting_application(tree)
    return [
        {"role": _("商户负责人"), "address": "/merchant", "login": MERCHANT_PHONE, "password": ""},
        {"role": _("申请入驻的商户"), "address": "/merchant", "login": APPLICANT_PHONE, "password": ""},
    ]


def _waiting_application(tree: Tree) -> None:
    applicant = User.objects.create(phone=APPLICANT_PHONE, display_name=_("好味食堂 何佳"))
    PartnerApplication.objects.create(
        applicant=applicant,
        union=tree.by_code["4401"],
        company=_("好味社区食堂有限公司"),
        uscc=BODY + uscc.calc_check_digit(BODY),
        kind="food",
        contact_name=_("何佳"),
        contact_phone=APPLICANT_PHONE,
        stores=[{"name": _("江南店"), "address": _("江南中路 20 号")}],
        offer=_("骑手、环卫、保安 13:00–14:00 用餐七折"),
        concession_permille=300,
        state="applied",
        submitted_at=clock.now(),
    )
