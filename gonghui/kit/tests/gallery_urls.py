from django.urls import include, path

urlpatterns = [path("_gallery/", include("gonghui.kit.gallery.urls"))]
