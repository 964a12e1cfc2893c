from gonghui.kit import clock
from gonghui.partners.models import Agreement, Partner
from gonghui.partners.tests.stage import applied, good_uscc, new_partner, new_staff


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
    form = {"partner": partner.pk, "concession": "八五折", "concession_permille": 150, "starts_on": clock.today(),
            "ends_on": "", "cycle": "monthly"}  # fmt: skip
    assert client.post("/console/partners/agreement/add/", form).status_code == 302
    row = Agreement.objects.unscoped("test").get(partner=partner)
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
