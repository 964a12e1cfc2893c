"""A purchase to complain about: two noodles at 50 yuan and tea at 20, of 120 the city gives 10 and the merchant 10; an owner who
answers; officers who rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from gonghui.bills.models import Bill, BillLine
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import pay_code, sold
from gonghui.complaints.actions import Asked, open_complaint
from gonghui.complaints.models import Complaint
from gonghui.funds.tests.stage import MoneyStage, build_money, new_staff
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.ledger.models import Transfer
from gonghui.partners.models import Agreement
from gonghui.partners.tests.stage import new_owner, standing_agreement
from gonghui.settlement.tests.stage import PAYOUT

SYSTEM = Actor.system("test")
BASKET = (("面", 5_000, 2), ("茶", 2_000, 1))
WORDS = "面里有头发，找店员也不理"


@dataclass
class Stage:
    cast: object
    money: MoneyStage
    agreement: Agreement
    codes: int = field(default=0)

    def actor(self, who: str) -> Actor:
        return self.cast.actor(who)

    def bought(self, *lines, who: str = "mei", **facts) -> Bill:
        from gonghui.members.models import PayCodeUse

        PayCodeUse.objects.unscoped("test").delete()
        return sold(self.cast, *(lines or BASKET), customer=pay_code(self.cast, who), **facts)


@kept
def build_stage(cast) -> Stage:
    partner = cast.store.partner
    agreement = standing_agreement(partner, payout_account=PAYOUT, payout_shown="珠岛游船 尾号 0018")
    cast.users["owner"] = cast.users["owner of 好味食堂"] = new_owner(partner, "13800000071")
    money = build_money(cast)
    published(cast, shares=[union_share(money.city, 500), MERCHANT])
    new_staff(cast, "reviewer", "reviewer", "city")
    return Stage(cast, money, agreement)


def lines_of(bill: Bill) -> list[int]:
    found = BillLine.objects.unscoped("test").filter(bill=bill).order_by("nth")
    return list(found.values_list("pk", flat=True))


def asked(bill: Bill, *nths: int, wanted: str = "refund", kind: str = "quality", words: str = WORDS) -> Asked:
    """About these lines of it; about all without any."""
    ids = lines_of(bill)
    chosen = [ids[nth - 1] for nth in nths] if nths else ids
    return Asked(kind, wanted, frozenset(chosen), words)


def opened(
    stage: Stage, bill: Bill | None = None, *nths: int, who: str = "mei", key: UUID | None = None, **facts
):
    bill = bill or stage.bought(who=who)
    return open_complaint(
        stage.actor(who), bill_id=bill.pk, key=key or uuid4(), asked=asked(bill, *nths, **facts)
    )


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def thread(row: Complaint) -> list[tuple[str, str]]:
    return list(row.entries.order_by("id").values_list("by", "state"))


def counted() -> tuple:
    """What a refusal must leave as it was."""
    rows = Complaint.objects.unscoped("test").order_by("id").values_list("state", "due_on", "refund_id")
    entries = sum(one.entries.count() for one in Complaint.objects.unscoped("test"))
    return list(rows), entries, Transfer.objects.unscoped("test").count()
