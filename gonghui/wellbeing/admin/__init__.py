"""Back-office screens of health plans."""

from gonghui.wellbeing.admin import enrolments, pages, plans

__all__ = ["enrolments", "pages", "plans"]
