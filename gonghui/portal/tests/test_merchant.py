import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.notices.models import Message
from gonghui.partners.models import Clerk, PartnerApplication, PayoutAccount
from gonghui.partners.tests.stage import (
    filled,
    new_owner,
    new_partner,
    new_store,
    new_user,
    standing_agreement,
)
from gonghui.partners.tests.test_agreements import now, sent

STORES = "江口店，江口路 1 号"


def form(cast, **given):
    entered = filled(cast)
    permille = entered.pop("concession_permille")
    return {**entered, "union": entered["union"].pk, "stores": STORES, "percent": permille / 10, **given}


def test_merchant_saves_a_draft_then_applies(cast, client):
    user = new_user("13800000051")
    client.force_login(user)
    assert client.post("/merchant/apply", form(cast, company="")).status_code == 302
    page = client.post("/merchant/apply", form(cast, company="", do="submit"))
    assert page.status_code == 422
    assert "还有没填的内容：单位全称" in page.content.decode()
    assert client.post("/merchant/apply", form(cast, do="submit")).status_code == 302
    row = PartnerApplication.objects.unscoped("test").get()
    assert (row.state, row.concession_permille) == ("applied", 150)
    assert row.stores == [{"name": "江口店", "address": "江口路 1 号"}]
    assert "已提交" in client.get("/merchant").content.decode()


def test_upload_that_is_no_picture_is_refused_on_the_page(cast, client):
    client.force_login(new_user("13800000051"))
    fake = SimpleUploadedFile("执照.png", b"<script>alert(1)</script>", "image/png")
    page = client.post("/merchant/apply", form(cast, licence=fake))
    assert page.status_code == 422
    assert "这个文件不是能识别的图片或 PDF" in page.content.decode()


def test_owner_signs_by_name_and_code(cast, client, settings):
    settings.GONGHUI_SHOW_CODES = True
    partner = new_partner(cast, "好味食堂")
    owner = new_owner(partner, "13800000051")
    row = sent(cast, partner)
    client.force_login(owner)
    address = f"/merchant/agreements/{row.pk}"
    assert "全场八五折" in client.get(address).content.decode()
    entered = {"name": "何佳", "text_sha256": row.text_sha256}
    page = client.post(address, entered).content.decode()
    code = re.search(r"data-demo-code>(\d{6})", page)[1]
    wrong = client.post(address, {**entered, "step": "code", "code": "000000" if code != "000000" else "1"})
    assert wrong.status_code == 422
    assert now(row).state == "draft"
    assert client.post(address, {**entered, "step": "code", "code": code}).status_code == 302
    assert (now(row).state, now(row).signed_name) == ("effective", "何佳")
    assert row.text_sha256 in client.get(address).content.decode()


def test_agreement_of_another_merchant_is_not_found(cast, client):
    row = sent(cast, new_partner(cast, "好味食堂"))
    client.force_login(new_owner(new_partner(cast, "邻家"), "13800000051"))
    assert client.get(f"/merchant/agreements/{row.pk}").status_code == 404


def test_owner_adds_and_ends_a_clerk_of_own_store_only(cast, client):
    partner = new_partner(cast, "好味食堂")
    store = new_store(partner)
    new_user("13800000052", "小张")
    client.force_login(new_owner(partner, "13800000051"))
    assert client.get("/merchant/stores").status_code == 200
    added = client.post(f"/merchant/stores/{store.pk}/clerks", {"phone": "13800000052"})
    assert added.status_code == 302
    again = client.post(f"/merchant/stores/{store.pk}/clerks", {"phone": "13800000052"})
    assert "不需要重复添加" in again.content.decode()
    foreign = client.post(f"/merchant/stores/{cast.store.pk}/clerks", {"phone": "13800000052"})
    assert foreign.status_code == 404
    clerk = Clerk.objects.unscoped("test").get(store=store)
    assert client.post(f"/merchant/clerks/{clerk.pk}/end").status_code == 302
    assert now(clerk).ended_at is not None


def test_no_panel_registered_shows_no_tab(cast, client, monkeypatch):
    monkeypatch.setattr("gonghui.portal.merchant.views.merchant_panels", {})
    client.force_login(new_owner(new_partner(cast, "好味食堂"), "13800000051"))
    assert "/merchant/panels/" not in client.get("/merchant").content.decode()


