"""The list by the shared contract; one complaint with its thread; the ruling as an officer makes it; whose turn it is."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from gonghui.complaints import actions
from gonghui.complaints.admin import to_rule
from gonghui.complaints.models import Complaint
from gonghui.complaints.tests.stage import Stage, again, build_stage, lines_of, opened
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.partners.tests.stage import new_partner, new_store
from gonghui.settlement.tests.stage import Shop
from gonghui.settlement.tests.stage import sold as sold_anywhere
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def stage_of(cast) -> Stage:
    if not hasattr(cast, "complaints_stage"):
        cast.complaints_stage = build_stage(cast)
    return cast.complaints_stage


def escalated(stage: Stage, *nths: int) -> Complaint:
    row = opened(stage, None, *nths)
    actions.answer_complaint(stage.actor("owner"), complaint_id=row.pk, words="不是我们的")
    return actions.escalate_complaint(stage.actor("mei"), complaint_id=row.pk, words="我当场就说了")


class TestComplaintScreen(ConsoleContract):
    model = Complaint

    def own(self, cast):
        return escalated(stage_of(cast))

    def foreign(self, cast):
        """Of 西岭."""
        stage = stage_of(cast)
        partner = new_partner(cast, "西岭面馆", "sister")
        shop = Shop(cast, stage.money, partner, [new_store(partner)], stage.agreement, 0)
        bill = sold_anywhere(shop, ("merchant", 300), ("worker", 700), at=clock.now(), who="qiang")
        return opened(stage, bill, who="qiang")

    def more(self, cast, count):
        for _n in range(count):
            opened(stage_of(cast), who="lan")


def page_of(client, cast, who: str, row: Complaint):
    return cast.sign_in(client, who).get(reverse("admin:complaint", args=[row.pk]))


def test_officer_reads_the_thread_and_rules(cast, client, stage):
    row = escalated(stage)
    text = page_of(client, cast, "reviewer", row).content.decode()
    for said in (
        "面里有头发",
        "不是我们的",
        "我当场就说了",
        "陈**",
        "会员在珠岛游船码头消费",
        "等东江市总工会裁定",
    ):
        assert said in text, said
    assert "陈小梅" not in text and "13800000001" not in text
    address = reverse("admin:complaints_complaint_rule", args=[row.pk])
    noodles, _tea = lines_of(row.bill)
    wrong = client.post(address, {"is_upheld": "0", f"line_{noodles}": "on", "reason": "不支持"})
    assert (wrong.status_code, "不支持就不要勾选商品" in wrong.content.decode()) == (422, True)
    assert again(row).state == "escalated"
    done = client.post(address, {"is_upheld": "1", f"line_{noodles}": "on", "reason": "录像属实"})
    assert (done.status_code, done["Location"]) == (302, f"/console/complaints/{row.pk}")
    text = client.get(done["Location"]).content.decode()
    assert "录像属实" in text and "账目已更正：退给会员 83.33 元，现金到门店领取" in text
    assert "工会补贴 8.34 元" in text and "商家让利 8.33 元" in text
    assert (again(row).state, trial()) == ("partly", 0)


def test_page_of_a_complaint_is_for_those_who_may_see_it(cast, client, stage):
    row = escalated(stage)
    for who, status in (
        ("city_admin", 200),
        ("province_admin", 200),
        ("finance_officer", 200),
        ("sister_admin", 404),
    ):
        assert page_of(client, cast, who, row).status_code == status, who
    for who in ("judge", "owner", "mei"):
        assert page_of(client, cast, who, row).status_code in (302, 403), who
    shown = page_of(client, cast, "finance_officer", row).content.decode()
    assert reverse("admin:complaints_complaint_rule", args=[row.pk]) not in shown


def test_overdue_ruling_is_red_and_on_the_first_page(cast, client, stage):
    assert to_rule(stage.actor("reviewer")) is None
    row = escalated(stage)
    opened(stage)
    figure = to_rule(stage.actor("reviewer"))
    assert (figure.value, figure.note) == (1, "")
    assert to_rule(stage.actor("sister_admin")) is None
    with time_machine.travel(clock.now() + dt.timedelta(days=40), tick=False):
        figure = to_rule(stage.actor("reviewer"))
        assert (figure.value, figure.note) == (1, "其中 1 件已过期")
        signed_in = cast.sign_in(client, "reviewer")
        assert "投诉待裁定" in signed_in.get("/console/").content.decode()
        shown = signed_in.get(figure.link).content.decode()
        assert 'class="co-late"' in shown
        assert 'class="co-late"' in page_of(client, cast, "reviewer", row).content.decode()
