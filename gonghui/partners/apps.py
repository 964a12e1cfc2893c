from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "gonghui.partners"
    label = "partners"
    verbose_name = _("合作单位")

    def ready(self) -> None:
        from gonghui.ledger.kinds import SUBJECTS
        from gonghui.partners.queries import partner_names

        SUBJECTS["partner"] = partner_names
