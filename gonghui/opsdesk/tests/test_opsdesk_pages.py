"""The pages of the desk: each of the cast at every door, forms that say what is wrong, and what a page must not show."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.models import AuditEntry
from gonghui.notices.models import Message
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin.questions import to_answer
from gonghui.opsdesk.models import Answer, Broadcast, DigestIssue, OperatorGroup, Question, ReleaseNote
from gonghui.opsdesk.tests.stage import (
    ANSWER,
    TITLE,
    again,
    answered,
    asked,
    escalated,
    five,
    opened,
    published,
    sent,
    taken,
)

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%%EOF\n"
PEOPLE = (
    "province_admin", "city_admin", "sister_admin", "finance_officer", "judge", "reviewer", "factory_admin", "team", "mei",
    "clerk", "stranger", "anonymous",
)  # fmt: skip
#                    P   C   S   F   J   R   W   T   M   K   X   A
DOORS = """
opsdesk             200 200 200 403 403 200 200 200 302 302 302 302
messages            200 200 200 403 403 200 200 200 302 302 302 302
ask                 200 200 200 403 403 200 200 200 302 302 302 302
answers             200 200 200 403 403 200 200 200 302 302 302 302
digests             200 200 200 403 403 200 200 200 302 302 302 302
question            200 200 404 403 403 404 200 200 302 302 302 302
paper               200 200 404 403 403 404 200 200 302 302 302 302
publish             200 200 404 403 403 403 404 200 302 302 302 302
answer              200 200 404 403 403 200 200 200 302 302 302 302
answer_edit         200 200 404 403 403 403 404 200 302 302 302 302
cases               200 200 200 403 403 200 200 200 302 302 302 302
case_new            200 200 200 403 403 200 200 200 302 302 302 302
case                200 200 404 403 403 404 200 200 302 302 302 302
broadcast_new       200 200 200 403 403 403 200 200 302 302 302 302
broadcast           200 200 404 403 403 404 200 200 302 302 302 302
broadcast_correct   200 200 404 403 403 403 404 200 302 302 302 302
group_new           200 200 200 403 403 403 200 200 302 302 302 302
groups_below        200 200 200 403 403 403 200 200 302 302 302 302
group               200 200 404 403 403 404 200 200 302 302 302 302
phone               200 200 404 403 403 403 404 200 302 302 302 302
release_new         403 403 403 403 403 403 403 200 302 302 302 302
release             200 200 200 403 403 200 200 200 302 302 302 302
digest_new          200 200 200 403 403 403 200 200 302 302 302 302
digest              200 200 404 403 403 404 404 200 302 302 302 302
digest_edit         302 302 404 403 403 403 404 302 302 302 302 302
"""


@pytest.fixture
def doors(stage) -> dict[str, str]:
    group = opened(stage, rule="subtree")
    fixed = escalated(stage)
    mending = actions.Mending("修复", "已修复", clock.today(), (fixed.pk,))
    note = actions.publish_release(
        stage.actor("team"), key=uuid4(), union_id=stage.union("province"), mending=mending
    )
    answer = published(stage)
    issue = actions.draft_digest(stage.actor("operator"), union_id=stage.union("city"))
    row, told = answered(stage), sent(stage, group)
    paper = actions.attach_paper(stage.actor("factory_admin"), question_id=row.pk, content=PDF)
    told_case = actions.submit_case(
        stage.actor("factory_admin"), key=uuid4(), union_id=stage.union("factory"), told=actions.Told("早餐", "发放", "多"),
    )  # fmt: skip
    ids = {
        "case": [told_case.pk],
        "question": [row.pk], "paper": [paper.pk], "publish": [row.pk], "answer": [answer.pk],
        "answer_edit": [answer.pk], "broadcast": [told.pk],
        "broadcast_correct": [told.pk], "group": [group.pk], "phone": [group.pk, stage.user("operator")],
        "release": [note.pk], "digest": [issue.pk], "digest_edit": [issue.pk],
    }  # fmt: skip
    names = [line.split()[0] for line in DOORS.strip().splitlines()]
    return {
        name: reverse("admin:opsdesk" if name == "opsdesk" else f"admin:opsdesk_{name}", args=ids.get(name))
        for name in names
    }


def test_each_door_answers_each_of_the_cast_as_the_table_says(stage, doors, client):
    for line in DOORS.strip().splitlines():
        name, *expected = line.split()
        found = []
        for who in PEOPLE:
            client.logout()
            stage.cast.sign_in(client, who)
            found.append(str(client.get(doors[name]).status_code))
        assert dict(zip(PEOPLE, found, strict=True)) == dict(zip(PEOPLE, expected, strict=True)), name


def as_(stage, client, who: str):
    client.logout()
    return stage.cast.sign_in(client, who)


def test_asker_is_shown_what_was_answered_before_and_asks_all_the_same(stage, client):
    known = published(stage, "名册导入后显示不在册怎么办")
    page = as_(stage, client, "factory_admin")
    form = {
        "title": "名册导入以后显示不在册",
        "category": "consult",
        "union": stage.union("factory"),
        "body": "",
        "screen": "",
    }
    before = Question.objects.unscoped("test").count()
    shown = page.post(reverse("admin:opsdesk_ask"), form)
    text = shown.content.decode()
    assert (shown.status_code, known.title in text, ANSWER in text) == (200, True, True)
    assert "都不是，提交提问" in text and Question.objects.unscoped("test").count() == before
    sent_key = shown.context["sent"]
    for _n in range(2):
        done = page.post(reverse("admin:opsdesk_ask"), form | {"sure": "1", "sent": sent_key})
        assert done.status_code == 302
    assert Question.objects.unscoped("test").count() == before + 1
    same = page.post(reverse("admin:opsdesk_answer", args=[known.pk]), {"verb": "same"})
    assert same.status_code == 302 and "您已同问" in page.get(same["Location"]).content.decode()


def test_wrong_question_says_so_and_keeps_what_was_typed(stage, client):
    page = as_(stage, client, "factory_admin")
    form = {"title": "", "category": "consult", "union": stage.union("factory"), "body": "写了很久的说明"}
    wrong = page.post(reverse("admin:opsdesk_ask"), form)
    assert (wrong.status_code, "写了很久的说明" in wrong.content.decode()) == (422, True)
    foreign = page.post(reverse("admin:opsdesk_ask"), form | {"title": "问", "union": stage.union("sister")})
    assert foreign.status_code == 422
    assert not Question.objects.unscoped("test").exists()


def test_thread_is_walked_through_on_its_page(stage, client):
    row = asked(stage, body="三个人")
    address = reverse("admin:opsdesk_question", args=[row.pk])
    desk = as_(stage, client, "operator")
    assert "受理" in desk.get(address).content.decode()
    done = desk.post(reverse("admin:opsdesk_question_take", args=[row.pk]))
    assert done["Location"] == address
    desk.post(reverse("admin:opsdesk_question_ask_back", args=[row.pk]), {"words": "哪三行？"})
    assert again(row).state == "asked_back"
    asker = as_(stage, client, "factory_admin")
    assert "请您补充" in asker.get(address).content.decode()
    empty = asker.post(address, {"verb": "reply", "words": "  "})
    assert (empty.status_code, "请写明内容" in empty.content.decode()) == (422, True)
    asker.post(address, {"verb": "reply", "words": "第三行"})
    desk = as_(stage, client, "operator")
    desk.post(reverse("admin:opsdesk_question_answer", args=[row.pk]), {"words": ANSWER})
    asker = as_(stage, client, "factory_admin")
    text = asker.get(address).content.decode()
    assert ANSWER in text and "解决了，确认" in text and "operator · " not in text
    asker.post(address, {"verb": "confirm"})
    assert again(row).state == "confirmed"
    for verb in ("nonsense", "", "take", "answer"):
        assert asker.post(address, {"verb": verb, "words": "x"}).status_code == 404


def test_second_officer_is_told_who_has_it(stage, client):
    row = taken(stage)
    second = as_(stage, client, "second_operator")
    refused = second.post(reverse("admin:opsdesk_question_take", args=[row.pk]))
    assert refused.status_code == 422 and "operator正在办理" in refused.content.decode()
    page = second.get(reverse("admin:opsdesk_question", args=[row.pk])).content.decode()
    assert "放回待受理" in page and "转技术团队" not in page


def test_desk_points_to_what_is_known(stage, client):
    known, row = published(stage), taken(stage)
    address = reverse("admin:opsdesk_question", args=[row.pk])
    desk = as_(stage, client, "operator")
    assert "用它答复" in desk.get(address).content.decode()
    for wrong in ("", "0", "x", "9" * 30):
        assert desk.post(address, {"verb": "point", "answer": wrong}).status_code == 404
    desk.post(address, {"verb": "point", "answer": known.pk})
    assert again(row).same_as_id == known.pk


def test_published_answer_shows_no_name_and_is_found(stage, client):
    row = answered(stage, body="张三的身份证")
    desk = as_(stage, client, "operator")
    form = {"union": stage.union("city"), "title": TITLE, "body": "", "text": f"{ANSWER} 电话 13912345678"}
    wrong = desk.post(reverse("admin:opsdesk_publish", args=[row.pk]), form)
    assert (wrong.status_code, "请去掉姓名" in wrong.content.decode()) == (422, True)
    desk.post(reverse("admin:opsdesk_publish", args=[row.pk]), form | {"text": ANSWER})
    made = Answer.objects.unscoped("test").get()
    reader = as_(stage, client, "reviewer")
    text = reader.get(reverse("admin:opsdesk_answer", args=[made.pk])).content.decode()
    assert ANSWER in text and "factory_admin" not in text and "蓝海机械厂" not in text and "张三" not in text
    for question in ("不在册", "mcdr", "mingcedaoru"):
        assert TITLE in reader.get(reverse("admin:opsdesk_answers"), {"q": question}).content.decode(), (
            question
        )
    alike = reader.get(reverse("admin:opsdesk_answers"), {"q": "导入名册显示不在册啊"}).content.decode()
    assert "下面是相近的" in alike and TITLE in alike
    nothing = reader.get(reverse("admin:opsdesk_answers"), {"q": "完全不同的事", "page": "abc", "kind": "x"})
    assert "没有找到" in nothing.content.decode()


def test_broadcast_is_written_read_acknowledged_and_corrected_in_the_console(stage, client):
    group = opened(stage, rule="subtree")
    desk = as_(stage, client, "city_admin")
    address = reverse("admin:opsdesk_broadcast_new")
    form = {
        "union": stage.union("city"),
        "title": "周五停机",
        "body": "22 点到 24 点",
        "roles": ["org_admin"],
    }
    nowhere = desk.post(address, form)
    assert (nowhere.status_code, "请选择发给谁" in nowhere.content.decode()) == (422, True)
    done = desk.post(address, form | {"groups": [group.pk], "wanted_by": str(clock.today())})
    row = Broadcast.objects.unscoped("test").get()
    assert done["Location"] == reverse("admin:opsdesk_broadcast", args=[row.pk])
    reader = as_(stage, client, "factory_admin")
    text = reader.get(done["Location"]).content.decode()
    assert "已阅，确认收到" in text and "送达情况" not in text
    assert reader.post(done["Location"]).status_code == 302
    desk = as_(stage, client, "city_admin")
    assert "送达情况" in desk.get(done["Location"]).content.decode()
    desk.post(reverse("admin:opsdesk_broadcast_remind", args=[row.pk]))
    assert row.recipients.filter(reminded_at__isnull=False).count() == 3
    correction = {"title": "周六停机", "body": "改到周六"}
    moved = desk.post(reverse("admin:opsdesk_broadcast_correct", args=[row.pk]), correction)
    assert moved.status_code == 302
    late = as_(stage, client, "operator").post(done["Location"])
    assert (late.status_code, "已经被更正" in late.content.decode()) == (409, True)


def test_messages_are_read_one_by_one_or_all_at_once(stage, client):
    for n in range(3):
        sent(stage, below="factory", title=f"通知{n}")
    reader = as_(stage, client, "factory_admin")
    assert "3 条未读" in reader.get(reverse("admin:opsdesk_messages")).content.decode()
    own = Message.objects.unscoped("test").filter(user_id=stage.user("factory_admin")).order_by("id")
    led = reader.get(reverse("admin:opsdesk_message", args=[own[0].pk]))
    assert led["Location"].startswith("/console/opsdesk/broadcasts/") and again(own[0]).read_at
    reader.post(reverse("admin:opsdesk_messages"))
    assert not own.filter(read_at=None).exists()
    other = as_(stage, client, "riders_admin")
    assert other.get(reverse("admin:opsdesk_message", args=[own[1].pk])).status_code == 404


def test_telephone_is_masked_in_the_directory_and_whole_on_its_own_answer_only(stage, client):
    user = stage.cast.users["factory_admin"]
    user.contact_phone = "13912345678"
    user.save()
    group = opened(stage, rule="subtree")
    address = reverse("admin:opsdesk_group", args=[group.pk])
    phone = reverse("admin:opsdesk_phone", args=[group.pk, user.pk])
    desk = as_(stage, client, "city_admin")
    text = desk.get(address).content.decode()
    assert "139****5678" in text and "13912345678" not in text
    wrong = desk.post(phone, {"reason": "看"})
    assert wrong.status_code == 422 and "13912345678" not in wrong.content.decode()
    shown = desk.post(phone, {"reason": "上线前逐个通知"})
    assert "13912345678" in shown.content.decode() and "no-store" in shown["Cache-Control"]
    assert AuditEntry.objects.unscoped("test").filter(op="UNMASK").count() == 1
    member = as_(stage, client, "district_admin")
    assert "139****5678" in member.get(address).content.decode()
    assert "13912345678" not in member.post(phone, {"reason": "上线前逐个通知"}).content.decode()


def test_groups_are_opened_one_by_one_and_for_each_union_below(stage, client):
    desk = as_(stage, client, "city_admin")
    form = {
        "union": stage.union("city"),
        "name": "主席群",
        "rule": "direct",
        "roles": ["org_admin"],
        "duty": "高效传话筒",
    }
    assert desk.post(reverse("admin:opsdesk_group_new"), form).status_code == 302
    again_ = desk.post(reverse("admin:opsdesk_group_new"), form)
    assert (again_.status_code, "已经有“主席群”" in again_.content.decode()) == (422, True)
    below = {"union": stage.union("city"), "roles": ["org_admin"]}
    assert desk.post(reverse("admin:opsdesk_groups_below"), below).status_code == 302
    assert OperatorGroup.objects.unscoped("test").count() == 2
    group = OperatorGroup.objects.unscoped("test").get(name="主席群")
    pick = reverse("admin:opsdesk_operatorgroup_pick", args=[group.pk])
    assert desk.post(pick, {"login": ""}).status_code == 422
    assert desk.post(pick, {"login": "reviewer"}).status_code == 302
    address = reverse("admin:opsdesk_group", args=[group.pk])
    assert "另外挑选的" in desk.get(address).content.decode()
    desk.post(address, {"pick": group.picks.get().pk})
    assert group.picks.count() == 0


def test_five_are_chosen_handed_on_and_published_on_pages(stage, client):
    answers = five(stage, 6)
    editor = as_(stage, client, "operator")
    made = editor.post(reverse("admin:opsdesk_digest_new"), {"union": stage.union("city")})
    row = DigestIssue.objects.unscoped("test").get()
    address = reverse("admin:opsdesk_digest_edit", args=[row.pk])
    assert made["Location"] == address
    four = {f"place_{one.pk}": n for n, one in enumerate(answers[:4], 1)}
    wrong = editor.post(address, four | {"verb": "submit", "foreword": "写了一段话"})
    assert (
        wrong.status_code,
        "选了 4 条" in wrong.content.decode(),
        "写了一段话" in wrong.content.decode(),
    ) == (422, True, True)
    twice = editor.post(address, four | {f"place_{answers[4].pk}": 4})
    assert (twice.status_code, "同一个位置" in twice.content.decode()) == (422, True)
    done = editor.post(address, four | {f"place_{answers[4].pk}": 5, "place_x": 1, "verb": "submit"})
    assert done["Location"] == reverse("admin:opsdesk_digest", args=[row.pk])
    own = editor.get(done["Location"]).content.decode()
    assert "复核发布" not in own and "退回修改" in own
    checker = as_(stage, client, "city_admin")
    assert "复核发布" in checker.get(done["Location"]).content.decode()
    checker.post(reverse("admin:opsdesk_digestissue_publish", args=[row.pk]))
    reader = as_(stage, client, "reviewer")
    text = reader.get(done["Location"]).content.decode()
    assert text.count('class="od-qa"') == 5 and "factory_admin" not in text and "蓝海机械厂" not in text
    assert "operator" not in text
    assert row.reads.filter(user_id=stage.user("reviewer")).count() == 1
    assert str(row) in reader.get(reverse("admin:opsdesk_digests")).content.decode()


def test_release_note_is_published_from_its_form(stage, client):
    row = escalated(stage)
    team = as_(stage, client, "team")
    form = {
        "union": stage.union("province"),
        "title": "修复导入",
        "text": "空格会去掉",
        "day": str(clock.today()),
    }
    nothing = team.post(reverse("admin:opsdesk_release_new"), form)
    assert (nothing.status_code, "请选择修复了哪些" in nothing.content.decode()) == (422, True)
    done = team.post(reverse("admin:opsdesk_release_new"), form | {"mended": [row.pk]})
    note = ReleaseNote.objects.unscoped("test").get()
    assert done["Location"] == reverse("admin:opsdesk_release", args=[note.pk])
    reader = as_(stage, client, "riders_admin")
    text = reader.get(done["Location"]).content.decode()
    assert "空格会去掉" in text and TITLE not in text


def test_overdue_question_is_red_on_the_desk_and_counted_on_the_first_page(stage, client):
    assert to_answer(stage.actor("operator")) is None
    row = asked(stage)
    assert (to_answer(stage.actor("operator")).value, to_answer(stage.actor("riders_admin"))) == (1, None)
    with time_machine.travel(clock.now() + dt.timedelta(days=20), tick=False):
        figure = to_answer(stage.actor("operator"))
        assert (figure.value, figure.note) == (1, "其中 1 个已过期")
        desk = as_(stage, client, "operator")
        assert "问题待答复" in desk.get("/console/").content.decode()
        for address in (reverse("admin:opsdesk"), reverse("admin:opsdesk_question_changelist"),
                        reverse("admin:opsdesk_question", args=[row.pk])):  # fmt: skip
            assert "gh-chip danger" in desk.get(address).content.decode(), address
        listed = desk.get(reverse("admin:opsdesk_question_changelist"), {"late": "1"})
        assert [one.pk for one in listed.context["cl"].result_list] == [row.pk]


def test_desk_costs_the_same_for_one_of_each_and_three(stage, client):
    def played(n: int) -> None:
        asked(stage)
        asked(stage, who="district_admin", union="district")
        sent(stage, below="district", wanted_by=clock.today())
        opened(stage, f"群{n}", rule="subtree")

    def counted(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    played(0)
    as_(stage, client, "district_admin")
    pages = [reverse("admin:opsdesk"), reverse("admin:opsdesk_messages"), reverse("admin:opsdesk_answers")]
    [client.get(page) for page in pages]
    few = [counted(page) for page in pages]
    played(1), played(2)
    assert [counted(page) for page in pages] == few


@pytest.mark.parametrize("nasty", ["a\x00b", "<script>alert(1)</script>", "😀", "𠮷" * 70, "%' OR 1=1 --"])
def test_nasty_input_is_answered_and_never_run(stage, client, nasty):
    published(stage)
    row, open_one = taken(stage), answered(stage)
    actions.ask_back(stage.actor("operator"), question_id=row.pk, words="哪一行？")
    asker = as_(stage, client, "factory_admin")
    answers = [
        asker.get(reverse("admin:opsdesk_answers"), {"q": nasty, "page": nasty, "kind": nasty}),
        asker.get(reverse("admin:opsdesk_ask"), {"title": nasty}),
        asker.post(
            reverse("admin:opsdesk_ask"), {"title": nasty, "category": nasty, "union": nasty, "screen": nasty}
        ),
        asker.post(reverse("admin:opsdesk_question", args=[open_one.pk]), {"verb": nasty}),
        asker.post(reverse("admin:opsdesk_question", args=[row.pk]), {"verb": "reply", "words": nasty}),
        asker.get(reverse("admin:opsdesk_messages"), {"page": nasty}),
        asker.get(reverse("admin:opsdesk_question", args=[row.pk])),
    ]
    for answer in answers:
        assert answer.status_code in (200, 302, 400, 404, 422), answer.request["PATH_INFO"]
        assert "<script>alert(1)" not in answer.content.decode()
    desk = as_(stage, client, "operator")
    group = opened(stage)
    issue = actions.draft_digest(stage.actor("operator"), union_id=stage.union("city"))
    for address, facts in (
        (reverse("admin:opsdesk_group", args=[group.pk]), {"pick": nasty}),
        (
            reverse("admin:opsdesk_digest_edit", args=[issue.pk]),
            {f"place_{nasty}": "1", "foreword": nasty, "verb": nasty},
        ),
        (
            reverse("admin:opsdesk_broadcast_new"),
            {"title": nasty, "body": nasty, "groups": nasty, "below": nasty},
        ),
    ):
        assert desk.post(address, facts).status_code in (200, 302, 404, 422), address
