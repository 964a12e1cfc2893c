"""我的账: one's own lots, statement, and the way of one entry from its source to the merchant. Other people appear nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from gonghui.funds.life_terms import said_of
from gonghui.funds.models import Budget, LotFate, PointGrant, Section
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.kinds import word_of
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer
from gonghui.partners.models import Partner

OWN = "one's own"
SOON_DAYS = 30
BOUGHT = ("bill:", "bill_refund:")
TILLS = ("payable", "counter")
OF_PARTNER = "partner:"


@dataclass(frozen=True, slots=True)
class LotShown:
    title: str
    union: str
    points: int
    until: datetime
    days_left: int
    shelves: tuple[str, ...]
    fate: str = ""
    """What a change of membership means for it, in words; empty where none did."""

    @property
    def is_soon(self) -> bool:
        return self.days_left <= SOON_DAYS


def own_lots(accounts: dict[int, LedgerAccount], grants: dict[int, PointGrant]) -> list[LotShown]:
    """Earliest expiry first; read from what the page has fetched anyway."""
    now = clock.now()
    live = [a for a in accounts.values() if a.kind == "points" and a.available > 0 and a.expires_at > now]
    live.sort(key=lambda a: (a.expires_at, a.pk))
    is_narrow = any(grants[grant_id_of(a)].sections for a in live)
    shelves = dict(Section.objects.values_list("code", "name")) if is_narrow else {}
    fated = [a.pk for a in live if a.has_fate]
    said = fates_said(fated) if fated else {}
    return [
        replace(lot_shown(a.available, grants[grant_id_of(a)], shelves), fate=said.get(a.pk, ""))
        for a in live
    ]


def fates_said(account_ids: Iterable[int]) -> dict[int, str]:
    """The last change that concerns each account, in words."""
    found = LotFate.objects.unscoped(OWN).filter(account_id__in=set(account_ids)).order_by("pk")
    return {fate.account_id: said_of(fate) for fate in found}


def lot_shown(points: int, grant: PointGrant, shelves: dict[str, str]) -> LotShown:
    return LotShown(
        grant.title, grant.union.name, points, grant.expires_on, (grant.expires_on - clock.today()).days,
        tuple(shelves.get(code, code) for code in grant.sections),
    )  # fmt: skip


def grants_of(ids: Iterable[int]) -> dict[int, PointGrant]:
    found = PointGrant.objects.unscoped(OWN).select_related("union")
    return found.in_bulk(set(ids))


# --- statement ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer as its owner reads it; `amount` in points or fen, given negative."""

    id: UUID
    at: datetime
    title: str
    detail: str
    amount: int
    is_points: bool

    @property
    def said(self) -> str:
        sign = "+" if self.amount > 0 else "−"
        number = f"{abs(self.amount):,}" if self.is_points else f"¥{yuan(abs(self.amount))}"
        return f"{sign}{number}"


def own_accounts(actor: Actor) -> dict[int, LedgerAccount]:
    if actor.person_id is None:
        return {}
    fates = LotFate.objects.unscoped(OWN).filter(account=OuterRef("pk"))
    found = LedgerAccount.objects.unscoped(OWN).filter(person_id=actor.person_id)
    return {account.pk: account for account in found.annotate(has_fate=Exists(fates))}


def moved() -> QuerySet[Transfer]:
    """What was only set aside moves nothing and is left out."""
    return Transfer.objects.unscoped("transfers of one's own accounts").filter(kind__in=("posted", "post"))


def transfers_between(accounts: dict[int, LedgerAccount]) -> QuerySet[Transfer]:
    """Newest first."""
    return moved().filter(Q(debit__in=accounts) | Q(credit__in=accounts)).order_by("-seq")


def own_grants(accounts: dict[int, LedgerAccount]) -> dict[int, PointGrant]:
    """Of one's own accounts of points."""
    return grants_of(grant_id_of(account) for account in accounts.values() if account.kind == "points")


def entries(
    transfers: Iterable[Transfer], accounts: dict[int, LedgerAccount], grants: dict[int, PointGrant]
) -> list[Entry]:
    """At most two queries, however many."""
    rows = list(transfers)
    partners = partners_of(row.subject for row in rows if row.subject.startswith(BOUGHT))
    return [entry(row, accounts, grants, partners) for row in rows]


def entries_under(actor: Actor, subjects: Sequence[str], *, merchant: str) -> list[Entry]:
    """One's own side of what was booked under `subjects`, oldest first; two queries. `merchant`: who was paid."""
    if actor.person_id is None:
        return []
    own = Q(debit__person_id=actor.person_id) | Q(credit__person_id=actor.person_id)
    found = moved().filter(own, subject__in=subjects).select_related("debit", "credit")
    rows = list(found.order_by("seq"))
    sides = [side for row in rows for side in (row.debit, row.credit)]
    accounts = {side.pk: side for side in sides if side.person_id == actor.person_id}
    grants = own_grants(accounts)
    return [entry(row, accounts, grants, dict.fromkeys(subjects, merchant)) for row in rows]


def own_side(row: Transfer, accounts: dict[int, LedgerAccount]) -> LedgerAccount:
    return accounts.get(row.credit_id) or accounts[row.debit_id]


