"""Reads and likes. A read is one row per reader and day; nothing is counted on the way, so readers never wait for each other.

A job counts today's and yesterday's rows into `ReadDay` every minute: exact, repeatable, and without a row that
140,000 readers would queue for. Likes are few and are counted from their own index.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, Everyone, Nobody, ScopedManager

READER_LENGTH_MAX = 40


class Read(models.Model):
    """`reader` is "u" and the account's id, or a random visitor token: no personal data."""

    scope = Nobody("counted into ReadDay by actions.count_reads")
    audit = Audit.no("the row is the record, written once and never changed")

    id = models.BigAutoField(primary_key=True)
    activity = models.ForeignKey("activities.Activity", models.CASCADE, related_name="reads", db_index=False)
    day = models.DateField()
    reader = models.CharField(max_length=READER_LENGTH_MAX)

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "activity", "reader"], name="activities_read_once_a_day")
        ]


class ReadDay(Row):
    """阅读数: readers of an activity on a day (人次)."""

    scope = Everyone("numbers without persons, shown on the public page")
    audit = Audit.no("recounted from the reads themselves")

    activity = models.ForeignKey("activities.Activity", models.CASCADE, related_name="read_days")
    day = models.DateField(_("日期"))
    readers = models.PositiveIntegerField(_("阅读人次"))

    class Meta:
        verbose_name = verbose_name_plural = _("阅读数")
        constraints = [models.UniqueConstraint(fields=["activity", "day"], name="activities_read_day_once")]


class Like(Row):
    """点赞: one per account and activity."""

    scope = ByKey("user", "user_id")
    audit = Audit.no("a like is given and taken back freely")

    activity = models.ForeignKey("activities.Activity", models.CASCADE, related_name="likes", db_index=False)
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = _("点赞")
        constraints = [models.UniqueConstraint(fields=["activity", "user"], name="activities_like_once")]
