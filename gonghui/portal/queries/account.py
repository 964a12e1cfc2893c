"""What the pages under 我的 show, and everything kept of one person for them to take along."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gonghui.accounts.models import Device
from gonghui.accounts.queries import own_account
from gonghui.activities.models import Like
from gonghui.benefits.models import Reminder, Voucher, WaitEntry
from gonghui.bills.models import Bill
from gonghui.complaints.models import Complaint, ComplaintEntry
from gonghui.feedback.models import Rating
from gonghui.joining.queries import own_applications
from gonghui.kit.actors import Actor
from gonghui.kit.templatetags.kit import yuan
from gonghui.mall.queries import own_orders
from gonghui.members.actions.corrections import own_corrections
from gonghui.members.consents import PURPOSES
from gonghui.members.models import (
    Consent,
    Delegation,
    Membership,
    Person,
    TransferStep,
    VerificationTry,
)
from gonghui.members.numbers import said_number
from gonghui.notices.models import Preference, QuietHours, QuotaEntry
from gonghui.notices.queries import messages_of
from gonghui.payments.queries import own_identities
from gonghui.wellbeing.queries import own_enrolments

OWN = "one's own"
Rows = Iterable[tuple]


def my_numbers(actor: Actor) -> dict[str, int]:
    """Tickets good to use and visits made, in one query; places in lines in a second."""
    if actor.person_id is None:
        return {}
    found = (
        Voucher.objects.unscoped(OWN)
        .filter(person_id=actor.person_id)
        .aggregate(
            usable=Count("pk", filter=Q(state__in=("held", "confirmed", "exchanged"))),
            came=Count("pk", filter=Q(state="redeemed")),
        )
    )
    waiting = WaitEntry.objects.unscoped(OWN).filter(person_id=actor.person_id, state="waiting")
    return {**found, "waiting": waiting.count()}


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of what is kept: a title, columns, rows."""

    code: str
    title: str | Promise
    columns: tuple[str | Promise, ...]
    rows: Callable[[Actor], Rows]


def _account(actor: Actor) -> Rows:
    user = own_account(actor)
    return [(user.phone, user.created_at)]


def _person(actor: Actor) -> Rows:
    found = Person.objects.unscoped(OWN).filter(pk=actor.person_id)
    return [
        (
            p.name,
            p.id_no,
            p.phone,
            p.get_gender_display(),
            p.birth_date,
            p.get_verification_display(),
            p.verified_at,
        )
        for p in found
    ]


def _memberships(actor: Actor) -> Rows:
    found = Membership.objects.unscoped(OWN).filter(person_id=actor.person_id)
    return [
        (m.union.name, said_number(m.person.number), m.get_status_display(), m.joined_on, m.left_on)
        for m in found.select_related("union", "person")
    ]


def _transfers(actor: Actor) -> Rows:
    """Each step of each, by whoever."""
    own = TransferStep.objects.unscoped(OWN).filter(transfer__person_id=actor.person_id).order_by("id")
    return [
        (
            step.transfer.number,
            step.transfer.from_union.name,
            step.transfer.to_union.name,
            step.at,
            step.get_kind_display(),
            step.get_by_display(),
            step.words,
        )
        for step in own.select_related("transfer__from_union", "transfer__to_union")
    ]


def _corrections(actor: Actor) -> Rows:
    return [
        (
            row.what,
            row.was_name,
            row.name,
            row.was_id_no,
            row.id_no,
            row.birth_date,
            row.words,
            row.get_state_display(),
            row.answer,
            row.created_at,
        )
        for row in own_corrections(actor).order_by("id")
    ]


def _consents(actor: Actor) -> Rows:
    given = Consent.objects.unscoped(OWN).filter(user_id=actor.user_id).order_by("id")
    return [(_purpose(c.purpose), c.version, c.given_at, c.withdrawn_at) for c in given]


def _purpose(code: str) -> str:
    return str(PURPOSES[code].title) if code in PURPOSES else code


def _tries(actor: Actor) -> Rows:
    found = VerificationTry.objects.unscoped(OWN).filter(user_id=actor.user_id).order_by("id")
    return found.values_list("created_at", "provider", "outcome")


