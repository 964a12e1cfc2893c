from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WellbeingConfig(AppConfig):
    name = "gonghui.wellbeing"
    label = "wellbeing"
    verbose_name = _("健康关爱")

    def ready(self) -> None:
        from gonghui.funds.actions.decisions import roads
        from gonghui.wellbeing import ledger_words  # noqa: F401 - registers the words
        from gonghui.wellbeing.actions.plans import PLAN_ROAD

        roads["plan"] = PLAN_ROAD
