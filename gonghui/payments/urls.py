"""The provider's door, and the stand-in's page for the payer."""

from django.urls import re_path

from gonghui.payments import identity_views, views

urlpatterns = [
    re_path(r"^payments/wechat/notify/?$", views.notify, name="wechat_notify"),
    re_path(r"^payments/wechat/authorise/?$", identity_views.authorise, name="wechat_authorise"),
    re_path(r"^payments/wechat/return/?$", identity_views.returned, name="wechat_return"),
    re_path(r"^payments/wechat/forget/?$", identity_views.forget, name="wechat_forget"),
    re_path(r"^payments/wechat/local/authorize/?$", identity_views.local_authorise, name="local_authorise"),
    re_path(r"^pay/local/(?P<out_trade_no>[0-9a-f]{32})/?$", views.local_pay, name="local_pay"),
]
