"""Builds the actor of a request, once and lazily."""

from __future__ import annotations

from django.utils.functional import SimpleLazyObject

from gonghui.accounts.queries import user_of_token
from gonghui.config.backends import Keys, keys_of
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.orgs.queries import grants_of


def actor_of(user, channel: str = "web", *, keys: Keys | None = None) -> Actor:
    """The actor behind a signed-in user; nobody without one. `keys` where they were read with the user just now."""
    if not getattr(user, "is_authenticated", False):
        return ANONYMOUS
    if user.is_staff and user.must_change_password:
        # Whoever made the password knows it: it opens the page where it is changed, and nothing of its owner's.
        return Actor(user_id=user.pk, keys={"user": frozenset({user.pk})}, channel=channel)
    keys = keys or keys_of(user.pk)
    if not user.is_staff:
        return Actor(user_id=user.pk, keys=keys, channel=channel)
    return Actor(user_id=user.pk, grants=grants_of(user.pk), keys=keys, channel=channel)


API = "/api/"


class ActorMiddleware:
    """`request.actor`: built when first asked for, from a bearer token or the session.

    Staff act with their grants only after their second factor, and never by token. Tokens open the API only:
    a page asks the session for more than the actor, and the two could be of different people.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.actor = SimpleLazyObject(lambda: self._actor(request, renewed=False))
        request.renew_actor = lambda: self._renew(request)
        return self.get_response(request)

    def _renew(self, request) -> None:
        """After what the user owns has changed."""
        request.actor = SimpleLazyObject(lambda: self._actor(request, renewed=True))

    def _actor(self, request, *, renewed: bool) -> Actor:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and request.path.startswith(API):
            user = user_of_token(token)
            return ANONYMOUS if user is None or user.is_staff else actor_of(user, channel="api")
        user = request.user
        if user.is_authenticated and user.is_staff and not request.session.get("second_factor"):
            return ANONYMOUS
        return actor_of(user, keys=None if renewed else getattr(user, "own_keys", None))
