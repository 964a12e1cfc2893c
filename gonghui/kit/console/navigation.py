"""Pages of the console that are more than a table, and the side bar with everything a user may open.

@console_page("rosters/new", name="roster_new", needs="members.import", title=_("导入名册"), group="members")
def new_roster(request): ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

HOME_ICON = "space_dashboard"


@dataclass(frozen=True, slots=True)
class Page:
    route: str
    name: str
    view: Callable[..., HttpResponse]
    needs: str
    title: str | Promise
    icon: str
    group: str
    order: int


_pages: dict[str, Page] = {}


def console_page(
    route: str, *, name: str, needs: str, title: str | Promise = "", icon: str = "chevron_right", **place
) -> Callable:
    """A view at /console/<route>; with a title and `group` (an app's label) it stands in the side bar."""

    def register(view):
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.actor.may_anywhere(needs):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        _pages[name] = Page(
            route, name, guarded, needs, title, icon, place.get("group", ""), place.get("order", 50)
        )
        return guarded

    return register


def pages() -> list[Page]:
    return list(_pages.values())


def steps_at(titles: Sequence[Any], current: int) -> list[dict[str, Any]]:
    """For kit/console/steps.html: those before `current` are done."""
    return [{"title": t, "done": n < current, "current": n == current} for n, t in enumerate(titles)]


def page_facts(request: HttpRequest, title: str | Promise, **facts) -> dict[str, Any]:
    """What a page of ours needs to stand in the console's frame."""
    return {**admin.site.each_context(request), "title": title, **facts}


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups by app, from the screens and pages this actor may open."""
    groups: dict[str, list[tuple[int, dict]]] = {}
    for model, screen in admin.site._registry.items():
        if getattr(screen, "in_side_bar", False) and screen.has_module_permission(request):
            item = _item(screen.opts.verbose_name_plural, screen.icon, screen.list_address())
            groups.setdefault(screen.group or model._meta.app_label, []).append((screen.order, item))
    for page in pages():
        if page.title and page.group and request.actor.may_anywhere(page.needs):
            item = _item(page.title, page.icon, reverse(f"admin:{page.name}"))
            groups.setdefault(page.group, []).append((page.order, item))
    home = {"items": [_item(_("首页"), HOME_ICON, reverse("admin:index"))]}
    return [home, *(_group(label, found) for label, found in _in_app_order(groups))]


def _in_app_order(groups: dict) -> list[tuple[str, list]]:
    places = {config.label: place for place, config in enumerate(apps.get_app_configs())}
    return sorted(groups.items(), key=lambda pair: places.get(pair[0], 999))


def _group(label: str, found: list[tuple[int, dict]]) -> dict[str, Any]:
    found.sort(key=lambda pair: pair[0])
    return {
        "title": apps.get_app_config(label).verbose_name,
        "separator": True,
        "items": [i for _o, i in found],
    }


def _item(title, icon: str, link: str) -> dict[str, Any]:
    return {"title": str(title), "icon": icon, "link": link}
