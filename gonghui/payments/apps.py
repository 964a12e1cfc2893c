from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "gonghui.payments"
    label = "payments"
    verbose_name = _("支付")

    def ready(self) -> None:
        from django.core.checks import register

        from gonghui.notices import openids
        from gonghui.payments.checks import adapters_know_the_same_account
        from gonghui.payments.ledger_words import register_words
        from gonghui.payments.queries import openids_of, person_of_openid

        register_words()
        openids.known.append(openids_of)
        openids.owners.append(person_of_openid)
        register(adapters_know_the_same_account)
