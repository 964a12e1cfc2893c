"""The ledger's words of bills."""

from collections.abc import Callable
from datetime import datetime

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import KINDS, SUBJECTS, WORDS
from gonghui.ledger.moments import MOMENTS

KINDS.update({"provider": _("渠道代付")})
WORDS.update(
    {
        "concede": _("商家让利"),
        "subsidise": _("补贴商家"),
        "pay_counter": _("柜台付款"),
        "hand_over": _("线上付款转商家"),
        "refund_concede": _("让利退回"),
        "refund_subsidise": _("补贴退回"),
        "refund_pay_counter": _("柜台退款"),
        "refund_hand_over": _("线上付款退回"),
        "use_external": _("外部券使用"),
        "return_external": _("外部券退回"),
    }
)


def _names_of(label: str, field: str, said="{}") -> Callable[[list[int]], dict[int, str]]:
    def names(ids: list[int]) -> dict[int, str]:
        rows = apps.get_model(label).objects.unscoped("names of what an account already seen stands for")
        return {pk: str(said).format(name) for pk, name in rows.filter(pk__in=ids).values_list("pk", field)}

    return names


_stocks = _names_of("payments.ExternalStock", "name", _("外部券：{}"))
SUBJECTS.update(
    {
        "bill": _names_of("bills.Bill", "store__name", _("{}的账单")),
        "bill_refund": _names_of("bills.BillRefund", "bill__store__name", _("{}的退货")),
        "offer": _names_of("bills.OfferTerms", "offer__title", _("优惠：{}")),
        "release": _names_of("benefits.Release", "offer__title", _("发放：{}")),
        "external": _names_of("bills.ExternalUse", "funding__stock__name", _("使用外部券：{}")),
        "stock": _stocks,
        # As what was set aside for a stock was named at first.
        "commitment:external": _stocks,
    }
)


def _sold_offline(ids: list[int]) -> dict[int, datetime]:
    """When the till took it; what was sold with network was recorded at once."""
    rows = apps.get_model("bills", "Bill").objects.unscoped("moments of what an account already seen gave")
    return dict(rows.filter(pk__in=ids, offline_at__isnull=False).values_list("pk", "offline_at"))


MOMENTS.update(dict.fromkeys(("concede", "subsidise", "pay_counter"), _sold_offline))
