"""`{% load kit_console %}`: parts of the console's own pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from gonghui.kit.console.navigation import drawing, drawn
from gonghui.kit.console.rows import headings, lines

register = template.Library()


@register.inclusion_tag("kit/console/lines.html", takes_context=True)
def console_lines(context: template.Context, cl: Any) -> dict[str, Any]:
    """Headings and rows of a list."""
    found = headings(cl)
    return {
        "cl": cl,
        "result_headers": found,
        "num_sorted_fields": sum(bool(h["sortable"] and h["sorted"]) for h in found),
        "lines": list(lines(cl, found)),
        "has_add_permission": cl.model_admin.has_add_permission(context["request"]),
    }


@register.simple_tag
def console_side_bar(groups: list[dict[str, Any]]) -> SafeString:
    return drawn(drawing(groups))
