from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FundsConfig(AppConfig):
    name = "gonghui.funds"
    label = "funds"
    verbose_name = _("经费与福豆")

    def ready(self) -> None:
        from gonghui.funds import ledger_words  # noqa: F401 - registers the words
        from gonghui.funds.actions.budgets import BUDGET_ROAD, CHANGE_ROAD
        from gonghui.funds.actions.decisions import roads
        from gonghui.funds.actions.grants import GRANT_ROAD
        from gonghui.funds.leads import register_leads
        from gonghui.funds.union_endings import live_budgets_of
        from gonghui.orgs import endings

        roads.update({"budget": BUDGET_ROAD, "change": CHANGE_ROAD, "grant": GRANT_ROAD})
        register_leads()
        endings.staying.append((_("经费预算"), live_budgets_of))
