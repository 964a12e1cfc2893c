"""The console's admin site: staff only, and only after their second factor."""

from django.contrib import admin
from django.http import HttpRequest

from gonghui.kit.console.site import ScopedSite


class ConsoleSite(ScopedSite):
    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and bool(request.session.get("second_factor"))


# `config.apps.ConsoleAdminConfig` makes this class the site on which every app registers its screens.
console = admin.site
