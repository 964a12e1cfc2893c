"""The gallery with a ticket at its real address and the service worker, as the portal serves them."""

from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.urls import include, path

from gonghui.kit.gallery import views


def service_worker(request) -> HttpResponse:
    return HttpResponse(Path(finders.find("kit/js/sw.js")).read_bytes(), content_type="text/javascript")


urlpatterns = [
    path("_gallery/", include("gonghui.kit.gallery.urls")),
    path("sw.js", service_worker),
    path("offline", views.page, {"name": "error"}),
    path("tickets/7KQ2M9XW", views.page, {"name": "ticket"}),
]
