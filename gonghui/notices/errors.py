"""Refusals of messages and sends."""

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import refusal

SEND_OVER = refusal("send_over", _("这条群发已经结束，不能再停止。"), advice=_("请刷新查看送达人数。"))
