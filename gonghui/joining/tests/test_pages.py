"""The worker's pages: where to, the form, what comes back, nobody else's."""

from __future__ import annotations

import pytest
from django.urls import reverse

from gonghui.joining import actions
from gonghui.joining.models import JoinApplication, PosterDay
from gonghui.joining.queries import SEARCHES_A_MINUTE
from gonghui.joining.tests.stage import again, applied, id_no, taken
from gonghui.members.models import Membership
from tests.cast import IDS, new_union

pytestmark = pytest.mark.django_db


@pytest.fixture
def wang(stage, client):
    """Signed in, not verified."""
    client.force_login(stage.cast.users["stranger"])
    return client


def filled(stage, **other) -> dict:
    facts = {
        "union": stage.yard.pk,
        "name": "王大力",
        "id_type": "resident_id",
        "id_no": id_no(1),
        "group": "truck_driver",
    }
    return facts | {"consent": "on"} | other


def test_union_is_found_by_name_pinyin_and_initials_and_shows_public_facts_only(stage, client):
    for asked in ("东站", "dongzhan", "dzhyc", "货运场工会"):
        text = client.get("/join/unions", {"q": asked}).content.decode()
        assert "东站货运场工会联合会" in text and "江口区" in text, asked
    assert "蓝海机械厂" not in client.get("/join/unions", {"q": "东站"}).content.decode()
    text = client.get("/join/unions", {"q": "东江市"}).content.decode()
    assert "周转库" not in text and "没有找到这个工会" in text
    type(stage.yard).objects.unscoped("test").filter(pk=stage.yard.pk).update(status="suspended")
    assert "东站货运场" not in client.get("/join/unions", {"q": "东站"}).content.decode().replace(
        'value="东站"', ""
    )
    assert "请至少写两个字" in client.get("/join/unions", {"q": "东"}).content.decode()


def test_search_costs_the_same_for_one_union_and_twenty(stage, client, django_assert_num_queries):
    client.get("/join/unions", {"q": "东站"})
    with django_assert_num_queries(1):
        client.get("/join/unions", {"q": "东站"})
    for n in range(30):
        new_union(f"东站第{n}车队工会", "enterprise", stage.cast.unions["district"])
    with django_assert_num_queries(1):
        text = client.get("/join/unions", {"q": "东站"}).content.decode()
    assert text.count("join-found") == 20 and "只显示前 20 个" in text


def test_search_is_paced_alike_at_the_page_and_at_the_api_by_account_or_address(stage, client):
    far, page, api = {"REMOTE_ADDR": "203.0.113.9"}, "/join/unions", "/api/v1/join/unions"
    for nth in range(SEARCHES_A_MINUTE):
        assert client.get((page, api)[nth % 2], {"q": "东站"}, **far).status_code == 200
    for door in (page, api):
        assert client.get(door, {"q": "东站"}, **far).status_code == 429
    assert client.get(page, **far).status_code == 200  # nothing was asked yet
    assert client.get(page, {"q": "东站"}, REMOTE_ADDR="203.0.113.10").status_code == 200
    client.force_login(stage.cast.users["stranger"])
    assert client.get(page, {"q": "东站"}, **far).status_code == 200


def test_regions_lead_down_to_the_pool(stage, client):
    text = client.get("/join/regions").content.decode()
    assert "南粤省" in text and "就按" not in text
    text = client.get("/join/regions", {"code": "440106", "invite": "AB12"}).content.decode()
    assert "东江市会员周转库" in text and "region=440106&amp;invite=AB12" in text
    assert client.get("/join/regions", {"code": "'; DROP"}).status_code == 200


def test_form_says_what_is_wrong_and_keeps_what_was_typed(stage, wang):
    answer = wang.post("/join/apply", filled(stage, id_no="440101199003070000", name="王1", employer="顺达"))
    text = answer.content.decode()
    assert (
        answer.status_code == 422
        and "校验码不对" in text
        and "姓名里不能有数字" in text
        and 'value="顺达"' in text
    )
    answer = wang.post("/join/apply", {k: v for k, v in filled(stage).items() if k != "consent"})
    assert answer.status_code == 422 and "需要您的同意" in answer.content.decode()
    answer = wang.post("/join/apply", filled(stage, name=IDS["qiang"][0], id_no=IDS["qiang"][1]))
    assert answer.status_code == 422 and "西岭******会" in answer.content.decode()
    assert JoinApplication.objects.unscoped("test").count() == 0


