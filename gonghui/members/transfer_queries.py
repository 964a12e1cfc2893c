"""Reads about transfers: where one may go, and one's own with its way so far."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.identifiers import plain_text
from gonghui.kit.search import NameSearch, query_terms
from gonghui.members.criteria import JOINABLE
from gonghui.members.models import Membership, TransferRequest, TransferStep
from gonghui.orgs.models import Union

UNION_NAMES = NameSearch("grams", "name", "pinyin")
SHOWN_MAX = 20
ASKED_MIN = 2


def unions_to_move_to(actor: Actor, asked: str) -> list[Union]:
    """Found by a part of the name, pinyin, or the whole code: to whoever looks for their new union the tree is no secret."""
    said = plain_text(asked)
    if len(said) < ASKED_MIN or not query_terms(said):
        return []
    named = Q(UNION_NAMES.q(said) | Q(uscc=said.upper()), status="active", kind__in=JOINABLE)
    found = Union.objects.unscoped("a member looks for their new union").filter(named)
    return list(found.select_related("parent").order_by("pinyin", "id")[:SHOWN_MAX])


def union_to_move_to(actor: Actor, union_id: int) -> Union | None:
    found = Union.objects.unscoped("a member looks for their new union").filter(pk=union_id)
    return found.select_related("parent").first()


def union_named(text: str) -> Union | None:
    """As staff type it from papers: by its whole name or code, where that is one."""
    said = plain_text(text)
    named = Union.objects.unscoped("by its full name or code").filter(Q(name=said) | Q(uscc=said.upper()))
    found = list(named.filter(status="active")[:2])
    return found[0] if len(found) == 1 else None


def own_memberships(actor: Actor) -> list[Membership]:
    """The latest first."""
    if actor.person_id is None:
        return []
    found = Membership.objects.visible_to(actor).filter(person_id=actor.person_id)
    return list(found.select_related("union", "person").order_by("-id"))


def own_transfers(actor: Actor) -> QuerySet[TransferRequest]:
    """Newest first, each with its steps."""
    steps = TransferStep.objects.unscoped("of one's own transfer").select_related("union").order_by("id")
    found = TransferRequest.objects.visible_to(actor).filter(person_id=actor.person_id or 0)
    found = found.select_related("from_union", "to_union", "desk", "rule")
    return found.prefetch_related(Prefetch("steps", steps, to_attr="way")).order_by("-id")


def own_transfer(actor: Actor) -> TransferRequest | None:
    """The open one, or else the latest, with its steps."""
    return next(iter(own_transfers(actor)[:1]), None) if actor.person_id else None


def own_transfer_called(actor: Actor, transfer_id: int) -> TransferRequest:
    found = own_transfers(actor).filter(pk=transfer_id).first()
    require(found, NOT_FOUND)
    return found
