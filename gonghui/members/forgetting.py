"""What becomes of rows of this room and of those below when somebody is forgotten."""

from __future__ import annotations

import json

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.accounts.models import Lockout, User
from gonghui.kit import clock
from gonghui.kit.crypto import get_keyring
from gonghui.members.actions.exports import drop_sheets_with
from gonghui.members.leaving import (
    BUSINESS,
    FOUND_BY,
    RECORD,
    WORK,
    Hindrance,
    Leaving,
    changes,
    goes,
    hinders,
    lies_open,
    register,
    stays,
)
from gonghui.members.models import CorrectionPaper, RosterRefusal
from gonghui.members.models.corrections import TOLD
from gonghui.members.retention import ends


def _emptied(_leaving: Leaving) -> None:
    """By the action itself, last of all."""


def _failures_at_their_phones(leaving: Leaving) -> None:
    ring = get_keyring()
    subjects = [i for phone in leaving.phones for i in ring.blind_indexes("lockout", f"phone:{phone}")]
    Lockout.objects.unscoped("of somebody who is forgotten").filter(subject__in=subjects).delete()


def _refused_lines(leaving: Leaving) -> None:
    """Nothing finds a sealed line but reading it; there are few, for they go by themselves after a time."""
    numbers = {number for number in (leaving.id_no, *leaving.phones) if number}
    found = RosterRefusal.objects.unscoped("of somebody who is forgotten").only("id", "cells")
    theirs = [row.pk for row in found.iterator(chunk_size=1000) if _names(row.cells, numbers)]
    RosterRefusal.objects.unscoped("of somebody who is forgotten").filter(pk__in=theirs).delete()


def _sheets_with_them(leaving: Leaving) -> None:
    if leaving.person_id is not None:
        drop_sheets_with(leaving.person_id)


def _corrections(leaving: Leaving) -> None:
    """An open one is taken back with the account; of the others stays that there was one, and who decided."""
    theirs = leaving.rows("members.CorrectionRequest")
    moment = clock.now()
    theirs.filter(state="open").update(state="withdrawn", closed_at=moment, due_on=None, updated_at=moment)
    theirs.update(**dict.fromkeys(TOLD), id_type="", was_id_type="", answer="", updated_at=moment)


def _papers_of_corrections(leaving: Leaving) -> None:
    theirs = leaving.rows("members.CorrectionRequest")
    CorrectionPaper.objects.unscoped("of somebody who is forgotten").filter(request__in=theirs).delete()


def _names(cells: str, numbers: set[str]) -> bool:
    said = cells if isinstance(cells, str) else json.dumps(cells, ensure_ascii=False)
    return any(number in said.replace(" ", "").replace("-", "").upper() for number in numbers)


register("accounts.User", _("登录账号"), _emptied)
register("members.Person", _("姓名、证件号码、手机号、生日"), _emptied)
register("members.MemberName", _("名单查找用的姓名和拼音"), _emptied)  # with the person's name, by trigger
register(
    "members.MemberMark", _("名单筛选用的职业群体和实名状态"), _emptied
)  # with the membership, by trigger
register(
    "accounts.PhoneCode",
    _("短信验证码"),
    lambda leaving: leaving.at_their_phones("accounts.PhoneCode").delete(),
)
register("accounts.Lockout", _("登录失败的次数"), _failures_at_their_phones)
goes("accounts.Device", _("登录过的设备"))
goes("accounts.RecoveryCode", _("恢复码"))
goes("accounts.ApiToken", _("小程序登录"))
stays("orgs.Grant", _("工会工作授权"), WORK)
stays("orgs.UnionRegistration", _("工会的登记"), BUSINESS)
stays("orgs.RegistrationPaper", _("工会登记的文件"), BUSINESS)
goes("members.Delegation", _("代约关系"))
goes("members.MemberCard", _("付款码"))
goes("members.VerificationTry", _("实名核验记录"))
goes("members.Consent", _("授权记录"))
stays("members.MergeCase", _("身份冲突的处理"), RECORD)
stays("members.Membership", _("会籍"), _("会籍台账只留编号：哪个工会、什么时候入会和退会"))
changes(
    "members.MembershipChange",
    _("会籍变动"),
    _("会籍台账只留编号；证明文号和说明删去"),
    "person",
    document="（已注销）",
    reason="（已注销）",
    answer="",
)
goes("members.PersonTag", _("会员标签"))
stays("members.TransferRequest", _("转会"), _("会籍台账只留编号：从哪个工会到哪个工会"))
stays("members.RosterBlock", _("正在导入的名册"), BUSINESS)
register("members.RosterRefusal", _("名册里退回的行"), _refused_lines)
stays("members.ExportRequest", _("名单导出的申请"), WORK)
register("members.ExportFile", _("名单导出的文件"), _sheets_with_them)
ends("verification_tries", "members.VerificationTry", _("实名核验记录"), days=365)
ends("roster_refusals", "members.RosterRefusal", _("名册里退回的行"), days=30)
ends("devices", "accounts.Device", _("登录过的设备"), days=180, over=lambda before: Q(seen_at__lt=before))
ends(
    "export_files",
    "members.ExportFile",
    _("没有取走的导出文件"),
    days=30,
    over=lambda before: Q(request__ends_at__lt=before),
)
stays("members.Farewell", _("注销申请"), _("证明是您本人要求的"))
changes(
    "members.CounterRequest",
    _("柜台受理"),
    _("证明是您本人要求的；说明和号码删去"),
    "person",
    words="",
    new_phone=None,
)
register(
    "members.CorrectionRequest",
    _("更正申请"),
    _corrections,
    because=_("只留办过更正的记录；原来和改后的内容、照片都删去"),
)
register("members.CorrectionPaper", _("更正申请的证件照片"), _papers_of_corrections)
ends(
    "correction_papers",
    "members.CorrectionPaper",
    _("办结的更正申请里的证件照片"),
    days=90,
    over=lambda before: Q(request__closed_at__lt=before),
)
ends(
    "corrections",
    "members.CorrectionRequest",
    _("办结的更正申请"),
    days=1095,
    over=lambda before: Q(closed_at__lt=before),
)
lies_open("accounts.User", "display_name", because=WORK)
lies_open("orgs.Union", "pinyin", "grams", because=BUSINESS)
lies_open("members.Person", "name", "pinyin", "grams", "id_type", "gender", "birth_date", because=FOUND_BY)
lies_open("members.CorrectionRequest", "id_type", "was_id_type", because=_("只说哪一种证件，不说号码"))
lies_open("members.Delegation", "relation", because=_("只说关系，不说是谁；名字在另一张表里"))


@hinders
def who_works_for_the_union(leaving: Leaving):
    if User.objects.unscoped("of one who wants to go").filter(pk=leaving.user_id, is_staff=True).exists():
        yield Hindrance("staff", _("您是工会工作人员，账号还在用。"), _("请先请管理员停用您的工作账号。"))
