"""The console's admin site: staff only, and only after their second factor."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from gonghui.accounts.sessions import close_session
from gonghui.kit.console.site import ScopedSite


class ConsoleSite(ScopedSite):
    # What the site does not know goes on to the portal's addresses: /console/sign-in is one of them.
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and bool(request.session.get("second_factor"))

    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Our own two steps instead of the theme's page."""
        target = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        return HttpResponseRedirect(f"{reverse('console_sign_in')}?{target}")

    def logout(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        if request.method == "POST":
            close_session(request, request.actor)
        return HttpResponseRedirect(reverse("console_sign_in"))


# `config.apps.ConsoleAdminConfig` makes this class the site on which every app registers its screens.
console = admin.site
