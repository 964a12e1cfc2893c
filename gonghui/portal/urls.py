"""Addresses without a slash at the end; one typed with it finds the same page."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import URLPattern, re_path

from gonghui.bills.views import store_screen
from gonghui.funds.views import decisions
from gonghui.kit.identifiers import ROW_ID
from gonghui.ledger.views import blocks, blocks_json, days, days_json
from gonghui.portal.merchant import complaints as answers
from gonghui.portal.merchant import money, totals
from gonghui.portal.merchant import views as merchant
from gonghui.portal.views import (
    activities,
    bills,
    complaints,
    console_account,
    console_sign_in,
    corrections,
    delegations,
    draws,
    farewell,
    feedback,
    grab,
    home,
    me,
    membership,
    message_settings,
    messages,
    offers,
    pay_code,
    points,
    sign_in,
    stores,
    tickets,
    verification,
    wechat_coupons,
)

CODE = "(?P<code>[0-9A-Z]{6,16})"
ENTRY = "(?P<entry_id>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
ACTIVITY, RELEASE, POOL, DEVICE, DELEGATION, MESSAGE, OFFER, BILL, COMPLAINT = (
    f"(?P<{name}_id>{ROW_ID})"
    for name in (
        "activity",
        "release",
        "pool",
        "device",
        "delegation",
        "message",
        "offer",
        "bill",
        "complaint",
    )
)


def page(route: str, view: Callable, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)


# --- home, activities, grab, tickets -------------------------------------------------------------------------

pages = [
    re_path(r"^$", home.home, name="home"),
    page("offline", home.offline, "offline"),
    re_path(r"^sw\.js$", home.service_worker, name="service_worker"),
    page("activities", activities.activities, "activities"),
    page(rf"activities/{ACTIVITY}", activities.activity, "activity"),
    page(rf"activities/{ACTIVITY}/read", activities.read, "activity_read"),
    page(rf"activities/{ACTIVITY}/like", activities.like, "activity_like"),
    page(rf"activities/{ACTIVITY}/opinions", activities.opinions, "activity_opinions"),
    page(rf"activities/{ACTIVITY}/rate", feedback.rate_activity, "activity_rate"),
    page(rf"releases/{RELEASE}", activities.release, "release"),
    page(rf"releases/{RELEASE}/reminder", activities.reminder, "reminder"),
    page(rf"draws/{RELEASE}/document\.json", draws.document, "draw_document"),
    page(rf"draws/{RELEASE}/{POOL}/document\.json", draws.document, "pool_draw_document"),
    page(rf"draws/{RELEASE}/enter", draws.enter, "draw_enter"),
    page(rf"draws/{RELEASE}/leave", draws.leave, "draw_leave"),
    page(rf"r/{RELEASE}", grab.waiting_page, "waiting_page"),
    page(rf"s/(?P<store_id>{ROW_ID})/screen", store_screen, "store_screen"),
    page(rf"claims/{RELEASE}", grab.claim, "claim"),
    page(rf"me/pass/{POOL}", grab.take_pass, "pass"),
    page(rf"me/party/{RELEASE}", grab.party, "party"),
    page("tickets", tickets.tickets, "tickets"),
    page(rf"tickets/{CODE}", tickets.ticket, "ticket"),
    page(rf"tickets/{CODE}/confirm", tickets.confirm, "ticket_confirm"),
    page(rf"tickets/{CODE}/return", tickets.give_back, "ticket_return"),
    page(rf"tickets/{CODE}/rate", feedback.rate, "ticket_rate"),
    page(rf"tickets/waiting/{POOL}/leave", tickets.leave_line, "line_leave"),
]

# --- offers and bills ----------------------------------------------------------------------------------------

purchases = [
    page("offers", offers.offers, "offers"),
    page("offers/quote", offers.offer_quote, "offer_quote"),
    page(rf"offers/{OFFER}", offers.offer, "offer"),
    page("map", stores.stores_map, "map"),
    page(r"map/pins\.json", stores.pins, "map_pins"),
    page(rf"map/stores/(?P<store_id>{ROW_ID})", stores.store, "map_store"),
    page("me/wechat-coupons", wechat_coupons.wechat_coupons, "wechat_coupons"),
    page(
        rf"me/wechat-coupons/(?P<stock_id>{ROW_ID})/claim",
        wechat_coupons.wechat_coupon_claim,
        "wechat_coupon_claim",
    ),
    page("me/pay", pay_code.pay_code, "pay_code"),
    page("me/pay/next", pay_code.pay_code_next, "pay_code_next"),
    page("me/pay/renew", pay_code.pay_code_renew, "pay_code_renew"),
    page("me/bills", bills.my_bills, "my_bills"),
    page(rf"me/bills/{BILL}", bills.my_bill, "my_bill"),
    page(rf"me/bills/{BILL}/ways", bills.my_bill_ways, "my_bill_ways"),
    page(rf"me/bills/{BILL}/state", bills.my_bill_state, "my_bill_state"),
    page(rf"me/bills/{BILL}/rate", bills.bill_rate, "bill_rate"),
    page(rf"me/bills/{BILL}/pay", bills.bill_pay, "bill_pay"),
    page(rf"me/bills/{BILL}/cancel", bills.bill_cancel, "bill_cancel"),
    page(rf"me/bills/{BILL}/complaints/new", complaints.complaint_new, "complaint_new"),
    page("me/complaints", complaints.my_complaints, "my_complaints"),
    page(rf"me/complaints/{COMPLAINT}", complaints.my_complaint, "my_complaint"),
    page(
        rf"me/complaints/{COMPLAINT}/(?P<verb>accept|escalate|withdraw)",
        complaints.move_complaint,
        "my_complaint_move",
    ),
]

# --- account -------------------------------------------------------------------------------------------------

account = [
    page("sign-in", sign_in.sign_in, "sign_in"),
    page("sign-in/proof", sign_in.proof, "sign_in_proof"),
    page("sign-in/not-me", sign_in.not_me, "sign_in_not_me"),
    page("sign-out", sign_in.sign_out, "sign_out"),
    page("privacy", sign_in.privacy, "privacy"),
    page("console/sign-in", console_sign_in.console_sign_in, "console_sign_in"),
    page("console/password", console_account.password, "console_password"),
    page("console/recovery", console_account.recovery, "console_recovery"),
    page("console/devices", console_account.devices, "console_devices"),
    page("console/devices/end", console_account.devices_end_all, "console_devices_end_all"),
    page(rf"console/devices/{DEVICE}/end", console_account.device_end, "console_device_end"),
    page("me", me.me, "me"),
    page("me/verify", verification.verify, "verify"),
    page("me/data", me.data, "my_data"),
    page(r"me/data/download\.(?P<kind>json|xlsx)", me.data_file, "my_data_file"),
    page("me/data/correct", corrections.correct, "my_correction"),
    page("me/data/correct/back", corrections.correct_back, "my_correction_back"),
    page("me/data/farewell", farewell.farewell, "farewell"),
    page("me/data/farewell/back", farewell.farewell_back, "farewell_back"),
    page("me/phone", me.phone, "my_phone"),
    page("me/consents", me.consents, "consents"),
    page("me/consents/(?P<purpose>[a-z_]+)/(?P<verb>give|withdraw)", me.consent, "consent"),
    page("me/membership", membership.membership, "my_membership"),
    page("me/membership/transfer", membership.transfer, "my_transfer"),
    page("me/membership/transfer/cancel", membership.transfer_cancel, "my_transfer_cancel"),
    page("me/card", membership.card, "my_card"),
    page("me/points", points.points, "my_points"),
    page(rf"me/points/{ENTRY}", points.entry, "my_points_entry"),
    page(rf"me/points/{ENTRY}/proof\.json", points.proof, "my_points_proof"),
    page("decisions", decisions, "decisions"),
    page(rf"me/points/{ENTRY}/totals", points.standing, "my_points_standing"),
    page(rf"me/points/{ENTRY}/totals\.json", points.totals, "my_points_totals"),
    page("ledger/blocks", blocks, "ledger_blocks"),
    page(r"ledger/blocks\.json", blocks_json, "ledger_blocks_json"),
    page("ledger/days", days, "ledger_days"),
    page(r"ledger/days\.json", days_json, "ledger_days_json"),
    page("me/devices", me.devices, "devices"),
    page("me/devices/end", me.devices_end_all, "devices_end_all"),
    page(rf"me/devices/{DEVICE}/end", me.device_end, "device_end"),
    page("me/settings", me.look, "settings"),
    page("me/settings/elder", me.elder, "elder"),
    page("me/delegations", delegations.delegations, "delegations"),
    page("me/delegations/new", delegations.delegation_new, "delegation_new"),
    page(rf"me/delegations/{DELEGATION}/end", delegations.delegation_end, "delegation_end"),
    page("messages", messages.inbox, "messages"),
    page("messages/read", messages.messages_read, "messages_read"),
    page(rf"messages/{MESSAGE}", messages.message, "message"),
    page(rf"messages/{MESSAGE}/like", messages.message_like, "message_like"),
    page("me/settings/messages", message_settings.message_settings, "message_settings"),
    page("me/settings/messages/wechat", message_settings.wechat_allow, "wechat_allow"),
]

# --- the merchant's pages -----------------------------------------------------------------------------------

STATEMENT = f"(?P<statement_id>{ROW_ID})"
merchants = [
    page("merchant", merchant.merchant, "merchant"),
    page("merchant/apply", merchant.apply, "merchant_apply"),
    page(
        rf"merchant/applications/(?P<application_id>{ROW_ID})/withdraw",
        merchant.withdraw,
        "merchant_withdraw",
    ),
    page(rf"merchant/agreements/(?P<agreement_id>{ROW_ID})", merchant.agreement, "merchant_agreement"),
    page("merchant/stores", merchant.stores, "merchant_stores"),
    page(rf"merchant/stores/(?P<store_id>{ROW_ID})/clerks", merchant.clerk_new, "merchant_clerk_new"),
    page(rf"merchant/stores/(?P<store_id>{ROW_ID})/place", merchant.store_place, "merchant_store_place"),
    page(rf"merchant/clerks/(?P<clerk_id>{ROW_ID})/end", merchant.clerk_end, "merchant_clerk_end"),
    page(rf"merchant/partners/(?P<partner_id>{ROW_ID})/payout", merchant.payout, "merchant_payout"),
    page(rf"merchant/partners/(?P<partner_id>{ROW_ID})/leave", merchant.leave, "merchant_leave"),
    page("merchant/panels/(?P<key>[a-z_]+)", merchant.panel, "merchant_panel"),
    page("merchant/totals", totals.page, "merchant_totals"),
    page(r"merchant/totals\.json", totals.file, "merchant_totals_file"),
    page(f"merchant/statements/{STATEMENT}", money.statement, "merchant_statement"),
    page(f"merchant/statements/{STATEMENT}/confirm", money.confirm, "merchant_statement_confirm"),
    page(f"merchant/statements/{STATEMENT}/dispute", money.dispute, "merchant_statement_dispute"),
    page(rf"merchant/statements/{STATEMENT}/sheet\.xlsx", money.sheet, "merchant_statement_sheet"),
    page(
        rf"merchant/complaints/{COMPLAINT}/(?P<verb>agree|answer)",
        answers.move_complaint,
        "merchant_complaint",
    ),
]

urlpatterns = [*pages, *purchases, *account, *merchants]
