"""转会 of the demo: workers who changed their place of work, from the first word to the new membership, some of it by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.days import ago
from gonghui.config.world.tree import Tree
from gonghui.kit.actors import Actor
from gonghui.members.actions import transfers
from gonghui.members.models import Membership, Person, TransferRequest, TransferRule
from gonghui.orgs.models import Union

CITY, OTHER_CITY = "4401", "4406"
CLOCK = Actor.system("the days of a transfer")
# (how far it came, days ago, the member's words)
STORIES = (
    ("opened", 1, "换了公司，社保这个月转过来了。"),
    ("opened", 8, "从外卖转做网约车，想加入司机工会。"),
    ("silent", 26, "单位搬到了海珠。"),
    ("released", 4, "家搬到附近，想就近参加活动。"),
    ("escalated", 27, "合同到期，换了新单位。"),
    ("accepted", 15, "新单位已经建会，请转过去。"),
    ("by_papers", 6, "本人持介绍信到窗口办理。"),
    ("refused", 9, "想转到朋友所在的工会。"),
    ("cancelled", 5, "填错了工会。"),
    ("elsewhere", 3, "回佛山老家工作了。"),
)


@dataclass
class Sides:
    """Who lets go, who takes in, and who carries papers to the counter."""

    releaser: Actor
    accepter: Actor
    counter: Actor


def build_transfers(tree: Tree, staff: dict[str, User]) -> None:
    """Released by the city's reviewer, accepted by its administrator; one goes to another city."""
    city, other = tree.by_code[CITY], tree.by_code[OTHER_CITY]
    TransferRule.objects.create(union=city, clause=_("《广东省工会会员会籍管理办法》第九条（演示）"))
    sides = Sides(actor_of(staff["reviewer"]), actor_of(staff["guangzhou"]), actor_of(staff["operator"]))
    homes = [union for union, group in tree.homes if union.path.startswith(city.path)]
    away = next(union for union, group in tree.homes if group and union.path.startswith(other.path))
    people = _people(city, len(STORIES))
    for nth, (story, person) in enumerate(zip(STORIES, people, strict=True)):
        left = Membership.objects.unscoped("demo world").get(person=person, status="active").union_id
        aim = next(union for union in homes[nth:] if union.pk != left)
        _tell(story, person, away if story[0] == "elsewhere" else aim, sides)


def _people(city: Union, count: int) -> list[Person]:
    found = Person.objects.unscoped("demo world").filter(
        memberships__union__path__startswith=city.path, memberships__status="active", verification="verified", user=None
    )  # fmt: skip
    return list(found.order_by("-id")[:count])


def _tell(story: tuple[str, int, str], person: Person, aim: Union, sides: Sides) -> None:
    far, days, words = story
    with ago(days):
        row = _opened(far, person, aim, _(words), sides)
    member, pk = actor_of(person.user), row.pk
    release = partial(transfers.release_transfer, sides.releaser, transfer_id=pk)
    accept = partial(transfers.accept_transfer, sides.accepter, transfer_id=pk)
    with ago(max(days - 2, 0)):
        if far in ("released", "escalated", "accepted", "by_papers", "elsewhere"):
            release()
        if far in ("accepted", "by_papers"):
            accept()
        if far == "refused":
            reason = _("本人仍在原单位在职，会籍应在用人单位工会。")
            transfers.refuse_transfer(sides.releaser, transfer_id=pk, reason=reason)
        if far == "cancelled":
            transfers.cancel_transfer(member, transfer_id=pk)
    if far in ("silent", "escalated"):
        transfers.answer_silence(CLOCK, transfer_id=pk)


def _opened(far: str, person: Person, aim: Union, words: str, sides: Sides) -> TransferRequest:
    person.user = User.objects.create(phone=person.phone, display_name=person.name)
    person.save(update_fields=["user"])
    if far != "by_papers":
        return transfers.open_transfer(actor_of(person.user), to_union_id=aim.pk, reason=words)
    papers = transfers.Papers(person.name, person.id_no, _("穗工转介 118 号"), words)
    return transfers.open_transfer_for(sides.counter, to_union_id=aim.pk, papers=papers)
