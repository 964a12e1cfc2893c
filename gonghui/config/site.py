"""The console's admin site: staff only, and only after their second factor."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and bool(request.session.get("second_factor"))


console = ConsoleSite(name="admin")
