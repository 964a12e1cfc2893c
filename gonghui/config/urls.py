from django.conf import settings
from django.urls import include, path

from gonghui.config import ops
from gonghui.config.api import api
from gonghui.config.site import console

urlpatterns = [
    path("healthz", ops.healthz, name="healthz"),
    path("readyz", ops.readyz, name="readyz"),
    path("metrics", ops.metrics, name="metrics"),
    path("console/", console.urls),
    path("api/v1/", api.urls),
    path("clerk/", include("gonghui.portal.clerk_urls")),
    path("", include("gonghui.notices.urls")),
    path("", include("gonghui.payments.urls")),
    path("", include("gonghui.mall.urls")),
    path("", include("gonghui.joining.urls")),
    path("", include("gonghui.referrals.urls")),
    path("", include("gonghui.wellbeing.urls")),
    path("", include("gonghui.portal.urls")),
]

if settings.GONGHUI_GALLERY:
    urlpatterns.insert(0, path("_gallery/", include("gonghui.kit.gallery.urls")))

handler400 = "gonghui.portal.errors.bad_request"
handler403 = "gonghui.portal.errors.forbidden"
handler404 = "gonghui.portal.errors.not_found"
handler500 = "gonghui.portal.errors.server_error"
