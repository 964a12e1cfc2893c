"""The worker's pages of joining."""

from collections.abc import Callable

from django.urls import URLPattern, re_path

from gonghui.joining import views
from gonghui.kit.identifiers import ROW_ID

APPLICATION = f"(?P<application_id>{ROW_ID})"


def page(route: str, view: Callable, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)


urlpatterns = [
    page("join", views.join, "join"),
    page("join/p/(?P<code>[0-9A-Za-z]{4,12})", views.by_poster, "join_poster"),
    page("join/unions", views.unions, "join_unions"),
    page("join/regions", views.regions, "join_regions"),
    page("join/apply", views.apply, "join_apply"),
    page("join/applications", views.progress, "join_progress"),
    page(f"join/applications/{APPLICATION}", views.application, "join_application"),
    page(f"join/applications/{APPLICATION}/edit", views.edit, "join_edit"),
    page(f"join/applications/{APPLICATION}/withdraw", views.withdraw, "join_withdraw"),
]
