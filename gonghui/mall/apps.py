from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MallConfig(AppConfig):
    name = "gonghui.mall"
    label = "mall"
    verbose_name = _("惠工商城")

    def ready(self) -> None:
        from gonghui.audiences.behaviours import Behaviour, register
        from gonghui.mall import panels

        panels.register_panels()
        register(
            Behaviour(
                "ordered",
                _("在商城下过单"),
                table="mall_mallorder",
                at="created_at",
                where="state NOT IN ('created', 'points_held', 'cancelled')",
            )
        )
