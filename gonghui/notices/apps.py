from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "gonghui.notices"
    label = "notices"
    verbose_name = _("消息")

    def ready(self) -> None:
        from gonghui.audiences.behaviours import Behaviour, register
        from gonghui.notices.union_endings import sends_under_way
        from gonghui.orgs import endings

        endings.staying.append((_("群发通知"), sends_under_way))

        register(
            Behaviour(
                "read", _("读过消息"), table="notices_message", at="read_at", where="read_at IS NOT NULL"
            )
        )
