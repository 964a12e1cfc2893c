"""The loop of the desk in a real browser: ask → answer → five → digest → escalate → release note → broadcast."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import DESKTOP, PHONE, wrong_with
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Broadcast, CaseAward, DigestIssue, Question, ReleaseNote
from gonghui.opsdesk.tasks import deliver_broadcast
from gonghui.opsdesk.tests.stage import (
    ANSWER,
    TITLE,
    again,
    asked,
    build_stage,
    escalated,
    opened,
    published,
    sent,
    taken,
)
from gonghui.opsdesk.tests.test_cases import told

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "东江市总工会新就业形态劳动者工会联合会管理员在后台批量导入外卖配送员名册之后会员端仍然显示不在册怎么处理才好"
STEPS = (
    "名册里身份证号前面有空格的行会被略过。\n1. 打开表格，选中身份证号一列；\n2. 用“查找替换”把空格全部去掉；\n"
    "3. 重新导入，系统只补进这几个人。"
)
QUESTIONS = (
    ("名册导入后有三个人显示不在册，怎么办？", STEPS),
    ("福豆发放以后，会员多久能看到余额？", "复核通过后马上到账。会员看不到时，请他下拉刷新“我的福豆”，或者退出重新登录。"),
    ("活动改期后，已经抢到票的会员要重新抢吗？", "不用。原来的票自动换到新的场次，会员会收到消息；不能来的，可以在开场前退票。"),
    ("门店店员换人了，核销账号怎么交接？", "商户管理员在“店员”里停用原来的手机号，再添加新的手机号。原来的核销记录都保留。"),
    (LONG, "请逐步核对：先看名册的“工会”一列是不是写了全称，再看入会日期有没有晚于今天。" * 3),
)  # fmt: skip


@pytest.fixture
def stage(cast):
    made = build_stage(cast)
    names = {
        "city_admin": "陈志远", "operator": "林晓彤", "second_operator": "何俊", "factory_admin": "周敏仪",
        "district_admin": "欧阳文静",
        "reviewer": "罗佩珊", "team": "平台值班",
        "province_admin": "省平台管理员",
    }  # fmt: skip
    for who, name in names.items():
        cast.users[who].display_name, cast.users[who].contact_phone = name, "13912345678"
        cast.users[who].save()
    return made


def seen(page, name: str) -> None:
    assert wrong_with(page, name) == []


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    page.wait_for_load_state("load")


def follow(page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_load_state("load")


def with_papers_and_cases(stage, question: Question) -> CaseAward:
    """A paper beside the question, and a case that was awarded beside one that waits."""
    content = b"%PDF-1.4\n%%EOF\n"
    actions.attach_paper(stage.actor("factory_admin"), question_id=question.pk, content=content)
    case = told(stage, said=actions.Told(LONG, STEPS, "三个月 12,000 份，新入会 430 人，好评 98%。"))
    told(stage, said=actions.Told("新村站点的第二个早餐点", STEPS, "一个月 2,100 份。"))
    actions.award_case(
        stage.actor("city_admin"), caseaward_id=case.pk, words="做法清楚，别的园区可以照着做。"
    )
    return case


def case_pages(case: CaseAward) -> dict[str, tuple[str, str]]:
    return {
        "cases": ("factory_admin", reverse("admin:opsdesk_cases")),
        "cases_empty": ("riders_admin", reverse("admin:opsdesk_cases")),
        "case": ("reviewer", reverse("admin:opsdesk_case", args=[case.pk])),
        "case_new": ("factory_admin", reverse("admin:opsdesk_case_new")),
        "case_list": ("city_admin", reverse("admin:opsdesk_caseaward_changelist")),
    }


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_pages_of_the_desk_stand_on_a_phone_and_on_a_desk(visit, stage, size):
    city = opened(stage, "东江市管理员工作群", rule="subtree", duty="高效传话筒、高效答疑人")
    opened(stage, "东江市总工会新就业形态劳动者工会联合会重点企业主席群（含街道）", rule="direct")
    answers = [published(stage, title, text=text) for title, text in QUESTIONS]
    for one in answers[:3]:
        actions.mark_same(stage.actor("district_admin"), answer_id=one.pk)
    row = sent(
        stage,
        city,
        title="10 月 1 日起名册导入改为后台进行",
        wanted_by=clock.today(),
        body="导入以后可以关掉页面。\n完成时会收到消息。",
    )
    actions.acknowledge_broadcast(stage.actor("operator"), broadcast_id=row.pk)
    held = taken(stage, LONG, body="三个人上个月刚入会。\n第 3、7、9 行。", screen="/console/rosters/new")
    asked(stage, "场馆预约怎么改时间", who="district_admin", union="district", category="solve")
    mended = escalated(stage, category="fault")
    fixed = actions.Mending(
        "修复名册导入时身份证号带空格的问题", "空格会自动去掉，不用再改表格。", clock.today(), (mended.pk,)
    )
    note = actions.publish_release(
        stage.actor("team"), key=uuid4(), union_id=stage.union("province"), mending=fixed
    )
    deliver_broadcast(Broadcast.objects.unscoped("test").get(kind="release").pk)
    escalated(stage, "首页加载慢", category="fault")
    editor = stage.actor("operator")
    issue = actions.draft_digest(editor, union_id=stage.union("city"))
    ids = [one.pk for one in answers]
    actions.choose_five(
        editor, digestissue_id=issue.pk, answer_ids=ids[:3], foreword="本期说说名册、福豆和活动。"
    )
    case = with_papers_and_cases(stage, held)
    look = case_pages(case) | {
        "desk": ("operator", reverse("admin:opsdesk")),
        "desk_asker": ("factory_admin", reverse("admin:opsdesk")),
        "desk_empty": ("riders_admin", reverse("admin:opsdesk")),
        "messages": ("factory_admin", reverse("admin:opsdesk_messages")),
        "ask": ("factory_admin", reverse("admin:opsdesk_ask")),
        "question": ("operator", reverse("admin:opsdesk_question", args=[held.pk])),
        "question_asker": ("factory_admin", reverse("admin:opsdesk_question", args=[held.pk])),
        "questions": ("operator", reverse("admin:opsdesk_question_changelist")),
        "answers": ("reviewer", reverse("admin:opsdesk_answers")),
        "answer": ("operator", reverse("admin:opsdesk_answer", args=[ids[0]])),
        "publish": ("operator", reverse("admin:opsdesk_publish", args=[mended.question_id])),
        "broadcast": ("city_admin", reverse("admin:opsdesk_broadcast", args=[row.pk])),
        "broadcast_reader": ("factory_admin", reverse("admin:opsdesk_broadcast", args=[row.pk])),
        "broadcast_new": ("city_admin", reverse("admin:opsdesk_broadcast_new")),
        "broadcasts": ("city_admin", reverse("admin:opsdesk_broadcast_changelist")),
        "group": ("city_admin", reverse("admin:opsdesk_group", args=[city.pk])),
        "groups": ("city_admin", reverse("admin:opsdesk_operatorgroup_changelist")),
        "group_new": ("city_admin", reverse("admin:opsdesk_group_new")),
        "escalations": ("team", reverse("admin:opsdesk_escalation_changelist")),
        "release": ("operator", reverse("admin:opsdesk_release", args=[note.pk])),
        "release_new": ("team", reverse("admin:opsdesk_release_new")),
        "digest_edit": ("operator", reverse("admin:opsdesk_digest_edit", args=[issue.pk])),
    }
    wrong = [
        one for name, (who, path) in look.items() for one in wrong_with(visit(who, path, size=size), name)
    ]
    assert wrong == [], "\n".join(wrong)
    actions.choose_five(
        editor, digestissue_id=issue.pk, answer_ids=ids, foreword="本期说说名册、福豆和活动。"
    )
    actions.submit_digest(editor, digestissue_id=issue.pk)
    address = reverse("admin:opsdesk_digest", args=[issue.pk])
    seen(visit("city_admin", address, size=size), "digest_review")
    actions.publish_digest(stage.actor("city_admin"), digestissue_id=issue.pk)
    seen(visit("reviewer", address, size=size), "digest")
    seen(visit("reviewer", reverse("admin:opsdesk_digests"), size=size), "digests")
    seen(visit("city_admin", reverse("admin:opsdesk_digestissue_changelist"), size=size), "digest_list")


def test_ask_answer_five_digest_escalate_release_note_broadcast(visit, stage):
    """F-17."""
    opened(stage, "东江市管理员工作群", rule="subtree")
    for title, text in QUESTIONS[1:]:
        published(stage, title, text=text)
    page = visit("factory_admin", reverse("admin:opsdesk"), size=PHONE)
    follow(page, "我要提问")
    page.get_by_label("一句话说清问题").fill(TITLE)
    page.get_by_label("详细说明").fill("第 3、7、9 行")
    press(page, "提交提问")
    if page.get_by_role("button", name="都不是，提交提问").count():
        seen(page, "ask_alike")
        press(page, "都不是，提交提问")
    row = Question.objects.unscoped("test").get(title=TITLE)
    desk = visit("operator", reverse("admin:opsdesk_question", args=[row.pk]), size=DESKTOP)
    follow(desk, "受理")
    press(desk, "受理")
    follow(desk, "答复")
    desk.get_by_label("答复").fill(ANSWER)
    press(desk, "答复")
    page = visit("factory_admin", reverse("admin:opsdesk_question", args=[row.pk]), size=PHONE)
    seen(page, "question_answered")
    press(page, "解决了，确认")
    desk = visit("operator", reverse("admin:opsdesk_publish", args=[row.pk]), size=DESKTOP)
    press(desk, "发布到问答库")
    desk = visit("operator", reverse("admin:opsdesk_digest_new"), size=DESKTOP)
    press(desk, "编新一期")
    boxes = desk.locator("select[name^=place_]")
    assert boxes.count() == 5
    for n in range(5):
        boxes.nth(n).select_option(str(n + 1))
    assert "已选 5 / 5" in desk.inner_text("[data-five-count]")
    press(desk, "送复核")
    issue = DigestIssue.objects.unscoped("test").get()
    checker = visit("city_admin", reverse("admin:opsdesk_digest", args=[issue.pk]), size=DESKTOP)
    follow(checker, "复核发布")
    press(checker, "复核发布")
    deliver_broadcast(Broadcast.objects.unscoped("test").get(kind="digest").pk)
    page = visit("factory_admin", reverse("admin:opsdesk_messages"), size=PHONE)
    page.get_by_role("link", name="五问五答").first.click()
    page.wait_for_load_state("load")
    follow(page, "打开这一期")
    assert page.locator(".od-qa").count() == 5 and TITLE in page.inner_text(".od-digest")
    assert again(row).state == "digested"
    broken = taken(stage, "导入按钮点了没有反应", category="fault")
    desk = visit("operator", reverse("admin:opsdesk_question", args=[broken.pk]), size=DESKTOP)
    follow(desk, "转技术团队")
    desk.get_by_label("请技术团队做什么").fill("谷歌浏览器 128 版点了没有反应，全市都这样")
    press(desk, "转技术团队")
    team = visit("team", reverse("admin:opsdesk_release_new"), size=DESKTOP)
    team.locator(".gp-chip").first.click()
    team.get_by_label("标题").fill("修复导入按钮")
    team.get_by_label("内容").fill("谷歌浏览器里可以点了。")
    press(team, "发布版本说明")
    note = ReleaseNote.objects.unscoped("test").get()
    deliver_broadcast(Broadcast.objects.unscoped("test").get(kind="release").pk)
    desk = visit("operator", reverse("admin:opsdesk_question", args=[broken.pk]), size=DESKTOP)
    follow(desk, "答复")
    desk.get_by_label("答复").fill("已经上线，请再试。")
    press(desk, "答复")
    assert (again(broken).state, again(broken.escalations.get()).state) == ("answered", "told")
    page = visit("riders_admin", reverse("admin:opsdesk_messages"), size=PHONE)
    page.get_by_role("link", name="修复导入按钮").first.click()
    page.wait_for_load_state("load")
    assert note.text in page.inner_text("body") and page.complaints == []
