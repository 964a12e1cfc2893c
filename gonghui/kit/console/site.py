"""The console's site without its sign-in, which `config.site` adds."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from gonghui.kit.console.admin import ScopedAdmin
from gonghui.kit.console.choosing import ScopedAutocomplete
from gonghui.kit.console.navigation import pages, side_bar


class ScopedSite(UnfoldAdminSite):
    index_template = "kit/console/index.html"
    enable_nav_sidebar = True
    empty_value_display = "—"

    def register(self, model_or_iterable, admin_class=None, **options) -> None:
        """Screens that carry scope, and no others: what a package brings for its own tables stays outside."""
        if admin_class is not None and issubclass(admin_class, ScopedAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view, cacheable: bool = False):
        guarded = super().admin_view(view, cacheable)

        def in_chinese(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            # The console has one language; a browser set to English would get half of each.
            translation.activate("zh-hans")
            return guarded(request, *args, **kwargs)

        return in_chinese

    def extra_urls(self) -> list:
        return [path(page.route, self.admin_view(page.view), name=page.name) for page in pages()]

    @method_decorator(never_cache)
    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return ScopedAutocomplete.as_view(admin_site=self)(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list:
        """Worked out where somebody looks at it: our side bar has its own, and the rights and addresses of every model
        would take a third of every page."""
        listed = partial(super().get_app_list, request, app_label)
        return listed() if app_label else SimpleLazyObject(listed)

    def get_sidebar_list(self, request: HttpRequest) -> list:
        """As `side_bar` made it; the theme would copy it and read the address of each of its links, on every page."""
        return side_bar(request)

    def get_log_entries(self, request: HttpRequest) -> list:
        return []
