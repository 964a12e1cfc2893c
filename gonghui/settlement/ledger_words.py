"""The ledger's words of settlement."""

from datetime import datetime

from django.apps import apps
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from gonghui.ledger.kinds import PLAIN, SUBJECTS, WORDS
from gonghui.ledger.moments import MOMENTS

PLAIN.update({"fee": _("服务费")})

WORDS.update(
    {
        "pay_out": _("付款给商家"),
        "pay_out_back": _("付款被退回"),
        "adjust": _("结算补付"),
        "adjust_back": _("结算扣回"),
        "take_fee": _("服务费"),
        "give_back_fee": _("服务费退回"),
        "offset_payable": _("门店之间冲抵"),
    }
)


def _numbers_of(model: str):
    """By id, the number that merchant, union and bank know it by."""

    def names(ids: list[int]) -> dict[int, str]:
        rows = apps.get_model("settlement", model).objects.unscoped("numbers, of transfers already seen")
        return {row.pk: row.number for row in rows.filter(pk__in=ids).only(*NUMBERED[model])}

    return names


NUMBERED = {"Statement": ("period_id",), "Payout": ("batch_id",)}
SUBJECTS.update({"statement": _numbers_of("Statement"), "payout": _numbers_of("Payout")})


def _put_right(ids: list[int]) -> dict[int, datetime | None]:
    """When what an adjustment puts right took place; none where it names no line."""
    rows = apps.get_model("settlement", "Adjustment").objects.unscoped("moments of transfers already seen")
    found = rows.filter(pk__in=ids).annotate(happened=Coalesce("line__bill__offline_at", "line__at"))
    return dict(found.values_list("pk", "happened"))


MOMENTS.update({"adjust": _put_right, "adjust_back": _put_right})
