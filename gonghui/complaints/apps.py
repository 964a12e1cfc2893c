from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "gonghui.complaints"
    label = "complaints"
    verbose_name = _("投诉")

    def ready(self) -> None:
        from gonghui.complaints import panels

        panels.register_panels()
