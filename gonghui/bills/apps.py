from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillsConfig(AppConfig):
    name = "gonghui.bills"
    label = "bills"
    verbose_name = _("优惠与账单")

    def ready(self) -> None:
        from gonghui.audiences.behaviours import Behaviour, register
        from gonghui.benefits import conditions
        from gonghui.bills import (
            coupon_checks,
            ledger_words,  # noqa: F401 - registers the words
            panels,
            purses,
            terms_tasks,  # noqa: F401 - registers the jobs
        )
        from gonghui.bills.actions import packs
        from gonghui.bills.actions.external import STOCK_ROAD
        from gonghui.bills.leads import register_leads
        from gonghui.funds.actions.decisions import roads

        conditions.when_asked.append(coupon_checks.over_a_cap)
        conditions.before_agreed.append(coupon_checks.refuse_own_stores)
        conditions.before_agreed.append(purses.require_hand_may_pay)
        conditions.worth.append(purses.worth_of_release)
        conditions.when_reviewed.append(purses.refuse_great_prizes)
        conditions.when_reviewed.append(purses.fill_release_purses)
        conditions.when_reviewed.append(packs.check_pack)
        conditions.when_sent_back.append(purses.empty_release_purses)
        conditions.when_enlarged.append(purses.refuse_enlarging)
        conditions.when_enlarged.append(packs.refuse_more_packs)
        roads["stock"] = STOCK_ROAD
        panels.register_panels()
        register_leads()
        register(
            Behaviour("bought", _("买过单"), table="bills_bill", at="settled_at", where="state = 'settled'")
        )
