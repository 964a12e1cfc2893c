"""The back office of the tree: unions, employers, grants, and the accounts of staff."""

from gonghui.orgs.admin import staff, unions

__all__ = ["staff", "unions"]
