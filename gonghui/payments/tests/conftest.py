"""A played provider, the port on it, and ways to look at what moved."""

from uuid import uuid4

import pytest

from gonghui.kit import ports
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.payments.actions.payments import take_payment
from gonghui.payments.ports.coupons import LocalCoupons
from gonghui.payments.ports.local import LocalPayments, LocalWeChat, local_key
from gonghui.payments.ports.local_identity import LocalAuthorisation, LocalIdentity
from gonghui.payments.tests.figures import identified

SYSTEM = Actor.system("test")


@kept
def provider_keys() -> None:
    """In their rows, before the provider reads them."""
    for name in ("platform", "merchant"):
        local_key(name)


@pytest.fixture
def wechat(db, monkeypatch):
    """The played provider; the ports `payment` and `coupon_provider` stand on it."""
    provider_keys()
    service = LocalWeChat()
    adapters = {
        "gonghui.payments.ports.local.LocalPayments": LocalPayments(service),
        "gonghui.payments.ports.coupons.LocalCoupons": LocalCoupons(service),
    }
    real = ports._adapter
    monkeypatch.setattr(ports, "_adapter", lambda path: adapters.get(path) or real(path))
    return service


@pytest.fixture
def taken(cast):
    """taken(…) makes one payment of Mei's, 50.00 yuan unless told otherwise."""

    def make(**facts):
        asked = {
            "key": uuid4(), "person_id": cast.people["mei"].pk, "union_id": cast.unions["city"].pk,
            "amount_fen": 5000, "purpose": "bill:203", "method": "wechat",
        }  # fmt: skip
        payment = take_payment(SYSTEM, **(asked | facts))
        identified(payment.person_id)
        return payment

    return make


@pytest.fixture
def authorisation(db, monkeypatch):
    """The played authorisation; the port `wechat_identity` stands on it."""
    service = LocalAuthorisation()
    adapters = {"gonghui.payments.ports.local_identity.LocalIdentity": LocalIdentity(service)}
    real = ports._adapter
    monkeypatch.setattr(ports, "_adapter", lambda path: adapters.get(path) or real(path))
    return service
