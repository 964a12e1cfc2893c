"""The counter: scan or type a code, see what to honour, one tap; with or without scripts and, for a while, network."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from gonghui.benefits import errors
from gonghui.benefits.actions import redemptions
from gonghui.benefits.actions.redemptions import Scan
from gonghui.benefits.counter import kind_due
from gonghui.benefits.counter_days import counter_day
from gonghui.benefits.models import Redemption, Voucher
from gonghui.benefits.packs import pack_of
from gonghui.bills.offline_packs import new_till_pack
from gonghui.kit import clock
from gonghui.kit.errors import BAD_INPUT, SIGN_IN_FIRST, DomainError, require
from gonghui.kit.masks import mask_name
from gonghui.members.actions.pay_codes import hold_pay_code, is_pay_code
from gonghui.partners.models import Store

SCANS_AT_ONCE_MAX = 200
# What counter.js says by itself, also without network.
WORDS = {
    "aim": _("对准会员手机上的二维码"),
    "no_camera": _("没有摄像头权限。请在浏览器设置里允许使用摄像头，或在下面输入券码。"),
    "offline_ready": _(
        "网络断开，离线核销中：{minutes} 分钟内有效，还可核销 {left} 次。恢复网络后自动上传。"
    ),
    "offline_spent": _("离线名单已到时限或次数。请联网后再核销，或登记会员姓名和券码。"),
    "pending": _("有 {count} 条离线记录等待上传。"),
    "uploaded": _("离线记录已上传，{taken} 条入账，{odd} 条需要核对，请看“今日”。"),
    "refused": _("不能使用"),
    "unknown": _("离线名单里没有这张券。"),
    "unknown_advice": _("可能是刚抢到的票，请联网后再扫。"),
    "coupon": _("这张券要输入金额才能用。"),
    "coupon_advice": _("请点右上角“收银”，在那里扫它。"),
    "theirs": _("本机有 {count} 条别的店员的离线记录，请用当时的账号登录后上传。"),
    "stale": _("这是过期的二维码，可能是截图。"),
    "stale_advice": _("请会员在自己的手机上打开“我的票”。"),
    "used": _("这张券已经核销过。"),
    "too_early": _("还没到使用时间。"),
    "too_late": _("这一场已经结束。"),
    "gate": _("可以入场"),
    "window": _("可以换票"),
    "let_in": _("放行 {seats} 人"),
    "hand_out": _("给出 {seats} 张纸质票"),
    "done": _("离线核销成功"),
    "done_title": _("{seats} 人，已记在本机"),
    "session": _("场次"),
    "member": _("会员"),
    "people": _("人数"),
    "people_n": _("{seats} 人"),
    "try_again": _("没有连上服务器，请再点一次。"),
}


def stores_of(request: HttpRequest) -> list[Store]:
    require(request.actor.user_id, SIGN_IN_FIRST)
    owned = request.actor.owns("store")
    require(owned, errors.NOT_A_CLERK)
    found = Store.objects.visible_to(request.actor).filter(pk__in=owned)
    return list(found.select_related("partner").order_by("id"))


def store_at_hand(request: HttpRequest, stores: list[Store]) -> Store:
    """The store this clerk works at today; remembered for the session."""
    wanted = request.GET.get("store") or request.session.get("clerk_store")
    store = next((s for s in stores if str(s.pk) == str(wanted)), stores[0])
    if request.session.get("clerk_store") != store.pk:
        request.session["clerk_store"] = store.pk
    return store


@require_GET
def counter(request: HttpRequest) -> HttpResponse:
    stores = stores_of(request)
    store = store_at_hand(request, stores)
    return render(request, "portal/clerk/counter.html", _facts(store, stores))


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """What this code is worth: JSON for the scanner, a page for the typed form."""
    store = store_at_hand(request, stores_of(request))
    text = request.POST.get("text", "")
    try:
        found = _to_till(request, text, store.pk) or _looked(request, text, store.pk)
    except DomainError as refusal:
        found = _refused(refusal)
    return _answer(request, store, found)


@require_POST
def redeem(request: HttpRequest) -> HttpResponse:
    store = store_at_hand(request, stores_of(request))
    try:
        done = redemptions.redeem_voucher(request.actor, scan=_scan(request, store.pk))
        found = _honoured(done)
    except DomainError as refusal:
        found = _refused(refusal)
    return _answer(request, store, found)


@require_GET
def pack(request: HttpRequest) -> HttpResponse:
    store = store_at_hand(request, stores_of(request))
    return JsonResponse(new_till_pack(request.actor, store_id=store.pk))


@require_POST
def reconcile(request: HttpRequest) -> HttpResponse:
    """What a phone honoured without network: {"pack": token, "scans": [{key, text, arrived, at}]}."""
    stores_of(request)
    try:
        body = json.loads(request.body)
        handed, scans = body["pack"], [_offline_scan(s) for s in body["scans"]]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise DomainError(BAD_INPUT, detail=_now("离线记录的格式不对")) from None
    require(len(scans) <= SCANS_AT_ONCE_MAX, BAD_INPUT, detail=_now("一次最多交 200 条离线记录"))
    settled = redemptions.reconcile_offline(request.actor, pack=pack_of(str(handed)), scans=scans)
    return JsonResponse(
        {"scans": [{"key": str(r.key), "taken": r.taken, "sentence": r.sentence} for r in settled]}
    )


@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """The shift in numbers: paper tickets handed out, people let in, the last scans, exceptions to look at."""
    stores = stores_of(request)
    store = store_at_hand(request, stores)
    facts = counter_day(request.actor, store_id=store.pk, on=clock.today())
    return render(request, "portal/clerk/day.html", {"store": store, "stores": stores, "day": facts})


def _looked(request: HttpRequest, text: str, store_id: int) -> dict:
    voucher = redemptions.voucher_at_counter(request.actor, text=text, store_id=store_id)
    redemptions.refuse_unless_usable(voucher, clock.now())
    return _ticket(voucher)


def _to_till(request: HttpRequest, text: str, store_id: int) -> dict | None:
    """A member's pay code, and a voucher whose price is worked out on a bill."""
    if is_pay_code(text):
        customer, title = hold_pay_code(request.actor, text=text, store_id=store_id), _now("会员的付款码")
    else:
        code = redemptions.read_code(text)
        priced = Voucher.objects.unscoped("which door is it for?").filter(
            code=code, release__offer__is_priced=True
        )
        voucher = priced.select_related("release").first()
        if voucher is None:
            return None
        customer, title = code, voucher.release.title
    return {
        "tone": "ok",
        "word": _now("到收银用"),
        "title": title,
        "facts": [],
        "advice": _now("这个码要输入金额才能用，请到收银页。"),
        "go": f"{reverse('till')}?{urlencode({'customer': customer, 'store': store_id})}",
        "go_word": _now("去收银"),
    }


