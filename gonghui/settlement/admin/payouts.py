"""付款批次 in the back office: made, approved, taken to the bank, and what the bank answered."""

from __future__ import annotations

import io

from django import forms
from django.contrib import admin
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.funds.admin.asking import written_unions
from gonghui.funds.admin.quorum import said_after
from gonghui.funds.decided import hands_of
from gonghui.funds.models import Matter
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    home_of,
    in_state,
    link_column,
    page_facts,
    state_column,
    subtree_filter,
    when_column,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.payments.admin.payments import NumberSearch, yuan_column
from gonghui.settlement import actions
from gonghui.settlement.admin import tones
from gonghui.settlement.admin.statements import verbs_of
from gonghui.settlement.models import Payout, PayoutBatch
from gonghui.settlement.queries import unions_to_pay


def batch_address(row: PayoutBatch) -> str:
    return reverse("admin:payout_batch", args=[row.pk])


class BatchVerb(Verb):
    """Comes back to the batch's own page."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return batch_address(row.batch if isinstance(row, Payout) else row)


class PaidForm(VerbForm):
    bank_number = forms.CharField(
        label=gettext_lazy("银行流水号"), max_length=64, help_text=gettext_lazy("在银行回单上。")
    )


class BouncedForm(ReasonForm):
    def facts(self) -> dict[str, str]:
        return {"note": self.cleaned_data["reason"]}


def note_paid(actor, *, payout_id: int, **facts) -> Payout:
    return actions.record_payout(actor, payout_id=payout_id, result="paid", **facts)


def note_bounced(actor, *, payout_id: int, **facts) -> Payout:
    return actions.record_payout(actor, payout_id=payout_id, result="bounced", **facts)


@admin.register(PayoutBatch)
class PayoutBatchAdmin(ScopedAdmin):
    icon, order = "account_balance", 40
    export_verb = "reports.export"
    state_field = "state"
    search = SmallNameSearch("union__name")
    search_help_text = gettext_lazy("工会名称")
    list_display = (
        link_column(gettext_lazy("批次"), batch_address, lambda row: row.number),
        "union", "count", "amount", "maker", "checker", when_column("created_at", gettext_lazy("制作时间")),
        state_column("state", tones.BATCHES),
    )  # fmt: skip
    list_select_related = ("union", "maker", "checker")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("union", ("count", "amount"), "sha256", "state", ("maker", "checker"), "approved_at")
    verbs = (
        BatchVerb("approve", gettext_lazy("批准付款批次"), actions.approve_batch, "settlements.approve", key="batch_id",
                  icon="fact_check", tone="primary", when=in_state("made"),
                  question=gettext_lazy("批准后可以下载银行文件。制作的人不能批准。"), done=said_after("payout")),
        BatchVerb("cancel", gettext_lazy("作废"), actions.cancel_batch, "settlements.write", key="batch_id", icon="block",
                  tone="danger", when=in_state("made"), question=gettext_lazy("里面的结算单可以重新做批次。")),
    )  # fmt: skip

    amount = yuan_column(gettext_lazy("合计（元）"), "amount_fen")

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).defer("file")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "amount"]


@admin.register(Payout)
class PayoutAdmin(ScopedAdmin):
    in_side_bar = False
    export_verb = "reports.export"
    state_field = "state"
    search = NumberSearch("bank_number")
    search_help_text = gettext_lazy("银行流水号，要写全")
    list_display = (
        "__str__", "payee", "account_shown", "amount", "bank_number", "note", state_column("state", tones.PAYOUTS),
    )  # fmt: skip
    list_select_related = ("batch__union", "statement__partner")
    list_filter = (subtree_filter("batch__union__path"), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("payee", "account_shown", "amount", "state", "bank_number", "note", "ended_at")
    verbs = (
        BatchVerb("paid", gettext_lazy("已到账"), note_paid, "settlements.write", icon="check_circle", tone="primary",
                  form=PaidForm, when=in_state("sent"), question=gettext_lazy("登记后记入账本，请对照银行回单。")),
        BatchVerb("bounced", gettext_lazy("被退回"), note_bounced, "settlements.write", icon="undo", form=BouncedForm,
                  when=in_state("sent", "paid"), question=gettext_lazy(
                      "没有关账的，结算单回到待付款，核对账户后重新做批次；已经关账的，并入商户的下一张结算单。")),
    )  # fmt: skip

    amount = yuan_column(gettext_lazy("金额（元）"), "amount_fen")

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).defer("account")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "amount", "payee"]

    @admin.display(description=gettext_lazy("商户"))
    def payee(self, row: Payout) -> str:
        return str(row.statement.partner)


class BatchForm(forms.Form):
    union = forms.ModelChoiceField(
        None,
        label=gettext_lazy("付款工会"),
        help_text=gettext_lazy("已批准而没有付款的结算单全部进入这一批。"),
    )

    def __init__(self, *args, actor, **kwargs):
        super().__init__(*args, **kwargs)
        unions = self.fields["union"].queryset = written_unions(actor, "settlements.write")
        # Any of them may be sent, and is answered in words; only those with something to pay are shown.
        waiting = list(unions.filter(pk__in=unions_to_pay()).values_list("pk", "name"))
        first = _("请选择") if waiting else _("现在没有批准了还没付款的结算单")
        self.fields["union"].choices = [("", first), *waiting]
        self.fields["union"].initial = home_of(actor, "settlements.write")

    def facts(self) -> dict[str, int]:
        return {"union_id": self.cleaned_data["union"].pk}


@console_page(
    "settlement/batches/new", name="payout_batch_new", needs="settlements.write", title=gettext_lazy("制作付款批次"),
    icon="add_card", group="settlement", order=38,
)  # fmt: skip
def new_batch(request: HttpRequest) -> HttpResponse:
    form = BatchForm(request.POST or None, actor=request.actor)
    return ask(
        request,
        form,
        actions.make_payout_batch,
        title=_("制作付款批次"),
        goes_to=batch_address,
        says=_("已制作，等待另一人批准。"),
    )


def batch_seen(request: HttpRequest, batch_id: int) -> PayoutBatch:
    found = (
        PayoutBatch.objects.visible_to(request.actor)
        .defer("file")
        .select_related("union", "maker", "checker")
    )
    row = found.filter(pk=batch_id).first()
    require(row is not None, NOT_FOUND)
    return row


@console_page("settlement/batches/<int:batch_id>", name="payout_batch", needs="settlements.view")
def batch_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    row = batch_seen(request, batch_id)
    path = row.union.path
    payouts = row.payouts.defer("account").select_related("statement__partner").order_by("id")
    screen = admin.site._registry[Payout]
    hands = hands_of(request.actor, Matter.PAYOUT, row.pk, union=row.union, amount_fen=row.amount_fen)
    verbs = [verb for verb in PayoutBatchAdmin.verbs if verb.name != "approve" or not hands.is_decided]
    facts = {
        "row": row,
        "hands": hands,
        "tone": tones.BATCHES[row.state],
        "verbs": verbs_of(request, verbs, row, path),
        "payouts": [
            (one, tones.PAYOUTS[one.state], verbs_of(request, screen.verbs, one, path)) for one in payouts
        ],
        "may_download": row.state in ("approved", "done") and request.actor.may("settlements.write", path),
    }
    return render(request, "settlement/console/batch.html", page_facts(request, row.number, **facts))


@console_page("settlement/batches/<int:batch_id>.xlsx", name="payout_batch_file", needs="settlements.write")
def batch_file(request: HttpRequest, batch_id: int) -> HttpResponse:
    row, content = actions.download_batch(request.actor, batch_id=batch_id)
    answer = FileResponse(io.BytesIO(content), as_attachment=True, filename=f"{row.number}.xlsx")
    answer["Cache-Control"] = "no-store"
    return answer
