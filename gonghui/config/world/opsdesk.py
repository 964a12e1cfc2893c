"""运营管家 of the demo: groups, broadcasts that are being acknowledged, questions on every way, and the first 五问五答."""

from __future__ import annotations

from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.days import ago
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Broadcast, Question
from gonghui.opsdesk.tasks import deliver_broadcast
from gonghui.orgs.models import Union

CITY, DISTRICT = "4401", "440106"
# (title, category, the desk's answer): seven of them make the knowledge list, five the first issue.
ANSWERED = (
    ("名册导入后有三个人显示不在册", "consult", "身份证号前面有空格的行会被略过。去掉空格再导入一次，已经导入的不会重复。"),
    ("会员换了手机号，登录不了怎么办", "consult", "请本人到“我的—换手机号”用新号码验证；旧号码停用的，由所在工会核对证件后更正。"),
    ("开抢前能不能先给骑手群发提醒", "consult", "可以。建一个“骑手”受众，群发选“定时”，开抢前 30 分钟发；人数多的要另一个人放行。"),
    ("现场入会的表格编号填错了", "solve", "未审核前由经办人作废重录；已经通过的，在会籍变动里更正并附原表照片。"),
    ("转会到期没有答复会怎样", "consult", "转出到期视为同意，接收到期转上一级办理，都会写明依据的条款。"),
    ("导出名单为什么要两个人", "consult", "名单含个人信息，一人申请、一人审批，文件带水印，七天后自动删除。"),
    ("活动核销时没有网络怎么办", "solve", "提前在有网的地方打开核销页，离线也能核销，有网后自动对账。"),
)  # fmt: skip
OPEN = (
    ("asked", 0, "fault", "海报二维码打印出来扫不出来", "A3 彩打，扫出来提示“链接不存在”。"),
    ("taken", 1, "consult", "下级工会合并后，原来的管理员还能登录吗", ""),
    ("asked_back", 3, "solve", "有会员说没有收到中签短信", "涉及 4 月 12 日观影场，会员王师傅。"),
    ("late", 9, "suggest", "希望群发结果能导出成表格，按渠道和小时分开列，方便每月向主席办公会汇报使用情况", ""),
    ("escalated", 4, "fault", "受众人数一直显示“正在算”", "“本月过生日的会员”，从昨天下午开始。"),
    ("fixed", 7, "fault", "手机上名册上传进度条不动", "安卓微信里打开，进度停在 0%。"),
)  # fmt: skip
FIVE = 5


def build_opsdesk(tree: Tree, staff: dict[str, User]) -> None:
    """Asked by the district's administrator, answered by the city's operator, mended by the province's team."""
    city, district = tree.by_code[CITY], tree.by_code[DISTRICT]
    admin, desk = actor_of(staff["guangzhou"]), actor_of(staff["operator"])
    actions.open_groups_below(admin, union_id=city.pk)
    group = actions.open_group(
        admin, new=actions.NewGroup(city.pk, _("各区工会管理员"), "direct", duty=_("普惠服务"))
    )
    asker = actor_of(staff["tianhe"])
    answers = [_answered(nth, asker, desk, city, district) for nth in range(len(ANSWERED))]
    _digests(desk, admin, city, answers)
    for story in OPEN:
        _tell(story, asker, desk, actor_of(staff["team"]), district, tree.province)
    _broadcasts(desk, admin, city, group.pk, staff)


def _key(text: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"demo opsdesk {text}")


def _asked(asker: Actor, union: Union, category: str, title: str, body: str = "") -> Question:
    asked = actions.Asked(category, _(title), _(body) if body else "")
    return actions.ask_question(asker, key=_key(title), union_id=union.pk, asked=asked)


