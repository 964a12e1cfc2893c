"""Joining in a real browser: a rider by the QR of a poster, an officer at a station, a reviewer at a desk."""

from __future__ import annotations

import pytest
import zxingcpp
from django.db import connection
from PIL import Image

from gonghui.joining import actions
from gonghui.joining.models import JoinApplication
from gonghui.joining.tests.stage import applied, build_stage, id_no, taken
from gonghui.kit.tests.browser import (  # noqa: F401
    DESKTOP,
    PHONE,
    chromium,
    come_to_rest,
    keep_picture,
    open_page,
    visit,
    wrong_with,
)
from gonghui.members.models import Membership
from tests.cast import new_union

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "东江市江口区东站货运场及周边道路货物运输企业工会联合会第三分会"


def looked_at(page, name: str, *, elder: bool = False, within: str = "") -> None:
    assert wrong_with(page, f"{name}-elder" if elder else name, within=within, enhanced=elder) == []


def sign_in(page, phone: str) -> None:
    page.fill("[name=phone]", phone)
    page.check("[name=agree]")
    page.get_by_role("button", name="获取验证码").click()
    page.fill("[name=code]", page.inner_text("[data-demo-code]").strip())
    page.wait_for_url(lambda address: "/sign-in" not in address)


def test_rider_joins_by_poster_and_invitation_and_is_welcomed(cast, visit, open_page, settings, tmp_path):  # noqa: F811
    settings.GONGHUI_SHOW_CODES = True
    stage = build_stage(cast)
    poster = actions.make_poster(
        stage.actor("officer"), union_id=stage.yard.pk, place="东站骑手驿站", group="food_rider"
    )
    wall = visit("officer", f"/console/joining/posters/{poster.pk}/sheet", size=DESKTOP)
    looked_at(wall, "sheet")
    wall.locator("[data-qr]").screenshot(path=tmp_path / "qr.png")
    (found,) = zxingcpp.read_barcodes(Image.open(tmp_path / "qr.png"))
    assert found.text == wall.url.partition("/console")[0] + f"/join/p/{poster.code}"

    rider = open_page(found.text + "?invite=AB12")
    looked_at(rider, "poster-landing")
    rider.get_by_role("link", name="开始申请").click()
    rider.wait_for_url("**/sign-in**")
    sign_in(rider, "13700000001")
    rider.wait_for_url("**/join/apply**")
    assert rider.locator("[name=group]").input_value() == "food_rider"
    looked_at(rider, "form")
    rider.get_by_role("button", name="提交申请").click()
    rider.wait_for_selector("text=请填写姓名")
    rider.complaints.clear()  # Chromium prints the status of a form that came back
    looked_at(rider, "form-wrong")
    rider.fill("[name=name]", "欧阳·娜仁托娅")
    rider.fill("[name=id_no]", id_no(1))
    rider.check("[name=consent]")
    rider.get_by_role("button", name="提交申请").click()
    rider.wait_for_url("**/join/applications/*")
    looked_at(rider, "progress")
    row = JoinApplication.objects.unscoped("test").get()
    assert (row.channel, row.invitation_code, row.poster_id) == ("scan", "AB12", poster.pk)

    review(visit, row)
    rider.reload()
    rider.wait_for_selector("text=欢迎加入东站货运场工会联合会")
    looked_at(rider, "welcome")
    rider.goto("/messages")
    assert "欢迎加入东站货运场工会联合会" in rider.inner_text("main")
    member = Membership.objects.unscoped("test").get(union=stage.yard)
    assert (member.person.name, member.person.verification, member.source) == (
        "欧阳·娜仁托娅",
        "verified",
        "scan",
    )


def review(visit, row) -> None:  # noqa: F811
    desk = visit("reviewer", "/console/", size=DESKTOP)
    desk.get_by_role("link", name="入会申请待审").first.click()
    desk.wait_for_url("**/joinapplication/**")
    looked_at(desk, "queue", within="#content")
    desk.goto(f"/console/joining/joinapplication/{row.pk}/change/")
    desk.get_by_role("link", name="开始审核").first.click()
    desk.get_by_role("button", name="开始审核").last.click()
    desk.wait_for_selector("text=审核中")
    looked_at(desk, "review", within="#content")
    desk.locator("a:has-text('通过')").first.click()
    desk.select_option("[name=how]", "id_seen")
    come_to_rest(desk)
    keep_picture(desk, "approve")
    desk.get_by_role("button", name="通过", exact=True).last.click()
    desk.wait_for_selector("text=已通过，申请人成为会员")


