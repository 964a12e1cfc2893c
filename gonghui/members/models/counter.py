"""柜台受理: what a member who cannot sign in asks of their own data, opened by one of the staff, confirmed by another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.members.models.memberships import lives_in
from gonghui.members.models.people import Person
from gonghui.orgs.scopes import by_union

COPIES_MAX = 3


class CounterRequest(Row):
    """Both saw the member and the document; neither is the member (sql)."""

    scope = by_union(
        "union",
        verb="counter.view",
        line_also=lives_in("union"),
    )
    audit = Audit.ALL.hiding("words", "new_phone")

    class Kind(models.TextChoices):
        FAREWELL = "farewell", _("注销账号")
        PHONE = "phone", _("更正手机号")
        COPY = "copy", _("取一份个人信息")

    class State(models.TextChoices):
        OPEN = "open", _("待第二人核对")
        CONFIRMED = "confirmed", _("已核对")
        REFUSED = "refused", _("未通过")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("受理工会"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="counter_requests", verbose_name=_("会员")
    )
    kind = models.CharField(_("事项"), max_length=10, choices=Kind)
    words = models.CharField(_("情况说明"), max_length=200, blank=True)
    new_phone = SealedTextField(_("新手机号"), null=True, blank=True)
    gives_up = models.BooleanField(_("已说明会失去什么，本人同意"), default=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN, editable=False)
    answer = models.CharField(_("未通过的原因"), max_length=200, blank=True, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("受理人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("核对人")
    )
    decided_at = models.DateTimeField(_("核对时间"), null=True, editable=False)
    copies = models.PositiveSmallIntegerField(_("已取次数"), default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("柜台受理")
        indexes = [models.Index(fields=["union", "-id"], name="members_counter_of_union")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(state="open"), name="members_counter_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="open", checker=None, decided_at=None)
                | ~Q(state="open") & Q(checker__isnull=False, decided_at__isnull=False) & ~Q(maker=F("checker")),
                name="members_counter_two_hands",
            ),
            models.CheckConstraint(condition=Q(copies__lte=COPIES_MAX), name="members_counter_few_copies"),
            models.CheckConstraint(
                condition=Q(kind="phone") | Q(new_phone__isnull=True), name="members_counter_phone_of_its_kind"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.person}"
