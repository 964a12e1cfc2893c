"""Telling people.

`tell` writes one message inside the caller's transaction; `tell_many` settles there who gets it and leaves
the rest to a job. Whether the actor may tell these people was checked by the action that calls.
"""

from gonghui.notices.actions.control import stop_send, withdraw_sends
from gonghui.notices.actions.messages import (
    Notice,
    like_message,
    note_click,
    read_all_messages,
    read_message,
    tell,
    tell_once,
)
from gonghui.notices.actions.sends import tell_many

__all__ = [
    "Notice",
    "like_message",
    "note_click",
    "read_all_messages",
    "read_message",
    "stop_send",
    "tell",
    "tell_many",
    "tell_once",
    "withdraw_sends",
]
