"""The till: whom, how much, what to charge. A form in two steps; scripts keep the figure above it up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gonghui.bills.actions.selling import quote_sale, sell
from gonghui.bills.errors import GIFT_GONE, PRICE_CHANGED, RULE_REFUSES_OFFER
from gonghui.bills.pricing import Refused
from gonghui.bills.selling import Quoted
from gonghui.funds.models import Section
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError
from gonghui.members.actions.pay_codes import is_pay_code
from gonghui.partners.models import Store
from gonghui.portal.till import Typed, applied_shown, customer_held, with_known_goods
from gonghui.portal.views.clerk import store_at_hand, stores_of

# What till.js and till_offline.js say by themselves, also without network.
WORDS = {
    "aim": _("对准会员的付款码或券码"),
    "aim_article": _("对准商品条码，让它横着占满框"),
    "no_camera": _("没有摄像头权限。请在浏览器设置里允许使用摄像头，或在下面输入码。"),
    "once_more": _("同一个条码，数量加 1：{name}"),
    "offline": _("网络断开了，这一单还没有收。请等网络恢复后再点一次。"),
    "ready": _(
        "网络断开，离线收银中：{minutes} 分钟内有效，还可收 {left} 笔、用 {fen} 元补贴。恢复网络后自动上传。"
    ),
    "pending": _("有 {count} 条离线记录等待上传。"),
    "theirs": _("本机有 {count} 条别的店员的离线记录，请用当时的账号登录后上传。"),
    "uploaded": _("离线记录已上传，{taken} 条入账，{odd} 条需要核对，请看“今日”。"),
    "start": _("扫会员的券码，输入金额"),
    "type_amount": _("券可以用，请输入金额"),
    "sum": _("原价 {list} · 优惠 −{off}"),
    "list": _("原价 {list}"),
    "gift": _("请给会员：{gift}"),
    "take": _("已收 {due} 元现金，记下这一单"),
    "take_nothing": _("不用收款，记下这一单"),
    "done_take": _("请收现金"),
    "done_free": _("不用收款"),
    "spent": _("离线名单已到时限或笔数。"),
    "spent_advice": _("请联网后再收；等不及的，按原价收款，券留着下次用。"),
    "fen": _("这一单要用 {funded} 元补贴，离线名单只剩 {left} 元。"),
    "fen_advice": _("请联网后再收；等不及的，按原价收款，券留着下次用。"),
    "no_code": _("没有网络时只能凭券收银。"),
    "no_code_advice": _("请扫或输入会员的券码；没有券的按原价收款，不用记账。"),
    "pay_code": _("付款码要联网才能用：它能花福豆，离线时核不了。"),
    "pay_code_advice": _("请会员打开“我的票”出示券码，或者等网络恢复。"),
    "ticket": _("这是入场的票，不按金额使用。"),
    "ticket_advice": _("请到“核销”页扫这张票。"),
    "unknown": _("这张券要联网才能用。"),
    "unknown_advice": _("它可能刚领到、已用过，或者价格要联网才算得出。请等网络恢复，或按原价收款。"),
    "stale": _("这是过期的二维码，可能是截图。"),
    "stale_advice": _("请会员在自己的手机上打开“我的票”。"),
    "used": _("这张券刚在本机用过。"),
    "used_advice": _("同一张券只能用一次。"),
    "too_early": _("还没到使用时间。"),
    "too_early_advice": _("请会员看券上的使用时间。"),
    "too_late": _("这张券已经过期。"),
    "too_late_advice": _("请按原价收款。"),
    "lines": _("没有网络时只能按总金额收。"),
    "lines_advice": _("请改选“只输金额”。"),
    "family": _("“{title}”只限会员本人。"),
    "family_advice": _("请会员本人来买，或按原价收款。"),
    "threshold": _("“{title}”还差 {missing} 元。"),
    "threshold_advice": _("不用券的话，按原价收款，券留着下次用。"),
    "nothing": _("这个金额用“{title}”一分也不减。"),
    "nothing_advice": _("请按原价收款，券留着下次用。"),
    "money": _("这个金额超出了“{title}”出资方每单能出的钱。"),
    "money_advice": _("请分开收，或等网络恢复。"),
}


@never_cache
@require_GET
def till(request: HttpRequest) -> HttpResponse:
    """Empty, or with what was scanned at the counter."""
    stores = stores_of(request)
    store = store_at_hand(request, stores)
    typed, error = Typed(customer=request.GET.get("customer", "")[:400]), None
    if typed.customer:
        typed, error = _held(request, store, typed)
    return _page(request, store, typed, stores=stores, error=error)


@require_POST
def till_quote(request: HttpRequest) -> HttpResponse:
    """What it would cost; nothing is written. `edit`: back to the first step with everything typed."""
    store = store_at_hand(request, stores_of(request))
    typed, error = Typed.from_post(request.POST), None
    if typed.customer:
        typed, error = _held(request, store, typed)
    if not error:
        typed, error = _scanned(store, typed)
    if error or "edit" in request.POST or not typed.has_basket:
        return _page(request, store, typed, error=error)
    return _quoted(request, store, typed)


@require_POST
def till_sell(request: HttpRequest) -> HttpResponse:
    """One bill for one key, however often it is tapped."""
    store = store_at_hand(request, stores_of(request))
    typed = Typed.from_post(request.POST)
    try:
        bill = sell(request.actor, sale=typed.sale(store.pk, typed.customer))
    except DomainError as error:
        return _quoted(request, store, typed, error)
    return redirect("till_bill", bill.pk)


def _held(request: HttpRequest, store: Store, typed: Typed) -> tuple[Typed, DomainError | None]:
    try:
        return replace(typed, customer=customer_held(request.actor, typed.customer, store.pk)), None
    except DomainError as error:
        is_scan = "." in typed.customer  # of no use a second time; what was typed by hand stays to be mended
        return (replace(typed, customer="") if is_scan else typed), error


def _scanned(store: Store, typed: Typed) -> tuple[Typed, DomainError | None]:
    try:
        return with_known_goods(store.pk, typed), None
    except DomainError as error:
        return typed, error


def _quoted(
    request: HttpRequest, store: Store, typed: Typed, error: DomainError | None = None
) -> HttpResponse:
    """The price, to be confirmed; the first step again when there is none."""
    try:
        sale = typed.sale(store.pk, typed.customer)
        quoted = quote_sale(request.actor, sale)
    except DomainError as refused:
        return _page(request, store, typed, error=error or refused)
    is_live = request.headers.get("X-Live") == "typing"
    is_last = bool(typed.customer) and not is_live
    return _page(request, store, typed, quoted=quoted, error=error, key=sale.key, is_last=is_last)


def _page(
    request: HttpRequest,
    store: Store,
    typed: Typed,
    *,
    stores: list[Store] | None = None,
    quoted: Quoted | None = None,
    error: DomainError | None = None,
    **more: Any,
) -> HttpResponse:
    facts = {
        "store": store,
        "stores": stores or [store],
        "typed": typed,
        "quoted": quoted and quote_shown(quoted),
        "error": error,
        "is_price_news": bool(error and error.reason in (PRICE_CHANGED, GIFT_GONE)),
        "against": error.facts if error and error.reason is RULE_REFUSES_OFFER else None,
        "key": more.get("key") or uuid4(),
        "sections": Section.objects.unscoped("the list of shelves"),
        "has_pay_code": is_pay_code(typed.customer),
        "till_words": {key: str(text) for key, text in WORDS.items()},
    }
    template = "portal/till/confirm.html" if more.get("is_last") else "portal/till/till.html"
    return render(request, template, facts, status=error.status if error else 200)


def quote_shown(quoted: Quoted) -> dict[str, Any]:
    quote = quoted.quote
    return {
        "person": quoted.person,
        "quote": quote,
        "due_fen": quote.due_fen,
        "applied": [applied_shown(applied) for applied in quote.applied],
        "refused": [refused_shown(one) for one in quote.refused],
        "nearest": min((one for one in quote.refused if one.missing_fen), key=missing_fen_of, default=None),
    }


def missing_fen_of(refused: Refused) -> int:
    return refused.missing_fen


def refused_shown(refused: Refused) -> dict[str, str]:
    """At the till nobody signs in: without a scan it is the code that is missing."""
    if refused.reason is SIGN_IN_FIRST:
        return {"title": refused.title, "sentence": _now("扫会员的码后才知道能不能用。"), "advice": ""}
    return {"title": refused.title, "sentence": refused.sentence, "advice": refused.advice}
