"""回避: nobody decides for the union about a merchant they act or work for themselves."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from gonghui.accounts.models import User
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import require
from gonghui.kit.identifiers import read_phone
from gonghui.partners import errors

# Whoever acts for, or stands at a counter of, one of these merchants, the groups above them, or the branches below.
PEOPLE = """
WITH RECURSIVE above(id, parent_id) AS (
    SELECT id, parent_id FROM partners_partner WHERE id = ANY(%(partners)s)
    UNION SELECT p.id, p.parent_id FROM partners_partner p JOIN above a ON p.id = a.parent_id
), below(id) AS (
    SELECT unnest(%(partners)s::bigint[])
    UNION SELECT p.id FROM partners_partner p JOIN below b ON p.parent_id = b.id
), house(id) AS (SELECT id FROM above UNION SELECT id FROM below)
SELECT user_id FROM partners_merchantrole WHERE ended_at IS NULL AND partner_id IN (SELECT id FROM house)
 UNION
SELECT c.user_id FROM partners_clerk c JOIN partners_store s ON s.id = c.store_id
 WHERE c.ended_at IS NULL AND s.partner_id IN (SELECT id FROM house)
"""


def refuse_own_merchant(actor: Actor, partner_ids: Iterable[int]) -> None:
    """Staff sign in by name and merchants by phone: one person with both is known by the account or by the phone number."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"partners": list(partner_ids)})
        people = [row[0] for row in cursor.fetchall()]
    refuse_being_one_of(actor, people)


def refuse_being_one_of(actor: Actor, user_ids: Iterable[int]) -> None:
    people = set(user_ids)
    require(actor.user_id not in people, errors.OWN_MERCHANT)
    decider = User.objects.unscoped("the decider's own numbers").filter(pk=actor.user_id).first()
    numbers = (decider.phone, decider.contact_phone) if decider else ()
    read = [phone.value for phone in map(read_phone, filter(None, numbers)) if phone.ok]
    indexes = [index for number in read for index in get_keyring().blind_indexes("phone", number)]
    same = User.objects.unscoped("is one of them the decider?").filter(pk__in=people, phone_index__in=indexes)
    require(not (people and indexes and same.exists()), errors.OWN_MERCHANT)
