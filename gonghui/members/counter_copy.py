"""The copy handed over at the counter: what the union's own registers hold. What members did with health, money, complaints
and messages is for their own sign-in only: staff never hold it in hand."""

from __future__ import annotations

from typing import BinaryIO

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.sheets import Column, write_xlsx
from gonghui.members.models import Consent, CounterRequest, Membership, MembershipChange
from gonghui.members.numbers import said_number


def write_copy(target: BinaryIO, request: CounterRequest) -> None:
    columns = [Column(_("项目"), 24), Column(_("内容"), 60)]
    note = _("柜台受理 {number}，{maker} 受理，{checker} 核对，{when}").format(
        number=request.pk, maker=request.maker, checker=request.checker, when=f"{clock.now():%Y-%m-%d %H:%M}"
    )
    rest = _("健康、福豆、账单、评价和消息只有本人登录后在“我的资料”里看得到；需要时请先更正手机号。")
    write_xlsx(target, columns, _lines(request), sheet_name=_("个人信息"), notes=[note, rest])


def _lines(request: CounterRequest) -> list[list[str]]:
    person = request.person
    own = "of the person of a confirmed request"
    found = [
        [_("姓名"), person.name],
        [_("证件号码"), person.id_no or ""],
        [_("手机号"), person.phone or ""],
        [_("性别"), person.get_gender_display()],
        [_("出生日期"), str(person.birth_date or "")],
        [_("实名状态"), person.get_verification_display()],
    ]
    for one in Membership.objects.unscoped(own).filter(person=person).select_related("union").order_by("id"):
        span = f"{one.joined_on or ''} — {one.left_on or ''}"
        found.append(
            [_("会籍"), f"{one.union.name} {said_number(person.number)} {one.get_status_display()} {span}"]
        )
    for change in MembershipChange.objects.unscoped(own).filter(person=person).order_by("id"):
        found.append(
            [_("会籍变动"), f"{change.get_kind_display()} {change.happened_on} {change.get_state_display()}"]
        )
    for consent in Consent.objects.unscoped(own).filter(user_id=person.user_id or 0).order_by("id"):
        ended = f" — {consent.withdrawn_at:%Y-%m-%d}" if consent.withdrawn_at else ""
        found.append([_("授权"), f"{consent.purpose} {consent.version} {consent.given_at:%Y-%m-%d}{ended}"])
    return found
