from django.urls import path

from gonghui.portal.views import clerk

urlpatterns = [
    path("", clerk.counter, name="clerk"),
    path("look", clerk.look, name="clerk_look"),
    path("redeem", clerk.redeem, name="clerk_redeem"),
    path("pack", clerk.pack, name="clerk_pack"),
    path("reconcile", clerk.reconcile, name="clerk_reconcile"),
    path("day", clerk.day, name="clerk_day"),
]
