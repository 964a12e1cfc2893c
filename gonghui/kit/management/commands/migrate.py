"""Django's `migrate`, in light states; then what the services may do with the tables."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from gonghui.kit.light_states import light_states
from gonghui.kit.rights import install_rights


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        with light_states():
            super().handle(*args, **options)
        if not options["plan"] and not options["check_unapplied"]:
            install_rights(connections[options["database"]])
