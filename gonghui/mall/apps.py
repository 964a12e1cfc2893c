from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MallConfig(AppConfig):
    name = "gonghui.mall"
    label = "mall"
    verbose_name = _("惠工商城")

    def ready(self) -> None:
        from gonghui.mall import panels

        panels.register_panels()
