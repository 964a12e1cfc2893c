from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "gonghui.payments"
    label = "payments"
    verbose_name = _("支付")

    def ready(self) -> None:
        from django.core.checks import register

        from gonghui.payments.checks import adapters_know_the_same_account
        from gonghui.payments.ledger_words import register_words

        register_words()
        register(adapters_know_the_same_account)
