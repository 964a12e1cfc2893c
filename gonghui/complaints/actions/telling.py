"""Who is told at each step: the member always, the merchant and the union when it is their turn or it is over."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.complaints.models import RULED, Complaint
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.templatetags.kit import cn_day, yuan
from gonghui.members.queries import person_id_of
from gonghui.notices.actions import Notice, tell_once
from gonghui.orgs.models import Grant
from gonghui.orgs.queries import in_force_on
from gonghui.orgs.roles import ROLES
from gonghui.partners.queries import merchant_user_ids

RULE = "complaints.rule"
PANEL = "/merchant/panels/complaints"
FOR_THE_MERCHANT = ("open", "escalated", "accepted", "withdrawn", *RULED)


def tell(actor: Actor, row: Complaint, words: str) -> None:
    title = _("{store}：{state}").format(store=row.bill.store.name[:40], state=row.get_state_display())
    _once(actor, row, "member", title, said_to_member(row, words), f"/me/complaints/{row.pk}")
    if row.state in FOR_THE_MERCHANT:
        for user_id in merchant_user_ids(row.bill.partner_id):
            _once(actor, row, "merchant", title, said_to_merchant(row, words), PANEL, user_id)
    if row.state == Complaint.State.ESCALATED:
        body = _("会员的投诉 {number} 等工会裁定，最迟 {day}。").format(
            number=row.number, day=cn_day(row.due_on)
        )
        for user_id in officers_of(row):
            _once(actor, row, "union", title, body, f"/console/complaints/{row.pk}", user_id)


def _once(
    actor: Actor, row: Complaint, whom: str, title: str, body: str, link: str, user_id: int | None = None
) -> None:
    notice = Notice(kind="notice", title=title, body=body, link=link)
    person_id = row.bill.person_id if user_id is None else person_id_of(user_id)
    once = f"complaint:{row.pk}:{row.state}:{whom}:{user_id or ''}"
    tell_once(actor, once=once, notice=notice, person_id=person_id, user_id=user_id)


def officers_of(row: Complaint) -> list[int]:
    """Who may rule for the union that has the agreement with the merchant."""
    roles = [role.code for role in ROLES.values() if RULE in role.verbs]
    found = Grant.objects.unscoped("whose turn it is").filter(
        in_force_on(clock.today()), role__in=roles, union_id=row.bill.union_id, user__is_active=True
    )
    return sorted(set(found.values_list("user_id", flat=True)))


def said_to_member(row: Complaint, words: str) -> str:
    facts = {
        "words": words,
        "day": cn_day(row.due_on) if row.due_on else "",
        "back": money_said(row, _("您")),
    }
    said = {
        "open": _("已交给商家，最迟 {day} 答复；到期不答复，自动转工会裁定。"),
        "answered": _("商家答复：{words}。请您看看能不能接受；不接受，可以在 {day} 前请工会裁定。"),
        "escalated": _("工会在 {day} 前裁定，结果会发给您。"),
        "agreed": _("商家同意了。{back}"),
        "accepted": _("您已接受商家的答复，这件事了结。"),
        "upheld": _("工会裁定支持您：{words}。{back}"),
        "partly": _("工会裁定部分支持您：{words}。{back}"),
        "rejected": _("工会裁定不支持，理由：{words}。有疑问请拨打 12351。"),
        "withdrawn": _("已按您的意思撤回，账单没有变动。"),
        "lapsed": _("您没有再提，这件事按商家的答复了结。"),
    }[row.state]
    return said.format(**facts)


def said_to_merchant(row: Complaint, words: str) -> str:
    facts = {
        "number": row.number,
        "words": words,
        "kind": row.get_kind_display(),
        "day": cn_day(row.due_on) if row.due_on else "",
        "back": money_said(row, _("会员")),
    }
    said = {
        "open": _("有会员提意见（{kind}），请在 {day} 前答复；到期不答复，自动转工会裁定。"),
        "escalated": _("投诉 {number} 已转工会裁定。裁定前您仍可以同意退款。"),
        "accepted": _("会员接受了您的答复，投诉 {number} 了结。"),
        "withdrawn": _("会员撤回了投诉 {number}。"),
        "rejected": _("工会裁定不支持会员，投诉 {number} 了结。理由：{words}"),
    }.get(row.state, _("工会裁定支持会员，理由：{words}。{back}"))
    return said.format(**facts)


def money_said(row: Complaint, whom: str) -> str:
    """What came back of it, and how the member gets it."""
    back = row.refund
    if back is None:
        return ""
    parts = [_("{fen} 元").format(fen=yuan(back.worker_fen))] if back.worker_fen else []
    parts += [_("{n} 福豆").format(n=back.points)] if back.points else []
    if not parts:
        return _("补贴已退回出资方，没有付过的钱不用退。")
    how = _("福豆回到账户。")
    if back.worker_fen:
        how = _("钱原路退回微信。") if row.bill.method == "wechat" else _("现金到门店领取。")
    return _("退给{whom} {what}，{how}").format(whom=whom, what=_("和").join(parts), how=how)