def _answered(nth: int, asker: Actor, desk: Actor, city: Union, district: Union) -> int:
    """Asked, answered, confirmed and published; the id of what stands in the knowledge list."""
    title, category, text = ANSWERED[nth]
    with ago(20 - nth):
        row = _asked(asker, district, category, title)
        actions.take_question(desk, question_id=row.pk)
    with ago(19 - nth):
        actions.answer_question(desk, question_id=row.pk, words=_(text))
        actions.confirm_answer(asker, question_id=row.pk)
        said = actions.Published(_(title), _(text))
        made = actions.publish_answer(desk, question_id=row.pk, union_id=city.pk, said=said)
    if nth % 2 == 0:
        actions.read_answer(asker, answer_id=made.pk)
        actions.mark_same(asker, answer_id=made.pk)
    return made.pk


def _digests(desk: Actor, admin: Actor, city: Union, answers: list[int]) -> None:
    """The first issue is out; the second waits for three more."""
    with ago(6):
        issue = actions.draft_digest(desk, union_id=city.pk)
        foreword = _("这一期收集了最近两周问得最多的五个问题。")
        actions.choose_five(desk, digestissue_id=issue.pk, answer_ids=answers[:FIVE], foreword=foreword)
        actions.submit_digest(desk, digestissue_id=issue.pk)
        actions.publish_digest(admin, digestissue_id=issue.pk)
        _deliver_at(f"/console/opsdesk/digests/{issue.pk}")
    second = actions.draft_digest(desk, union_id=city.pk)
    actions.choose_five(desk, digestissue_id=second.pk, answer_ids=answers[FIVE:])


def _tell(story: tuple, asker: Actor, desk: Actor, team: Actor, district: Union, province: Union) -> None:
    far, days, category, title, body = story
    with ago(days):
        row = _asked(asker, district, category, title, body)
    if far in ("asked", "late"):
        return
    with ago(max(days - 1, 0)):
        actions.take_question(desk, question_id=row.pk)
        if far == "asked_back":
            actions.ask_back(desk, question_id=row.pk, words=_("请补充会员手机号后四位和场次时间。"))
        if far in ("escalated", "fixed"):
            made = actions.escalate_question(
                desk, question_id=row.pk, summary=_("已复现，请技术团队查看日志。")
            )
            actions.work_on_escalation(team, escalation_id=made.pk)
    if far == "fixed":
        with ago(days - 4):
            words = _("名册上传在微信里显示真实进度；断网后接着传。")
            mending = actions.Mending(
                _("名册上传进度修复"), words, clock.today() - timedelta(days=1), (made.pk,)
            )
            note = actions.publish_release(team, key=_key("release"), union_id=province.pk, mending=mending)
            _deliver_at(f"/console/opsdesk/releases/{note.pk}")


def _broadcasts(desk: Actor, admin: Actor, city: Union, group_id: int, staff: dict[str, User]) -> None:
    """One everybody has seen, one that half have acknowledged, and one that had to be corrected."""
    below = actions.Address(below_id=city.pk)
    wanted = actions.Words(
        _("国庆活动值班表，请于周五前确认"), _("请各区核对值班电话和现场负责人，有变动的在确认前更正。"), clock.today() + timedelta(days=2)
    )  # fmt: skip
    with ago(2):
        row = actions.send_broadcast(admin, key=_key("duty"), union_id=city.pk, to=below, words=wanted)
    _deliver(row)
    for login in ("tianhe", "haizhu"):
        actions.acknowledge_broadcast(actor_of(staff[login]), broadcast_id=row.pk)
    actions.read_broadcast(actor_of(staff["yuexiu"]), broadcast_id=row.pk)
    wrong = actions.Words(_("中秋票券 9 月 31 日前核销"), _("请提醒会员按时核销。"))
    to = actions.Address((group_id,))
    with ago(4):
        first = actions.send_broadcast(desk, key=_key("wrong"), union_id=city.pk, to=to, words=wrong)
        _deliver(first)
        right = actions.Words(_("中秋票券 9 月 30 日前核销"), _("上一条日期有误，以这一条为准。"))
        _deliver(actions.correct_broadcast(desk, broadcast_id=first.pk, key=_key("right"), words=right))


def _deliver_at(link: str) -> None:
    _deliver(Broadcast.objects.unscoped("demo world").get(link=link))


def _deliver(row: Broadcast) -> None:
    """The job's work is done at once."""
    deliver_broadcast(row.pk)
