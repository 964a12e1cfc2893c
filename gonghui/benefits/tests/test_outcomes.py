"""What a message led to: tickets of those told, beside those of the held out."""

import datetime as dt
from hashlib import md5

import pytest

from gonghui.benefits.outcomes import got_a_ticket
from gonghui.benefits.tests.plans import SYSTEM, opened, pool_of, won
from gonghui.kit.clock import now
from gonghui.notices.actions import Notice
from gonghui.notices.actions.sends import deliver, new_send
from gonghui.notices.models import HeldOut
from gonghui.notices.results import result_of

pytestmark = pytest.mark.django_db


def is_drawn(key: str, person_id: int) -> bool:
    """Among the one percent held out, as the send draws them."""
    return int(md5(f"{key}:{person_id}".encode(), usedforsecurity=False).hexdigest()[:8], 16) % 100 < 1


def test_tickets_after_a_send_are_counted_on_both_sides(cast):
    notice, ids = (
        Notice("activity", "今晚开抢"),
        {name: cast.people[name].pk for name in ("mei", "lan", "qiang")},
    )
    facts = {"kind": notice.kind, "title": notice.title, "channels": ["inbox"], "holdout_percent": 1}
    key = next(k for k in map(str, range(99)) if not (is_drawn(k, ids["mei"]) or is_drawn(k, ids["lan"])))
    send, _new = new_send(key, [ids["mei"], ids["lan"]], facts)
    HeldOut.objects.create(send=send, person_id=ids["qiang"])
    deliver(SYSTEM, send_id=send.pk)
    pool = pool_of(opened(cast))
    since = now()
    won(pool, ids["mei"])
    (tickets,) = [one for one in result_of(send).compared if "票券" in one.title]
    assert (tickets.told, tickets.held_out) == (1, 0)
    won(pool, ids["qiang"])
    assert result_of(send).compared == [type(tickets)(tickets.title, 1, 1)]
    people = ("SELECT unnest(%s::bigint[])", [list(ids.values())])
    assert [got_a_ticket(*people, since), got_a_ticket(*people, now() + dt.timedelta(hours=1))] == [2, 0]
