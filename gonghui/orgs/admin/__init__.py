"""The back office of the tree: unions, applications for new ones, employers, grants, and the accounts of staff."""

from gonghui.orgs.admin import calendar, registration_sheets, registrations, staff, unions

__all__ = ["calendar", "registration_sheets", "registrations", "staff", "unions"]
