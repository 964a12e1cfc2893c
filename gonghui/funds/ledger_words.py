"""The words of the rooms of money for kinds of accounts and reasons of transfers."""

from collections.abc import Callable
from datetime import date

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import BACKING, KINDS, PASSES_ON, SUBJECTS, WORDS
from gonghui.ledger.moments import MOMENTS

KINDS.update(
    {
        "outside": _("外部资金"),
        "source": _("经费来源"),
        "budget": _("预算"),
        "commitment": _("经费预留"),
        "backing": _("福豆备付"),
        "issue": _("福豆发行"),
        "points": _("会员福豆"),
        "paid": _("职工自付"),
        "prepaid": _("线上代收"),
        "counter": _("商家柜台收款"),
        "concession": _("商家让利"),
        "payable": _("应付商家"),
        "bank": _("银行付款"),
        "fee": _("服务费收入"),
    }
)
WORDS.update(
    {
        "receipt": _("经费到账"),
        "appropriate": _("拨入预算"),
        "allot": _("下拨预算"),
        "return_unused": _("结余退回"),
        "commit": _("预留"),
        "uncommit": _("预留退回"),
        "buy": _("采购付款"),
        "back_points": _("福豆备付"),
        "grant_points": _("发放福豆"),
        "expire_points": _("福豆到期"),
        "return_points": _("会员变动退回福豆"),
        "unback": _("福豆备付退回"),
        "spend_points": _("使用福豆"),
        "pay_points": _("福豆兑付"),
        "refund_points": _("福豆退回"),
        "refund_pay_points": _("福豆兑付退回"),
    }
)

BACKING.update({"issue": "backing"})
PASSES_ON.add("payable")


def _names_of(model: str, field: str, said="{}") -> Callable[[list[int]], dict[int, str]]:
    def names(ids: list[int]) -> dict[int, str]:
        rows = apps.get_model("funds", model).objects.unscoped(
            "names of what an account already seen stands for"
        )
        return {pk: str(said).format(name) for pk, name in rows.filter(pk__in=ids).values_list("pk", field)}

    return names


SUBJECTS.update(
    {
        "source": _names_of("FundSource", "name"),
        "budget": _names_of("Budget", "name"),
        "grant": _names_of("PointGrant", "title"),
        "receipt": _names_of("FundReceipt", "document"),
        "purchase": _names_of("Budget", "name", _("采购：{}")),
    }
)


def _days_of(ids: list[int]) -> dict[int, date]:
    """On which the bank had it."""
    rows = apps.get_model("funds", "FundReceipt").objects.unscoped("days of what an account already seen got")
    return dict(rows.filter(pk__in=ids).values_list("pk", "received_on"))


MOMENTS["receipt"] = _days_of
