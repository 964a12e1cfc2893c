from django.contrib.admin.apps import AdminConfig
from unfold.apps import BasicAppConfig


class ConsoleConfig(BasicAppConfig):
    """Unfold's theme; the site itself is ours (`config.site`)."""


class ConsoleAdminConfig(AdminConfig):
    """Django's admin with our site as the one that `admin.register` means."""

    default_site = "gonghui.config.site.ConsoleSite"
