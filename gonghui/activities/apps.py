from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "gonghui.activities"
    label = "activities"
    verbose_name = _("活动")

    def ready(self) -> None:
        from gonghui.audiences.behaviours import Behaviour, register

        register(
            Behaviour(
                "attended",
                _("参加过活动"),
                table="benefits_redemption",
                at="at",
                source="(SELECT v.person_id, r.at FROM {rows} r JOIN benefits_voucher v ON v.id = r.voucher_id"
                " WHERE r.kind = 'check_in') AS attended",
            )
        )
