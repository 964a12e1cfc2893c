"""What the front page shows of the reader's own, in one round trip and without building a queryset: it is the page
everybody opens, and compiling these joins anew for each of them would cost more than answering them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import Membership
from gonghui.portal.queries.mine import LINGER, LIVE_STATES, UNREAD_MAX, Standing
from gonghui.portal.tickets import said_place, shown_state

# The ticket is the first of mine.tickets_ahead; a test holds the two together.
# It is found first and dressed afterwards: planning eight joins at once takes longer than all the rest.
GLANCE = """
SELECT p.verification,
       EXISTS (SELECT FROM members_membership m
                WHERE m.person_id = p.id AND m.status = ANY(%(member)s)),
       EXISTS (SELECT FROM benefits_reminder r WHERE r.person_id = p.id AND r.release_id = %(release)s),
       (SELECT row_to_json(t) FROM (
            SELECT n.code, n.seats, n.state, coalesce(a.title, n.title) AS title, k.code AS kind, a.cover AS cover_key,
                   n.starts_at, n.ends_at, n.is_coupon, n.good_until, o.name AS store, o.address, n.place
              FROM (SELECT v.code, v.seats, v.state, r.title, l.place, s.activity_id, s.store_id,
                           f.is_priced AS is_coupon, CASE WHEN f.is_priced THEN l.valid_until END AS good_until,
                           coalesce(s.starts_at, l.valid_from, r.opens_at) AS starts_at,
                           coalesce(s.ends_at, l.valid_until) AS ends_at
                      FROM benefits_voucher v
                      JOIN benefits_pool l ON l.id = v.pool_id
                      JOIN benefits_release r ON r.id = v.release_id
                      JOIN benefits_offer f ON f.id = r.offer_id
                      LEFT JOIN activities_session s ON s.pool_id = l.id
                     WHERE (v.person_id = p.id OR v.booked_by_id = p.id)
                       AND v.state = ANY(%(live)s)
                       AND coalesce(s.ends_at, l.valid_until, r.closes_at) > %(over)s
                     ORDER BY v.state <> 'held', coalesce(s.starts_at, l.valid_from, r.closes_at), v.id LIMIT 1) n
              LEFT JOIN activities_activity a ON a.id = n.activity_id
              LEFT JOIN activities_activitykind k ON k.id = a.kind_id
              LEFT JOIN partners_store o ON o.id = n.store_id) t),
       m.unread, m.title, m.body, m.kind, m.created_at
  FROM (SELECT) AS one
  LEFT JOIN members_person p ON p.id = %(person)s
  LEFT JOIN LATERAL (
       SELECT count(*) OVER () AS unread, title, body, kind, created_at FROM (
              SELECT id, title, body, kind, created_at FROM notices_message
               WHERE (person_id = %(person)s OR user_id = %(user)s) AND read_at IS NULL
               ORDER BY id DESC LIMIT %(most)s) newest
        ORDER BY id DESC LIMIT 1) m ON true
"""


@dataclass(frozen=True, slots=True)
class Glance:
    standing: Standing
    is_reminded: bool = False
    ticket: dict[str, Any] | None = None
    unread: int = 0
    news: dict[str, Any] | None = None


def glance_of(actor: Actor, release_id: int | None) -> Glance:
    """Where the reader stands, the next ticket, the newest unread message; `release_id` is the one that opens next."""
    if actor.user_id is None:
        return Glance(Standing(is_signed_in=False, is_verified=False, is_member=False))
    facts = {
        "person": actor.person_id,
        "user": actor.user_id,
        "release": release_id,
        "member": list(Membership.LIVE),
        "live": list(LIVE_STATES),
        "over": clock.now() - LINGER,
        "most": UNREAD_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(GLANCE, facts)
        verification, is_member, is_reminded, ticket, unread, *news = cursor.fetchone()
    return Glance(
        standing=Standing(True, verification == "verified", is_member),
        is_reminded=is_reminded,
        ticket=_ticket(ticket) if ticket else None,
        unread=unread or 0,
        news=dict(zip(("title", "body", "kind", "created_at"), news, strict=True)) if unread else None,
    )


def _ticket(row: dict[str, Any]) -> dict[str, Any]:
    """As ticket_card.html names its facts."""
    found = dict(row)
    ends_at = found.pop("ends_at")
    state, label = shown_state(found["state"], datetime.fromisoformat(ends_at) if ends_at else None)
    found["place"] = said_place(found.pop("store"), found.pop("address"), found["place"])
    good_until = found.pop("good_until")
    return found | {
        "good_until": datetime.fromisoformat(good_until) if good_until else None,
        "url": f"/tickets/{found['code']}",
        "starts_at": datetime.fromisoformat(found["starts_at"]),
        "is_held": state == "held",
        "state": state,
        "state_label": label,
    }
