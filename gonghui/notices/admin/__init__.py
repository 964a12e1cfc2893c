"""The console's rooms of messages."""

from gonghui.notices.admin import proposing, results, rules, sends, templates

__all__ = ["proposing", "results", "rules", "sends", "templates"]
