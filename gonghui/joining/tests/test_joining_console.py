"""The screens by the shared contract; a review as a reviewer does it; the officer's desk; posters read back; figures."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse

from gonghui.joining import actions, statistics
from gonghui.joining.actions import Way
from gonghui.joining.admin.applications import late_below, to_review
from gonghui.joining.models import JoinApplication, JoinPoster, JoinRule
from gonghui.joining.tests.stage import Stage, again, applied, build_stage, id_no, taken
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import Person
from tests.cast import new_union
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def stage_of(cast) -> Stage:
    if not hasattr(cast, "joining_stage"):
        cast.joining_stage = build_stage(cast)
    return cast.joining_stage


class TestApplicationScreen(ConsoleContract):
    model = JoinApplication

    def own(self, cast):
        return taken(stage_of(cast), applied(stage_of(cast)))

    def foreign(self, cast):
        return applied(stage_of(cast), 800, union_id=cast.unions["riders"].pk)

    def more(self, cast, count):
        for number in range(10, 10 + count):
            applied(stage_of(cast), number)


class TestPosterScreen(ConsoleContract):
    model = JoinPoster

    def own(self, cast):
        stage = stage_of(cast)
        return actions.make_poster(stage.actor("officer"), union_id=stage.yard.pk, place="东门")

    def foreign(self, cast):
        stage_of(cast)
        return actions.make_poster(
            cast.actor("sister_admin"), union_id=cast.unions["riders"].pk, place="西岭站"
        )

    def more(self, cast, count):
        stage = stage_of(cast)
        for number in range(count):
            actions.make_poster(stage.actor("officer"), union_id=stage.yard.pk, place=f"{number} 号门")


class TestRuleScreen(ConsoleContract):
    model = JoinRule
    change, wrong = {"review_days": 5}, {"review_days": 90}

    def own(self, cast):
        return JoinRule.objects.create(union=cast.unions["district"], review_days=7)

    def foreign(self, cast):
        return JoinRule.objects.create(union=cast.unions["sister"], review_days=7)

    def more(self, cast, count):
        for number in range(count):
            union = new_union(f"江口第{number}工会", "enterprise", cast.unions["district"])
            JoinRule.objects.create(union=union, review_days=7)


# --- the queue -------------------------------------------------------------------------------------------------


def listed(client) -> list[int]:
    answer = client.get(reverse("admin:joining_joinapplication_changelist"))
    return [row.pk for row in answer.context["cl"].result_list]


def test_queue_stands_by_deadline_with_the_overdue_first(cast, client, stage):
    first = applied(stage, 1)
    with time_machine.travel(clock.now() - dt.timedelta(days=30), tick=False):
        late = applied(stage, 2)
        done = taken(stage, applied(stage, 3))
        actions.reject_application(stage.actor("reviewer"), joinapplication_id=done.pk, reason="缺材料")
    cast.sign_in(client, "reviewer")
    assert listed(client) == [late.pk, first.pk, done.pk]
    text = client.get(reverse("admin:joining_joinapplication_changelist")).content.decode()
    assert 'class="jo-late"' in text and "王**" in text and "王大力" not in text
    at = reverse("admin:joining_joinapplication_changelist")
    for question in ("王大力", "dali", "wdl", id_no(2)):
        found = client.get(at, {"q": question}).context["cl"].result_list
        assert late.pk in [row.pk for row in found], question
    assert not client.get(at, {"q": "李四"}).context["cl"].result_list
    late_only = client.get(reverse("admin:joining_joinapplication_changelist"), {"due": "late"})
    assert [row.pk for row in late_only.context["cl"].result_list] == [late.pk]


def test_waiting_and_overdue_stand_on_the_first_page_and_overdue_ones_above(cast, client, stage):
    assert to_review(stage.actor("reviewer")) is None
    applied(stage, 1)
    applied(stage, 2, union_id=stage.pool.pk)
    assert (to_review(stage.actor("reviewer")).value, late_below(stage.actor("reviewer"))) == (2, None)
    assert to_review(stage.actor("sister_admin")) is None
    with time_machine.travel(clock.now() + dt.timedelta(days=30), tick=False):
        figure = to_review(stage.actor("second"))
        assert (figure.value, figure.note) == (1, "其中 1 件已超期")
        assert late_below(stage.actor("province_admin")).value == 2
        text = cast.sign_in(client, "province_admin").get("/console/").content.decode()
        assert "入会申请待审" in text and "下级入会审核超期" in text


def test_reviewer_hands_on_where_they_review(cast, client, stage):
    row = taken(stage, applied(stage, 1))
    cast.sign_in(client, "reviewer")
    address = reverse("admin:joining_joinapplication_redirect", args=[row.pk])
    for name in ("riders", "city"):
        assert client.post(address, {"union": cast.unions[name].pk}).status_code == 422
        assert again(row).union_id == stage.yard.pk
    assert client.post(address, {"union": stage.pool.pk}).status_code == 302
    assert (again(row).union_id, again(row).state) == (stage.pool.pk, "submitted")


def test_draft_of_an_officer_is_not_in_the_queue(cast, client, stage):
    from gonghui.joining.tests.stage import told

    row = actions.enter_on_site(stage.actor("officer"), told=told(stage), phone="13700000009")
    cast.sign_in(client, "city_admin")
    assert listed(client) == []
    assert client.get(reverse("admin:joining_joinapplication_change", args=[row.pk])).status_code == 404


def test_reviewer_takes_returns_and_approves_in_dialogs(cast, client, stage):
    row = applied(stage, way=Way(invitation_code="AB12"))
    cast.sign_in(client, "reviewer")
    at = lambda verb: reverse(f"admin:joining_joinapplication_{verb}", args=[row.pk])  # noqa: E731
    page = client.get(at("change")).content.decode()
    assert "AB12" in page and id_no(1) not in page and "13700000001" not in page
    assert client.post(at("take")).status_code == 302
    assert client.post(at("ask"), {"asked": ""}).status_code == 422
    assert "身份怎样确认的" in client.get(at("approve")).content.decode()
    wrong = client.post(at("approve"), {"how": "phone", "note": ""})
    assert (wrong.status_code, "要写一句说明" in wrong.content.decode()) == (422, True)
    assert again(row).state == "under_review"
    assert client.post(at("approve"), {"how": "id_seen", "note": ""}).status_code == 302
    done = again(row)
    assert (done.state, Person.objects.unscoped("test").get(pk=done.person_id).is_verified) == (
        "approved",
        True,
    )
    page = client.get(at("change")).content.decode()
    assert "审核通过，成为工会会员" in page and "看过证件原件" in page


def test_question_of_identity_is_not_asked_twice(cast, client, stage):
    from gonghui.joining.tests.stage import told

    row = actions.enter_on_site(stage.actor("officer"), told=told(stage), phone="13700000009")
    actions.confirm_by_signature(stage.actor("officer"), application_id=row.pk, form_no="1")
    taken(stage, row)
    cast.sign_in(client, "reviewer")
    address = reverse("admin:joining_joinapplication_approve", args=[row.pk])
    assert "身份怎样确认的" not in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    assert again(row).state == "approved"


# --- the officer's desk ------------------------------------------------------------------------------------------


def entered(stage, **other) -> dict:
    facts = {
        "union": stage.yard.pk,
        "name": "王大力",
        "id_type": "resident_id",
        "id_no": id_no(1),
        "phone": "13700000009",
    }
    return facts | {"group": "truck_driver", "employer": "", "seen": "on"} | other


def test_officer_enters_and_the_worker_confirms_by_phone(cast, client, stage, settings):
    settings.GONGHUI_SHOW_CODES = True
    cast.sign_in(client, "officer")
    answer = client.post("/console/joining/on-site", entered(stage, id_no="1"))
    assert answer.status_code == 422 and "位数不对" in answer.content.decode()
    answer = client.post("/console/joining/on-site", {k: v for k, v in entered(stage).items() if k != "seen"})
    assert answer.status_code == 422
    answer = client.post("/console/joining/on-site", entered(stage))
    row = JoinApplication.objects.unscoped("test").get()
    page = client.post(answer["Location"], {"do": "send"}).content.decode()
    code = re.search(r"确认码是 (\d{6})", page)[1]
    assert "137****0009" in page and id_no(1) not in page
    wrong = client.post(answer["Location"], {"do": "code", "code": "00"})
    assert wrong.status_code == 422 and 'name="code"' in wrong.content.decode()
    assert client.post(answer["Location"], {"do": "code", "code": code}).status_code == 302
    assert (again(row).state, again(row).agreed_how) == ("submitted", "sms")
    assert client.get(answer["Location"]).status_code == 404
    for who in ("reviewer", "mei", "sister_admin"):
        assert cast.sign_in(client, who).get(answer["Location"]).status_code in (302, 403, 404), who


def test_officer_offers_only_unions_of_their_own(cast, client, stage):
    cast.sign_in(client, "officer")
    answer = client.post("/console/joining/on-site", entered(stage, union=cast.unions["riders"].pk))
    assert answer.status_code == 422
    asked = {"app_label": "joining", "model_name": "joinposter", "field_name": "union"}
    offered = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert {int(one["id"]) for one in offered} == {stage.yard.pk, stage.pool.pk, cast.unions["factory"].pk}


# --- posters ------------------------------------------------------------------------------------------------------


def test_poster_is_made_printed_and_its_code_leads_back(cast, client, stage):
    cast.sign_in(client, "officer")
    made = client.post(
        "/console/joining/posters/new", {"union": stage.yard.pk, "place": "东门", "group": "courier"}
    )
    poster = JoinPoster.objects.unscoped("test").get()
    assert made["Location"] == reverse("admin:joining_joinposter_change", args=[poster.pk])
    led = client.post(reverse("admin:joining_joinposter_sheet", args=[poster.pk]))
    page = client.get(led["Location"]).content.decode()
    assert (
        f"testserver/join/p/{poster.code}" in page
        and "东站货运场工会联合会" in page
        and "快递员，工会是您的家" in page
    )
    assert (
        client.post("/console/joining/posters/new", {"union": stage.yard.pk, "place": " "}).status_code == 422
    )
    cast.sign_in(client, "sister_admin")
    assert client.get(led["Location"]).status_code == 404


# --- figures -------------------------------------------------------------------------------------------------------


def approve(stage, row):
    actions.approve_application(
        stage.actor("reviewer"), joinapplication_id=taken(stage, row).pk, how="id_seen"
    )


def test_channels_and_posters_are_counted_with_the_median_of_hours(cast, client, stage):
    officer = stage.actor("officer")
    gate, hall = (
        actions.make_poster(officer, union_id=stage.yard.pk, place=place) for place in ("东门", "大厅")
    )
    for _n in range(5):
        actions.count_scan(Actor(channel="anonymous"), poster_id=gate.pk)
    actions.count_scan(Actor(channel="anonymous"), poster_id=hall.pk)
    begun = clock.now()
    with time_machine.travel(begun, tick=False) as at:
        rows = [applied(stage, n, way=Way(poster_code=gate.code)) for n in (1, 2, 3)]
        applied(stage, 4, way=Way(channel="mini_program"))
        for hours, row in zip((2, 8, 4), rows, strict=True):
            at.move_to(begun + dt.timedelta(hours=hours))
            approve(stage, row)
        lines = {line.name: line for line in statistics.of_channels(stage.actor("reviewer"), 30)}
        scan = lines["扫海报"]
        assert (scan.scans, scan.applications, scan.approved, scan.hours, scan.percent) == (6, 3, 3, 4.0, 100)
        assert (lines["小程序"].applications, lines["小程序"].approved, lines["小程序"].open) == (1, 0, 1)
        assert lines["小程序"].hours is None
        found = statistics.of_posters(stage.actor("reviewer"), 30)
        assert [(one.name, one.scans, one.approved) for one in found] == [("东门", 5, 3), ("大厅", 1, 0)]
        assert statistics.of_posters(stage.actor("sister_admin"), 30) == []
        page = cast.sign_in(client, "reviewer").get("/console/joining/statistics?days=30").content.decode()
    assert "东门" in page and 'aria-label="申请 3，通过 3"' in page
    with time_machine.travel(begun + dt.timedelta(days=40), tick=False):
        assert statistics.of_posters(stage.actor("reviewer"), 30) == []


def test_figures_cost_the_same_however_many_posters(cast, client, stage, django_assert_max_num_queries):
    officer = stage.actor("officer")
    for n in range(12):
        poster = actions.make_poster(officer, union_id=stage.yard.pk, place=f"{n} 号门")
        actions.count_scan(Actor(channel="anonymous"), poster_id=poster.pk)
    reviewer = stage.actor("reviewer")
    with django_assert_max_num_queries(3):
        assert len(statistics.of_posters(reviewer, 30)) == 12
