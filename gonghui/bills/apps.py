from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillsConfig(AppConfig):
    name = "gonghui.bills"
    label = "bills"
    verbose_name = _("优惠与账单")

    def ready(self) -> None:
        from gonghui.bills import ledger_words  # noqa: F401 - registers the words
