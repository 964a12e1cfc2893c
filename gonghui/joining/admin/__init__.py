"""Back office of joining: the queue of reviews, posters, the officer's desk, figures."""

from gonghui.joining.admin import applications, desk, posters  # noqa: F401  register their screens and pages
