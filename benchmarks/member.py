"""A verified member of the demo world with tickets, a place in a line and messages, and every page such a member can open,
counted: `python -m benchmarks.member`, in a process of its own. Prints one line of JSON.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import django

MESSAGES = 60
PAST_TICKETS = 2
# Addresses without a number in them; the numbered ones are asked of the database.
PLAIN = [
    "/",
    "/activities",
    "/activities?holiday=1",
    "/activities?kind=film",
    "/activities?q=电影",
    "/tickets",
    "/tickets?view=waiting",
    "/tickets?view=past",
    "/messages",
    "/messages?show=unread",
    "/me",
    "/me/data",
    "/me/phone",
    "/me/consents",
    "/me/devices",
    "/me/settings",
    "/me/delegations",
    "/me/delegations/new",
    "/me/verify",
    "/me/pay",
    "/me/points",
    "/me/bills",
    "/offers",
    "/offers?view=all",
    "/offers/quote",
    "/privacy",
    "/offline",
]
STATIC = re.compile(r"/static/[\w./-]+\.(?:css|m?js)\b")


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    user, actor = the_member()
    give_tickets(actor)
    give_messages(actor.person_id)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)
    pages = [counted(client, path) for path in addresses(actor)]
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    print(json.dumps({"cookie": cookie, "pages": pages, "stranger": counted(Client(), "/")}))


def the_member():
    """The first account the world lists; it signs in by phone."""
    from django.conf import settings

    from gonghui.accounts.models import User
    from gonghui.config.actors import actor_of

    cards = json.loads((settings.DATA_DIR / "accounts.json").read_text(encoding="utf-8"))
    user = User.objects.unscoped("benchmark").get(phone_index=cards[0]["login"])
    actor = actor_of(user)
    assert actor.person_id, "the first account of the demo world is a verified member"
    return user, actor


def session_of(user) -> str:
    """Opened as the sign-in page opens it, once the code has proved the phone."""
    from django.contrib.sessions.backends.db import SessionStore

    from gonghui.accounts.sessions import open_session

    request = SimpleNamespace(
        session=SessionStore(), META={}, COOKIES={}, headers={"User-Agent": "bench"}, user=None
    )
    open_session(request, user)
    return request.session.session_key


# --- What the member has -------------------------------------------------------------------------------------


def give_tickets(actor) -> None:
    """One in every release that now opens, a place in the line of a full one, and two of the film night that is over."""
    from django.db.models import F

    from gonghui.benefits.actions.claims import claim
    from gonghui.benefits.engine import Claim, settle_claims
    from gonghui.benefits.models import Pool, Release, Voucher
    from gonghui.kit import clock
    from gonghui.kit.errors import DomainError

    past = list(Pool.objects.unscoped("benchmark").filter(release__state="closed")[:PAST_TICKETS])
    for pool in past:
        [answer] = settle_claims(pool.pk, [Claim(person_id=actor.person_id, key=uuid4())], issue=True)
        found = Voucher.objects.unscoped("benchmark").filter(pk=answer.voucher_id)
        found.update(state="redeemed", settled_at=clock.now())
    alive = Release.objects.unscoped("benchmark").exclude(state__in=("draft", "closed", "cancelled"))
    coming = alive.filter(mode="grab").order_by("id")
    coming.exclude(pk=coming.last().pk).update(opens_at=F("announce_at"), state="open")
    full, *others = [r.pools.order_by("id").first() for r in coming]
    fill(full, actor.person_id)
    for pool in (full, *others):
        try:
            claim(actor, pool_id=pool.pk, key=uuid4())
        except DomainError as refused:
            assert refused.code == "not_in_audience", refused.code  # another city's


def fill(pool, but: int) -> None:
    from gonghui.benefits.engine import Claim, settle_claims
    from gonghui.members.models import Person

    people = Person.objects.unscoped("benchmark").exclude(pk=but).order_by("id")
    ids = people.values_list("id", flat=True)[: pool.capacity]
    settle_claims(pool.pk, [Claim(person_id=one, key=uuid4()) for one in ids], issue=True)


def give_messages(person_id: int) -> None:
    from gonghui.notices.models import Message

    kinds = ("ticket", "reminder", "activity", "survey", "security", "notice")
    Message.objects.bulk_create(
        Message(
            person_id=person_id,
            kind=kinds[n % len(kinds)],
            title=f"抢到票了：国庆影院第 {n} 场",
            body="请在开场前三十分钟到场，向工作人员出示二维码。",
            link="/tickets",
        )
        for n in range(MESSAGES)
    )


# --- Every page, counted -------------------------------------------------------------------------------------


def addresses(actor) -> list[str]:
    from gonghui.activities.models import Activity
    from gonghui.benefits.models import Release, Voucher
    from gonghui.bills.models import Bill, OfferStore, OfferTerms
    from gonghui.notices.models import Message

    def ids(model) -> list[int]:
        return list(model.objects.visible_to(actor).order_by("id").values_list("pk", flat=True))

    own = Voucher.objects.unscoped("benchmark").filter(person_id=actor.person_id)
    up = OfferTerms.objects.unscoped("benchmark").filter(state="published")
    bills = Bill.objects.unscoped("benchmark").filter(person_id=actor.person_id).values_list("pk", flat=True)
    message = Message.objects.unscoped("benchmark").filter(person_id=actor.person_id).first()
    return [
        *PLAIN,
        *(f"/activities/{pk}" for pk in ids(Activity)),
        *(f"/activities/{pk}/opinions" for pk in ids(Activity)),
        *(f"/r/{pk}" for pk in ids(Release)),
        *(f"/tickets/{code}" for code in own.values_list("code", flat=True)),
        *(f"/offers/{pk}" for pk in up.values_list("offer_id", flat=True)),
        *(
            f"/offers/quote?store={pk}&amount=150"
            for pk in set(OfferStore.objects.values_list("store_id", flat=True))
        ),
        *(f"/me/bills/{pk}{more}" for pk in bills for more in ("", "/ways")),
        f"/messages/{message.pk}",
    ]


def counted(client, path: str) -> dict[str, Any]:
    """Cold: nothing kept from an earlier reader; warm: what the next reader costs. Transactions count as queries."""
    from django.core.cache import cache as kept
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    asked = []
    for is_cold in (True, False):
        if is_cold:
            kept.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        assert answer.status_code in (200, 302), (path, answer.status_code)
        asked.append(len(queries))
    page = answer.content
    parts = sum(sent_bytes(name) for name in set(STATIC.findall(page.decode())))
    return {"path": path, "cold": asked[0], "warm": asked[1], "bytes": len(page), "sent": len(page) + parts}


@cache
def sent_bytes(address: str) -> int:
    """Of a style or a script as WhiteNoise sends it: the zipped file where there is one."""
    from django.conf import settings

    file = Path(settings.STATIC_ROOT) / address.removeprefix(settings.STATIC_URL)
    zipped = file.with_name(file.name + ".gz")
    return (zipped if zipped.is_file() else file).stat().st_size


if __name__ == "__main__":
    main()
