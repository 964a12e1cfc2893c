"""The union's side of merchants: the inbox, agreements, roles, payout accounts."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from gonghui.kit import clock
from gonghui.kit.models import AuditEntry
from gonghui.partners.models import (
    Agreement,
    ApplicationFile,
    MerchantRole,
    Partner,
    PartnerApplication,
    PayoutAccount,
)
from gonghui.partners.tests.stage import (
    applied,
    filled,
    good_uscc,
    new_partner,
    new_staff,
    new_user,
    standing_agreement,
)
from tests.console_contract import ConsoleContract

PDF = b"%PDF-1.7 licence of the canteen %%EOF"


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def test_inbox_takes_and_approves(cast, client):
    row = applied(cast)
    cast.sign_in(client, "city_admin")
    listed = client.get("/console/partners/partnerapplication/")
    assert listed.status_code == 200 and row.company in listed.content.decode()
    base = f"/console/partners/partnerapplication/{row.pk}"
    assert client.get(f"{base}/change/").status_code == 200
    for verb in ("take", "approve"):
        assert client.post(f"{base}/verb/{verb}/").status_code == 302
    assert now(row).state == "approved"
    assert Partner.objects.unscoped("test").filter(uscc=good_uscc()).count() == 1


def test_agreement_is_drafted_by_one_and_sent_by_another(cast, client):
    partner = new_partner(cast, "好味食堂")
    cast.sign_in(client, "city_admin")
    form = {"partner": partner.pk, "concession": "八五折", "percent": "15", "fee_percent": "0.6", "starts_on": clock.today(),
            "ends_on": "", "cycle": "monthly"}  # fmt: skip
    assert client.post("/console/partners/agreement/add/", form).status_code == 302
    row = Agreement.objects.unscoped("test").get(partner=partner)
    assert (row.concession_permille, row.fee_bp) == (150, 60)
    base = f"/console/partners/agreement/{row.pk}"
    assert client.get(f"{base}/change/").status_code == 200
    assert "不能由自己复核送签" in client.post(f"{base}/verb/send/").content.decode()
    new_staff(cast, "reviewer", "reviewer", "city")
    client.logout()
    cast.sign_in(client, "reviewer")
    client.post(f"{base}/verb/send/")
    assert now(row).sent_at is not None


def test_sister_city_sees_no_application(cast, client):
    row = applied(cast)
    cast.sign_in(client, "sister_admin")
    assert row.company not in client.get("/console/partners/partnerapplication/").content.decode()


class TestApplicationScreen(ConsoleContract):
    model = PartnerApplication
    sightless = ("judge",)

    def own(self, cast):
        return self._applied(cast, "city", 1)

    def foreign(self, cast):
        return self._applied(cast, "sister", 2)

    def more(self, cast, count):
        for n in range(count):
            self._applied(cast, "city", 10 + n)

    def _applied(self, cast, union, n):
        phone = f"138000007{n:02d}"
        given = {"union": cast.unions[union], "uscc": good_uscc(n), "contact_phone": phone}
        return applied(cast, new_user(phone), **given)


class TestAgreementScreen(ConsoleContract):
    model = Agreement
    sightless = ("judge",)

    def own(self, cast):
        return standing_agreement(cast.store.partner)

    def foreign(self, cast):
        return standing_agreement(new_partner(cast, "西岭植物园", "sister"))

    def more(self, cast, count):
        for n in range(count):
            standing_agreement(new_partner(cast, f"更多 {n}"))


class TestRoleScreen(ConsoleContract):
    model = MerchantRole
    sightless = ("judge",)

    def own(self, cast):
        return self._role(cast.store.partner, "13800000061")

    def foreign(self, cast):
        return self._role(new_partner(cast, "西岭植物园", "sister"), "13800000062")

    def more(self, cast, count):
        for n in range(count):
            self._role(new_partner(cast, f"更多 {n}"), f"138000001{n:02d}")

    def _role(self, partner, phone):
        return MerchantRole.objects.create(user=new_user(phone), partner=partner, role="owner")

    def test_merchant_is_appointed_by_whole_phone_number_and_ends(self, cast, client):
        partner = new_partner(cast, "好味食堂")
        new_user("13800000063")
        cast.sign_in(client, "city_admin")
        form = {"partner": partner.pk, "store": "", "role": "owner", "account": "138 0000 0063"}
        assert client.post(self.at("add"), form).status_code == 302
        row = MerchantRole.objects.unscoped("test").get(partner=partner)
        assert client.post(self.at("end", row)).status_code == 302
        assert now(row).ended_at is not None


class TestPayoutScreen(ConsoleContract):
    model = PayoutAccount
    sightless = ("judge",)

    def own(self, cast):
        return self._account(cast, cast.store.partner)

    def foreign(self, cast):
        return self._account(cast, new_partner(cast, "西岭植物园", "sister"))

    def more(self, cast, count):
        for n in range(count):
            self._account(cast, new_partner(cast, f"更多 {n}"))

    def _account(self, cast, partner):
        facts = {"holder": partner.name, "bank": "中国银行", "account": "6217001234567890"}
        return PayoutAccount.objects.create(partner=partner, entered_by=cast.users["stranger"], **facts)

    def test_number_is_shown_by_its_last_digits(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        text = (
            client.get(self.at("changelist")).content.decode()
            + client.get(self.at("change", row)).content.decode()
        )
        assert ("**** 7890" in text, "6217001234567890" in text) == (True, False)


def test_partner_is_placed_under_a_group_and_in_no_circle(cast, client):
    group, shop = new_partner(cast, "好味集团"), new_partner(cast, "好味食堂")
    cast.sign_in(client, "city_admin")
    base = "/console/partners/partner"
    assert client.post(f"{base}/{shop.pk}/verb/place/", {"parent": group.pk}).status_code == 302
    assert now(shop).parent_id == group.pk
    circle = client.post(f"{base}/{group.pk}/verb/place/", {"parent": shop.pk})
    assert (circle.status_code, now(group).parent_id) == (422, None)
    assert client.post(f"{base}/{shop.pk}/verb/place/", {"parent": ""}).status_code == 302
    assert now(shop).parent_id is None


def test_application_is_entered_for_a_merchant_with_its_licence_sealed(cast, client):
    user = new_user("13800000051")
    cast.sign_in(client, "city_admin")
    entered = filled(cast)
    permille = entered.pop("concession_permille")
    form = {**entered, "account": user.phone, "union": entered["union"].pk, "stores": "江口店，江口路 1 号",
            "percent": permille / 10, "licence": SimpleUploadedFile("执照.pdf", PDF, "application/pdf")}  # fmt: skip
    assert client.post("/console/partners/applications/new", form).status_code == 302
    row = PartnerApplication.objects.unscoped("test").get()
    assert (row.state, row.applicant_id, row.entered_by_id) == (
        "applied",
        user.pk,
        cast.users["city_admin"].pk,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM partners_applicationfile WHERE application_id = %s", [row.pk])
        kept = bytes(cursor.fetchone()[0])
    assert (PDF in kept, row.licence.content) == (False, PDF)
    wrong = client.post(
        "/console/partners/applications/new", {**form, "account": "13899999999", "licence": ""}
    )
    assert (wrong.status_code, "没有找到" in wrong.content.decode()) == (422, True)
    client.logout()
    cast.sign_in(client, "sister_admin")
    foreign = client.post("/console/partners/applications/new", {**form, "licence": ""})
    assert (foreign.status_code, PartnerApplication.objects.unscoped("test").count()) == (422, 1)


def test_reviewer_reads_contact_and_licence_for_a_reason_that_is_recorded(cast, client):
    row = applied(cast)
    ApplicationFile.objects.create(
        application=row, content=PDF, media_type="application/pdf", name="执照.pdf"
    )
    new_staff(cast, "reviewer", "reviewer", "city")
    cast.sign_in(client, "reviewer")
    base = f"/console/partners/partnerapplication/{row.pk}"
    shown = client.get(f"{base}/change/").content.decode()
    assert ("何*" in shown, "138****0051" in shown, "江口店 · 江口路 1 号" in shown, "15%" in shown) == (
        True,
    ) * 4
    assert ("何佳" in shown, "13800000051" in shown) == (False, False)
    assert client.post(f"{base}/verb/licence/", {"reason": "看"}).status_code == 422
    assert not AuditEntry.objects.unscoped("test").filter(op="UNMASK").exists()
    told = client.post(f"{base}/verb/licence/", {"reason": "核对营业执照"})
    assert (told.status_code, told.content, "no-store" in told.headers["Cache-Control"]) == (200, PDF, True)
    whole = client.post(f"{base}/verb/unmask/", {"reason": "打电话核实"}).content.decode()
    assert ("何佳" in whole, "13800000051" in whole) == (True, True)
    looks = AuditEntry.objects.unscoped("test").filter(op="UNMASK").order_by("id")
    assert [entry.after["fields"] for entry in looks] == [["content"], ["contact_name", "contact_phone"]]
    client.logout()
    new_staff(cast, "operator", "operator", "city")
    cast.sign_in(client, "operator")
    assert client.post(f"{base}/verb/licence/", {"reason": "核对营业执照"}).status_code == 403


def test_first_page_says_what_waits_for_a_reviewer(cast, client):
    applied(cast)
    new_staff(cast, "reviewer", "reviewer", "city")
    cast.sign_in(client, "reviewer")
    waiting = {item.title: item.value for item in client.get("/console/").context["waiting"]}
    assert waiting["入驻申请待审核"] == 1
