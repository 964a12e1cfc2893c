"""Django's `migrate`, in light states."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from gonghui.kit.light_states import light_states


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        with light_states():
            super().handle(*args, **options)
