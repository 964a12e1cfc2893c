"""A quote beside a bare loop: 200 live offers as a city has them, asked for one basket at one counter."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from datetime import time as clock

import django

from benchmarks.table import Row
from gonghui.bills.pricing import (
    Asker,
    Basket,
    Form,
    Limit,
    Line,
    LiveOffer,
    Payer,
    Per,
    PointLot,
    Share,
    Stacking,
    Terms,
    Visit,
    Window,
    quote,
)
from gonghui.kit.clock import CHINA

OFFERS = 200
TURNS = 200
QUOTE_MS = 5
STORE = 3
SHARES = (Share(Payer.UNION, 1, permille=500), Share(Payer.MERCHANT, takes_rest=True))
WINDOW = Window(1, weekdays=frozenset({1, 2, 3, 4, 5}), from_time=clock(13), to_time=clock(14), capacity=50)
ALL_DAY = Window(2, capacity=500)


def city_offers(*, all_fit: bool = False) -> list[LiveOffer]:
    """A third at other stores, a sixth each closed just now, for others, used up or over the basket; the rest fit."""
    return [_offer(n, 5 if all_fit else n % 6) for n in range(OFFERS)]


def _offer(n: int, kind: int) -> LiveOffer:
    form = (Form.THRESHOLD_OFF, Form.PERCENT, Form.FIXED_PRICE)[n // 6 % 3]
    terms = Terms(
        form,
        threshold_fen=90_000 if kind == 4 else 10_000,
        off_fen=1_000 + n,
        rate_permille=850 + n % 100,
        price_fen=20_000 - n,
        cap_fen=4_000,
        stacking=Stacking.ALWAYS if n % 60 == 5 else Stacking.ONCE,
        stack_class=("food", "ride", "film")[n % 3],
        order=n % 7,
    )
    return LiveOffer(
        n,
        f"优惠{n}",
        terms,
        SHARES,
        windows=(WINDOW,) if kind == 2 else (ALL_DAY,),
        store_ids=frozenset({99}) if kind < 2 else frozenset({STORE}),
        groups=frozenset({"guard" if kind == 3 else "rider"}),
        limits=(Limit(Per.PERSON_DAY, 2, 1),),
    )


def quote_rows(env: dict[str, str]) -> list[Row]:
    """In a process of its own, with the product's settings and its language."""
    command = [sys.executable, "-m", "benchmarks.quote"]
    told = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    return [Row(**row) for row in json.loads(told.stdout)]


def measured() -> list[Row]:
    now = datetime(2026, 9, 16, 12, tzinfo=CHINA)
    basket = Basket((Line("套餐", 12_800, 2), Line("饮料", 900, 3)))
    asker = Asker(1, frozenset({"rider"}), "1.", is_verified=True, lots=(PointLot(1, 30),))
    visit = Visit(STORE, now, left_fen={1: 10**8})
    plain = [{"id": n, "store": n % 5, "threshold": 10_000, "off": n} for n in range(OFFERS)]

    def bare() -> object:
        return max((o["off"] for o in plain if o["store"] == STORE and o["threshold"] <= 28_300), default=0)

    city, crowd = city_offers(), city_offers(all_fit=True)
    bare_ms, bare_p99 = _time_ms(bare)
    wanted = f"wanted p50 < {QUOTE_MS} ms on the core"
    ms, p99 = _time_ms(lambda: quote(city, basket, asker, visit, points=30))
    most_ms, most_p99 = _time_ms(lambda: quote(crowd, basket, asker, visit, points=30))
    return [
        _row("a bare loop over 200 dicts", bare_ms, bare_p99),
        _row(
            "quote: 200 live offers, one in six fits",
            ms,
            p99,
            note=f"{ms / bare_ms:,.0f} × bare, {wanted}",
            good=ms < QUOTE_MS,
        ),
        _row(
            "quote: 200 live offers, all fit at once",
            most_ms,
            most_p99,
            note=f"{most_ms / bare_ms:,.0f} × bare; tries a bounded number of sets",
        ),
    ]


def _row(what: str, p50: float, p99: float, *, note: str = "", good: bool | None = None) -> Row:
    return Row(what, f"{1000 / p50:,.0f}/s", f"{p50:.2f} ms", f"{p99:.2f} ms", note, good)


def _time_ms(ask: Callable[[], object]) -> tuple[float, float]:
    """p50 and p99 of the time on the core: what else the machine does is not ours."""
    took = []
    for _ in range(TURNS):
        started = time.thread_time()
        ask()
        took.append((time.thread_time() - started) * 1000)
    took.sort()
    return took[TURNS // 2], took[TURNS * 99 // 100]


if __name__ == "__main__":
    django.setup()
    print(json.dumps([asdict(row) for row in measured()]))
