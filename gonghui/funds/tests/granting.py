"""Grants for tests: drafted by the city's administrator, checked by its finance officer, given by the job."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from gonghui.funds import accounts
from gonghui.funds.actions import grants
from gonghui.funds.actions.points import lock_lots, refund_orders, spend_orders, takings_of
from gonghui.funds.models import BenefitRule, GrantedPerson, PointGrant
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.ledger.engine import open_account, transfer_all
from gonghui.ledger.models import LedgerAccount
from gonghui.members.models import Membership, Person
from gonghui.orgs.models import Region

SYSTEM = Actor.system("test")
CLAUSE = "《基层工会经费收支管理办法》第八条（二）"


def drafted(money, union: str = "city", *, budget=None, maker: str = "city_admin", **facts) -> PointGrant:
    today = clock.today()
    known = {
        "title": "国庆慰问", "category": "festival", "festival": "guoqing", "per_head": 100, "roster_on": today,
        "expires_on": today + dt.timedelta(days=60),
    }  # fmt: skip
    return grants.draft_grant(
        money.actor(maker), union=money.cast.unions[union], budget=budget or money.city, **(known | facts)
    )


def checked(money, union: str = "city", *, checker: str = "city_finance", **facts) -> PointGrant:
    grant = drafted(money, union, **facts)
    grants.submit_grant(money.actor(facts.get("maker", "city_admin")), point_grant_id=grant.pk)
    return grants.check_grant(money.actor(checker), point_grant_id=grant.pk)


def started(money, union: str = "city", **facts) -> PointGrant:
    grant = checked(money, union, **facts)
    return grants.run_grant(money.actor(facts.get("maker", "city_admin")), point_grant_id=grant.pk)


def granted(money, union: str = "city", **facts) -> PointGrant:
    grant = started(money, union, **facts)
    return grants.give_grant(SYSTEM, grant_id=grant.pk)


def fresh(grant: PointGrant) -> PointGrant:
    return PointGrant.objects.unscoped("test").get(pk=grant.pk)


def states(grant: PointGrant) -> dict[int, str]:
    found = GrantedPerson.objects.unscoped("test").filter(grant=grant)
    return dict(found.values_list("person_id", "state"))


def capped(yuan: int, *, category: str = "festival", festival: str = "", period: str = "year") -> BenefitRule:
    region, _made = Region.objects.get_or_create(code="00", defaults={"name": "全国"})
    return BenefitRule.objects.create(
        region=region, category=category, festival=festival, cap_fen=yuan * 100, period=period,
        effective_from=dt.date(2024, 1, 1), clause=CLAUSE,
    )  # fmt: skip


def placed(cast, union: str, code: str, name: str) -> Region:
    """The region of a union of the cast."""
    region, _made = Region.objects.get_or_create(code=code, defaults={"name": name})
    cast.unions[union].region = region
    cast.unions[union].save()
    return region


def crowd_of(money, size: int) -> None:
    """So many new members of the factory."""
    union = money.cast.unions["factory"]
    people = Person.objects.bulk_create([Person(name=f"会员{n}") for n in range(size)])
    Membership.objects.bulk_create([Membership(person=person, union=union) for person in people])


def till(money) -> LedgerAccount:
    """What is owed to a merchant."""
    return open_account(
        accounts.merchant_account("payable", union_id=money.cast.unions["city"].pk, partner_id=1)
    )


@action
def spend(
    _actor: Actor, *, person_id: int, points: int, subject: str, credit_id: int, section: str = ""
) -> None:
    lots = lock_lots(person_id, section)
    transfer_all(spend_orders(lots, points, credit_id=credit_id, subject=subject, key=uuid4()))


@action
def refund(
    _actor: Actor, *, spent: str, points: int, subject: str, debit_id: int, before: tuple[str, ...] = ()
) -> None:
    takings = takings_of(spent, refunds=before)
    transfer_all(refund_orders(takings, points, debit_id=debit_id, subject=subject, key=uuid4()))


def outstanding() -> int:
    return sum(a.balance for a in LedgerAccount.objects.unscoped("test").filter(kind="points"))


def backing() -> int:
    return sum(a.balance for a in LedgerAccount.objects.unscoped("test").filter(kind="backing"))


def is_backed() -> bool:
    return backing() == outstanding() * POINT_FEN
