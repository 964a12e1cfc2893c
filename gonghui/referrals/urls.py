"""A member's invitation."""

from django.urls import re_path

from gonghui.referrals import views

urlpatterns = [re_path(r"^invite/?$", views.invite, name="invite")]
