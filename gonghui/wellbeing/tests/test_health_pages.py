"""The member's pages and the hospital's desk through their doors; and what each of the cast sees of whom."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.bills.models import Bill
from gonghui.funds.tests.stage import new_staff
from gonghui.kit import clock
from gonghui.notices.models import Message
from gonghui.payments import tasks as payment_tasks
from gonghui.payments.models import Payment
from gonghui.payments.tests.figures import connected
from gonghui.wellbeing.actions import desk, paying
from gonghui.wellbeing.models import Appointment, Enrolment
from gonghui.wellbeing.tests.stage import SYSTEM, again, applied, booked, build_health, paid, riders, slot_in
from tests.cast import new_person

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return answer.content.decode()


def test_member_walks_from_the_plan_to_the_desk(wechat, cast, health, client):
    cast.sign_in(client, "mei")
    today, later = slot_in(health, 0), slot_in(health, 5)
    assert "您可以参加" in text(client.get("/health"))
    page = text(client.get(f"/health/{health.plan.pk}"))
    for said in ("100 元", "335 元", "30 元", "465 元", "24 小时内付清", "不保存任何体检结果"):
        assert said in page, said
    refused = client.post(f"/health/{health.plan.pk}/apply", {"package": health.package.pk})
    assert (refused.status_code, "个人信息保护法" in text(refused)) == (422, True)
    made = client.post(f"/health/{health.plan.pk}/apply", {"package": health.package.pk, "agrees": "1"})
    row = Enrolment.objects.unscoped("test").get()
    at = reverse("health_place", args=[row.pk])
    assert made["Location"] == at
    assert "先连接微信" in text(client.get(at))
    assert client.post(f"{at}/pay").status_code == 422
    assert Payment.objects.unscoped("test").count() == 0
    assert "付 100 元" in text(connected(client).get(at))
    sent = client.post(f"{at}/pay")
    payment = Payment.objects.unscoped("test").get()
    assert sent["Location"].startswith(f"/pay/local/{payment.out_trade_no}?next=")
    assert client.post(sent["Location"], {"answer": "pay", "next": at})["Location"] == at
    payment_tasks.take_notice(*wechat.envelope(_notice())) if again(payment).state != "succeeded" else None
    assert "选日期和时段" in text(client.get(at))
    assert text(client.get(f"{at}/dates")).count("余 2") == 2
    assert client.post(f"{at}/book", {"slot": later.pk})["Location"] == at
    assert again(row).state == "booked"
    assert client.post(f"{at}/book", {"slot": today.pk})["Location"] == at
    page = text(client.get(at))
    assert again(row).reschedules == 1 and row.code[:4] in page
    assert "data-voucher" in page and "不能再改" not in page
    cast.sign_in(client, "nurse")
    found = text(client.post("/health/desk/look", {"text": row.code}))
    assert "可以体检" in found and "陈**" in found and "陈小梅" not in found
    assert "到检已登记" in text(client.post("/health/desk/attend", {"text": row.code}))
    assert "登记到检" in text(client.post("/health/desk/attend", {"text": row.code}))
    assert Bill.objects.unscoped("test").count() == 1
    cast.sign_in(client, "mei")
    assert "已到检" in text(client.get(at))
    assert client.post(f"{at}/cancel").status_code == 409


def _notice():
    from gonghui.payments.models import LocalNotice

    return LocalNotice.objects.unscoped("test").get()


def test_pages_say_why_not_and_what_to_do_next(cast, health, client):
    said = {
        "hua": "还没有实名认证",
        "lan": "名册上没有您的这个职业",
        "qiang": "面向东江市总工会的会员",
        "stranger": "还没有实名认证",
    }
    for who, why in said.items():
        cast.sign_in(client, who)
        for page in ("/health", f"/health/{health.plan.pk}"):
            assert why in text(client.get(page)), (who, page)
    client.logout()
    assert "请先登录" in text(client.get("/health"))
    cast.sign_in(client, "lan")
    page = text(client.get(f"/health/{health.plan.pk}"))
    assert "我现在的职业" in page and "网约车司机" in page


def test_cancelling_page_says_what_comes_back_first(wechat, cast, health, client):
    row = booked(wechat, health, health.actor("mei"), slot_in(health, 1))
    at = reverse("health_cancel", args=[row.pk])
    cast.sign_in(client, "mei")
    assert "现在取消 100 元 不退" in text(client.get(at))
    assert again(row).state == "booked"
    with time_machine.travel(clock.now() - dt.timedelta(days=3), tick=False):
        assert "100 元 全额原路退回" in text(client.get(at))
    client.post(at)
    assert "按规则自付部分不退" in text(client.get(reverse("health_place", args=[row.pk])))


def test_no_plan_and_no_dates_are_said_in_words(wechat, cast, client):
    cast.sign_in(client, "mei")
    assert "现在没有健康关爱计划" in text(client.get("/health"))
    stage = build_health(cast)
    row = paid(wechat, stage, stage.actor("mei"))
    assert "医院还没有放出日期" in text(client.get(reverse("health_dates", args=[row.pk])))
    cast.sign_in(client, "nurse")
    assert "今天没有预约" in text(client.get("/health/desk"))


def test_missed_reschedule_is_said_on_the_place(wechat, cast, health, client):
    row = booked(wechat, health, health.actor("mei"), slot_in(health, 0))
    cast.sign_in(client, "mei")
    answer = client.get(reverse("health_dates", args=[row.pk]))
    assert (answer.status_code, "最晚提前 1 天改期" in text(answer)) == (409, True)


# --- who sees whom ------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(wechat, cast, health):
    """Mei was there, a rider is booked for today, one waits to pay; beside them, staff of every level and an employer's man."""
    for name, union in (
        ("factory_admin", "factory"),
        ("district_admin", "district"),
        ("factory_officer", "factory"),
    ):
        role = "health_officer" if name.endswith("officer") else "org_admin"
        new_staff(cast, name, role, union)
    new_staff(cast, "city_operator", "operator", "city")
    cast.users["boss"] = User.objects.create(phone="13800000077", display_name="单位负责人")
    new_person(
        "王经理",
        "440101197001010016",
        "13800000077",
        cast.unions["factory"],
        verified=True,
        user=cast.users["boss"],
    )
    one, two = riders(health, 2)
    done = booked(wechat, health, health.actor("mei"), slot_in(health, 0))
    desk.attend(health.actor("nurse"), text=done.code, store_id=health.store.pk)
    booked(wechat, health, one, slot_in(health, 0, minute=56))
    applied(health, two)
    return health


