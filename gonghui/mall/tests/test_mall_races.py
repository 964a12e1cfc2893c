"""Many at once on real connections, and a process that dies in the middle: no piece sold twice, no point lost."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from django.db import connection

from gonghui.bills.actions.selling import end_waiting
from gonghui.bills.models import Bill
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import build_money, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.ledger.models import Transfer
from gonghui.mall.actions import orders
from gonghui.mall.actions.ordering import place_orders
from gonghui.mall.models import MallOrder, Product
from gonghui.mall.tests.stage import SYSTEM, again, build_mall, checkout, placed
from gonghui.wellbeing.tests.stage import HealthStage, riders

pytestmark = pytest.mark.django_db(transaction=True)


def everybody(cast, count: int):
    return riders(HealthStage(cast, None, None, None, None), count)


def codes(said: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in said)


def test_last_piece_from_eight_connections_is_sold_once(cast):
    stage = build_mall(cast)
    box = stage.products["box"]
    Product.objects.unscoped("test").filter(pk=box.pk).update(stock=1)
    calls = [partial(place_orders, actor, checkout=checkout((box, 1))) for actor in everybody(cast, 8)]
    assert codes(at_once(*calls)) == {"list": 1, "mall_sold_out": 7}
    assert (stage.stock("box"), MallOrder.objects.unscoped("test").count(), Bill.objects.unscoped("test").count()) == (
        0, 1, 1
    )  # fmt: skip


def test_same_tap_from_eight_sides_is_one_order(cast):
    stage = build_mall(cast)
    one = checkout((stage.products["box"], 1))
    said = at_once(*[partial(place_orders, stage.actor("mei"), checkout=one)] * 8)
    assert {tuple(order.pk for order in found) for found in said} == {
        (MallOrder.objects.unscoped("test").get().pk,)
    }
    assert stage.stock("box") == 2


def test_baskets_in_either_order_do_not_wait_for_ever(cast):
    stage = build_mall(cast)
    rice, box = stage.products["rice"], stage.products["box"]
    people = everybody(cast, 6)
    calls = [
        partial(place_orders, actor, checkout=checkout(*((rice, 1), (box, 1))[:: 1 if n % 2 else -1]))
        for n, actor in enumerate(people)
    ]
    assert codes(at_once(*calls)) == {"list": 3, "mall_sold_out": 3}
    assert (stage.stock("rice"), stage.stock("box"), trial()) == (2, 0, 0)


def test_member_and_timeout_together_give_back_stock_and_points_once(cast):
    stage = build_mall(cast)
    stage.give_points(build_money(cast), 60, sections=["festival"])
    order = placed(stage, ("box", 2))
    with time_machine.travel(clock.now() + dt.timedelta(minutes=16), tick=True):
        calls = [
            call
            for _n in range(4)
            for call in (
                partial(orders.cancel_order, stage.actor("mei"), mallorder_id=order.pk),
                partial(end_waiting, SYSTEM, bill_id=order.bill_id),
                partial(orders.follow_bill, SYSTEM, bill_id=order.bill_id),
            )
        ]
        said = at_once(*calls)
    assert [one for one in said if isinstance(one, Exception)] == []
    assert (again(order).state, again(order.bill).state) == ("cancelled", "cancelled")
    assert (stage.stock("box"), balance_of(order.person_id), trial()) == (3, 60, 0)
    voided = Transfer.objects.unscoped("test").filter(subject=f"bill:{order.bill_id}", kind="void")
    assert voided.values("pending_id").distinct().count() == voided.count()


PLACE = """
import django, os, signal
django.setup()
from uuid import UUID
from gonghui.kit.actors import Actor
from gonghui.mall.actions import ordering
from gonghui.mall.buying import Checkout, ShipTo
from gonghui.members.models import Person
def die(*_args, **_facts):
    os.kill(os.getpid(), signal.SIGKILL)
ordering.{point} = die
pk = Person.objects.unscoped("test").get(name="陈小梅").pk
mei = Actor(user_id=None, keys={{"person": frozenset({{pk}})}})
ordering.place_orders(mei, checkout=Checkout(UUID("{key}"), (({product}, 1),), ShipTo("陈小梅", "13800000001", "滨江路")))
"""


def killed(text: str) -> int:
    """How a process of its own ended."""
    s = connection.settings_dict
    address = f"postgresql://{s['USER']}:{s['PASSWORD']}@{s['HOST'] or ''}:{s['PORT'] or ''}/{s['NAME']}"
    if s["HOST"].startswith("/"):
        address = f"postgresql://{s['USER']}:{s['PASSWORD']}@/{s['NAME']}?host={s['HOST']}&port={s['PORT']}"
    env = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "gonghui.config.settings"}
    return subprocess.run([sys.executable, "-c", text], env=env, timeout=60, check=False).returncode


@pytest.mark.faults
@pytest.mark.parametrize(
    "point",
    [
        "write_bill",  # stock is taken, no bill yet
        "_require_as_shown",  # bill and payment are written, uncommitted
    ],
)
def test_killed_between_order_and_payment_loses_nothing(cast, point):
    stage = build_mall(cast)
    stage.give_points(build_money(cast), 60, sections=["festival"])
    key, mei = uuid4(), cast.people["mei"].pk
    assert killed(PLACE.format(key=key, product=stage.products["box"].pk, point=point)) == -signal.SIGKILL
    assert (stage.stock("box"), MallOrder.objects.unscoped("test").count(), balance_of(mei)) == (3, 0, 60)
    [order] = place_orders(stage.actor("mei"), checkout=checkout((stage.products["box"], 1), key=key))
    assert (order.state, stage.stock("box"), balance_of(mei), trial()) == ("points_held", 2, 0, 0)
