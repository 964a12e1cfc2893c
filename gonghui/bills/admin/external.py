"""外部券出资 in the back office: a provider's coupons ordered out of a budget, and what their uses took of it."""

from __future__ import annotations

from operator import attrgetter

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills.actions.external import (
    approve_funded_stock,
    draft_funded_stock,
    reject_funded_stock,
    worth_of,
)
from gonghui.bills.admin.stocks import StockForm
from gonghui.bills.models import ExternalUse, StockFunding
from gonghui.funds.admin.quorum import HandsShown, said_after
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    Amount,
    Figure,
    SmallNameSearch,
    Verb,
    console_page,
    money,
    subtree_filter,
    waiting,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.templatetags.kit import cn_span, yuan
from gonghui.payments.admin.payments import STOCK_TONES
from gonghui.payments.models import ExternalStock

State = ExternalUse.State
APPROVE = "settlements.approve"


def is_draft(row: StockFunding) -> bool:
    return row.stock.state == ExternalStock.State.DRAFT


@waiting(needs=APPROVE, order=64)
def stocks_to_approve(actor: Actor) -> Figure:
    found = StockFunding.objects.visible_to(actor).filter(stock__state="draft")
    found = found.exclude(stock__maker_id=actor.user_id)
    link = reverse("admin:bills_stockfunding_changelist")
    return Figure(_("外部券待批准"), found.count(), "confirmation_number", link)


@console_page("bills/stocks/new", name="funded_stock_new", needs="payments.write")
def order_stock_page(request: HttpRequest) -> HttpResponse:
    """Sent twice it is one draft: the key stands in the form."""
    form = StockForm(request.POST or None, actor=request.actor)
    return ask(
        request,
        form,
        draft_funded_stock,
        title=_("订外部券"),
        says=_("已提交，等另一位同事批准；批准时留足资金并向渠道下单。"),
        goes_to=lambda made: reverse("admin:bills_stockfunding_change", args=[made.pk]),
        back=reverse("admin:bills_stockfunding_changelist"),
    )


@admin.register(StockFunding)
class StockFundingAdmin(HandsShown):
    hands_matter, worth_fen = "stock", staticmethod(worth_of)
    hands_union = attrgetter("stock.union")
    icon, order = "confirmation_number", 25
    new_page = ("funded_stock_new", "payments.write", gettext_lazy("订外部券"))
    empty_hint = gettext_lazy(
        "从预算里订一批微信支付商家券：另一位同事批准时留足，用一张付一张，没用的退回。"
    )
    export_verb = "reports.export"
    search = SmallNameSearch("stock__name")
    search_help_text = gettext_lazy("券名")
    list_display = ("stock", "budget", "programme", "aside", "used", "left", "uncovered", "standing")
    list_filter = (subtree_filter("stock__union__path"),)
    ordering = ("-id",)
    fields = (
        "stock", ("budget", "programme"), ("face", "pieces", "whole"), "days", ("aside", "used"), ("left", "uncovered"),
        ("state", "uses_shown"), ("maker", "checker"), "hands_shown",
    )  # fmt: skip
    verbs = (
        Verb("approve", gettext_lazy("批准下单"), approve_funded_stock, APPROVE, key="funding_id", icon="fact_check",
             tone="primary", when=is_draft,
             question=gettext_lazy("批准后按面额乘以张数从预算留足，并向渠道下单；留不足就不下单。"),
             done=said_after("stock")),
        Verb("reject", gettext_lazy("不批准"), reject_funded_stock, APPROVE, key="funding_id", icon="block", when=is_draft,
             question=gettext_lazy("不批准的草稿留作记录；要再订，请经办人从头填写。")),
    )  # fmt: skip

    class Media:
        css = {"all": ["bills/console.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request)
        found = found.select_related(
            "stock__maker", "stock__checker", "budget", "programme", "commitment__account"
        )
        posted, short = Q(uses__state=State.POSTED), Q(uses__state=State.UNCOVERED)
        return found.annotate(
            _used=Coalesce(Sum("uses__off_fen", filter=posted), Value(0)),
            _uncovered=Count("uses", filter=short),
        )

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ["face", "pieces", "whole", "days", "aside", "used", "left", "uncovered", "state"]
        own += ["uses_shown", "maker", "checker"]
        return [*super().get_readonly_fields(request, obj), *own]

    @display(description=gettext_lazy("预留（元）"))
    def aside(self, row: StockFunding) -> Amount:
        return money(row.commitment.amount_fen if row.commitment else None)

    @display(description=gettext_lazy("已用（元）"))
    def used(self, row: StockFunding) -> Amount:
        return money(row._used)

    @display(description=gettext_lazy("还剩（元）"))
    def left(self, row: StockFunding) -> Amount:
        return money(row.commitment.account.available if row.commitment else None)

    @display(description=gettext_lazy("预留不足的"))
    def uncovered(self, row: StockFunding) -> str:
        return _("%d 笔") % row._uncovered if row._uncovered else "—"

    @display(description=gettext_lazy("状态"), label=STOCK_TONES)
    def standing(self, row: StockFunding) -> tuple[str, str]:
        return row.stock.state, str(row.stock.get_state_display())

    @display(description=gettext_lazy("状态"))
    def state(self, row: StockFunding) -> str:
        """On the row's own page, which draws no label."""
        return str(row.stock.get_state_display())

    @display(description=gettext_lazy("每一笔使用"))
    def uses_shown(self, row: StockFunding) -> str:
        count = row.uses.count()
        if not count:
            return "—"
        link = reverse("admin:bills_externaluse_changelist")
        said = _("看 %s 笔，每笔的钱从哪里来") % f"{count:,}"
        return format_html('<a class="text-link" href="{}?funding={}">{}</a>', link, row.pk, said)

    @display(description=gettext_lazy("面额"))
    def face(self, row: StockFunding) -> str:
        stock = row.stock
        if not stock.threshold_fen:
            return _("%s 元，没有门槛") % yuan(stock.face_fen)
        return _("%(off)s 元，满 %(least)s 元可用") % {
            "off": yuan(stock.face_fen),
            "least": yuan(stock.threshold_fen),
        }

    @display(description=gettext_lazy("张数"))
    def pieces(self, row: StockFunding) -> str:
        return f"{row.stock.total:,}"

    @display(description=gettext_lazy("合计（元）"))
    def whole(self, row: StockFunding) -> Amount:
        return money(row.stock.face_fen * row.stock.total)

    @display(description=gettext_lazy("可用日期"))
    def days(self, row: StockFunding) -> str:
        return cn_span(row.stock.starts_at, row.stock.ends_at)

    @display(description=gettext_lazy("经办人"))
    def maker(self, row: StockFunding) -> str:
        return str(row.stock.maker or "—")

    @display(description=gettext_lazy("批准人"))
    def checker(self, row: StockFunding) -> str:
        return str(row.stock.checker or "—")
