"""Who sees a member, and why: the grants whose subtree holds a union of theirs, and who in fact looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.models import AuditEntry
from gonghui.members.models import Membership, Person
from gonghui.orgs.models import Grant, Union
from gonghui.orgs.queries import grants_in_force
from gonghui.orgs.roles import ROLES, verbs_of
from gonghui.orgs.rules import ids_of, is_at_or_below

VERB = "members.view"
LOOKED_DAYS = 90
LOOKS_MAX = 100


@dataclass(frozen=True, slots=True)
class Sight:
    """One grant, and through which union of the member it sees them; `is_past`: only that they once belonged there."""

    grant: Grant
    through: Union
    is_past: bool

    @property
    def verbs(self) -> frozenset[str]:
        return verbs_of(self.grant.role)

    @property
    def may_unmask(self) -> bool:
        return not self.is_past and "members.unmask" in self.verbs

    @property
    def may_export(self) -> bool:
        return "members.export" in self.verbs

    @property
    def may_see_health(self) -> bool:
        """No plan is of a line of industry."""
        return self.grant.industry_line_id is None and "health.view" in self.verbs


@dataclass(frozen=True, slots=True)
class Look:
    entry: AuditEntry
    who: str


def sights_of(person: Person) -> list[Sight]:
    """The highest union first. A grant bound to a line of industry sees live members of unions of that line."""
    held = Membership.objects.unscoped("of a person in hand").filter(person=person).select_related("union")
    memberships = sorted(held, key=lambda m: (m.status not in Membership.LIVE, -m.pk))
    ids = {pk for membership in memberships for pk in ids_of(membership.union.path)}
    roles = [code for code, role in ROLES.items() if VERB in role.verbs]
    found = grants_in_force().filter(_of_line(memberships), union_id__in=ids, role__in=roles)
    grants = found.select_related("user", "union", "granted_by", "industry_line")
    return [_sight(grant, memberships) for grant in grants.order_by("union__path", "role", "pk")]


def _of_line(memberships: list[Membership]) -> Q:
    whole = Q(industry_line=None)
    live = next((m.union for m in memberships if m.status in Membership.LIVE), None)
    if live is None or live.industry_line_id is None:
        return whole
    return whole | Q(industry_line=live.industry_line_id, union__in=ids_of(live.path))


def _sight(grant: Grant, memberships: list[Membership]) -> Sight:
    """Memberships stand with the live one first."""
    seen = next(m for m in memberships if is_at_or_below(m.union.path, grant.union.path))
    return Sight(grant, seen.union, seen.status not in Membership.LIVE)


def looks_at(person: Person) -> list[Look]:
    """Unmasked values of this person shown in the last days, newest first."""
    since = clock.now() - timedelta(days=LOOKED_DAYS)
    found = AuditEntry.objects.unscoped("of a person in hand").filter(
        table_name=Person._meta.db_table, row_id=person.pk, op="UNMASK", at__gte=since
    )
    entries = list(found.order_by("-id")[:LOOKS_MAX])
    users = User.objects.unscoped("who looked").in_bulk({entry.actor_id for entry in entries} - {None})
    return [Look(entry, str(users.get(entry.actor_id, ""))) for entry in entries]
