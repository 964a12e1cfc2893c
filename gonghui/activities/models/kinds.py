"""活动类型 as data: what is special about film or sport is a list of fields, not a class."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Everyone


class ActivityKind(Row):
    """
    fields     [{"code", "name", "kind": text|integer|choice|boolean, "required", "min", "max", "options", "help"}]
    defaults   suggestions for a new release: {"party_max", "names_required", "honour_by", "waitlist_max"}
    questions  the short survey those who came are asked, in the form of feedback.rules
    """

    scope = Everyone("list of kinds of activity")
    audit = Audit.ALL

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("类型"), max_length=24)
    icon = models.SlugField(_("图标"))
    cover = models.SlugField(_("封面"))
    fields = models.JSONField(_("专有字段"), default=list, blank=True)
    defaults = models.JSONField(_("默认规则"), default=dict, blank=True)
    questions = models.JSONField(_("活动后问卷"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("活动类型")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name
