from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpsdeskConfig(AppConfig):
    name = "gonghui.opsdesk"
    label = "opsdesk"
    verbose_name = _("运营协同")
