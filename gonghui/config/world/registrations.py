"""建会申请 of the demo: written by a district and by the city, in every state that somebody of the level above finds in the morning."""

from __future__ import annotations

from django.utils.translation import gettext as _
from stdnum.cn import uscc

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.days import ago
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.orgs import actions
from gonghui.orgs.actions.registrations import NewRegistration
from gonghui.orgs.models import Union, UnionRegistration

CITY, DISTRICT = "4401", "440106"
PAPER = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"  # fmt: skip
# (how far it came, days ago, employer or name, kind, headcount, chair)
STORIES = (
    ("overdue", 32, "云帆冷链运输有限公司", "enterprise", 260, "温建平"),
    ("submitted", 6, "木棉新能源汽车租赁有限公司", "enterprise", 84, "区慧敏"),
    ("submitted", 1, "体育西路商圈外卖配送员联合工会", "federation", 1200, "莫志强"),
    ("submitted", 0, "南粤同舟智慧供应链管理（粤港澳大湾区）股份有限公司天河软件园第一分公司", "enterprise", 3150, "欧阳嘉欣"),
    ("returned", 5, "荔湾里文化传播有限公司", "enterprise", 31, "袁燕玲"),
    ("resubmitted", 4, "白鹭检测技术有限公司", "enterprise", 57, "冯立军"),
    ("approved", 9, "海心智能装备有限公司", "enterprise", 420, "徐海峰"),
    ("rejected", 8, "恒远商务服务部", "enterprise", 12, "卢伟"),
    ("withdrawn", 7, "岭秀物业管理有限公司", "enterprise", 96, "江雅婷"),
    ("draft", 0, "启航托育服务有限公司", "enterprise", 25, "马秀珍"),
)  # fmt: skip


def build_registrations(tree: Tree, staff: dict[str, User]) -> None:
    """Written by the district's administrator, decided by the city's."""
    district = tree.by_code[DISTRICT]
    writer, decider = actor_of(staff["tianhe"]), actor_of(staff["guangzhou"])
    for nth, story in enumerate(STORIES, start=1):
        with ago(story[1]):
            row = _drafted(writer, district, nth, story)
        _tell(story[0], story[1], row, writer, decider)


def _drafted(writer: Actor, district: Union, nth: int, story: tuple) -> UnionRegistration:
    _far, _days, name, kind, headcount, chair = story
    employer = {}
    if kind == "enterprise":
        body = f"91{DISTRICT}MA5D0{nth:04d}"
        code = body + uscc.calc_check_digit(body)
        employer = {
            "employer_name": name, "employer_uscc": code, "employer_category": "150", "employer_industry": "LGCM"[nth % 4],
        }  # fmt: skip
        name = _("{employer}工会委员会").format(employer=name)
    new = NewRegistration(
        name=name, kind=kind, region_id=district.region_id, headcount=headcount, chair=chair,
        contact_phone=f"1992000{nth:04d}", document_no=_("穗天工复〔{year}〕{n} 号").format(year=clock.today().year, n=40 + nth), **employer,
    )  # fmt: skip
    return actions.draft_registration(
        writer, parent_id=district.pk, new=new, paper=(_("建会批复.pdf"), PAPER)
    )


def _tell(far: str, days: int, row: UnionRegistration, writer: Actor, decider: Actor) -> None:
    if far == "draft":
        return
    with ago(days):
        actions.submit_registration(writer, unionregistration_id=row.pk)
    with ago(max(days - 2, 0)):
        if far in ("returned", "resubmitted"):
            reason = _("批复文件只有第一页，请补上盖章的一页；职工人数请与社保名册核对。")
            actions.return_registration(decider, unionregistration_id=row.pk, reason=reason)
        if far == "resubmitted":
            actions.submit_registration(writer, unionregistration_id=row.pk)
        if far == "approved":
            actions.approve_registration(decider, unionregistration_id=row.pk)
        if far == "rejected":
            reason = _("不足 25 人，请与同楼宇单位联合建会，由街道总工会牵头。")
            actions.reject_registration(decider, unionregistration_id=row.pk, reason=reason)
        if far == "withdrawn":
            actions.withdraw_registration(writer, unionregistration_id=row.pk)
