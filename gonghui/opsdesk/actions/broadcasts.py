"""高效传话筒: sent once to accounts settled at that moment, read, acknowledged, reminded once, corrected by another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.notices.actions import Notice, read_message
from gonghui.notices.actions.staff import tell_staff
from gonghui.notices.models import Message
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.groups import union_for
from gonghui.opsdesk.models import Broadcast, BroadcastGroup, BroadcastRecipient, OperatorGroup
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.models.groups import READERS, USUAL
from gonghui.opsdesk.people import posts_below, posts_in_force, posts_of
from gonghui.opsdesk.scopes import ANSWER
from gonghui.orgs.models import Union

WHY = "held by its own verb"
BATCH = 1000
SETTLED = """
INSERT INTO opsdesk_broadcastrecipient (broadcast_id, user_id)
SELECT DISTINCT %s::bigint, found.id FROM ({people}) AS found(id) WHERE found.id <> %s ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Address:
    """Groups, or everybody at and below a union who holds one of these roles; both together are one list."""

    group_ids: tuple[int, ...] = ()
    below_id: int | None = None
    roles: tuple[str, ...] = USUAL


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    body: str
    wanted_by: date | None = None
    kind: str = Broadcast.Kind.DESK
    link: str = ""


@action
def send_broadcast(actor: Actor, *, key: UUID, union_id: int, to: Address, words: Words) -> Broadcast:
    """The same key again is the same broadcast; with other words it is refused."""
    union = union_for(actor, union_id)
    require_sound(words)
    groups = groups_for(actor, to.group_ids)
    below = union_for(actor, to.below_id) if to.below_id else None
    require(groups or below, errors.WHERE_TO)
    require(not below or (to.roles and set(to.roles) <= set(READERS)), errors.GROUP_ROLES)
    return settle(actor, key=key, union=union, groups=groups, below=below, roles=to.roles, words=words)


@action
def correct_broadcast(actor: Actor, *, broadcast_id: int, key: UUID, words: Words) -> Broadcast:
    """To whom the wrong one went, and whoever belongs there by now."""
    found = Broadcast.objects.unscoped(WHY).select_related("union", "below").filter(pk=broadcast_id)
    old = found.select_for_update(of=("self",), no_key=True).first()
    require(old and actor.may(ANSWER, old.union.path), NOT_FOUND)
    require_sound(words)
    later = Broadcast.objects.unscoped(WHY).filter(supersedes=old).first()
    require(later is None or later.key == key, errors.SUPERSEDED)
    linked = BroadcastGroup.objects.unscoped(WHY).filter(broadcast=old).values("group_id")
    groups = list(OperatorGroup.objects.unscoped(WHY).select_related("union").filter(pk__in=linked))
    return settle(
        actor, key=key, union=old.union, groups=groups, below=old.below, roles=tuple(old.roles), words=words, corrects=old
    )  # fmt: skip


def require_sound(words: Words) -> None:
    require(words.title.strip() and words.body.strip(), errors.TEXT_MISSING)
    require(len(words.title.strip()) <= 60, errors.TEXT_TOO_LONG, max=60)
    require(len(words.body) <= BODY_MAX, errors.TEXT_TOO_LONG, max=BODY_MAX)
    require(words.wanted_by is None or words.wanted_by >= clock.today(), errors.WANTED_IN_THE_PAST)


def groups_for(actor: Actor, group_ids: Iterable[int]) -> list[OperatorGroup]:
    """Groups the actor keeps: to belong to one is no right to speak to it."""
    wanted = set(group_ids)
    found = OperatorGroup.objects.unscoped(WHY).select_related("union").filter(pk__in=wanted).order_by("pk")
    groups = [group for group in found if actor.may(ANSWER, group.union.path)]
    require(len(groups) == len(wanted), NOT_FOUND)
    for group in groups:
        require(group.ended_at is None, errors.GROUP_ENDED, name=group.name)
    return groups


def settle(
    actor: Actor, *, key: UUID, union: Union, groups: list[OperatorGroup], below: Union | None, roles: tuple[str, ...],
    words: Words, corrects: Broadcast | None = None,
) -> Broadcast:  # fmt: skip
    """Writes it with its recipients and leaves delivery to a job. Whether the actor may was asked by the caller."""
    row, is_new = Broadcast.objects.unscoped("asked by its key").get_or_create(
        key=key,
        defaults={
            "union": union,
            "maker_id": actor.user_id,
            "kind": words.kind,
            "title": words.title.strip(),
            "body": words.body.strip(),
            "link": words.link,
            "wanted_by": words.wanted_by,
            "below": below,
            "roles": list(roles) if below else [],
            "supersedes": corrects,
        },
    )
    if not is_new:
        there = (row.maker_id, row.title, row.body, row.supersedes_id)
        given = (actor.user_id, words.title.strip(), words.body.strip(), corrects and corrects.pk)
        require(there == given, errors.KEY_TAKEN)
        return row
    BroadcastGroup.objects.bulk_create(BroadcastGroup(broadcast=row, group=group) for group in groups)
    row.recipients_count = _settle_recipients(row, groups, below, roles)
    require(row.recipients_count or words.kind != Broadcast.Kind.DESK, errors.NOBODY_THERE)
    row.save(update_fields=["recipients_count", "updated_at"])
    defer_delivery(row.pk)
    return row


