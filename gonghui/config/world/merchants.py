"""Standing agreements of the demo's partners, a merchant account, and one application that waits for review."""

from __future__ import annotations

from django.utils.translation import gettext as _
from stdnum.cn import uscc

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.mall import SUPPLIER_PHONE
from gonghui.config.world.partners import Venues
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.partners.actions import draft_agreement, send_agreement, sign_agreement
from gonghui.partners.models import Agreement, MerchantRole, PartnerApplication, PayoutAccount

SIGNS = "cinema"
MERCHANT_PHONE = "19899990002"
APPLICANT_PHONE = "19899990003"
ACCOUNT = "6217000000001234"
BODY = "91440101MA59AB001"


def build_merchants(tree: Tree, venues: Venues) -> list[dict]:
    """Returns the cards of the merchant and of whoever applies, for accounts.json."""
    for key, partner in venues.partners.items():
        if key == SIGNS:
            continue
        Agreement.objects.create(
            partner=partner,
            union_id=partner.union_id,
            concession=_("按原有约定。"),
            starts_on=partner.since,
            state="effective",
        )
    owner = User.objects.create(phone=MERCHANT_PHONE, display_name=_("影城 梁经理"))
    cinema = venues.partners[SIGNS]
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
        {
            "role": _("商城供应商"),
            "address": "/merchant/panels/mall",
            "login": SUPPLIER_PHONE,
            "password": "",
        },
        {"role": _("申请入驻的商户"), "address": "/merchant", "login": APPLICANT_PHONE, "password": ""},
    ]


def sign_cinema(venues: Venues, maker: Actor, checker: Actor) -> Agreement:
    """The one agreement of the demo that was read and signed here, with a service fee; the others stood before it."""
    cinema = venues.partners[SIGNS]
    row = draft_agreement(
        maker, partner=cinema, concession=_("影票和小卖部对会员让利，具体以券面为准。"), concession_permille=50,
        starts_on=cinema.since, cycle="monthly", silent_days=30, fee_bp=60,
    )  # fmt: skip
    row = send_agreement(checker, agreement_id=row.pk)
    owner = MerchantRole.objects.unscoped("demo world").select_related("user").get(partner=cinema).user
    return sign_agreement(actor_of(owner), agreement_id=row.pk, name=_("梁经理"), text_sha256=row.text_sha256)


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