def grant_id_of(account: LedgerAccount) -> int:
    return int(account.name.removeprefix("grant:"))


def partners_of(subjects: Iterable[str]) -> dict[str, str]:
    """Who was paid under a subject, or gave back, by name."""
    wanted = set(subjects)
    if not wanted:
        return {}
    tills = Q(credit__kind__in=TILLS) | Q(debit__kind__in=TILLS)
    paid = Transfer.objects.unscoped("where one's own payment went").filter(tills, subject__in=wanted)
    ids: dict[str, int] = {}
    for subject, *sides in paid.values_list("subject", "credit__name", "debit__name"):
        for name in sides:
            if name.startswith(OF_PARTNER) and name.removeprefix(OF_PARTNER).isdecimal():
                ids[subject] = int(name.removeprefix(OF_PARTNER))
    found = Partner.objects.unscoped("the merchant one paid").filter(pk__in=set(ids.values()))
    names = {row.pk: str(row) for row in found}
    return {subject: names.get(pk, "") for subject, pk in ids.items()}


def entry(row: Transfer, accounts: dict[int, LedgerAccount], grants: dict, partners: dict[str, str]) -> Entry:
    own = own_side(row, accounts)
    grant = grants.get(grant_id_of(own)) if own.kind == "points" else None
    merchant = partners.get(row.subject, "")
    title, detail = words_of(row, grant, merchant)
    amount = row.amount if row.credit_id in accounts else -row.amount
    return Entry(row.pk, row.at, title, detail, amount, row.ledger == Ledger.POINTS)


def words_of(row: Transfer, grant: PointGrant | None, merchant: str) -> tuple[str, str]:
    """Who gave it or took it, and for what."""
    name = grant.title if grant else ""
    known = {
        "grant_points": (name, _("{union}发放").format(union=grant.union.name if grant else "")),
        "spend_points": (merchant or _("使用福豆"), _("用的是“{name}”").format(name=name)),
        "refund_points": (_("退款退回福豆"), _("退回到“{name}”").format(name=name)),
        "expire_points": (_("到期收回"), _("“{name}”没有用完的部分，退回工会预算").format(name=name)),
        "return_points": (_("会籍变动退回"), _("“{name}”剩余的部分，按规定退回工会预算").format(name=name)),
    }
    return known.get(row.code, (merchant or word_of(row.code), word_of(row.code) if merchant else ""))


# --- where one entry came from ------------------------------------------------------------------------------


def own_transfer(actor: Actor, transfer_id: UUID) -> tuple[Transfer, dict[int, LedgerAccount]]:
    """One's own entry; anybody else's does not exist."""
    accounts = own_accounts(actor)
    row = transfers_between(accounts).filter(pk=transfer_id).first() if accounts else None
    require(row, NOT_FOUND)
    return row, accounts


@dataclass(frozen=True, slots=True)
class Step:
    """One station on the way."""

    title: str
    text: str
    at: Any = None
    amount: str = ""
    is_own: bool = False


def way_of(row: Transfer, accounts: dict[int, LedgerAccount], shown: Entry) -> list[Step]:
    """From the source, through the budgets, to oneself, and on to the merchant or back."""
    own = own_side(row, accounts)
    steps = (
        origin_of(own)
        if own.kind == "points"
        else [Step(_("您自己支付"), _("没有动用工会经费"), is_own=True)]
    )
    if row.code == "grant_points":
        return steps
    fen = row.amount * POINT_FEN if row.ledger == Ledger.POINTS else row.amount
    amount = f"{row.amount:,} {_('福豆')}（¥{yuan(fen)}）" if row.ledger == Ledger.POINTS else f"¥{yuan(fen)}"
    return [*steps, Step(shown.title, shown.detail, row.at, amount)]


def origin_of(own: LedgerAccount) -> list[Step]:
    grant = (
        PointGrant.objects.unscoped(OWN)
        .select_related("union", "budget__source__union")
        .get(pk=grant_id_of(own))
    )
    source = grant.budget.source
    steps = [
        Step(
            source.name, _("{union}的{kind}").format(union=source.union.name, kind=source.get_kind_display())
        )
    ]
    steps += [
        Step(budget.name, _("{union}的预算").format(union=budget.union.name))
        for budget in chain_of(grant.budget)
    ]
    checked = _("经办、复核由两人分别完成，按支出规则逐人核对")
    steps.append(Step(_("发放：{title}").format(title=grant.title), checked, grant.checked_at))
    received = Transfer.objects.unscoped(OWN).filter(credit=own, code="grant_points").order_by("seq").first()
    if received:
        amount = f"{received.amount:,} {_('福豆')}（¥{yuan(received.amount * POINT_FEN)}）"
        steps.append(
            Step(
                _("到您账上"),
                _("有效期至 {day}").format(day=f"{grant.expires_on:%Y-%m-%d}"),
                received.at,
                amount,
                True,
            )
        )
    return steps


def chain_of(budget: Budget) -> list[Budget]:
    """The budgets above it and itself, topmost first."""
    chain, found = [], Budget.objects.unscoped("the way of one's own points").select_related("union")
    pk: int | None = budget.pk
    while pk and len(chain) < 8:
        row = found.get(pk=pk)
        chain.append(row)
        pk = row.parent_id
    return chain[::-1]
