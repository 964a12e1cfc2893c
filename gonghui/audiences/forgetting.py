"""What becomes of rows of this room when somebody is forgotten, and how long who came and went is kept."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.members.leaving import RECORD, goes, stays
from gonghui.members.retention import ends

goes("audiences.AudienceMove", _("进出受众的记录"))
stays("audiences.AudienceSlice", _("在哪些受众里"), _("只有编号，注销后马上移出"))
stays("audiences.AudienceNews", _("做了什么的消息"), _("只有编号，看过就删"))
stays("audiences.PeopleList", _("上传的名单"), RECORD)
ends("audience_moves", "audiences.AudienceMove", _("进出受众的记录"), days=90)
ends(
    "audience_runs",
    "audiences.AudienceRun",
    _("受众每次更新的人数"),
    days=400,
    over=lambda before: Q(created_at__lt=before) & ~Q(state__in=("waiting", "running")),
)