def test_owner_enters_where_to_be_paid_and_sees_its_last_digits(cast, client):
    partner = new_partner(cast, "好味食堂")
    agreement = standing_agreement(partner)
    owner, manager = new_owner(partner, "13800000051"), new_owner(partner, "13800000053", role="manager")
    client.force_login(owner)
    at = f"/merchant/partners/{partner.pk}/payout"
    entered = {"holder": "好味食堂", "bank": "中国银行江南中路支行", "account": "6217 0012 3456 7890"}
    assert client.get(at).status_code == 200
    for wrong in ("6217 00", "6217-ABCD-1234", "六二一七〇〇一二三四"):
        refused = client.post(at, entered | {"account": wrong})
        assert (refused.status_code, "收款账号不对" in refused.content.decode()) == (422, True), wrong
    assert not PayoutAccount.objects.unscoped("test").exists()
    assert client.post(at, entered).status_code == 302
    kept = PayoutAccount.objects.unscoped("test").get()
    assert (kept.account, kept.entered_by_id) == ("6217001234567890", owner.pk)
    assert now(agreement).payout_account == "好味食堂\n中国银行江南中路支行\n6217001234567890"
    for address, said in (("/merchant", "**** 7890"), (at, "尾号 7890")):
        page = client.get(address).content.decode()
        assert (said in page, "6217001234567890" in page) == (True, False)
    assert client.post(at, entered | {"account": "6217 0099 9999 9999"}).status_code == 302
    assert now(agreement).payout_account.endswith("6217001234567890")  # as it was agreed, until the next one
    assert client.post(at, entered).status_code == 302
    assert Message.objects.unscoped("test").filter(user=owner, title="收款账户已更新").count() == 3
    client.force_login(manager)
    assert client.get(at).status_code == 403
    assert client.post(at, entered | {"account": "62170099999999"}).status_code == 403
    assert now(kept).account == "6217001234567890"
    client.force_login(new_owner(new_partner(cast, "邻家"), "13800000054"))
    assert client.post(at, entered).status_code == 404


def test_owner_leaves_after_saying_why(cast, client):
    partner = new_partner(cast, "好味食堂")
    client.force_login(new_owner(partner, "13800000051"))
    at = f"/merchant/partners/{partner.pk}/leave"
    assert "不能恢复" in client.get(at).content.decode()
    assert (client.post(at, {"reason": ""}).status_code, now(partner).state) == (422, "active")
    assert client.post(at, {"reason": "店要关了"}).status_code == 302
    assert now(partner).state == "exited"
    assert "已领的券兑付到" in client.get("/merchant").content.decode()
    assert client.get(at).status_code == 409


def test_me_leads_merchants_to_their_pages(cast, client):
    client.force_login(new_owner(new_partner(cast, "好味食堂"), "13800000051"))
    assert 'href="/merchant"' in client.get("/me").content.decode()
    client.force_login(new_user("13800000052"))
    assert 'href="/merchant"' not in client.get("/me").content.decode()


def test_pages_of_a_chain_ask_as_much_as_those_of_one_shop(cast, client):
    group = new_partner(cast, "好味集团")
    client.force_login(new_owner(group, "13800000051"))

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def grow(n: int) -> None:
        store = new_store(new_partner(cast, f"好味食堂第 {n} 分店", parent=group), f"{n} 店")
        Clerk.objects.create(user=new_user(f"139000000{n:02d}"), store=store)

    grow(0)
    client.get("/merchant")  # what is asked once a process
    before = [asked(at) for at in ("/merchant", "/merchant/stores")]
    for n in range(1, 9):
        grow(n)
    assert [asked(at) for at in ("/merchant", "/merchant/stores")] == before


def test_merchant_marks_where_its_store_stands_and_members_find_it(cast, client):
    partner = new_partner(cast, "好味食堂")
    store = new_store(partner, "江口店")
    client.force_login(new_owner(partner, "13800000051"))
    assert "还没有标位置" in client.get("/merchant/stores").content.decode()
    address = f"/merchant/stores/{store.pk}/place"
    assert "data-pick" in client.get(address).content.decode()
    answer = client.post(address, {"latitude": "23.10650049", "longitude": " 113.3245 "})
    assert answer.status_code == 302
    store.refresh_from_db()
    assert (str(store.latitude), str(store.longitude)) == ("23.106500", "113.324500")
    assert "已在惠工地图上" in client.get("/merchant/stores").content.decode()


def test_place_that_cannot_be_is_refused_and_what_was_typed_stays(cast, client):
    partner = new_partner(cast, "好味食堂")
    store = new_store(partner, "江口店")
    client.force_login(new_owner(partner, "13800000051"))
    for given, said in (
        (("113.3245", "23.1065"), "写反了"),
        (("40.7", "-74.0"), "不在国内"),
        (("路口", "113"), "纬度要写成数字"),
        (("", ""), "请填写经度"),
        (("NaN", "113"), "纬度要写成数字"),
    ):
        page = client.post(
            f"/merchant/stores/{store.pk}/place", dict(zip(("latitude", "longitude"), given, strict=True))
        )
        assert page.status_code == 422 and said in page.content.decode(), given
        assert f'value="{given[0]}"' in page.content.decode() or not given[0]
    store.refresh_from_db()
    assert (store.latitude, store.longitude) == (None, None)


def test_store_of_a_sister_merchant_is_not_there_to_be_moved(cast, client):
    store = new_store(new_partner(cast, "别家"), "别家店")
    client.force_login(new_owner(new_partner(cast, "好味食堂"), "13800000051"))
    address = f"/merchant/stores/{store.pk}/place"
    assert client.get(address).status_code == 404
    assert client.post(address, {"latitude": "23.1", "longitude": "113.3"}).status_code == 404
    store.refresh_from_db()
    assert store.latitude is None
