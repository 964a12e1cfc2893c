"""Back-office screens of applications, agreements and those who act for merchants."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    in_state,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.partners import actions
from gonghui.partners.actions.agreements import TERMS
from gonghui.partners.models import Agreement, PartnerApplication
from gonghui.partners.models.agreements import BINDING

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


class PayoutForm(VerbForm):
    payee = forms.CharField(label=_("户名"), max_length=60)
    bank = forms.CharField(label=_("开户行"), max_length=40)
    number = forms.CharField(
        label=_("账号"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )


def takes_payout_account(row: Agreement) -> bool:
    return (row.state == "draft" and row.sent_at is None) or (row.state in BINDING and not row.payout_shown)


@admin.register(PartnerApplication)
class PartnerApplicationAdmin(ScopedAdmin):
    icon, order = "move_to_inbox", 5
    state_field = "state"
    search = SmallNameSearch("company")
    list_display = (
        "company", "kind", "union", when_column("submitted_at", _("提交时间")), state_column("state", APPLICATION_TONES),
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("-submitted_at", "-id")
    fields = (
        "company", "uscc", "kind", "union", "stores", "offer", "concession_permille", "state", "asked", "reason",
        "reviewer", "submitted_at", "decided_at",
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
    )  # fmt: skip

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


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
                    "concession_permille",
                    "starts_on",
                    "ends_on",
                    "cycle",
                    "silent_days",
                )
            },
        ),
    )
    fields = (
        "partner", "union", "concession", "concession_permille", "starts_on", "ends_on", "cycle", "silent_days",
        "payout_shown", "state", "text", "text_sha256", "maker", "checker", "sent_at", "signer", "signed_at", "reason",
    )  # fmt: skip
    verbs = (
        Verb("send", _("复核送签"), actions.send_agreement, "partners.review", icon="send", tone="primary",
             when=lambda row: row.state == "draft" and row.sent_at is None,
             question=_("送签后正文不能再改，商户负责人会收到消息。")),
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

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        given = form.cleaned_data
        terms = {name: given[name] for name in TERMS if name in given}
        made = actions.draft_agreement(request.actor, partner=given["partner"], **terms)
        obj.pk, obj.union = made.pk, made.union
