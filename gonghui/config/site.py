"""The console's admin site: staff only, and only after their second factor."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from gonghui.accounts.sessions import close_session, is_through_both_steps
from gonghui.kit.console.site import ScopedSite


class ConsoleSite(ScopedSite):
    # What the site does not know goes on to the portal's addresses: /console/sign-in is one of them.
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return is_through_both_steps(request) and not request.user.must_change_password

    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Our own two steps instead of the theme's page; who has a one-time password changes it first."""
        target = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        must_change = is_through_both_steps(request) and request.user.must_change_password
        door = "console_password" if must_change else "console_sign_in"
        return HttpResponseRedirect(f"{reverse(door)}?{target}")

    def logout(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        if request.method == "POST":
            close_session(request, request.actor)
        return HttpResponseRedirect(reverse("console_sign_in"))

    def password_change(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Django's page knows neither lock-outs nor the other sessions: ours does."""
        return HttpResponseRedirect(reverse("console_password"))

    def password_change_done(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        return HttpResponseRedirect(reverse("console_password"))


# `config.apps.ConsoleAdminConfig` makes this class the site on which every app registers its screens.
console = admin.site
