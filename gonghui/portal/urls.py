"""Addresses without a slash at the end; one typed with it finds the same page."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import URLPattern, re_path

from gonghui.portal.views import (
    activities,
    console_account,
    console_sign_in,
    delegations,
    draws,
    feedback,
    grab,
    home,
    me,
    messages,
    sign_in,
    tickets,
    verification,
)

CODE = "(?P<code>[0-9A-Z]{6,16})"


def page(route: str, view: Callable, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)


# --- home, activities, grab, tickets -------------------------------------------------------------------------

pages = [
    re_path(r"^$", home.home, name="home"),
    page("offline", home.offline, "offline"),
    re_path(r"^sw\.js$", home.service_worker, name="service_worker"),
    page("activities", activities.activities, "activities"),
    page(r"activities/(?P<activity_id>[0-9]{1,18})", activities.activity, "activity"),
    page(r"activities/(?P<activity_id>[0-9]{1,18})/read", activities.read, "activity_read"),
    page(r"activities/(?P<activity_id>[0-9]{1,18})/like", activities.like, "activity_like"),
    page(r"activities/(?P<activity_id>[0-9]{1,18})/opinions", activities.opinions, "activity_opinions"),
    page(r"activities/(?P<activity_id>[0-9]{1,18})/rate", feedback.rate_activity, "activity_rate"),
    page(r"releases/(?P<release_id>[0-9]{1,18})", activities.release, "release"),
    page(r"releases/(?P<release_id>[0-9]{1,18})/reminder", activities.reminder, "reminder"),
    page(r"draws/(?P<release_id>[0-9]{1,18})/document\.json", draws.document, "draw_document"),
    page(
        r"draws/(?P<release_id>[0-9]{1,18})/(?P<pool_id>[0-9]{1,18})/document\.json",
        draws.document,
        "pool_draw_document",
    ),
    page(r"draws/(?P<release_id>[0-9]{1,18})/enter", draws.enter, "draw_enter"),
    page(r"draws/(?P<release_id>[0-9]{1,18})/leave", draws.leave, "draw_leave"),
    page(r"r/(?P<release_id>[0-9]{1,18})", grab.waiting_page, "waiting_page"),
    page(r"claims/(?P<release_id>[0-9]{1,18})", grab.claim, "claim"),
    page(r"me/pass/(?P<pool_id>[0-9]{1,18})", grab.take_pass, "pass"),
    page(r"me/party/(?P<release_id>[0-9]{1,18})", grab.party, "party"),
    page("tickets", tickets.tickets, "tickets"),
    page(rf"tickets/{CODE}", tickets.ticket, "ticket"),
    page(rf"tickets/{CODE}/confirm", tickets.confirm, "ticket_confirm"),
    page(rf"tickets/{CODE}/return", tickets.give_back, "ticket_return"),
    page(rf"tickets/{CODE}/rate", feedback.rate, "ticket_rate"),
    page(r"tickets/waiting/(?P<pool_id>[0-9]{1,18})/leave", tickets.leave_line, "line_leave"),
]

# --- account -------------------------------------------------------------------------------------------------

account = [
    page("sign-in", sign_in.sign_in, "sign_in"),
    page("sign-out", sign_in.sign_out, "sign_out"),
    page("privacy", sign_in.privacy, "privacy"),
    page("console/sign-in", console_sign_in.console_sign_in, "console_sign_in"),
    page("console/password", console_account.password, "console_password"),
    page("console/devices", console_account.devices, "console_devices"),
    page("console/devices/end", console_account.devices_end_all, "console_devices_end_all"),
    page(r"console/devices/(?P<device_id>[0-9]{1,18})/end", console_account.device_end, "console_device_end"),
    page("me", me.me, "me"),
    page("me/verify", verification.verify, "verify"),
    page("me/data", me.data, "my_data"),
    page(r"me/data/download\.(?P<kind>json|xlsx)", me.data_file, "my_data_file"),
    page("me/phone", me.phone, "my_phone"),
    page("me/consents", me.consents, "consents"),
    page("me/consents/(?P<purpose>[a-z_]+)/(?P<verb>give|withdraw)", me.consent, "consent"),
    page("me/devices", me.devices, "devices"),
    page("me/devices/end", me.devices_end_all, "devices_end_all"),
    page(r"me/devices/(?P<device_id>[0-9]{1,18})/end", me.device_end, "device_end"),
    page("me/settings", me.look, "settings"),
    page("me/settings/elder", me.elder, "elder"),
    page("me/delegations", delegations.delegations, "delegations"),
    page("me/delegations/new", delegations.delegation_new, "delegation_new"),
    page(r"me/delegations/(?P<delegation_id>[0-9]{1,18})/end", delegations.delegation_end, "delegation_end"),
    page("messages", messages.inbox, "messages"),
    page("messages/read", messages.messages_read, "messages_read"),
    page(r"messages/(?P<message_id>[0-9]{1,18})", messages.message, "message"),
]

urlpatterns = [*pages, *account]