def _delegations(actor: Actor) -> Rows:
    mine = Q(person_id=actor.person_id) | Q(delegate_id=actor.person_id)
    found = Delegation.objects.unscoped(OWN).filter(mine).select_related("person", "delegate")
    return [(d.person.name, d.delegate.name, d.relation, d.created_at, d.ended_at) for d in found]


def _vouchers(actor: Actor) -> Rows:
    found = Voucher.objects.unscoped(OWN).filter(person_id=actor.person_id).select_related("release", "pool")
    return [
        (v.release.title, v.pool.label, v.code, v.seats, v.get_state_display(), v.claimed_at)
        for v in found.order_by("id")
    ]


def _bills(actor: Actor) -> Rows:
    found = Bill.objects.unscoped(OWN).filter(person_id=actor.person_id).select_related("store")
    return [
        (b.at, b.store.name, yuan(b.list_fen), yuan(b.due_fen), b.points, b.get_state_display())
        for b in found.order_by("id")
    ]


def _complaints(actor: Actor) -> Rows:
    """Each word of the threads, one's own and the answers."""
    own = Complaint.objects.unscoped(OWN).filter(bill__person_id=actor.person_id).order_by("id")
    return [
        (
            one.number,
            one.get_kind_display(),
            entry.at,
            entry.get_by_display(),
            entry.get_state_display(),
            entry.words,
        )
        for one in own.prefetch_related(Prefetch("entries", ComplaintEntry.objects.unscoped(OWN)))
        for entry in one.entries.all()
    ]


def _health(actor: Actor) -> Rows:
    return [
        (
            e.plan.title,
            e.package.title,
            e.package.store.name,
            e.get_state_display(),
            e.created_at,
            e.attended_at,
        )
        for e in own_enrolments(actor)
    ]


def _mall(actor: Actor) -> Rows:
    return [
        (
            one.number,
            one.shop.store.name,
            "、".join(f"{line.title} × {line.quantity}" for line in one.lines.all()),
            one.get_state_display(),
            one.receiver,
            one.phone,
            one.address,
            one.created_at,
        )
        for one in own_orders(actor)
    ]


def _wechat(actor: Actor) -> Rows:
    return [(one.appid, one.openid, one.created_at) for one in own_identities(actor)]


def _joining(actor: Actor) -> Rows:
    found = own_applications(actor).order_by("id")
    return [
        (
            row.union.name,
            row.name,
            row.id_no,
            row.phone,
            row.employer,
            row.get_state_display(),
            row.submitted_at,
        )
        for row in found
    ]


def _ratings(actor: Actor) -> Rows:
    found = Rating.objects.unscoped(OWN).filter(person_id=actor.person_id).order_by("id")
    return found.values_list("score", "comment", "created_at")


def _reminders(actor: Actor) -> Rows:
    found = Reminder.objects.unscoped(OWN).filter(person_id=actor.person_id).order_by("id")
    return found.values_list("release__title", "created_at", "sent_at")


def _likes(actor: Actor) -> Rows:
    found = Like.objects.unscoped(OWN).filter(user_id=actor.user_id).order_by("id")
    return found.values_list("activity__title", "created_at")


def _messages(actor: Actor) -> Rows:
    return messages_of(actor).values_list("created_at", "title", "body", "read_at")


def _message_settings(actor: Actor) -> Rows:
    """Quiet hours, and the switches this member moved."""
    hours = QuietHours.objects.unscoped(OWN).filter(person_id=actor.person_id)
    moved = Preference.objects.unscoped(OWN).filter(person_id=actor.person_id).order_by("id")
    return [
        *((_("免打扰"), f"{one.starts:%H:%M}-{one.ends:%H:%M}", one.is_on, one.updated_at) for one in hours),
        *((one.get_kind_display(), one.get_channel_display(), one.is_on, one.updated_at) for one in moved),
    ]


def _wechat_messages(actor: Actor) -> Rows:
    found = QuotaEntry.objects.unscoped(OWN).filter(quota__person_id=actor.person_id).order_by("id")
    return [
        (one.quota.wechat_template, one.change, one.get_reason_display(), one.created_at)
        for one in found.select_related("quota")
    ]


