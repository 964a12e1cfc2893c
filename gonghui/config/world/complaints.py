"""投诉 of the demo: what members said of the cinema's tickets, at every step from the first word to the corrected books."""

from __future__ import annotations

import datetime as dt
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.bills.models import Bill
from gonghui.complaints import actions
from gonghui.complaints.models import Complaint
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.partners.models import MerchantRole

# (how far it came, kind, wanted, the member's words)
STORIES = (
    ("open", "quality", "refund", "三号厅空调坏了，热得待不住，看了二十分钟就出来了。"),
    ("answered", "manner", "apology", "检票的师傅说话很冲，当着孩子的面。"),
    ("escalated", "not_given", "refund", "说好送的小食没有给，柜台说没有这回事。"),
    ("overdue", "no_discount", "explanation", "付款的时候没有按会员价算。"),
    ("upheld", "quality", "refund", "放映中断了四次，最后十分钟没有看到。"),
    ("agreed", "overcharged", "refund", "两张票收了三张的钱。"),
)  # fmt: skip
ANSWER = "当天设备有检修记录，已经在现场说明过情况。"


def build_complaints(staff: dict[str, User]) -> None:
    """Answered by the cinema's owner, ruled on by the city's reviewer."""
    sold = Bill.objects.unscoped("demo world").filter(state="settled", clerk__isnull=False, refunded_fen=0)
    bills = list(sold.select_related("person").order_by("id")[: len(STORIES)])
    roles = MerchantRole.objects.unscoped("demo world").select_related("user")
    owner = actor_of(roles.get(partner_id=bills[0].partner_id, role="owner").user)
    for story, bill in zip(STORIES, bills, strict=True):
        _tell(story, bill, owner, actor_of(staff["reviewer"]))


def _tell(story: tuple[str, str, str, str], bill: Bill, owner: Actor, officer: Actor) -> None:
    far, kind, wanted, words = story
    member = Actor(user_id=bill.person.user_id, keys={"person": frozenset({bill.person_id})})
    lines = frozenset(bill.lines.values_list("pk", flat=True))
    asked = actions.Asked(kind, wanted, lines, _(words))
    key = uuid5(NAMESPACE_URL, f"demo complaint {bill.key}")
    row = actions.open_complaint(member, bill_id=bill.pk, key=key, asked=asked)
    if far == "open":
        return
    if far == "agreed":
        actions.agree_to_complaint(owner, complaint_id=row.pk, words=_("核对过，多收了一张，对不起。"))
        return
    actions.answer_complaint(owner, complaint_id=row.pk, words=_(ANSWER))
    if far == "answered":
        return
    actions.escalate_complaint(member, complaint_id=row.pk, words=_("现场没有人说明过，我有照片。"))
    if far == "upheld":
        reason = _("照片与设备记录一致，影院没有尽到告知义务，支持退票。")
        actions.rule_complaint(officer, complaint_id=row.pk, is_upheld=True, line_ids=lines, reason=reason)
    elif far == "overdue":
        late = clock.today() - dt.timedelta(days=2)
        Complaint.objects.unscoped("demo world").filter(pk=row.pk).update(due_on=late)
