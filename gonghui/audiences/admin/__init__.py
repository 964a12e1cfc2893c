"""Audiences in the back office."""

from gonghui.audiences.admin import audiences, building, lists

__all__ = ["audiences", "building", "lists"]
