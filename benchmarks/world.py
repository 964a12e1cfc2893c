"""A database to grab from, built by Django in a process of its own: `python -m benchmarks.world '{"people": 10, …}'`.

Prints one line of JSON: the ids of the people and, for each pool asked for, {"pool": …, "release": …}.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
from uuid import uuid4

import django
from django.core.management import call_command

CHUNK = 5000


def main() -> None:
    wanted = json.loads(sys.argv[1])
    django.setup()
    if wanted.get("migrate", True):
        call_command("migrate", verbosity=0, interactive=False)
    print(json.dumps({"people": new_people(wanted["people"]), "pools": new_pools(wanted["pools"])}))


def new_people(number: int) -> list[int]:
    """Verified members as far as the engine cares: it is the pass that says who may claim."""
    from gonghui.members.models import Person

    ids: list[int] = []
    for start in range(0, number, CHUNK):
        chunk = [Person(name=f"会员{n:06}") for n in range(start, min(start + CHUNK, number))]
        ids += [person.pk for person in Person.objects.bulk_create(chunk)]
    return ids


def new_pools(wanted: list[dict]) -> list[dict]:
    from gonghui.accounts.models import User
    from gonghui.benefits.models import Offer
    from gonghui.orgs.models import Union

    mark = uuid4().hex[:8]  # a second world may be built beside the first
    union = Union.objects.create(name="南粤省总工会", kind="province", path=f"new:{mark}")
    maker, checker = (User.objects.create(login=f"{name}-{mark}") for name in ("maker", "checker"))
    offer = Offer.objects.create(union=union, title="国庆珠岛夜游", kind="cruise")
    return [new_pool(offer, maker, checker, **facts) for facts in wanted]


def new_pool(offer, maker, checker, *, capacity: int, page_kb: int = 0, **facts) -> dict:
    from django.utils import timezone

    from gonghui.benefits.models import Pool, Release, WaitingPage

    now = timezone.now()
    times = {"announce_at": now, "opens_at": now, "closes_at": now + dt.timedelta(days=1)}
    release = Release.objects.create(
        offer=offer,
        union=offer.union,
        title=offer.title,
        state="open",
        maker=maker,
        checker=checker,
        **times,
        **facts,
    )
    pool = Pool.objects.create(release=release, label="10月1日 19:30", capacity=capacity)
    if page_kb:
        html = page_of(page_kb * 1024)
        WaitingPage.objects.create(release=release, html=html, etag="bench", rendered_at=now)
    return {"pool": pool.pk, "release": release.pk}


def page_of(size: int) -> bytes:
    """Markup with some entropy in it, so that gzip has about the work it has with a real page."""
    parts, number = ["<!doctype html><html lang=zh-CN><title>国庆珠岛夜游</title>"], 0
    while sum(map(len, parts)) < size:
        token = hashlib.sha256(str(number).encode()).hexdigest()[:12]
        parts.append(
            f'<section class="card" id="{token}"><h2>第 {number} 场</h2><p>珠岛游船码头，滨江路。</p></section>'
        )
        number += 1
    return "".join(parts).encode()


if __name__ == "__main__":
    main()
