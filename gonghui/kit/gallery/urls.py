from django.urls import path

from gonghui.kit.gallery import views

app_name = "gallery"
urlpatterns = [
    path("", views.page, {"name": "components"}, name="index"),
    path("page/<slug:name>", views.page, name="page"),
    path("pass", views.take_pass, name="pass"),
    path("live", views.live, name="live"),
    path("claim/<slug:answer>", views.claim, name="claim"),
]
