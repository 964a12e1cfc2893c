from django.urls import path

from gonghui.portal import views

urlpatterns = [path("", views.home, name="home")]
