"""我的票: what is ahead, where I wait, what is over; and the one ticket to show."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gonghui.benefits.actions.claims import confirm_voucher, leave_waiting_list, return_voucher
from gonghui.benefits.models import Party, Redemption, Voucher
from gonghui.bills.models import BillOffer
from gonghui.feedback.models import Rating
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.masks import mask_name
from gonghui.kit.tokens import voucher_secret
from gonghui.portal.doors import signed_in
from gonghui.portal.queries import mine
from gonghui.portal.tickets import life_of, line_of, ticket_of

PAGE_SIZE = 20
VIEWS = ("ahead", "waiting", "past")


@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "ahead"
    ahead = [ticket_of(v) for v in mine.tickets_ahead(actor)]
    lines = [line_of(e) for e in mine.waiting_entries(actor)]
    page = (
        Paginator(mine.past_tickets(actor), PAGE_SIZE).get_page(request.GET.get("page"))
        if view == "past"
        else None
    )
    facts = {
        "tab": "tickets",
        "view": view,
        "views": _tabs(view, len(ahead), len(lines)),
        "tickets": [ticket_of(v) for v in page] if page else ahead,
        "lines": lines,
        "page_obj": page,
        "standing": mine.standing(actor) if not (ahead or lines) else None,
    }
    return render(request, "portal/tickets.html", facts)


def _tabs(view: str, ahead: int, waiting: int) -> list[dict]:
    names = (("ahead", _("可使用"), ahead), ("waiting", _("候补"), waiting), ("past", _("已结束"), 0))
    home = reverse("tickets")
    return [
        {
            "label": label,
            "count": n,
            "current": key == view,
            "url": home if key == "ahead" else f"{home}?view={key}",
        }
        for key, label, n in names
    ]


def own_ticket(actor: Actor, code: str) -> Voucher:
    """Fetched and allowed in one call; its companions, sealed in lists, are opened here."""
    voucher = mine.own_tickets(actor).defer(None).defer(*mine.SEALED).filter(code=code).first()
    require(voucher, NOT_FOUND)
    return voucher


@require_safe
def ticket(request: HttpRequest, code: str) -> HttpResponse:
    return _ticket_page(request, own_ticket(signed_in(request), code))


def _ticket_page(request: HttpRequest, voucher: Voucher, error: DomainError | None = None) -> HttpResponse:
    shown = ticket_of(voucher)
    honoured = list(
        Redemption.objects.unscoped("of the reader's own ticket")
        .filter(voucher=voucher)
        .select_related("store")
        .order_by("at")
    )
    rated = (
        Rating.objects.unscoped("is it rated?").filter(voucher_id=voucher.pk).exists() if honoured else False
    )
    names = _companions(request.actor, voucher)
    is_for_other = voucher.person_id != request.actor.person_id
    facts = {
        "tab": "tickets",
        "ticket": shown,
        # Known to the page of its holder only; whoever has it makes the QR of every minute.
        "secret_hex": voucher_secret(voucher.code).hex() if shown.state == "valid" else "",
        "names": [mask_name(name) for name in names],
        "holder": mask_name(voucher.person.name) if is_for_other else "",
        "steps": life_of(shown, honoured, rated),
        "state_at": honoured[-1].at if honoured else voucher.settled_at,
        "can_rate": bool(honoured) and not rated and not _is_of_no_session(voucher),
        "companion_rows": _companion_rows(voucher, names),
        "error": error,
        **_coupon_facts(voucher),
    }
    return render(request, "portal/ticket.html", facts, status=error.status if error else 200)


def _coupon_facts(voucher: Voucher) -> dict:
    """Where a coupon can be used, and the bill on which it was."""
    if not voucher.release.offer.is_priced:
        return {}
    used = BillOffer.objects.unscoped("of the reader's own ticket").filter(voucher=voucher, is_live=True)
    return {
        "offer_url": reverse("offer", args=[voucher.release.offer_id]),
        "bill_id": used.values_list("bill_id", flat=True).first(),
    }


def _is_of_no_session(voucher: Voucher) -> bool:
    return getattr(voucher.pool, "session", None) is None


def _companions(actor: Actor, voucher: Voucher) -> list[str]:
    """On the ticket, or written down before the claim and still on their way to it."""
    if voucher.companions is not None or voucher.state != "held":
        return voucher.companions or []
    written = Party.objects.visible_to(actor).filter(
        release_id=voucher.release_id, person_id=voucher.person_id
    )
    party = written.first()
    return party.names[: voucher.seats - 1] if party else []


def _companion_rows(voucher: Voucher, names: list[str]) -> list[dict]:
    seats = voucher.seats - 1 if voucher.release.names_required and voucher.state == "held" else 0
    return [{"value": names[n] if n < len(names) else ""} for n in range(seats)]


@require_POST
def confirm(request: HttpRequest, code: str) -> HttpResponse:
    actor = signed_in(request)
    voucher = own_ticket(actor, code)
    given = [name for name in request.POST.getlist("companion") if name.strip()]
    companions = given or _companions(actor, voucher)
    try:
        confirm_voucher(actor, voucher_id=voucher.pk, companions=companions)
    except DomainError as error:
        return _ticket_page(request, own_ticket(actor, code), error)
    messages.success(request, _("已确认，届时出示二维码即可。"))
    return redirect("ticket", code)


@require_POST
def give_back(request: HttpRequest, code: str) -> HttpResponse:
    actor = signed_in(request)
    voucher = own_ticket(actor, code)
    try:
        return_voucher(actor, voucher_id=voucher.pk)
    except DomainError as error:
        return _ticket_page(request, own_ticket(actor, code), error)
    messages.success(request, _("票已退回，名额会按顺序给候补的人。"))
    return redirect("tickets")


@require_POST
def leave_line(request: HttpRequest, pool_id: str) -> HttpResponse:
    leave_waiting_list(signed_in(request), pool_id=int(pool_id))
    messages.success(request, _("已退出候补。"))
    return redirect("tickets")
