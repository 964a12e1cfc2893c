"""Builds the actor of a request, once and lazily."""

from __future__ import annotations

from django.db import connection
from django.utils.functional import SimpleLazyObject

from gonghui.accounts.queries import user_of_token
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.orgs.queries import grants_of

# The person behind a user, once verified or matched; the stores where the user honours vouchers.
KEYS = """
SELECT (SELECT id FROM members_person WHERE user_id = %(user)s),
       ARRAY(SELECT c.store_id
               FROM partners_clerk c
               JOIN partners_store s ON s.id = c.store_id
               JOIN partners_partner p ON p.id = s.partner_id
              WHERE c.user_id = %(user)s AND c.ended_at IS NULL AND p.state = 'active')
"""


def actor_of(user, channel: str = "web") -> Actor:
    """The actor behind a signed-in user; nobody without one."""
    if not getattr(user, "is_authenticated", False):
        return ANONYMOUS
    keys = keys_of(user.pk)
    if not user.is_staff:
        return Actor(user_id=user.pk, keys=keys, channel=channel)
    return Actor(user_id=user.pk, grants=grants_of(user.pk), keys=keys, channel=channel)


def keys_of(user_id: int) -> dict[str, frozenset[int]]:
    """What the user owns, in one round trip: every page of every signed-in reader asks it."""
    with connection.cursor() as cursor:
        cursor.execute(KEYS, {"user": user_id})
        person_id, store_ids = cursor.fetchone()
    keys = {"user": frozenset({user_id})}
    if person_id:
        keys["person"] = frozenset({person_id})
    if store_ids:
        keys["store"] = frozenset(store_ids)
    return keys


API = "/api/"


class ActorMiddleware:
    """`request.actor`: built when first asked for, from a bearer token or the session.

    Staff act with their grants only after their second factor, and never by token. Tokens open the API only:
    a page asks the session for more than the actor, and the two could be of different people.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self._renew(request)
        request.renew_actor = lambda: self._renew(request)
        return self.get_response(request)

    def _renew(self, request) -> None:
        request.actor = SimpleLazyObject(lambda: self._actor(request))

    def _actor(self, request) -> Actor:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and request.path.startswith(API):
            user = user_of_token(token)
            return ANONYMOUS if user is None or user.is_staff else actor_of(user, channel="api")
        user = request.user
        if user.is_authenticated and user.is_staff and not request.session.get("second_factor"):
            return ANONYMOUS
        return actor_of(user)
