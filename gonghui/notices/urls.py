"""The short address in an SMS or a WeChat message, and WeChat's own door."""

from django.urls import re_path

from gonghui.notices import views

urlpatterns = [
    re_path(r"^m/(?P<token>[0-9A-Za-z_\-]{22})/?$", views.message_link, name="message_link"),
    re_path(r"^wechat/events/?$", views.wechat_events, name="wechat_events"),
]
