"""What becomes of likes when somebody is forgotten."""

from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import goes

goes("activities.Like", _("点赞"))
