"""The provider's door, and the stand-in's page for the payer."""

from django.urls import re_path

from gonghui.payments import views

urlpatterns = [
    re_path(r"^payments/wechat/notify/?$", views.notify, name="wechat_notify"),
    re_path(r"^pay/local/(?P<out_trade_no>[0-9a-f]{32})/?$", views.local_pay, name="local_pay"),
]
