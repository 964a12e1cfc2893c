from django.urls import path, re_path

from gonghui.kit.identifiers import ROW_ID
from gonghui.portal.views import clerk, till, till_bills, till_offline

BILL = f"bills/(?P<bill_id>{ROW_ID})"

urlpatterns = [
    path("", clerk.counter, name="clerk"),
    path("look", clerk.look, name="clerk_look"),
    path("redeem", clerk.redeem, name="clerk_redeem"),
    path("pack", clerk.pack, name="clerk_pack"),
    path("reconcile", clerk.reconcile, name="clerk_reconcile"),
    path("day", clerk.day, name="clerk_day"),
    path("till", till.till, name="till"),
    path("till/quote", till.till_quote, name="till_quote"),
    path("till/sell", till.till_sell, name="till_sell"),
    path("till/offline", till_offline.hand_in, name="till_hand_in"),
    path("bills", till_bills.till_bills, name="till_bills"),
    re_path(rf"^{BILL}$", till_bills.till_bill, name="till_bill"),
    re_path(rf"^{BILL}/state$", till_bills.till_bill_state, name="till_bill_state"),
    re_path(rf"^{BILL}/cancel$", till_bills.till_cancel, name="till_cancel"),
    re_path(rf"^{BILL}/refund$", till_bills.till_refund, name="till_refund"),
]
