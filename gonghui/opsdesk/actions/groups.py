"""管理员工作群: opened, extended by picks, dissolved; and a colleague's telephone, read for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.console.masking import show_unmasked
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, require
from gonghui.kit.locks import lock_name
from gonghui.opsdesk import errors
from gonghui.opsdesk.models import GroupPick, OperatorGroup
from gonghui.opsdesk.models.groups import READERS, USUAL
from gonghui.opsdesk.people import members_of, posts_in_force
from gonghui.opsdesk.scopes import ANSWER
from gonghui.orgs.models import Staff, Union
from gonghui.orgs.queries import staff_with_login

WHY = "held by its own verb"


@dataclass(frozen=True, slots=True)
class NewGroup:
    union_id: int
    name: str
    rule: str
    roles: tuple[str, ...] = USUAL
    duty: str = ""


def union_for(actor: Actor, union_id: int) -> Union:
    """One where the actor keeps the desk."""
    union = Union.objects.unscoped(WHY).filter(pk=union_id, status="active").first()
    require(union and actor.may(ANSWER, union.path), NOT_FOUND)
    return union


def group_for(actor: Actor, group_id: int) -> OperatorGroup:
    found = OperatorGroup.objects.unscoped(WHY).select_related("union").filter(pk=group_id)
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row and actor.may(ANSWER, row.union.path), NOT_FOUND)
    require(row.ended_at is None, errors.GROUP_ENDED, name=row.name)
    return row


@action
def open_group(actor: Actor, *, new: NewGroup) -> OperatorGroup:
    union = union_for(actor, new.union_id)
    require(new.rule in OperatorGroup.Rule.values, NOT_FOUND)
    require(new.roles and set(new.roles) <= set(READERS), errors.GROUP_ROLES)
    name = new.name.strip()
    require(name, errors.TEXT_MISSING)
    lock_name("opsdesk group", f"{union.pk}:{name}")
    require(not _is_taken(union, name), errors.GROUP_NAME_TAKEN, name=name)
    return OperatorGroup.objects.create(
        union=union, name=name, rule=new.rule, roles=list(new.roles), duty=new.duty.strip()
    )


def _is_taken(union: Union, name: str) -> bool:
    return OperatorGroup.objects.unscoped(WHY).filter(union=union, name=name, ended_at=None).exists()


@action
def open_groups_below(actor: Actor, *, union_id: int, roles: Iterable[str] = USUAL) -> list[OperatorGroup]:
    """One for each union directly below, which owns it: its administrators and those of all below it. Those that stand stay."""
    union = union_for(actor, union_id)
    below = Union.objects.unscoped(WHY).filter(parent=union, status="active").order_by("pinyin", "pk")
    made = []
    for child in below:
        name = _("{union}工作群").format(union=child.name)[:64]
        lock_name("opsdesk group", f"{child.pk}:{name}")
        if not _is_taken(child, name):
            new = NewGroup(child.pk, name, OperatorGroup.Rule.SUBTREE, tuple(roles))
            made.append(open_group(actor, new=new))
    return made


@action
def end_group(actor: Actor, *, operatorgroup_id: int) -> OperatorGroup:
    """What was sent to it stays; nothing more goes there."""
    row = group_for(actor, operatorgroup_id)
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at", "updated_at"])
    return row


@action
def add_pick(
    actor: Actor, *, operatorgroup_id: int, union_id: int | None = None, login: str = ""
) -> GroupPick:
    """A union at or below the group's own, or the account of an administrator there."""
    group = group_for(actor, operatorgroup_id)
    if union_id is not None:
        inside = Union.objects.unscoped(WHY).filter(pk=union_id, path__startswith=group.union.path)
        require(inside.exists(), errors.PICK_ELSEWHERE, union=group.union.name)
        return GroupPick.objects.unscoped(WHY).get_or_create(group=group, union_id=union_id)[0]
    user = staff_with_login(login)
    require(user, errors.NO_SUCH_STAFF, login=login.strip())
    inside = posts_in_force().filter(user=user, role__in=READERS, union__path__startswith=group.union.path)
    require(inside.exists(), errors.PICK_ELSEWHERE, union=group.union.name)
    return GroupPick.objects.unscoped(WHY).get_or_create(group=group, user=user)[0]


@action
def drop_pick(actor: Actor, *, pick_id: int) -> None:
    row = GroupPick.objects.visible_to(actor).filter(pk=pick_id).first()
    require(row, NOT_FOUND)
    group_for(actor, row.group_id)
    row.delete()


@action
def show_telephone(actor: Actor, *, group: OperatorGroup, user_id: int, reason: str) -> str:
    """For whoever keeps the group; that it was looked at, by whom and why, is on record before it is shown."""
    require(actor.may(ANSWER, group.union.path), NOT_ALLOWED)
    require(members_of(group).filter(user_id=user_id).exists(), NOT_FOUND)
    row = Staff.objects.unscoped("a member of a group the actor keeps").get(pk=user_id)
    return show_unmasked(actor, row=row, fields=["contact_phone"], reason=reason)["contact_phone"] or ""
