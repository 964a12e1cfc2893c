from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JoiningConfig(AppConfig):
    name = "gonghui.joining"
    label = "joining"
    verbose_name = _("入会")

    def ready(self) -> None:
        from gonghui.joining import applications_along
        from gonghui.orgs import endings

        endings.in_flight.append(applications_along.FLIGHT)
