"""更正申请 in the back office: what stands and what should stand side by side, with the papers; approved or refused."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    NameSearch,
    ReasonForm,
    ScopedAdmin,
    Verb,
    VerbForm,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.masking import LookForm, show_unmasked
from gonghui.kit.console.taking import file_to_take
from gonghui.kit.masks import mask_id
from gonghui.kit.papers import PAPER_EXTENSIONS
from gonghui.kit.templatetags.kit import cn_day
from gonghui.members.actions import corrections
from gonghui.members.models import CorrectionPaper, CorrectionRequest, Person
from gonghui.members.models.corrections import PAPERS_MAX
from gonghui.members.roster.values import DOCUMENT_LABELS

PARTS = {
    "name": ("was_name", "name"),
    "document": ("was_document", "document"),
    "birth_date": ("was_born", "born"),
    "gender": ("was_sex", "sex"),
}
"""What stands and what should stand, side by side, of what was asked only."""
TONES = {"open": "warning", "approved": "success", "refused": "danger", "withdrawn": ""}
GENDERS = dict(Person._meta.get_field("gender").flatchoices)


def whole(value: str | None) -> str:
    return value or ""


def gender_word(value: str | None) -> str:
    return str(GENDERS.get(value or "", ""))


def masked_number(value: str | None) -> str:
    return mask_id(value) if value else ""


class ProofForm(VerbForm):
    proof = forms.ChoiceField(
        label=gettext_lazy("怎样核对"), choices=[("", gettext_lazy("请选择")), *CorrectionRequest.Proof.choices],
        help_text=gettext_lazy("没有看到证件就更正的，会员要重新做一次实名认证。"),
    )  # fmt: skip


class PaperVerb(Verb):
    """Why it is looked at, then the file itself; the look is recorded before it happens."""

    @property
    def place(self) -> int:
        return int(self.name.rpartition("_")[2])

    def view_on(self, screen):
        view = super().view_on(screen)
        view.dialog = None  # the answer is a file, for which a dialog has no room
        return view

    def answer(self, screen, request: HttpRequest, row, form) -> HttpResponse:
        paper = CorrectionPaper.objects.visible_to(request.actor).get(request=row, place=self.place)
        shown = show_unmasked(
            request.actor, row=paper, fields=["content"], reason=form.cleaned_data["reason"]
        )
        name = _("证件照片-{number}-{place}").format(number=row.pk, place=self.place)
        return file_to_take(shown["content"], name + PAPER_EXTENSIONS[paper.media_type], paper.media_type)


def has_paper(place: int):
    return lambda row: row.papers.filter(place=place).exists()


@admin.register(CorrectionRequest)
class CorrectionRequestAdmin(ScopedAdmin):
    icon, order = "edit_note", 28
    can_add = False
    state_field = "state"
    masks = {
        "was_name": whole, "name": whole, "was_id_no": masked_number, "id_no": masked_number, "birth_date": whole,
        "gender": gender_word, "words": whole,
    }  # fmt: skip
    words = {"id_type": DOCUMENT_LABELS, "was_id_type": DOCUMENT_LABELS}
    unmask_verb = corrections.DECIDE
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = gettext_lazy("姓名、拼音或首字母")
    empty_hint = gettext_lazy("会员在“我的资料”里说姓名、证件、出生日期或性别不对，会出现在这里等核对。")
    list_display = (
        "person", "asked_for", "union", state_column("state", TONES), "due",
        when_column("created_at", gettext_lazy("提出时间")),
    )  # fmt: skip
    list_select_related = ("person", "union")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    verbs = (
        Verb("approve", gettext_lazy("更正"), corrections.approve_correction, corrections.DECIDE, key="correction_id",
             icon="fact_check", tone="primary", when=in_state("open"), form=ProofForm,
             question=gettext_lazy("请对照证件逐字核对姓名和号码。通过后马上改好，名册、搜索、会员卡都跟着改。"),
             done=gettext_lazy("已更正，并告诉会员。")),
        Verb("refuse", gettext_lazy("不予更正"), corrections.refuse_correction, corrections.DECIDE, key="correction_id",
             icon="undo", when=in_state("open"), form=ReasonForm, done=gettext_lazy("已回复会员。")),
        *(PaperVerb(f"paper_{place}", gettext_lazy("下载证件照片（第 %d 张）") % place, show_unmasked, corrections.DECIDE,
                    icon="download", form=LookForm, when=has_paper(place),
                    question=gettext_lazy("只在核对需要时下载，用完请删除。"))
          for place in range(1, PAPERS_MAX + 1)),
    )  # fmt: skip

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        if name in {"approve", "refuse"} and row is not None and row.person_id == request.actor.person_id:
            return False
        return super()._is_offered(request, name, row)

    def label_of(self, row: CorrectionRequest) -> str:
        return f"{row.person.name} {row.what}"

    def get_fields(self, request: HttpRequest, obj=None) -> list:
        """What this one has not is not shown empty."""
        if obj is None:
            return []
        told = [PARTS[part] for part in obj.parts]
        how = {"open": [("due",)], "approved": [("proof",)], "refused": [("answer",)]}.get(obj.state, [])
        end = [] if obj.is_open else [("decider", "closed_at") if obj.decider_id else ("closed_at",)]
        said = ("words", "papers_shown") if obj.words else ("papers_shown",)
        return [("person", "union"), ("asked_for", "state"), *told, said, *how, *end]

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        both = [name for part in ("document", "birth_date", "gender") for name in PARTS[part]]
        computed = ("asked_for", *both, "papers_shown", "due")
        return [*super().get_readonly_fields(request, obj), *computed]

    @display(description=gettext_lazy("更正什么"))
    def asked_for(self, row: CorrectionRequest) -> str:
        return row.what

    @display(description=gettext_lazy("原来：证件"))
    def was_document(self, row: CorrectionRequest) -> str:
        return self._document(row.was_id_type, row.was_id_no)

    @display(description=gettext_lazy("改为：证件"))
    def document(self, row: CorrectionRequest) -> str:
        return self._document(row.id_type, row.id_no)

    def _document(self, id_type: str, id_no: str | None) -> str:
        return f"{DOCUMENT_LABELS.get(id_type, id_type)} {masked_number(id_no)}" if id_no else "—"

    @display(description=gettext_lazy("原来：出生日期"))
    def was_born(self, row: CorrectionRequest) -> str:
        """As it stands; what it was is not kept once it is corrected."""
        return str(row.person.birth_date or "—") if row.is_open else "—"

    @display(description=gettext_lazy("原来：性别"))
    def was_sex(self, row: CorrectionRequest) -> str:
        return (row.is_open and gender_word(row.person.gender)) or "—"

    @display(description=gettext_lazy("改为：出生日期"))
    def born(self, row: CorrectionRequest) -> str:
        return row.birth_date or "—"

    @display(description=gettext_lazy("改为：性别"))
    def sex(self, row: CorrectionRequest) -> str:
        return gender_word(row.gender) or "—"

    @display(description=gettext_lazy("证件照片"))
    def papers_shown(self, row: CorrectionRequest) -> str:
        count = row.papers.count()
        return _("会员上传了 %d 张，加密保存，可以下载核对。") % count if count else _("没有上传")

    @display(description=gettext_lazy("最迟"), ordering="due_on")
    def due(self, row: CorrectionRequest) -> str:
        if row.due_on is None:
            return "—"
        return cn_day(row.due_on) + (_("，已过期") if row.is_overdue else "")


@waiting(needs=corrections.DECIDE, order=11)
def open_corrections(actor: Actor) -> Figure | None:
    mine = CorrectionRequest.objects.visible_to(actor).filter(state="open")
    mine = mine.exclude(person_id=actor.person_id) if actor.person_id else mine
    count, late = mine.count(), mine.filter(due_on__lt=clock.today()).count()
    address = reverse("admin:members_correctionrequest_changelist") + "?state__exact=open"
    note = _("其中 %d 件已过期") % late if late else ""
    return Figure(str(_("更正申请待核对")), count, "edit_note", address, note) if count else None
