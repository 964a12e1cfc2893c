"""消息模板: the words of a send, written by one and reviewed by another, never changed after."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree
from gonghui.notices.models.messages import OWN_PATH, MessageKind


class Template(Row):
    """One version of a template. A new wording is a new version; what was reviewed stays as it was read."""

    scope = BySubtree("union__path", verb="notices.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待复核")
        APPROVED = "approved", _("可以使用")
        REFUSED = "refused", _("已退回")
        RETIRED = "retired", _("已停用")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("所属工会"))
    series = models.UUIDField(default=uuid.uuid4, editable=False)
    version = models.PositiveSmallIntegerField(_("版本"), default=1, editable=False)
    name = models.CharField(_("模板名称"), max_length=40)
    kind = models.CharField(_("类别"), max_length=16, choices=MessageKind, default=MessageKind.NOTICE)
    title = models.CharField(_("标题"), max_length=60)
    body = models.TextField(_("内容"), max_length=600)
    link = models.CharField(_("点开到哪里"), max_length=200, blank=True)
    sms_text = models.CharField(_("短信内容"), max_length=300, blank=True)
    sms_signature = models.CharField(_("短信签名"), max_length=12, blank=True)
    wechat_template = models.CharField(_("微信模板编号"), max_length=64, blank=True)
    wechat_fields = models.JSONField(_("微信模板的栏目"), default=dict, blank=True)
    wechat_page = models.CharField(_("小程序页面"), max_length=80, blank=True, default="pages/open/open")
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", verbose_name=_("编写人"), editable=False
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("复核人"), editable=False
    )
    answer = models.CharField(_("退回原因"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("消息模板")
        indexes = [models.Index(fields=["wechat_template"], name="template_of_wechat")]
        constraints = [
            models.UniqueConstraint(fields=["series", "version"], name="template_version_once"),
            models.CheckConstraint(condition=OWN_PATH, name="template_links_inside"),
            models.CheckConstraint(
                condition=~Q(checker=F("maker")) | Q(checker__isnull=True), name="template_by_two"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "submitted", "retired")) | Q(checker__isnull=False),
                name="template_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(sms_text="") | ~Q(sms_signature=""), name="template_sms_is_signed"
            ),
            models.CheckConstraint(
                condition=Q(wechat_template="", wechat_fields={})
                | ~Q(wechat_template="") & ~Q(wechat_fields={}),
                name="template_wechat_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
