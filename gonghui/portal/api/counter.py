"""For venues with a cash desk or turnstile of their own: look a code up, honour it once."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from gonghui.benefits.actions import redemptions
from gonghui.benefits.actions.redemptions import Scan
from gonghui.benefits.counter import kind_due
from gonghui.kit import clock
from gonghui.kit.masks import mask_name
from gonghui.portal.api import schemas

router = Router(tags=["counter"])
REFUSALS = schemas.REFUSALS


@router.post("/look", response={200: schemas.LookOut, **REFUSALS})
def look(request: HttpRequest, body: schemas.LookIn):
    voucher = redemptions.voucher_at_counter(request.actor, text=body.text, store_id=body.store_id)
    redemptions.refuse_unless_usable(voucher, clock.now())
    return {
        "code": voucher.code,
        "kind": kind_due(voucher),
        "title": voucher.release.title,
        "label": voucher.pool.label,
        "holder": mask_name(voucher.person.name),
        "companions": [mask_name(name) for name in voucher.companions or []],
        "seats": voucher.seats,
    }


@router.post("/redeem", response={200: schemas.RedeemedOut, **REFUSALS})
def redeem(request: HttpRequest, body: schemas.RedeemIn):
    """The same key again is the same redemption."""
    scan = Scan(text=body.text, key=body.key, store_id=body.store_id, arrived=body.arrived, device="api")
    done = redemptions.redeem_voucher(request.actor, scan=scan)
    return {"code": done.voucher.code, "kind": done.kind, "at": done.at, "arrived": done.arrived}
