"""Every write of audiences."""

from gonghui.audiences.actions.lists import keep_list
from gonghui.audiences.actions.rebuilding import ask_rebuild, rebuild_around, rebuild_waiting
from gonghui.audiences.actions.reconsidering import look_at_news, reconsider
from gonghui.audiences.actions.saving import Wording, restore_audience, retire_audience, save_audience

__all__ = [
    "Wording",
    "ask_rebuild",
    "keep_list",
    "look_at_news",
    "rebuild_around",
    "rebuild_waiting",
    "reconsider",
    "restore_audience",
    "retire_audience",
    "save_audience",
]
