"""The back office of benefits: releases and their pools, tickets and what became of them, draws, no-show rules."""

from gonghui.benefits.admin import desk, draws, releases, tickets

__all__ = ["desk", "draws", "releases", "tickets"]
