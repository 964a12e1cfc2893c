"""Back-office screens of 建会申请: the list and its verbs, the page on which one is written or mended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit import clock, states
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.console.masking import LookForm, show_unmasked
from gonghui.kit.console.taking import file_to_take
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.masks import mask_phone
from gonghui.kit.papers import PAPER_EXTENSIONS, PAPER_KINDS
from gonghui.kit.templatetags.kit import cn_day
from gonghui.orgs import actions, errors
from gonghui.orgs.actions.registrations import NOT_APPLIED_FOR, NewRegistration
from gonghui.orgs.codes import EMPLOYER_CATEGORIES, INDUSTRIES, Evidence
from gonghui.orgs.models import RegistrationPaper, UnionKind, UnionRegistration
from gonghui.orgs.papers import PAPER_MAX_MB

TONES = {
    "draft": "info", "submitted": "warning", "returned": "danger", "approved": "success", "rejected": "danger",
    "withdrawn": "info",
}  # fmt: skip
CHOOSE = ("", gettext_lazy("请选择"))
OPEN = ("draft", "returned")


class OpenVerb(Verb):
    """A button that leads to a page of its own."""

    def view_on(self, screen):
        view = super().view_on(screen)
        view.dialog = None
        return view

    def ask(self, screen, request: HttpRequest, row, form) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:union_registration_edit", args=[row.pk]))

    answer = ask


class PaperVerb(Verb):
    """Why it is looked at, then the file itself; the look is recorded before it happens."""

    def view_on(self, screen):
        view = super().view_on(screen)
        view.dialog = None  # the answer is a file, for which a dialog has no room
        return view

    def answer(self, screen, request: HttpRequest, row, form) -> HttpResponse:
        paper = row.paper
        reason = form.cleaned_data["reason"]
        shown = show_unmasked(request.actor, row=paper, fields=["content"], reason=reason)
        name = _("批复文件-{union}").format(union=row.name) + PAPER_EXTENSIONS[paper.media_type]
        return file_to_take(shown["content"], name, paper.media_type)


def has_paper(row: UnionRegistration) -> bool:
    return (
        RegistrationPaper.objects.unscoped("of an application already seen").filter(registration=row).exists()
    )


@admin.register(UnionRegistration)
class UnionRegistrationAdmin(ScopedAdmin):
    icon, order = "add_home_work", 15
    write_verb, state_field = "unions.write", "state"
    can_add = False
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("工会名称")
    empty_hint = gettext_lazy("新建工会先提出申请，由另一位同事或上级审批，批准后工会和用人单位自动建立。")
    new_page = ("union_registration_new", "unions.write", gettext_lazy("申请建会"))
    import_page = ("union_registration_import", "unions.write")
    list_display = (
        "name", "parent", "kind", "employer_name", when_column("submitted_at", gettext_lazy("提交时间")), "due",
        state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("parent",)
    list_filter = (
        subtree_filter("parent__path"),
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-submitted_at", "-id")
    masks = {"contact_phone": mask_phone}
    unmask_verb = "unions.review"
    fieldsets = (
        (None, {"fields": ("name", ("parent", "kind"), ("region", "industry_line"), ("uscc", "state"))}),
        (gettext_lazy("用人单位"), {"fields": (
            "employer_name", ("employer_uscc", "employer_category"), ("employer_industry", "headcount"))}),
        (gettext_lazy("依据"), {"fields": (("chair", "contact_phone"), ("document_no", "paper_shown"), "shown_for_code")}),
        (gettext_lazy("审批"), {"fields": (
            ("maker", "submitted_at"), ("due", "decided_by"), ("decided_at", "union"), "answer")}),
    )  # fmt: skip
    readonly_fields = (
        "due", "paper_shown", "shown_for_code", "maker", "submitted_at", "decided_by", "decided_at", "union", "answer",
    )  # fmt: skip
    verbs = (
        Verb("approve", gettext_lazy("批准建会"), actions.approve_registration, "unions.review", icon="check_circle",
             tone="primary", when=in_state("submitted"), done=gettext_lazy("已批准，工会已经建立。"),
             question=gettext_lazy("请核对批复原件。批准后工会和用人单位立即建立，可以导入会员。")),
        Verb("return", gettext_lazy("退回修改"), actions.return_registration, "unions.review", icon="undo",
             form=ReasonForm, when=in_state("submitted"), question=gettext_lazy("写明要改什么，申请人改好后重新提交。")),
        Verb("reject", gettext_lazy("不批准"), actions.reject_registration, "unions.review", icon="cancel", tone="danger",
             form=ReasonForm, when=in_state("submitted"), question=gettext_lazy("不批准后不能再提交，需要的另行申请。")),
        OpenVerb("amend", gettext_lazy("修改并提交"), actions.amend_and_resubmit, "unions.write", icon="edit",
                 tone="primary", when=in_state(*OPEN)),
        Verb("withdraw", gettext_lazy("撤回"), actions.withdraw_registration, "unions.write", icon="delete", tone="danger",
             when=in_state("draft", "submitted", "returned"), question=gettext_lazy("撤回后不再审批，可以另行申请。")),
        PaperVerb("paper", gettext_lazy("下载批复文件"), show_unmasked, "unions.review", icon="download", form=LookForm,
                  when=has_paper, question=gettext_lazy("只在审批需要时下载，用完请删除。")),
    )  # fmt: skip
    OF_THE_MAKER = ("amend", "withdraw")
    OF_ANOTHER = ("approve", "return", "reject")

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        is_own = row is not None and row.maker_id == request.actor.user_id
        if (name in self.OF_ANOTHER and is_own) or (name in self.OF_THE_MAKER and not is_own):
            return False
        return super()._is_offered(request, name, row)

    @display(description=gettext_lazy("应审结日期"))
    def due(self, row: UnionRegistration) -> str:
        if row.due_on is None:
            return "—"
        late = row.state == "submitted" and row.due_on < clock.today()
        return cn_day(row.due_on) + (_("（已逾期）") if late else "")

    @display(description=gettext_lazy("批复文件"))
    def paper_shown(self, row: UnionRegistration) -> str:
        return _("已上传，加密保存；用“下载批复文件”查看。") if has_paper(row) else _("没有上传")

    @display(description=gettext_lazy("代码例外"))
    def shown_for_code(self, row: UnionRegistration) -> str:
        if not row.code_document:
            return "—"
        said = _("{document}：{reason}（{who}核对）")
        return said.format(document=row.code_document, reason=row.code_reason, who=row.code_by)


class RegistrationForm(forms.Form):
    """What an application says; everything is checked again by the action."""

    parent = ScopedChoiceField(
        "orgs.UnionRegistration", "parent", home="unions.write", label=gettext_lazy("上级工会")
    )
    name = forms.CharField(label=gettext_lazy("工会名称"), max_length=128, min_length=4,
                           help_text=gettext_lazy("写全称，例如“东江市恒远电子有限公司工会”。"))  # fmt: skip
    kind = forms.ChoiceField(
        label=gettext_lazy("类别"), initial=UnionKind.ENTERPRISE,
        choices=[choice for choice in UnionKind.choices if choice[0] not in NOT_APPLIED_FOR],
    )  # fmt: skip
    region = ScopedChoiceField(
        "orgs.UnionRegistration", "region", label=gettext_lazy("所在地区"), required=False,
        help_text=gettext_lazy("不选就与上级工会相同。"),
    )  # fmt: skip
    industry_line = ScopedChoiceField(
        "orgs.UnionRegistration", "industry_line", label=gettext_lazy("产业"), required=False
    )
    uscc = forms.CharField(
        label=gettext_lazy("工会统一社会信用代码"), max_length=40, required=False,
        help_text=gettext_lazy("还没有取得工会法人资格的留空，以后再登记。"),
    )  # fmt: skip
    employer_name = forms.CharField(label=gettext_lazy("用人单位"), max_length=128, required=False,
                                    help_text=gettext_lazy("与营业执照一致。基层工会必填，其他工会没有的留空。"))  # fmt: skip
    employer_uscc = forms.CharField(
        label=gettext_lazy("用人单位统一社会信用代码"), max_length=40, required=False,
        help_text=gettext_lazy("是单位自己的代码，不是工会的。"),
    )  # fmt: skip
    employer_category = forms.ChoiceField(
        label=gettext_lazy("单位类别"), choices=[CHOOSE, *EMPLOYER_CATEGORIES], required=False
    )
    employer_industry = forms.ChoiceField(
        label=gettext_lazy("行业"), choices=[CHOOSE, *INDUSTRIES], required=False
    )
    headcount = forms.IntegerField(
        label=gettext_lazy("职工人数"), min_value=1, max_value=10_000_000, required=False
    )
    chair = forms.CharField(label=gettext_lazy("工会主席"), max_length=64, required=False)
    contact_phone = forms.CharField(
        label=gettext_lazy("联系电话"), max_length=20, required=False, widget=forms.TextInput({"type": "tel"}),
        help_text=gettext_lazy("加密保存，只给审批的同事看。"),
    )  # fmt: skip
    document_no = forms.CharField(label=gettext_lazy("批复文号"), max_length=80, required=False)
    paper = forms.FileField(
        label=gettext_lazy("批复文件"), required=False, widget=forms.FileInput({"accept": ",".join(PAPER_KINDS)}),
        help_text=gettext_lazy("JPG、PNG 或 PDF，不超过 5 MB，加密保存。"),
    )  # fmt: skip
    exception = forms.ChoiceField(
        label=gettext_lazy("代码的校验"), required=False, initial="no",
        choices=[("no", gettext_lazy("能通过校验（一般都能）")), ("yes", gettext_lazy("证书上的代码确实通不过校验"))],
    )  # fmt: skip
    code_document = forms.CharField(label=gettext_lazy("证书文号"), max_length=80, required=False)
    code_reason = forms.CharField(
        label=gettext_lazy("照原样登记的原因"), max_length=200, required=False,
        help_text=gettext_lazy("怎样核对过；您的姓名一并记下。"),
    )  # fmt: skip
    then = forms.ChoiceField(
        label=gettext_lazy("怎么办理"),
        choices=[("submit", gettext_lazy("提交审批")), ("draft", gettext_lazy("先存为草稿"))],
    )
    field_order = (
        "parent", "name", "kind", "region", "industry_line", "uscc", "employer_name", "employer_uscc", "exception",
        "code_document", "code_reason", "employer_category", "employer_industry", "headcount", "chair", "contact_phone",
        "document_no", "paper", "then",
    )  # fmt: skip
    shown_when = {"code_document": ("exception", "yes"), "code_reason": ("exception", "yes")}
    halves = (
        "kind", "region", "industry_line", "uscc", "employer_uscc", "exception", "employer_category",
        "employer_industry", "headcount", "chair", "contact_phone", "document_no",
    )  # fmt: skip
    question = gettext_lazy("提交后由另一位同事或上级审批，您自己不能审批。草稿可以以后再补齐。")

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ScopedChoiceField):
                field.bind_to(actor)

    def clean_paper(self):
        paper = self.cleaned_data["paper"]
        if paper is not None and paper.size > PAPER_MAX_MB * 2**20:
            raise forms.ValidationError(str(errors.PAPER_TOO_LARGE.message).format(limit_mb=PAPER_MAX_MB))
        return paper

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("exception") == "yes" and not (given.get("code_document") and given.get("code_reason")):
            self.add_error("code_document", _("请写明证书文号和原因，缺一不可。"))
        return given

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        plain = {name: given[name] for name in PLAIN}
        is_exception = given["exception"] == "yes"
        new = NewRegistration(
            **plain,
            region_id=getattr(given["region"], "pk", None),
            industry_line_id=getattr(given["industry_line"], "pk", None),
            evidence=Evidence(given["code_document"], given["code_reason"]) if is_exception else Evidence(),
        )
        paper = given["paper"]
        content = (paper.name, paper.read()) if paper else None
        facts = {"new": new, "paper": content, "then": given["then"]}
        return facts | ({"parent_id": given["parent"].pk} if "parent" in given else {})


PLAIN = (
    "name", "kind", "uscc", "employer_name", "employer_uscc", "employer_category", "employer_industry", "headcount",
    "chair", "contact_phone", "document_no",
)  # fmt: skip


def _address(row: UnionRegistration) -> str:
    return reverse("admin:orgs_unionregistration_change", args=[row.pk])


@console_page("registrations/new", name="union_registration_new", needs="unions.write")
def new_registration(request: HttpRequest) -> HttpResponse:
    first = {"parent": request.GET["parent"]} if request.GET.get("parent") else None
    form = RegistrationForm(request.POST or None, request.FILES or None, actor=request.actor, initial=first)
    return ask(
        request, form, _write_new, title=_("申请建会"), says=_("已保存。提交了的，请另一位同事审批。"),
        goes_to=_address, back=reverse("admin:orgs_unionregistration_changelist"),
    )  # fmt: skip


def _write_new(actor: Actor, *, then: str, **facts: Any) -> UnionRegistration:
    act = actions.apply_for_union if then == "submit" else actions.draft_registration
    return act(actor, **facts)


@console_page(
    "registrations/<int:registration_id>/edit", name="union_registration_edit", needs="unions.write"
)
def edit_registration(request: HttpRequest, registration_id: int) -> HttpResponse:
    """The parent stays; its maker mends the rest and sends it again."""
    row = UnionRegistration.objects.visible_to(request.actor).filter(pk=registration_id).first()
    require(row is not None, NOT_FOUND)
    require(row.maker_id == request.actor.user_id, errors.REGISTRATION_OF_ANOTHER, maker=str(row.maker))
    require(row.state in OPEN, states.ILLEGAL_MOVE, state=row.get_state_display())
    first = {name: getattr(row, name) for name in PLAIN if name != "contact_phone"}
    first |= {"region": row.region_id, "industry_line": row.industry_line_id}
    first |= {"code_document": row.code_document, "code_reason": row.code_reason}
    first["exception"] = "yes" if row.code_document else "no"
    form = RegistrationForm(request.POST or None, request.FILES or None, actor=request.actor, initial=first)
    del form.fields["parent"]
    if row.contact_phone:
        form.fields["contact_phone"].help_text = _("已填 {phone}，加密保存；不改就留空。").format(
            phone=mask_phone(row.contact_phone)
        )
    if row.answer:
        form.question = _("审批人写的：{answer}").format(answer=row.answer)

    def write(actor: Actor, *, then: str, new: NewRegistration, **facts: Any) -> UnionRegistration:
        act = actions.amend_and_resubmit if then == "submit" else actions.amend_registration
        new = replace(new, contact_phone=new.contact_phone or row.contact_phone)
        return act(actor, unionregistration_id=row.pk, new=new, **facts)

    return ask(
        request, form, write, title=_("修改建会申请"), says=_("已保存。提交了的，请另一位同事审批。"), goes_to=_address,
        back=_address(row),
    )  # fmt: skip


def _list_of(state: str) -> str:
    return f"{reverse('admin:orgs_unionregistration_changelist')}?state__exact={state}"


@waiting(needs="unions.review", order=15)
def registrations_to_decide(actor: Actor) -> Figure:
    """Not one's own; how many are overdue is said beside."""
    screen: Any = admin.site._registry[UnionRegistration]
    found = screen.within(actor, "unions.review").filter(state="submitted").exclude(maker_id=actor.user_id)
    late = found.filter(due_on__lt=clock.today()).count()
    note = _("其中已逾期 {n} 份").format(n=late) if late else ""
    return Figure(_("建会申请待审批"), found.count(), "add_home_work", _list_of("submitted"), note)


@waiting(needs="unions.write", order=16)
def registrations_to_mend(actor: Actor) -> Figure:
    own = UnionRegistration.objects.visible_to(actor).filter(maker_id=actor.user_id, state="returned")
    return Figure(_("建会申请被退回待修改"), own.count(), "edit_note", _list_of("returned"))
