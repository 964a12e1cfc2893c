from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenefitsConfig(AppConfig):
    name = "gonghui.benefits"
    label = "benefits"
    verbose_name = _("权益")

    def ready(self) -> None:
        from gonghui.benefits.actions.releases import RELEASE_ROAD
        from gonghui.funds.actions.decisions import roads

        roads["release"] = RELEASE_ROAD