def _scan(request: HttpRequest, store_id: int) -> Scan:
    try:
        key = UUID(request.POST.get("key", ""))
        arrived = int(request.POST["arrived"]) if request.POST.get("arrived") else None
    except ValueError:
        raise DomainError(BAD_INPUT, detail=_now("请重新扫码")) from None
    device = request.headers.get("User-Agent", "")
    return Scan(text=request.POST.get("text", ""), key=key, store_id=store_id, arrived=arrived, device=device)


def _offline_scan(raw: dict) -> Scan:
    at = datetime.fromtimestamp(int(raw["at"]) / 1000, clock.CHINA)
    return Scan(
        text=str(raw["text"])[:80],
        key=UUID(raw["key"]),
        store_id=0,
        arrived=int(raw["arrived"]),
        offline_at=at,
    )


def _ticket(voucher: Voucher) -> dict:
    exchange = kind_due(voucher) == Redemption.Kind.EXCHANGE
    return {
        "tone": "ok",
        "word": _now("可以换票") if exchange else _now("可以入场"),
        "title": voucher.release.title,
        "facts": [
            [_now("场次"), voucher.pool.label],
            [_now("会员"), mask_name(voucher.person.name)],
            [_now("人数"), _now("%s 人") % voucher.seats],
            *(
                [[_now("同行人"), "、".join(mask_name(n) for n in voucher.companions)]]
                if voucher.companions
                else []
            ),
        ],
        "advice": "",
        "code": voucher.code,
        "seats": voucher.seats,
        "verb": _now("给出 %s 张纸质票") % voucher.seats if exchange else _now("放行 %s 人") % voucher.seats,
    }


def _honoured(done: Redemption) -> dict:
    exchange = done.kind == Redemption.Kind.EXCHANGE
    voucher = done.voucher
    return {
        "tone": "ok",
        "word": _now("换票完成") if exchange else _now("核销成功"),
        "title": _now("请给 %s 张票") % done.arrived if exchange else _now("请放行 %s 人") % done.arrived,
        "facts": [[_now("活动"), voucher.release.title], [_now("会员"), mask_name(voucher.person.name)]],
        "advice": "",
        "done": True,
    }


def _refused(refusal: DomainError) -> dict:
    warn = refusal.reason in (errors.NOT_YET_USABLE, errors.NOT_CONFIRMED, errors.STALE_QR)
    return {
        "tone": "warn" if warn else "no",
        "word": _now("先等一下") if warn else _now("不能使用"),
        "title": refusal.message,
        "facts": [],
        "advice": refusal.advice,
        "code_refused": refusal.code,
    }


def _answer(request: HttpRequest, store: Store, found: dict) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse(found)
    if request.headers.get("HX-Request"):
        return render(request, "kit/includes/verdict.html", found)
    return render(request, "portal/clerk/counter.html", _facts(store, [store]) | {"found": found})


def _facts(store: Store, stores: list[Store]) -> dict:
    words = {key: str(text) for key, text in WORDS.items()}
    return {"stores": stores, "store": store, "key": uuid4(), "counter_words": words}