def test_poster_is_counted_presets_the_group_and_keeps_the_invitation(stage, wang):
    poster = actions.make_poster(
        stage.actor("officer"), union_id=stage.yard.pk, place="东站货运场 2 号门", group="truck_driver"
    )
    text = wang.get(f"/join/p/{poster.code}?invite=AB12").content.decode()
    assert (
        "加入东站货运场工会联合会" in text
        and "东站货运场 2 号门" in text
        and f"invite=AB12&amp;poster={poster.code}" in text
    )
    wang.get(f"/join/p/{poster.code.lower()}")
    wang.head(f"/join/p/{poster.code}")
    assert PosterDay.objects.unscoped("test").get(poster=poster).scans == 2
    page = wang.get("/join/apply", {"poster": poster.code, "invite": "AB12"}).content.decode()
    assert '<option value="truck_driver" selected>' in page and "邀请码 AB12 会随申请一起提交" in page
    answer = wang.post("/join/apply", filled(stage, poster=poster.code, invite="AB12"))
    row = JoinApplication.objects.unscoped("test").get()
    assert answer["Location"] == f"/join/applications/{row.pk}"
    assert (row.channel, row.poster_id, row.invitation_code) == ("scan", poster.pk, "AB12")
    actions.close_poster(stage.actor("officer"), joinposter_id=poster.pk)
    text = wang.get(f"/join/p/{poster.code}").content.decode()
    assert "海报的入会码不存在，或者已经停用" in text


def test_garbage_in_the_address_is_left_out(stage, wang):
    for address in (
        "/join?invite=<script>&poster=" + "A" * 99,
        "/join/apply?union=99999999999999999999",
        "/join/apply",
    ):
        answer = wang.get(address)
        assert answer.status_code in (200, 302) and "<script>&" not in answer.content.decode(), address
    assert wang.get("/join/p/NOSUCHXX").status_code == 200


def test_progress_is_ones_own(stage, client):
    row = applied(stage)
    address = f"/join/applications/{row.pk}"
    for who in ("mei", "stranger", "sister_admin"):
        for path in (address, f"{address}/edit"):
            assert stage.cast.sign_in(client, who).get(path).status_code == 404, (who, path)
        assert client.post(f"{address}/withdraw").status_code == 404
    assert again(row).state == "submitted"
    client.force_login(row.user)
    text = client.get(address).content.decode()
    assert "等东站货运场工会联合会审核，最迟" in text and "王**" in text and id_no(1) not in text


def test_returned_application_is_completed_on_the_page(stage, client):
    row = taken(stage, applied(stage))
    actions.return_application(stage.actor("reviewer"), joinapplication_id=row.pk, asked="请写明货运公司")
    client.force_login(row.user)
    assert "请写明货运公司" in client.get(f"/join/applications/{row.pk}").content.decode()
    page = client.get(f"/join/applications/{row.pk}/edit").content.decode()
    assert 'value="王大力"' in page and "请写明货运公司" in page
    answer = client.post(f"/join/applications/{row.pk}/edit", filled(stage, employer="顺达货运"))
    assert answer["Location"] == f"/join/applications/{row.pk}"
    assert (again(row).state, again(row).employer) == ("submitted", "顺达货运")
    client.post(f"/join/applications/{row.pk}/withdraw")
    assert again(row).state == "withdrawn"
    assert client.get(f"/join/applications/{row.pk}/edit").status_code == 302


def test_second_tap_leads_to_the_application(stage, wang):
    wang.post("/join/apply", filled(stage))
    row = JoinApplication.objects.unscoped("test").get()
    answer = wang.post("/join/apply", filled(stage))
    assert answer.status_code == 409 and "您已经有一份申请在办理" in answer.content.decode()
    answer = wang.get("/join/apply", {"union": stage.yard.pk})
    assert answer["Location"] == f"/join/applications/{row.pk}"
    assert wang.get("/join/applications")["Location"] == f"/join/applications/{row.pk}"


def test_verified_account_is_not_asked_for_its_document(stage, client):
    Membership.objects.unscoped("test").filter(person=stage.cast.people["lan"]).update(status="exited")
    client.force_login(stage.cast.users["lan"])
    page = client.get("/join/apply", {"union": stage.yard.pk}).content.decode()
    assert "用您的实名资料申请" in page and 'name="id_no"' not in page
    client.post("/join/apply", {"union": stage.yard.pk, "consent": "on"})
    assert JoinApplication.objects.unscoped("test").get().name == IDS["lan"][0]


def test_member_is_told_so_at_the_door(stage, client):
    client.force_login(stage.cast.users["mei"])
    assert "您已经是蓝海机械厂工会的会员" in client.get("/join").content.decode()


def test_newcomer_who_comes_to_join_goes_on_joining_after_signing_in(stage, client):
    answer = client.get("/join/apply", {"union": stage.yard.pk, "invite": "AB12"})
    assert answer.status_code == 302 and "invite" in answer["Location"]
    assert reverse("join") == "/join"