def test_pages_of_a_worker_fit_with_long_names_nothing_and_in_elder_mode(cast, visit):  # noqa: F811
    stage = build_stage(cast)
    long = new_union(LONG, "federation", cast.unions["district"], region=stage.district)
    for n in range(25):
        new_union(f"东站第{n}车队工会", "enterprise", cast.unions["district"])
    row = taken(
        stage,
        applied(stage, union_id=long.pk, name="阿卜杜热合曼·买买提依明江·托合提", employer="顺达货运" * 10),
    )
    actions.return_application(
        stage.actor("reviewer"), joinapplication_id=row.pk, asked="请补充货运公司的全称。" * 12
    )
    cast.users["wang"] = row.user
    pages = {
        "join": ("stranger", "/join"), "unions": ("stranger", "/join/unions?q=东站"),
        "unions-none": ("stranger", "/join/unions?q=没有这个"), "regions": ("stranger", "/join/regions?code=440106"),
        "regions-top": ("stranger", "/join/regions"), "apply-long": ("stranger", f"/join/apply?union={long.pk}"),
        "none": ("stranger", "/join/applications"), "returned": ("wang", f"/join/applications/{row.pk}"),
        "edit": ("wang", f"/join/applications/{row.pk}/edit"), "member": ("mei", "/join"),
        "closed-poster": ("stranger", "/join/p/NOSUCHXX"),
    }  # fmt: skip
    for name, (who, path) in pages.items():
        looked_at(visit(who, path), name)
    for name in ("join", "apply-long", "returned"):
        who, path = pages[name]
        looked_at(visit(who, path, size=DESKTOP), name)
        looked_at(visit(who, path, elder=True), name, elder=True)


def test_desks_of_the_union_fit_a_phone_and_a_screen(cast, visit, settings):  # noqa: F811
    settings.GONGHUI_SHOW_CODES = True
    stage = build_stage(cast)
    officer = stage.actor("officer")
    for n, place in enumerate(("东站货运场 2 号门", "江口骑手驿站", "滨江路快递分拨中心一楼大厅服务台旁"), 1):
        poster = actions.make_poster(officer, union_id=stage.yard.pk, place=place)
        for k in range(n):
            actions.count_scan(officer, poster_id=poster.pk)
            row = applied(stage, 10 * n + k, way=actions.Way(poster_code=poster.code))
            if k:
                taken(stage, row)
                actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE joining_joinapplication SET due_on = due_on - 20 WHERE due_on IS NOT NULL")
    for size in (DESKTOP, PHONE):
        for name, path in (
            ("statistics", "/console/joining/statistics"),
            ("queue-late", "/console/joining/joinapplication/"),
            ("posters", "/console/joining/joinposter/"),
            ("poster-new", "/console/joining/posters/new"),
            ("on-site", "/console/joining/on-site"),
        ):
            looked_at(visit("officer", path, size=size), name, within="#content")
    page = visit("officer", "/console/joining/on-site", size=PHONE)
    for field, value in (("name", "李建国"), ("id_no", id_no(500)), ("phone", "13700000777")):
        page.fill(f"[name={field}]", value)
    page.evaluate(
        "([pk, name]) => { const s = document.querySelector('[name=union]'); s.append(new Option(name, pk, true, true)); }",
        [str(stage.yard.pk), stage.yard.name],
    )
    page.check("[name=seen]")
    page.get_by_role("button", name="现场办理入会").click()
    page.wait_for_url("**/joining/on-site/*")
    looked_at(page, "confirm", within="#content")
    page.get_by_role("button", name="给本人发确认码").click()
    page.wait_for_selector("text=演示：确认码是")
    looked_at(page, "confirm-code", within="#content")
    page.fill("[name=code]", page.inner_text("text=演示：确认码是")[-6:])
    page.get_by_role("button", name="确认并提交").click()
    page.wait_for_selector("text=由另一位同事审核")
    assert JoinApplication.objects.unscoped("test").get(name="李建国").agreed_how == "sms"