def test_who_takes_part_is_seen_by_the_member_the_plans_union_and_the_hospital_only(cast, crowd):
    seen = {
        "city_admin": (3, 2), "health_officer": (3, 2), "province_admin": (3, 2), "mei": (1, 1), "nurse": (0, 2),
        "sister_admin": (0, 0), "finance_officer": (0, 0), "auditor": (0, 0), "judge": (0, 0), "factory_admin": (0, 0),
        "district_admin": (0, 0), "factory_officer": (0, 0), "city_operator": (0, 0), "clerk": (0, 0), "hua": (0, 0),
        "lan": (0, 0), "boss": (0, 0), "stranger": (0, 0), "anonymous": (0, 0),
    }  # fmt: skip
    found = {
        who: (
            Enrolment.objects.visible_to(crowd.actor(who)).count(),
            Appointment.objects.visible_to(crowd.actor(who)).count(),
        )
        for who in seen
    }
    assert found == seen


def test_employer_and_grass_roots_staff_meet_it_nowhere(cast, crowd, client):
    """Not in members' lists, bills, payments, the ledger, messages or the audit trail of their own union."""
    row = Enrolment.objects.unscoped("test").get(state="attended")
    pages = [
        reverse(f"admin:{name}_changelist")
        for name in (
            "members_person",
            "bills_bill",
            "payments_payment",
            "ledger_ledgeraccount",
            "wellbeing_enrolment",
            "wellbeing_healthplan",
        )
    ]
    for who in ("factory_admin", "district_admin", "factory_officer"):
        cast.sign_in(client, who)
        for page in pages:
            said = text(client.get(page))
            assert crowd.plan.title not in said, (who, page)
            assert f"health:{row.pk}" not in said and row.code not in said, (who, page)
        assert Bill.objects.visible_to(crowd.actor(who)).count() == 0
        assert Payment.objects.visible_to(crowd.actor(who)).count() == 0
    cast.sign_in(client, "boss")
    for page in ("/health", f"/health/{crowd.plan.pk}", "/messages"):
        assert "陈" not in text(client.get(page)), page
    assert Message.objects.visible_to(crowd.actor("boss")).count() == 0
    assert client.get(reverse("health_place", args=[row.pk])).status_code == 404


def test_hospital_learns_of_its_own_appointments_only(wechat, cast, crowd, client):
    cast.sign_in(client, "nurse")
    page = text(client.get("/health/desk"))
    assert page.count("骑**") == 1 and "陈**" in page
    assert "陈小梅" not in page and "骑手" not in page.replace("骑**", "")
    row = Enrolment.objects.unscoped("test").get(state="co_pay_due")
    assert "没有找到在本机构的预约" in text(client.post("/health/desk/look", {"text": row.code}))
    cast.sign_in(client, "clerk")
    assert client.get("/health/desk").status_code == 403


def test_withdrawn_consent_stops_what_is_new(cast, health, client):
    row = applied(health, health.actor("mei"))
    cast.sign_in(client, "mei")
    client.post(reverse("health_cancel", args=[row.pk]))
    client.post("/me/consents/health/withdraw")
    answer = client.post(f"/health/{health.plan.pk}/apply", {"package": health.package.pk})
    assert answer.status_code == 422


def test_payment_the_bank_refused_is_offered_again(wechat, cast, health, client):
    row = applied(health, health.actor("mei"))
    cast.sign_in(client, "mei")
    at = reverse("health_place", args=[row.pk])
    connected(client)
    sent = client.post(f"{at}/pay")["Location"]
    client.post(sent, {"answer": "refuse", "next": at})
    payment_tasks.watch_payments(0)
    from gonghui.payments import collecting

    collecting.ask_result(SYSTEM, Payment.objects.unscoped("test").get())
    assert "付 100 元" in text(client.get(at))
    again_sent = client.post(f"{at}/pay")["Location"]
    assert again_sent != sent
    assert paying.start_co_pay(health.actor("mei"), enrolment_id=row.pk).out_trade_no in again_sent
