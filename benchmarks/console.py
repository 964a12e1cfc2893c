"""The console over a large world: lists, searches, pickers and counts as three administrators ask for them.

`python -m benchmarks.console ROUNDS` asks the database of a run, through the whole of Django, as administrators of the
province, of its largest city and district and of a grass-roots union of some 300 members, and prints what each page took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.table import Row, say

GRASS_ROOTS_MEMBERS = 300
PAGES_MAX = 40
TIMES_MAX, P95_MAX_MS = 2, 300
ROUNDS = 20
PERSON = "/console/members/person/"
PICKER = "/console/autocomplete/"
PICKED_BY = {"app_label": "orgs", "model_name": "union", "field_name": "parent"}


def console_rows(
    postgres_folder: Path, keys: str, *, sizes: tuple[int, int], rounds: int = ROUNDS
) -> list[Row]:
    """The same pages over two worlds: each is held to twice its time in the smaller one."""
    from benchmarks.pages import run, world_environment

    seen = []
    for members in sizes:
        say(f"a world of {members:,} members")
        env = world_environment(postgres_folder, keys, f"console_{members}")
        run(env, "gonghui", "world", "build", "--members", str(members))
        seen.append(asked(env, rounds))
    return [row_of(page, *(one["pages"][page] for one in seen)) for page in seen[1]["pages"]]


def row_of(page: str, small: dict[str, float], large: dict[str, float]) -> Row:
    times = large["p50_ms"] / small["p50_ms"]
    good = times <= TIMES_MAX and large["p95_ms"] < P95_MAX_MS
    note = f"{times:.2f} × {small['p50_ms']:.0f} ms in the smaller world, wanted ≤ {TIMES_MAX}; p95 {large['p95_ms']:.0f} ms"
    return Row(
        page, f"{1000 / large['p50_ms']:.0f}/s", f"{large['p50_ms']:.0f} ms", f"{large['p95_ms']:.0f} ms", note, good
    )  # fmt: skip


def asked(env: dict[str, str], rounds: int) -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.console", str(rounds)], env=env, stdout=subprocess.PIPE, check=True
    )
    return json.loads(made.stdout.splitlines()[-1])


# --- in a process of its own --------------------------------------------------------------------------------


def measure(rounds: int, wanted: str = "") -> dict[str, Any]:
    from gonghui.kit.actors import Actor
    from gonghui.members.actions.headcounts import fold_headcounts

    fold_headcounts(Actor.system("bench"))  # a small world is built without, the clock's job being near
    pages: dict[str, dict[str, float]] = {}
    for who, union in administrators().items():
        say(f"the pages of an administrator: {who}")
        client = signed_in(administrator_of(union))
        for what, address in addresses(union).items():
            if wanted in f"{who}: {what}":
                pages[f"{who}: {what}"] = timed(client, address, rounds)
    return {"pages": pages}


def administrators() -> dict[str, Any]:
    """Province, its largest city and district, and the union nearest to so many members."""
    from django.db.models import F
    from django.db.models.functions import Abs

    from gonghui.orgs.models import Union

    unions = Union.objects.unscoped("bench")
    counted = unions.exclude(headcount=None)
    return {
        "province": unions.get(parent=None),
        "city": counted.filter(kind="city").order_by("-headcount__members").first(),
        "district": counted.filter(kind="district").order_by("-headcount__members").first(),
        "grass roots": counted.filter(kind__in=("enterprise", "federation"))
        .order_by(Abs(F("headcount__members") - GRASS_ROOTS_MEMBERS), "id")
        .first(),
    }


def administrator_of(union: Any) -> Any:
    """Made once, however often a world is measured."""
    from benchmarks.grants import staff
    from gonghui.accounts.models import User

    there = User.objects.unscoped("bench").filter(login=f"bench-org_admin-{union.pk}").first()
    return there or staff("org_admin", union)


def addresses(union: Any) -> dict[str, str]:
    below = largest_child(union)
    pages = min(PAGES_MAX, max(1, union.headcount.members // 50))

    def people(**asked: Any) -> str:
        return f"{PERSON}?{urlencode(asked)}"

    return {
        "dashboard": "/console/",
        "members": PERSON,
        "members, page 5": people(p=min(5, pages)),
        "members, last page": people(p=pages),
        "members, verified": people(verification__exact="verified"),
        "members of a group": people(group="food_rider"),
        "members of a group, unverified": people(group="food_rider", verification__exact="none"),
        "members of a group nobody is of": people(group="guard"),
        "members of a subtree": people(under=below.pk),
        "members, “张伟”": people(q="张伟"),
        "members, “张”": people(q="张"),
        "members, “zhangw”": people(q="zhangw"),
        "members, “zw”": people(q="zw"),
        "memberships": "/console/members/membership/",
        "memberships, “张伟”": "/console/members/membership/?" + urlencode({"q": "张伟"}),
        "unions": "/console/orgs/union/",
        "picker, “机械”": f"{PICKER}?{urlencode(PICKED_BY | {'term': '机械'})}",
        "picker, “jx”": f"{PICKER}?{urlencode(PICKED_BY | {'term': 'jx'})}",
    }


def largest_child(union: Any) -> Any:
    from gonghui.orgs.models import Union

    below = Union.objects.unscoped("bench").filter(parent=union).exclude(headcount=None)
    return below.order_by("-headcount__members").first() or union


def signed_in(user: Any) -> Any:
    from django.test import Client

    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    session = client.session
    session["second_factor"] = True
    session.save()
    return client


def timed(client: Any, address: str, rounds: int) -> dict[str, float]:
    from gonghui.config.asgi import rest_from_collecting

    took = []
    for round_ in range(rounds + 1):
        started = time.perf_counter()
        answer = client.get(address)
        took.append((time.perf_counter() - started) * 1000)
        if round_ == 0:
            rest_from_collecting()  # as a web process does that has begun
        assert answer.status_code == 200, (address, answer.status_code, answer.headers.get("Location"))
    took = sorted(took[1:])  # the first warms what a process keeps
    return {"p50_ms": took[len(took) // 2], "p95_ms": took[min(len(took) - 1, len(took) * 95 // 100)]}


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]), *sys.argv[2:])))
