"""The console's pages of points: counted as one types, followed while it runs, equal to the fen."""

import io

import openpyxl
import pytest

from gonghui.funds.actions import rules
from gonghui.funds.actions.rules import RuleTerms
from gonghui.funds.models import PointGrant
from gonghui.funds.tests.granting import SYSTEM, granted, placed, started
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    return build_money(cast)


def asked(money, **facts) -> dict:
    known = {
        "union": money.cast.unions["city"].pk, "title": "国庆慰问", "category": "festival", "per_head": 50,
        "roster_on": f"{clock.today()}", "expires_on": "2030-12-31", "budget": money.city.pk,
    }  # fmt: skip
    return known | facts


def test_draft_counts_people_and_money_as_one_types(client, money):
    money.cast.sign_in(client, "city_admin")
    said = client.post("/console/points/new", asked(money), headers={"X-Preview": "1"}).json()
    assert said == {
        "people": "3", "sum": "150", "left": "30,000", "short": False, "said": [], "asks_words": False,
    }  # fmt: skip
    said = client.post(
        "/console/points/new", asked(money, per_head=90_000), headers={"X-Preview": "1"}
    ).json()
    assert said["short"] is True
    assert not PointGrant.objects.unscoped("test").exists()
    answer = client.post("/console/points/new", asked(money))
    grant = PointGrant.objects.unscoped("test").get()
    assert answer["Location"] == f"/console/points/{grant.pk}"
    assert client.get(answer["Location"]).status_code == 200


def test_draft_says_what_the_rules_ask_and_is_refused_until_it_is_affirmed(client, money):
    place = placed(money.cast, "city", "4401", "东江市")
    terms = RuleTerms(
        "outing", None, "event", clock.today(), "第九条", most_days=1, condition="在本市范围内，当日往返"
    )
    rules.write_rule(SYSTEM, region=place, terms=terms)
    money.cast.sign_in(client, "city_admin")
    facts = asked(money, category="outing", days=1)
    said = client.post("/console/points/new", facts, headers={"X-Preview": "1"}).json()
    assert said["said"] == ["东江市：不超过 1 天；在本市范围内，当日往返（依据：第九条）"]
    assert said["asks_words"] is True
    refused = client.post("/console/points/new", facts)
    assert (refused.status_code, "要符合：在本市范围内，当日往返" in refused.content.decode()) == (422, True)
    assert not PointGrant.objects.unscoped("test").exists()
    answer = client.post("/console/points/new", facts | {"affirms": "on"})
    shown = client.get(answer["Location"]).content.decode()
    assert "<dt>经办人已确认</dt><dd>在本市范围内，当日往返</dd>" in shown
    assert PointGrant.objects.unscoped("test").get().affirmed == ["在本市范围内，当日往返"]


def test_grant_sent_twice_is_one_draft(client, money):
    money.cast.sign_in(client, "city_admin")
    drawn = client.get("/console/points/new")
    sent = drawn.context["sent"]
    assert f'name="sent" value="{sent}"' in drawn.content.decode()
    answers = [client.post("/console/points/new", asked(money, sent=sent)) for _n in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert (answers[0].url, PointGrant.objects.unscoped("test").count()) == (answers[1].url, 1)


def test_bad_draft_comes_back_with_what_is_wrong(client, money):
    money.cast.sign_in(client, "city_admin")
    for facts in (
        {"per_head": 0},
        {"title": ""},
        {"expires_on": "2001-01-01"},
        {"union": money.cast.unions["sister"].pk},
    ):
        answer = client.post("/console/points/new", asked(money, **facts))
        assert answer.status_code == 422, facts
    assert not PointGrant.objects.unscoped("test").exists()


def test_grant_page_shows_progress_and_verbs(client, money):
    grant = started(money)
    page = money.cast.sign_in(client, "city_finance").get(f"/console/points/{grant.pk}").content.decode()
    assert 'data-progress="/console/points/' in page
    said = client.get(f"/console/points/{grant.pk}/progress").json()
    assert (said["done"], said["total"], said["is_running"]) == (0, 3, True)


@pytest.mark.parametrize(("name", "of_a_grant", "of_all"), [("sister_admin", 404, 200), ("judge", 403, 403)])
def test_others_see_neither_grant_nor_liability(client, money, name, of_a_grant, of_all):
    grant = granted(money)
    money.cast.sign_in(client, name)
    assert client.get(f"/console/points/{grant.pk}").status_code == of_a_grant
    assert client.get(f"/console/points/{grant.pk}/progress").status_code == of_a_grant
    page = client.get("/console/points/liability")
    assert (page.status_code, "普惠预算" in page.content.decode()) == (of_all, False)


def test_liability_is_equal_to_its_backing(client, money):
    granted(money)
    money.cast.sign_in(client, "city_finance")
    page = client.get("/console/points/liability").content.decode()
    assert "分毫不差" in page
    assert ">300</dd>" in page
    sheet = client.get("/console/points/liability.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content))).worksheets[0].values)
    assert rows[-1][3] == 300


def test_auditor_reads_and_writes_nothing(client, money):
    grant = granted(money)
    money.cast.sign_in(client, "auditor")
    assert client.get(f"/console/points/{grant.pk}").status_code == 200
    assert client.get("/console/points/liability").status_code == 200
    assert client.get("/console/points/new").status_code == 403
