from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AudiencesConfig(AppConfig):
    name = "gonghui.audiences"
    label = "audiences"
    verbose_name = _("受众")

    def ready(self) -> None:
        from gonghui.audiences.following import install_followers

        post_migrate.connect(install_followers, sender=self, dispatch_uid="audiences.following")
