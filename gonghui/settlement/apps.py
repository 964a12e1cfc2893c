from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SettlementConfig(AppConfig):
    name = "gonghui.settlement"
    label = "settlement"
    verbose_name = _("结算")

    def ready(self) -> None:
        from gonghui.bills import origins
        from gonghui.funds.actions.decisions import roads
        from gonghui.settlement import ledger_words  # noqa: F401 - registers the words
        from gonghui.settlement.actions.disputes import ADJUSTMENT_ROAD
        from gonghui.settlement.actions.payouts import PAYOUT_ROAD
        from gonghui.settlement.leads import register_leads
        from gonghui.settlement.panels import register_panels
        from gonghui.settlement.queries import arrival_of

        register_panels()
        register_leads()
        roads.update({"payout": PAYOUT_ROAD, "adjust": ADJUSTMENT_ROAD})
        origins.arrivals.append(arrival_of)
