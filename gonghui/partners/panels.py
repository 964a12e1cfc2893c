"""流量与账款: tabs of the merchant's pages that apps above fill in; nothing registered, no tab shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from gonghui.kit.actors import Actor


@dataclass(frozen=True, slots=True)
class MerchantPanel:
    """`template` is rendered with what `facts(actor)` finds: of owns("partner") and owns("books"), nothing else."""

    key: str
    label: str | Promise
    template: str
    facts: Callable[[Actor], Mapping[str, Any]]


merchant_panels: dict[str, MerchantPanel] = {}


def register_panel(panel: MerchantPanel) -> None:
    """From the AppConfig.ready of the app above."""
    merchant_panels[panel.key] = panel
