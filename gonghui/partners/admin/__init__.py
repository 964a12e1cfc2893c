"""Back-office screens of partners: venues, merchants, and who acts for them."""

from gonghui.partners.admin import merchants, people, purchases, venues  # noqa: F401 - registers the screens
