"""Back-office screens of applications and agreements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import FEN, YuanField, ask
from gonghui.kit.console.masking import LookForm, show_unmasked
from gonghui.kit.console.taking import file_to_take
from gonghui.kit.masks import mask_name, mask_phone
from gonghui.kit.scope import BySubtree
from gonghui.kit.templatetags.kit import money, yuan
from gonghui.partners import actions
from gonghui.partners.actions.agreements import TERMS
from gonghui.partners.forms import ApplicationFields
from gonghui.partners.models import (
    Agreement,
    ApplicationFile,
    PartnerApplication,
    Selection,
)
from gonghui.partners.models.agreements import BINDING
from gonghui.partners.purchasing import quotes_of

EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
APPLICATION_TONES = {
    "draft": "info", "applied": "warning", "under_review": "info", "needs_info": "warning", "approved": "success",
    "rejected": "danger", "withdrawn": "info",
}  # fmt: skip
AGREEMENT_TONES = {
    "draft": "info", "signed": "info", "effective": "success", "expiring": "warning", "renewed": "info",
    "expired": "danger", "terminated": "danger",
}  # fmt: skip


class AskForm(VerbForm):
    asked = forms.CharField(label=_("需要补充什么"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def percent_of(permille: int | None) -> str:
    return "—" if permille is None else f"{permille / 10:g}%"


TERMS_SHOWN = (
    ("partner", "union"), "concession", ("concession_shown", "payout_shown"), ("cycle", "silent_days"),
    ("starts_on", "ends_on"), ("fee_shown", "state"),
)  # fmt: skip


class LicenceVerb(Verb):
    """Why it is looked at, then the file itself; the look is recorded before it happens."""

    def view_on(self, screen):
        view = super().view_on(screen)
        view.dialog = None  # the answer is a file, for which a dialog has no room
        return view

    def answer(self, screen, request, row, form) -> HttpResponse:
        licence = row.licence
        shown = show_unmasked(
            request.actor, row=licence, fields=["content"], reason=form.cleaned_data["reason"]
        )
        name = f"{_('营业执照')}-{row.company}{EXTENSIONS[licence.media_type]}"
        return file_to_take(shown["content"], name, licence.media_type)


def has_licence(row: PartnerApplication) -> bool:
    return ApplicationFile.objects.unscoped("of an application already seen").filter(application=row).exists()


@admin.register(PartnerApplication)
class PartnerApplicationAdmin(ScopedAdmin):
    icon, order = "move_to_inbox", 5
    state_field = "state"
    search = SmallNameSearch("company")
    search_help_text = _("单位全称")
    empty_hint = _("商户在手机上“我的 › 商户”里申请；也可以替当面来办的商户代录。")
    new_page = ("partner_application_new", "partners.write", _("代录申请"))
    list_display = (
        "company", "kind", "union", when_column("submitted_at", _("提交时间")), state_column("state", APPLICATION_TONES),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("-submitted_at", "-id")
    masks = {"contact_name": mask_name, "contact_phone": mask_phone}
    unmask_verb = "partners.review"
    fieldsets = (
        (None, {"fields": ("company", ("uscc", "kind"), ("union", "state"), ("contact_name", "contact_phone"), "licence_shown")}),
        (_("给职工什么"), {"fields": ("offer", "concession_shown", "stores_shown")}),
        (_("审核"), {"fields": (("submitted_at", "decided_at"), ("reviewer", "entered_by"), "asked", "reason")}),
    )  # fmt: skip
    verbs = (
        Verb("take", _("开始审核"), actions.take_application, "partners.review", icon="assignment_ind", tone="primary",
             when=in_state("applied")),
        Verb("approve", _("通过"), actions.approve_application, "partners.review", icon="check_circle", tone="primary",
             when=in_state("under_review"), question=_("通过后建立合作单位和门店，申请人成为负责人。签署协议后才能开始合作。")),
        Verb("ask", _("要求补充"), actions.ask_applicant, "partners.review", icon="help", form=AskForm,
             when=in_state("under_review")),
        Verb("reject", _("不通过"), actions.reject_application, "partners.review", icon="cancel", tone="danger",
             form=ReasonForm, when=in_state("under_review")),
        LicenceVerb("licence", _("下载营业执照"), show_unmasked, "partners.review", icon="download", form=LookForm,
                    when=has_licence, question=_("只在审核需要时下载，用完请删除。")),
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("union", "licence")

    def get_readonly_fields(self, request, obj=None) -> list:
        own = ("licence_shown", "concession_shown", "stores_shown")
        return [*super().get_readonly_fields(request, obj), *own]

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    @display(description=_("营业执照"))
    def licence_shown(self, row: PartnerApplication) -> str:
        found = getattr(row, "licence", None)
        return _("已上传，加密保存；用“下载营业执照”查看。") if found else _("没有上传")

    @display(description=_("让利"))
    def concession_shown(self, row: PartnerApplication) -> str:
        return percent_of(row.concession_permille)

    @display(description=_("门店"))
    def stores_shown(self, row: PartnerApplication) -> str:
        lines = ((" · ".join(filter(None, (store["name"], store["address"]))),) for store in row.stores)
        return format_html_join(mark_safe("<br>"), "{}", lines) or "—"


class EnterForm(ApplicationFields):
    account = forms.CharField(
        label=_("商户的手机号"), max_length=64, help_text=_("对方用它登录过一次；审核结果会发给他。"),
        error_messages={"required": _("请填写商户登录用的手机号。")},
    )  # fmt: skip
    field_order = ("account", "company", "uscc", "kind", "union", "contact_name", "contact_phone", "stores")

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        written = BySubtree("path", verb="partners.write").condition(actor)
        union: Any = self.fields["union"]
        union.queryset = union.queryset.filter(written)

    def facts(self) -> dict:
        return {"filled": self.filled(), "licence": self.licence_bytes()}


@console_page("partners/applications/new", name="partner_application_new", needs="partners.write")
def new_application(request: HttpRequest) -> HttpResponse:
    form = EnterForm(request.POST or None, request.FILES or None, actor=request.actor)
    return ask(
        request, form, enter_with_licence, title=_("代录入驻申请"), says=_("申请已提交，请另一位同事审核。"),
        goes_to=lambda row: reverse("admin:partners_partnerapplication_change", args=[row.pk]),
        back=reverse("admin:partners_partnerapplication_changelist"),
    )  # fmt: skip


def enter_with_licence(
    actor: Actor, *, filled: dict, licence: tuple[str, bytes] | None
) -> PartnerApplication:
    return actions.enter_application(actor, licence=licence, **filled)


class PayoutForm(VerbForm):
    payee = forms.CharField(label=_("户名"), max_length=60)
    bank = forms.CharField(label=_("开户行"), max_length=40)
    number = forms.CharField(
        label=_("账号"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )


def takes_payout_account(row: Agreement) -> bool:
    return (row.state == "draft" and row.sent_at is None) or (row.state in BINDING and not row.payout_shown)


class AgreementForm(forms.ModelForm):
    percent = forms.DecimalField(
        label=_("让利（%）"), min_value=0, max_value=100, decimal_places=1, initial=0, help_text=_("八五折填 15。"),
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
    )  # fmt: skip

    fee_percent = forms.DecimalField(
        label=_("服务费（%）"), min_value=0, max_value=100, decimal_places=2, initial=0,
        help_text=_("按付给商户的结算款收，逐笔舍去不足一分的；0.6% 填 0.6，不收填 0。"),
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
    )  # fmt: skip

    purchase_yuan = YuanField(
        label=_("预计一年采购（元）"), min_value=FEN, required=False, help_text=_("由工会出钱采购的必填。")
    )

    class Meta:
        model = Agreement
        fields = ("partner", "concession", "starts_on", "ends_on", "cycle", "silent_days", "is_purchase")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("is_purchase") and not given.get("purchase_yuan"):
            self.add_error("purchase_yuan", _("由工会出钱采购的，请填预计一年采购多少元。"))
        return given


class ChoiceForm(VerbForm):
    chosen_by = forms.ChoiceField(label=_("怎样选定"), choices=[("", _("请选择")), *Selection.choices])
    quotes = forms.CharField(
        label=_("比较过的报价"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("比选的必填：一行一家，先名称，空一格再写金额（元），包括选定的这一家。"),
    )  # fmt: skip
    chosen_why = forms.CharField(
        label=_("理由或文件"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("框架协议、招标写文件和编号；单一来源、选的不是最低价，写理由。"),
    )  # fmt: skip


def choice_of(row: Agreement) -> dict[str, Any]:
    quotes = "\n".join(f"{one.supplier} {yuan(one.fen).replace(',', '')}" for one in quotes_of(row))
    return {"chosen_by": row.chosen_by, "chosen_why": row.chosen_why, "quotes": quotes}


@admin.register(Agreement)
class AgreementAdmin(ScopedAdmin):
    icon, order = "contract", 15
    write_verb = "partners.write"
    state_field = "state"
    search = SmallNameSearch("partner__name")
    list_display = (
        "partner",
        "union",
        "starts_on",
        "ends_on",
        "cycle",
        state_column("state", AGREEMENT_TONES),
    )
    list_select_related = ("partner", "union")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-starts_on", "-id")
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "partner",
                    "concession",
                    ("percent", "fee_percent"),
                    ("starts_on", "ends_on"),
                    ("cycle", "silent_days"),
                    ("is_purchase", "purchase_yuan"),
                )
            },
        ),
    )
    fieldsets = (
        (None, {"fields": TERMS_SHOWN}),
        (_("工会出钱采购"), {"fields": (("purchase_shown", "chosen_by"), "chosen_why", "quotes_shown")}),
        (_("签署"), {"fields": (("maker", "checker"), ("sent_at", "signed_at"), "signer", "reason")}),
        (_("正文"), {"fields": ("text_shown", "text_sha256")}),
    )  # fmt: skip
    empty_hint = _("合作单位通过审核后，在这里拟协议，由另一位同事复核送签。")
    verbs = (
        Verb("send", _("复核送签"), actions.send_agreement, "partners.review", icon="send", tone="primary",
             when=lambda row: row.state == "draft" and row.sent_at is None,
             question=_("送签后正文不能再改，商户负责人会收到消息。")),
        Verb("choice", _("登记选定方式"), actions.record_choice, "partners.write", icon="rule", form=ChoiceForm,
             when=lambda row: row.is_purchase and row.state == "draft" and row.sent_at is None, initial=choice_of,
             question=_("工会用经费采购的，复核送签前要写明怎样选定。超过规定金额要比较几家的报价。")),
        Verb("payout", _("登记收款账户"), actions.register_payout_account, "partners.write", icon="account_balance",
             form=PayoutForm, when=takes_payout_account,
             question=_("付款按这个账户打出，请对照商户盖章的资料核对。登记后要改，须重新签协议。")),
        Verb("recall", _("收回"), actions.recall_agreement, "partners.write", icon="undo",
             when=lambda row: row.state == "draft" and row.sent_at is not None),
        Verb("renew", _("续签"), actions.renew_agreement, "partners.write", icon="autorenew",
             when=in_state("effective", "expiring")),
        Verb("terminate", _("终止"), actions.terminate_agreement, "partners.review", icon="block", tone="danger",
             form=ReasonForm, when=in_state("signed", "effective", "expiring")),
    )  # fmt: skip

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = AgreementForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request, obj=None) -> list:
        own = ("concession_shown", "fee_shown", "text_shown", "purchase_shown", "quotes_shown") if obj else ()
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=_("让利"))
    def concession_shown(self, row: Agreement) -> str:
        return percent_of(row.concession_permille)

    @display(description=_("服务费"))
    def fee_shown(self, row: Agreement) -> str:
        return row.fee_shown

    @display(description=_("预计一年采购"))
    def purchase_shown(self, row: Agreement) -> str:
        return money(row.purchase_fen) if row.is_purchase else _("不是：工会只补贴职工的消费")

    @display(description=_("比较过的报价"))
    def quotes_shown(self, row: Agreement) -> str:
        own = row.partner.name
        shown = (
            (one.supplier, money(one.fen), _("（选定）") if one.supplier == own else "")
            for one in quotes_of(row)
        )
        return format_html_join(mark_safe("<br>"), "{} · {}{}", shown) or "—"

    @display(description=_("协议正文"))
    def text_shown(self, row: Agreement) -> str:
        return row.text or _("复核送签时生成。")

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        given = form.cleaned_data
        terms = {name: given[name] for name in TERMS if name in given}
        terms["concession_permille"] = int(given["percent"] * 10)
        terms["fee_bp"] = int(given["fee_percent"] * 100)
        terms["purchase_fen"] = given["purchase_yuan"] if given["is_purchase"] else None
        made = actions.draft_agreement(request.actor, partner=given["partner"], **terms)
        obj.pk, obj.union = made.pk, made.union


def waiting_in(model, actor: Actor, verb: str):
    screen: ScopedAdmin = admin.site._registry[model]
    return screen.within(actor, verb)


@waiting(needs="partners.review", order=70)
def applications_to_review(actor: Actor) -> Figure:
    found = waiting_in(PartnerApplication, actor, "partners.review").filter(
        Q(state="applied") | Q(state="under_review", reviewer_id=actor.user_id)
    )
    found = found.exclude(entered_by_id=actor.user_id)
    address = reverse("admin:partners_partnerapplication_changelist")
    return Figure(_("入驻申请待审核"), found.count(), "move_to_inbox", address)


@waiting(needs="partners.review", order=71)
def agreements_to_send(actor: Actor) -> Figure:
    found = waiting_in(Agreement, actor, "partners.review").filter(state="draft", sent_at=None)
    address = f"{reverse('admin:partners_agreement_changelist')}?state__exact=draft"
    return Figure(_("合作协议待复核送签"), found.exclude(maker_id=actor.user_id).count(), "contract", address)
