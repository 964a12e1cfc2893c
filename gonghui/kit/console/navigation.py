"""Pages of the console that are more than a table, and the side bar with everything a user may open.

@console_page("rosters/new", name="roster_new", needs="members.import", title=_("导入名册"), group="members")
def new_roster(request): ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, wraps
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.console.scoping import ROOT_DEPTH
from gonghui.kit.search import pinyin_key

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


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    icon: str
    link: str
    find: str


@dataclass(frozen=True, slots=True)
class Group:
    room: str
    title: str
    items: tuple[Item, ...]


_open_to: dict[frozenset, tuple[Group, ...]] = {}
ROLES_KEPT = 256


def side_bar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups by app, from the screens and pages this actor may open; the one they are on is marked, and its room open."""
    groups = _groups(request)
    here, room = _place(groups, request.path), _room(request)
    return [
        {
            "title": group.title,
            "items": (items := [_marked(item, here) for item in group.items]),
            "open": group.room == room or any(item["active"] for item in items),
        }
        for group in groups
    ]


def _marked(item: Item, here: str) -> dict[str, Any]:
    return {
        "title": item.title, "icon": item.icon, "link": item.link, "find": item.find, "active": item.link == here,
    }  # fmt: skip


def _place(groups: tuple[Group, ...], path: str) -> str:
    """The longest address above the page's own; home is above all others, and marked at home alone."""
    home, *rooms = groups
    links = [item.link for group in rooms for item in group.items]
    above = [link for link in links if f"{path}/".startswith(f"{link.rstrip('/')}/")]
    return max(above, key=len, default=path if path == home.items[0].link else "")


def _room(request: HttpRequest) -> str:
    """A page that stands in no side bar still belongs to the app that wrote it."""
    page = _pages.get(request.resolver_match.url_name or "") if request.resolver_match else None
    return page.group or page.view.__module__.split(".")[1] if page else ""


def _groups(request: HttpRequest) -> tuple[Group, ...]:
    """The same for all who hold the same roles, wherever they hold them: worked out once a process."""
    rights = _rights(request.actor)
    if rights not in _open_to:
        if len(_open_to) >= ROLES_KEPT:
            _open_to.clear()
        _open_to[rights] = _worked_out(request)
    return _open_to[rights]


def _rights(actor: Actor) -> frozenset:
    """All that a screen or page asks before it opens: verbs, and whether they are held at the root, for every line."""
    if actor.is_system:
        return frozenset({"system"})
    return frozenset((g.verbs, g.line is None, g.path.count(".") == ROOT_DEPTH) for g in actor.grants)


def _worked_out(request: HttpRequest) -> tuple[Group, ...]:
    groups: dict[str, list[tuple[int, Item]]] = {}
    for model, screen in admin.site._registry.items():
        if getattr(screen, "in_side_bar", False) and screen.has_module_permission(request):
            item = _item(screen.opts.verbose_name_plural, screen.icon, screen.list_address())
            groups.setdefault(screen.group or model._meta.app_label, []).append((screen.order, item))
    for page in pages():
        if page.title and page.group and request.actor.may_anywhere(page.needs):
            item = _item(page.title, page.icon, reverse(f"admin:{page.name}"))
            groups.setdefault(page.group, []).append((page.order, item))
    home = Group("", "", (_item(_("首页"), HOME_ICON, reverse("admin:index")),))
    return (home, *(_group(label, found) for label, found in _in_app_order(groups)))


def _in_app_order(groups: dict) -> list[tuple[str, list]]:
    places = {config.label: place for place, config in enumerate(apps.get_app_configs())}
    return sorted(groups.items(), key=lambda pair: places.get(pair[0], 999))


def _group(label: str, found: list[tuple[int, Item]]) -> Group:
    found.sort(key=lambda pair: pair[0])
    title = str(apps.get_app_config(label).verbose_name)
    return Group(label, title, tuple(item for _order, item in found))


def _item(title, icon: str, link: str) -> Item:
    return Item(str(title), icon, link, _keys(str(title)))


@lru_cache(maxsize=1024)
def drawn(groups: tuple) -> SafeString:
    """The side bar's markup, of what `drawing` says: there are few, and each has a hundred links."""
    named = [
        {"title": title, "items": [dict(item) for item in items], "open": is_open}
        for title, items, is_open in groups
    ]
    return mark_safe(render_to_string("kit/console/side_bar.html", {"groups": named}))  # noqa: S308 - a template's


def drawing(groups: list[dict[str, Any]]) -> tuple:
    return tuple(
        (group["title"], tuple(tuple(item.items()) for item in group["items"]), group["open"])
        for group in groups
    )


@cache
def _keys(title: str) -> str:
    """What the box above the side bar finds it by: the words, their pinyin, their initials."""
    syllables = pinyin_key(title).split()
    return " ".join((title.lower(), "".join(syllables), "".join(part[0] for part in syllables)))