def _devices(actor: Actor) -> Rows:
    found = Device.objects.unscoped(OWN).filter(user_id=actor.user_id).order_by("id")
    return found.values_list("label", "created_at", "seen_at", "ended_at")


SECTIONS = (
    Section("account", _("账号"), (_("登录手机号"), _("注册时间")), _account),
    Section(
        "person",
        _("身份"),
        (
            _("姓名"),
            _("证件号码"),
            _("手机号"),
            _("性别"),
            _("出生日期"),
            _("实名状态"),
            _("实名时间"),
        ),
        _person,
    ),
    Section(
        "memberships",
        _("会籍"),
        (_("工会"), _("会籍号"), _("状态"), _("入会日期"), _("离会日期")),
        _memberships,
    ),
    Section(
        "transfers",
        _("转会"),
        (_("编号"), _("原工会"), _("新工会"), _("时间"), _("步骤"), _("谁"), _("说明")),
        _transfers,
    ),
    Section(
        "corrections",
        _("更正申请"),
        (
            _("更正什么"),
            _("原来的姓名"),
            _("改为姓名"),
            _("原来的证件号码"),
            _("改为证件号码"),
            _("改为出生日期"),
            _("说明"),
            _("状态"),
            _("未更正的原因"),
            _("提出时间"),
        ),
        _corrections,
    ),
    Section("consents", _("授权"), (_("用途"), _("版本"), _("同意时间"), _("撤回时间")), _consents),
    Section("verification", _("实名记录"), (_("时间"), _("方式"), _("结果")), _tries),
    Section(
        "joining",
        _("入会申请"),
        (_("工会"), _("姓名"), _("证件号码"), _("手机号"), _("工作单位"), _("状态"), _("提交时间")),
        _joining,
    ),
    Section(
        "delegations",
        _("代约关系"),
        (_("本人"), _("代约人"), _("关系"), _("开始"), _("结束")),
        _delegations,
    ),
    Section(
        "vouchers",
        _("票券"),
        (_("活动"), _("场次"), _("券码"), _("人数"), _("状态"), _("领取时间")),
        _vouchers,
    ),
    Section(
        "bills",
        _("账单"),
        (_("时间"), _("门店"), _("原价（元）"), _("自己付的（元）"), _("福豆"), _("状态")),
        _bills,
    ),
    Section(
        "complaints",
        _("意见"),
        (_("编号"), _("哪里不对"), _("时间"), _("谁"), _("之后的状态"), _("内容")),
        _complaints,
    ),
    Section(
        "mall",
        _("商城订单"),
        (_("订单号"), _("网上店"), _("商品"), _("状态"), _("收件人"), _("电话"), _("地址"), _("下单时间")),
        _mall,
    ),
    Section(
        "health",
        _("健康关爱"),
        (_("计划"), _("套餐"), _("体检机构"), _("状态"), _("报名时间"), _("到检时间")),
        _health,
    ),
    Section("wechat", _("付款用的微信"), (_("公众号"), _("微信编号"), _("连接时间")), _wechat),
    Section("ratings", _("评价"), (_("评分"), _("评语"), _("时间")), _ratings),
    Section("reminders", _("开抢提醒"), (_("活动"), _("设置时间"), _("提醒时间")), _reminders),
    Section("likes", _("点赞"), (_("活动"), _("时间")), _likes),
    Section("messages", _("消息"), (_("时间"), _("标题"), _("内容"), _("已读时间")), _messages),
    Section(
        "message_settings",
        _("消息设置"),
        (_("类别"), _("渠道或时段"), _("打开"), _("更新")),
        _message_settings,
    ),
    Section(
        "wechat_messages", _("微信订阅次数"), (_("模板"), _("变化"), _("为什么"), _("时间")), _wechat_messages
    ),
    Section("devices", _("登录设备"), (_("设备"), _("登录时间"), _("最近使用"), _("结束时间")), _devices),
)
"""An app whose rows belong to a person adds its own here."""
