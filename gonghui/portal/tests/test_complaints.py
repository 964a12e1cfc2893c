"""我的意见 and the merchant's answers, page by page, without scripts; and by the API."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gonghui.bills.tests.stage import fresh
from gonghui.complaints import actions
from gonghui.complaints.models import Complaint
from gonghui.complaints.tests.stage import WORDS, again, asked, build_stage, lines_of, opened
from gonghui.funds.tests.stage import trial
from gonghui.portal.tests.till import text
from tests.walk import knock

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(cast):
    return build_stage(cast)


def typed(bill, *nths: int, **facts) -> dict:
    one = asked(bill, *nths)
    known = {"kind": one.kind, "wanted": one.wanted, "words": one.words, "line_ids": sorted(one.line_ids)}
    return known | {"key": str(uuid4())} | facts


def test_member_complains_and_follows_it_to_the_correction(client, cast, stage):
    bill, mei = stage.bought(), cast.sign_in(client, "mei")
    assert "对这笔消费有意见" in text(mei.get(f"/me/bills/{bill.pk}"))
    assert "您没有提过意见" in text(mei.get("/me/complaints"))
    page = text(mei.get(f"/me/bills/{bill.pk}/complaints/new"))
    assert "付款后 30 天内可以提。商家 3 个工作日内答复" in page and "10 个工作日内裁定" in page
    empty = mei.post(f"/me/bills/{bill.pk}/complaints/new", {"key": str(uuid4()), "words": "凉了"})
    assert (empty.status_code, "请至少勾选一样" in text(empty), "凉了" in text(empty)) == (422, True, True)
    facts = typed(bill, 1)
    made = mei.post(f"/me/bills/{bill.pk}/complaints/new", facts)
    row = Complaint.objects.unscoped("test").get()
    assert made["Location"] == f"/me/complaints/{row.pk}"
    assert mei.post(f"/me/bills/{bill.pk}/complaints/new", facts)["Location"] == made["Location"]
    twice = mei.post(f"/me/bills/{bill.pk}/complaints/new", typed(bill, 1))
    assert (twice.status_code, "“面”已经在处理中的意见里" in text(twice)) == (409, True)
    owner = cast.sign_in(Client(), "owner")
    owner.post(f"/merchant/complaints/{row.pk}/answer", {"words": "录像里没有"})
    page = text(mei.get(made["Location"]))
    assert "录像里没有" in page and "不接受，请工会裁定" in page
    mei.post(f"/me/complaints/{row.pk}/escalate", {"words": "我有照片"})
    facts = {"is_upheld": True, "line_ids": lines_of(bill)[:1], "reason": "照片属实"}
    actions.rule_complaint(stage.actor("reviewer"), complaint_id=row.pk, **facts)
    for address in (made["Location"], f"/me/bills/{bill.pk}"):
        page = re.sub(r"<[^>]+>", " ", text(mei.get(address)))
        found = [page.index(said) for said in (
            "您在珠岛游船码头消费", "您提意见：质量问题，希望退这些", WORDS, "商家答复", "录像里没有", "您请工会裁定", "我有照片",
            "工会裁定：支持您", "照片属实", "账目已更正：退给您 83.33 元，现金到门店领取",
        )]  # fmt: skip
        assert found == sorted(found), address
    assert f"/me/bills/{bill.pk}/ways" in text(mei.get(made["Location"]))
    assert "裁定支持" in text(mei.get("/me/complaints"))
    assert (fresh(bill).refunded_fen, trial()) == (10_000, 0)


def test_merchant_sees_the_member_masked_and_its_own_stores_only(client, cast, stage):
    row = opened(stage)
    owner = cast.sign_in(client, "owner")
    page = text(owner.get("/merchant/panels/complaints"))
    assert "陈**" in page and WORDS in page and "陈小梅" not in page
    for who in ("clerk", "mei", "city_admin"):
        them = cast.sign_in(Client(), who)
        assert them.get("/merchant/panels/complaints").status_code == 403
        assert them.post(f"/merchant/complaints/{row.pk}/agree").status_code == 403
    from gonghui.partners.tests.stage import new_owner, new_partner, new_store

    other = new_partner(cast, "别家")
    new_store(other)
    cast.users["other"] = new_owner(other, "13800000079")
    them = cast.sign_in(Client(), "other")
    assert WORDS not in text(them.get("/merchant/panels/complaints"))
    assert them.post(f"/merchant/complaints/{row.pk}/agree").status_code == 404
    assert again(row).state == "open"
    owner.post(f"/merchant/complaints/{row.pk}/answer", {"words": " "})
    assert again(row).state == "open"
    owner.post(f"/merchant/complaints/{row.pk}/agree", {"words": "对不起"})
    assert (again(row).state, fresh(row.bill).state, trial()) == ("agreed", "refunded", 0)
    assert "商家已同意" in text(owner.get("/merchant/panels/complaints"))


def test_nobody_reads_or_moves_the_complaint_of_another(client, cast, stage):
    row = opened(stage)
    lan = cast.sign_in(client, "lan")
    assert lan.get(f"/me/complaints/{row.pk}").status_code == 404
    assert lan.get(f"/me/bills/{row.bill_id}/complaints/new").status_code == 404
    for verb in ("accept", "escalate", "withdraw"):
        assert lan.post(f"/me/complaints/{row.pk}/{verb}").status_code == 404
    assert row.number not in text(lan.get("/me/complaints"))
    mei = cast.sign_in(Client(), "mei")
    early = mei.post(f"/me/complaints/{row.pk}/escalate")
    assert (early.status_code, "当前状态是“待商家答复”" in text(early)) == (409, True)
    mei.post(f"/me/complaints/{row.pk}/withdraw")
    assert again(row).state == "withdrawn"


def test_lists_ask_as_much_for_three_as_for_one(client, cast, stage):
    opened(stage)
    clients = [
        (cast.sign_in(client, "mei"), "/me/complaints"),
        (cast.sign_in(Client(), "owner"), "/merchant/panels/complaints"),
    ]

    def cost() -> list[int]:
        found = []
        for who, path in clients:
            with CaptureQueriesContext(connection) as queries:
                assert who.get(path).status_code == 200
            found.append(len(queries))
        return found

    cost()
    one = cost()
    for _n in range(2):
        row = opened(stage)
        actions.answer_complaint(stage.actor("owner"), complaint_id=row.pk, words="不是我们的")
    actions.agree_to_complaint(stage.actor("owner"), complaint_id=row.pk)
    three = cost()
    assert (three, max(one) <= 7) == (one, True), (one, three)


def test_pages_of_a_complaint_that_was_ruled_on_ask_little(
    client, cast, stage, django_assert_max_num_queries
):
    row = opened(stage)
    actions.agree_to_complaint(stage.actor("owner"), complaint_id=row.pk)
    mei = cast.sign_in(client, "mei")
    mei.get("/me/complaints")
    for path, most in ((f"/me/complaints/{row.pk}", 10), (f"/me/bills/{row.bill_id}", 15)):
        with django_assert_max_num_queries(most):
            assert mei.get(path).status_code == 200


def test_api_tells_of_complaints_and_moves_them(cast, stage):
    bill = stage.bought()
    facts = {
        "key": str(uuid4()),
        "kind": "quality",
        "wanted": "refund",
        "line_ids": lines_of(bill)[:1],
        "words": WORDS,
    }
    address = f"/api/v1/me/bills/{bill.pk}/complaints"
    made = knock(cast, "mei", "POST", address, facts)
    assert made.status_code == 200, made.content
    out = made.json()
    assert (out["state"], out["bill_id"], out["line_ids"]) == ("open", bill.pk, facts["line_ids"])
    assert knock(cast, "mei", "POST", address, facts).json()["complaint_id"] == out["complaint_id"]
    assert knock(cast, "lan", "POST", address, facts | {"key": str(uuid4())}).status_code == 404
    one = f"/api/v1/me/complaints/{out['complaint_id']}"
    assert knock(cast, "lan", "GET", one, None).status_code == 404
    actions.answer_complaint(stage.actor("owner"), complaint_id=out["complaint_id"], words="不是我们的")
    said = knock(cast, "mei", "GET", one, None).json()
    assert [(entry["by"], entry["state"]) for entry in said["entries"]] == [
        ("member", "open"),
        ("merchant", "answered"),
    ]
    assert knock(cast, "mei", "POST", f"{one}/accept", {}).json()["state"] == "accepted"
    assert knock(cast, "mei", "POST", f"{one}/escalate", {"words": ""}).status_code == 409
    listed = knock(cast, "mei", "GET", "/api/v1/me/complaints", None).json()
    assert (listed["count"], listed["items"][0]["state"]) == (1, "accepted")
