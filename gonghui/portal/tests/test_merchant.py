import re

from django.core.files.uploadedfile import SimpleUploadedFile

from gonghui.partners.models import Clerk, PartnerApplication
from gonghui.partners.tests.stage import filled, new_owner, new_partner, new_store, new_user
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


def test_no_panel_registered_shows_no_tab(cast, client):
    client.force_login(new_owner(new_partner(cast, "好味食堂"), "13800000051"))
    assert "/merchant/panels/" not in client.get("/merchant").content.decode()
