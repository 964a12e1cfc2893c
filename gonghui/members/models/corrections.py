"""更正申请: a member says what is wrong in what is kept of them (PIPL art. 46); their union compares and decides (sql/)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedBytesField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.papers import PAPER_KINDS
from gonghui.kit.scope import AnyOf, ByKey
from gonghui.members.models.memberships import lives_in
from gonghui.members.models.people import Person
from gonghui.orgs.scopes import by_union

OPEN = "open"
PAPERS_MAX = 2
WORDS_MAX = 200
# verb → {from: to}; the same moves stand in sql/50_corrections.sql.
CORRECTION_VERBS = {
    "approve": {OPEN: "approved"},
    "refuse": {OPEN: "refused"},
    "withdraw": {OPEN: "withdrawn"},
}
TOLD = ("name", "id_no", "birth_date", "gender", "was_name", "was_id_no", "words")
"""Sealed, and emptied when the member takes it back or is forgotten."""


class CorrectionRequest(Row):
    """One open a person. It stands with the union they belong to, wherever that changes meanwhile (sql/)."""

    class Part(models.TextChoices):
        NAME = "name", _("姓名")
        DOCUMENT = "document", _("证件")
        BIRTH_DATE = "birth_date", _("出生日期")
        GENDER = "gender", _("性别")

    class State(models.TextChoices):
        OPEN = "open", _("待核对")
        APPROVED = "approved", _("已更正")
        REFUSED = "refused", _("未更正")
        WITHDRAWN = "withdrawn", _("已撤回")

    class Proof(models.TextChoices):
        ORIGINAL = "original", _("当面看过证件原件")
        PAPERS = "papers", _("核对了会员上传的证件照片")
        RECORD = "record", _("没有看到证件，凭单位或户籍材料")

    scope = AnyOf(
        ByKey("person", "person_id"),
        by_union(
            "union",
            verb="members.verify",
            line_also=lives_in("union"),
        ),
    )
    audit = Audit.ALL.hiding("answer", "id_type", "was_id_type")

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="corrections", editable=False, verbose_name=_("会员")
    )
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="+", editable=False, verbose_name=_("所属工会")
    )
    parts = ArrayField(models.CharField(max_length=10, choices=Part), editable=False, verbose_name=_("更正"))
    name = SealedTextField(_("改为：姓名"), null=True, editable=False)
    id_type = models.CharField(_("改为：证件类型"), max_length=24, blank=True, editable=False)
    id_no = SealedTextField(_("改为：证件号码"), null=True, editable=False)
    birth_date = SealedTextField(_("改为：出生日期"), null=True, editable=False)
    gender = SealedTextField(_("改为：性别"), null=True, editable=False)
    was_name = SealedTextField(_("原来：姓名"), null=True, editable=False)
    was_id_type = models.CharField(_("原来：证件类型"), max_length=24, blank=True, editable=False)
    was_id_no = SealedTextField(_("原来：证件号码"), null=True, editable=False)
    words = SealedTextField(_("会员的说明"), null=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN, editable=False)
    due_on = models.DateField(_("最迟"), null=True, editable=False)
    """The last working day of whoever decides, as it was promised; none when it is over."""
    proof = models.CharField(_("怎样核对"), max_length=8, choices=Proof, blank=True, editable=False)
    answer = models.CharField(_("未更正的原因"), max_length=WORDS_MAX, blank=True, editable=False)
    decider = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("办理人")
    )
    closed_at = models.DateTimeField(_("办结时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("更正申请")
        indexes = [models.Index(fields=["union", "-id"], name="members_correction_of_union")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state=OPEN), name="members_correction_one_open"
            ),
            models.CheckConstraint(
                condition=Q(parts__contained_by=["name", "document", "birth_date", "gender"]) & ~Q(parts=[]),
                name="members_correction_of_something",
            ),
            models.CheckConstraint(
                condition=Q(state=OPEN, closed_at=None, due_on__isnull=False)
                | ~Q(state=OPEN) & Q(closed_at__isnull=False, due_on=None),
                name="members_correction_closed_with_its_day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(OPEN, "withdrawn"), decider=None, proof="", answer="")
                | Q(state="approved", decider__isnull=False, answer="") & ~Q(proof="")
                | Q(state="refused", decider__isnull=False, proof=""),
                name="members_correction_decided_by_staff",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.what}"

    @property
    def is_open(self) -> bool:
        return self.state == OPEN

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()

    @property
    def what(self) -> str:
        return "、".join(str(self.Part(part).label) for part in self.parts)


class CorrectionPaper(Row):
    """A picture or scan of the document, sealed as it was uploaded; its kind is read from its bytes."""

    scope = AnyOf(
        ByKey("person", "request__person_id"),
        by_union(
            "request__union",
            verb="members.verify",
            line_also=lives_in("request__union", person="request__person"),
        ),
    )
    audit = Audit.no("a whole document; the request is audited")

    request = models.ForeignKey(CorrectionRequest, models.CASCADE, related_name="papers")
    place = models.PositiveSmallIntegerField()
    content = SealedBytesField(verbose_name=_("证件照片"))
    media_type = models.CharField(max_length=24, choices=[(kind, kind) for kind in PAPER_KINDS])

    class Meta:
        verbose_name = verbose_name_plural = _("更正申请的证件照片")
        constraints = [
            models.UniqueConstraint(fields=["request", "place"], name="members_correction_paper_place"),
            models.CheckConstraint(
                condition=Q(place__gte=1, place__lte=PAPERS_MAX), name="members_correction_few_papers"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} · {self.place}"
