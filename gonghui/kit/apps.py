from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class KitConfig(AppConfig):
    name = "gonghui.kit"
    label = "kit"
    verbose_name = "基础"

    def ready(self) -> None:
        from gonghui.kit import audit, tiles
        from gonghui.kit import checks as kit_checks

        checks.register(kit_checks.models_declare_scope_and_audit)
        checks.register(tiles.map_tiles_are_an_address)
        post_migrate.connect(audit.install_triggers, dispatch_uid="kit.audit")