def _settle_recipients(
    row: Broadcast, groups: list[OperatorGroup], below: Union | None, roles: tuple[str, ...]
) -> int:
    wanted = posts_below(below, roles) if below else Q(pk__in=[])
    for group in groups:
        wanted |= posts_of(group)
    lists = [posts_in_force().filter(wanted, role__in=READERS).order_by().values_list("user_id")]
    if row.supersedes_id:
        old = BroadcastRecipient.objects.unscoped(WHY).filter(broadcast_id=row.supersedes_id)
        lists.append(old.order_by().values_list("user_id"))
    return sum(_insert(row, people) for people in lists)


def _insert(row: Broadcast, people) -> int:
    sql, params = people.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(SETTLED.format(people=sql), [row.pk, *params, row.maker_id])
        return cursor.rowcount


# --- delivery -----------------------------------------------------------------------------------------------


def defer_delivery(broadcast_id: int) -> None:
    """One waiting job is enough, however many ask for it."""
    from gonghui.opsdesk.tasks import deliver_broadcast

    try:
        with transaction.atomic():
            deliver_broadcast.configure(queueing_lock=f"broadcast:{broadcast_id}").defer(
                broadcast_id=broadcast_id
            )
    except AlreadyEnqueued:
        return


@action
def deliver_batch(actor: Actor, *, broadcast_id: int) -> int:
    """Tells the next accounts nobody else is at; returns how many."""
    row = Broadcast.objects.visible_to(actor).select_related("union").get(pk=broadcast_id)
    untold = BroadcastRecipient.objects.visible_to(actor).filter(broadcast=row, told_at=None).order_by("id")
    taken = list(untold.select_for_update(skip_locked=True)[:BATCH])
    users = [one.user_id for one in taken]
    tell_staff(actor, occasion=occasion_of(row), user_ids=users, notice=notice_of(row))
    told = BroadcastRecipient.objects.unscoped("rows of a locked batch").filter(
        pk__in=[one.pk for one in taken]
    )
    told.update(told_at=clock.now(), updated_at=clock.now())
    return len(taken)


def occasion_of(row: Broadcast) -> str:
    return f"broadcast:{row.pk}"


def notice_of(row: Broadcast) -> Notice:
    title = _("更正：{title}").format(title=row.title) if row.supersedes_id else row.title
    body = row.body if len(row.body) <= 200 else f"{row.body[:199]}…"
    return Notice("notice", title[:80], body, f"/console/opsdesk/broadcasts/{row.pk}")


# --- the recipients' side ---------------------------------------------------------------------------------------


def _own(actor: Actor, broadcast_id: int) -> BroadcastRecipient:
    found = BroadcastRecipient.objects.unscoped(WHY).select_related("broadcast")
    row = found.select_for_update(of=("self",), no_key=True).filter(
        broadcast_id=broadcast_id, user_id=actor.user_id
    )
    own = row.first() if actor.user_id else None
    require(own, NOT_FOUND)
    return own


@action
def read_broadcast(actor: Actor, *, broadcast_id: int) -> BroadcastRecipient:
    """Opened for the first time: its message is read as well."""
    row = _own(actor, broadcast_id)
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at", "updated_at"])
        _read_messages(actor, row)
    return row


def _read_messages(actor: Actor, row: BroadcastRecipient) -> None:
    known = [
        f"{occasion}:{actor.user_id}"
        for occasion in (occasion_of(row.broadcast), f"{occasion_of(row.broadcast)}:again")
    ]
    for pk in (
        Message.objects.visible_to(actor).filter(once__in=known, read_at=None).values_list("pk", flat=True)
    ):
        read_message(actor, message_id=pk)


@action
def acknowledge_broadcast(actor: Actor, *, broadcast_id: int) -> BroadcastRecipient:
    """Again is the same acknowledgement: the first moment stays."""
    row = _own(actor, broadcast_id)
    require(row.broadcast.wanted_by, errors.NOTHING_TO_ACKNOWLEDGE)
    if row.acknowledged_at is not None:
        return row
    require(not row.broadcast.is_superseded, errors.SUPERSEDED)
    row.acknowledged_at = clock.now()
    row.read_at = row.read_at or row.acknowledged_at
    row.save(update_fields=["read_at", "acknowledged_at", "updated_at"])
    _read_messages(actor, row)
    return row


@action
def remind_recipients(actor: Actor, *, broadcast_id: int) -> int:
    """Those who have not acknowledged, each once; returns how many."""
    found = Broadcast.objects.unscoped(WHY).select_related("union").filter(pk=broadcast_id)
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row and actor.may(ANSWER, row.union.path), NOT_FOUND)
    require(row.wanted_by, errors.NOTHING_TO_ACKNOWLEDGE)
    require(not row.is_superseded, errors.SUPERSEDED)
    silent = BroadcastRecipient.objects.unscoped(WHY).filter(
        broadcast=row, acknowledged_at=None, reminded_at=None
    )
    users = list(silent.select_for_update(no_key=True).values_list("user_id", flat=True))
    require(users, errors.ALL_REMINDED)
    silent.filter(user_id__in=users).update(reminded_at=clock.now(), updated_at=clock.now())
    notice = notice_of(row)
    title = _("请确认：{title}").format(title=row.title)[:80]
    again = Notice(notice.kind, title, notice.body, notice.link)
    tell_staff(actor, occasion=f"{occasion_of(row)}:again", user_ids=users, notice=again)
    return len(users)
