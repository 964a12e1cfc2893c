"""Writes of this app: applied for by the worker or with an officer, reviewed by the union or its pool, led to by posters."""

from gonghui.joining.actions.applying import Told, Way, apply_to_join, withdraw_application
from gonghui.joining.actions.on_site import (
    confirm_by_code,
    confirm_by_signature,
    drop_on_site,
    enter_on_site,
    send_join_code,
)
from gonghui.joining.actions.posters import close_poster, count_scan, make_poster, open_poster
from gonghui.joining.actions.reviewing import (
    approve_application,
    redirect_application,
    reject_application,
    release_application,
    return_application,
    take_application,
)

__all__ = [
    "Told",
    "Way",
    "apply_to_join",
    "approve_application",
    "close_poster",
    "confirm_by_code",
    "confirm_by_signature",
    "count_scan",
    "drop_on_site",
    "enter_on_site",
    "make_poster",
    "open_poster",
    "redirect_application",
    "reject_application",
    "release_application",
    "return_application",
    "send_join_code",
    "take_application",
    "withdraw_application",
]
