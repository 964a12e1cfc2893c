"""What the cast walk needs: a small stage, a way to knock, and a fingerprint of the database."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connection
from django.test import Client
from django.utils import timezone

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.activities.tests.stage import announced, open_at_once, written
from gonghui.benefits.engine import Claim, settle_claims
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.mall.actions import shelf
from gonghui.mall.actions.pictures import upload_picture
from gonghui.mall.models import ProductPicture
from gonghui.mall.tests.shots import shot
from gonghui.mall.tests.stage import build_mall, facts, placed
from gonghui.payments.actions.payments import take_payment
from gonghui.wellbeing.tests.stage import applied, build_health
from tests.emptying import OURS, filled

KEY = UUID("00000000-0000-4000-8000-000000000007")
# Sign-in codes, sessions, devices, queue: not what a refused request may be blamed for.
PASSING = ("accounts_", "django_", "procrastinate_", "kit_audit", "benefits_waitingpage", "payments_local")


@dataclass(frozen=True)
class Stage:
    """Ids that the addresses of the walk speak of; Mei holds the ticket, Lan waits in line."""

    facts: dict[str, object]

    def address(self, path: str) -> str:
        return path.format(**self.facts)


@kept
def build_stage(cast) -> Stage:
    activity, session, release = announced(cast, seats=2)
    open_at_once(release)
    pool = session.pool
    pool.valid_from, pool.valid_until = (
        timezone.now() - dt.timedelta(minutes=5),
        timezone.now() + dt.timedelta(hours=3),
    )
    pool.save()
    mei, lan = cast.people["mei"].pk, cast.people["lan"].pk
    won = settle_claims(pool.pk, [Claim(person_id=mei, key=uuid4(), seats=2)])[0]
    settle_claims(pool.pk, [Claim(person_id=lan, key=uuid4(), seats=1)])
    _gone, _session, lots = announced(cast, seats=1, mode="draw")
    draft = written(cast)
    trade = take_payment(
        Actor.system("a stage"),
        key=KEY,
        person_id=mei,
        union_id=cast.unions["city"].pk,
        amount_fen=5000,
        purpose="bill:1",
        method="wechat",
    )
    health = build_health(cast)
    place = applied(health, cast.actor("mei"))
    mall = build_mall(cast)
    order = placed(mall, ("rice", 1))
    drafted = shelf.draft_product(cast.actor("owner"), shop=mall.shop, facts=facts("挂面", "grain", 900, 9))
    shown, hidden = (pictured(cast, mall, title) for title in ("面条", "米粉"))
    shelf.submit_product(cast.actor("owner"), product_id=shown.product_id)
    shelf.approve_product(cast.actor("mall_reviewer"), product_id=shown.product_id)
    return Stage(
        {
            "shown": shown.picture.name,
            "hidden": hidden.picture.name,
            "size": "card",
            "product": mall.products["rice"].pk,
            "drafted": drafted.pk,
            "order": order.pk,
            "line": order.lines.get().pk,
            "plan": health.plan.pk,
            "place": place.pk,
            "activity": activity.pk,
            "draft": draft.pk,
            "release": release.pk,
            "pool": pool.pk,
            "code": won.code,
            "lots": lots.pk,
            "lots_pool": lots.pools.get().pk,
            "store": cast.store.pk,
            "key": KEY,
            "trade": trade.out_trade_no,
        }
    )


def pictured(cast, mall, title: str) -> ProductPicture:
    """A draft with one picture."""
    owner = cast.actor("owner")
    row = shelf.draft_product(owner, shop=mall.shop, facts=facts(title, "grain", 900, 9))
    content = shot((200 + 20 * len(ProductPicture.objects.unscoped("test")), 220))
    return upload_picture(owner, product_id=row.pk, content=content)


def knock(cast, who: str, method: str, path: str, body: dict | None):
    """One request of one of the cast; the API by bearer token, pages by session."""
    client = Client(raise_request_exception=False)
    if path.startswith("/api/"):
        headers = {}
        if who != "anonymous":
            user_id = cast.users[who].pk
            token = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="走查")
            headers["Authorization"] = f"Bearer {token}"
        return client.generic(method, path, _json(body), content_type="application/json", headers=headers)
    cast.sign_in(client, who)
    return client.get(path) if method == "GET" else client.post(path, body or {})


def _json(body: dict | None) -> str:
    import json

    return json.dumps(body) if body is not None else ""


def rows_written() -> int:
    """In this transaction so far, in tables of the fingerprint; taken back or not."""
    names = " OR ".join(f"relname LIKE '{prefix.replace('_', chr(92) + '_')}%'" for prefix in PASSING)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('track_counts')::boolean, coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint"
            f" FROM pg_stat_xact_user_tables WHERE schemaname = 'public' AND NOT ({names})"
        )
        counts, rows = cursor.fetchone()
    assert counts, "the server counts nothing (track_counts)"
    return rows


def fingerprint() -> str:
    """Of every row of ours that a refused request must leave as it was."""
    with connection.cursor() as cursor:
        cursor.execute(OURS)
        tables = [t for (t,) in cursor.fetchall() if not t.startswith(PASSING)]
        cursor.execute(filled(tables))
        sums = [
            f"SELECT '{t}', coalesce(sum(('x' || left(md5(r::text), 12))::bit(48)::bigint), 0)::text FROM {t} r"
            for (t,) in cursor.fetchall()
        ]
        cursor.execute(" UNION ALL ".join(sums))
        return hashlib.sha256(repr(sorted(cursor.fetchall())).encode()).hexdigest()
