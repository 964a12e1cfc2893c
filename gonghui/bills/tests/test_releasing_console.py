"""A batch of coupons is drafted on a page of the offer; the review sets its money aside."""

import datetime as dt

import pytest
from django.urls import reverse

from gonghui.benefits.models import Release
from gonghui.bills.models import Purse
from gonghui.bills.tests.written import REST, by_union, put_up
from gonghui.funds.tests.stage import balance, build_money
from gonghui.kit import clock
from gonghui.partners.tests.stage import standing_agreement

pytestmark = pytest.mark.django_db


@pytest.fixture
def terms(cast):
    money = build_money(cast)
    standing_agreement(cast.store.partner)
    cast.money = money
    return put_up(cast, shares=(by_union(money.city, fixed_fen=2000), REST))


def typed(**facts) -> dict:
    now = clock.now().astimezone(clock.CHINA)
    at = lambda days: f"{now + dt.timedelta(days=days):%Y-%m-%dT%H:%M}"  # noqa: E731
    known = {
        "title": "加油券（十二月）", "mode": "grab", "places": "20", "per_person": "1", "verified_only": "on",
        "announce_at": at(1), "opens_at": at(2), "closes_at": at(9), "valid_until": at(30),
    }  # fmt: skip
    return known | facts


def address(terms):
    return reverse("admin:offer_release", args=[terms.pk])


def test_batch_is_drafted_and_its_review_sets_the_money_aside(cast, client, terms):
    cast.sign_in(client, "city_admin")
    assert client.get(address(terms)).status_code == 200
    answer = client.post(address(terms), typed())
    release = Release.objects.unscoped("test").get()
    assert answer.headers["Location"] == reverse("admin:benefits_release_change", args=[release.pk])
    assert (release.state, release.pools.get().capacity, release.offer_id) == ("draft", 20, terms.offer_id)
    cast.sign_in(client, "province_admin")
    client.post(reverse("admin:benefits_release_review", args=[release.pk]))
    purse = Purse.objects.unscoped("test").select_related("commitment").get(release=release)
    assert balance(purse.commitment.account_id) == 20 * 2000


def test_batch_sent_twice_is_one_draft(cast, client, terms):
    cast.sign_in(client, "city_admin")
    posted = typed(sent=client.get(address(terms)).context["sent"])
    answers = [client.post(address(terms), posted) for _n in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert (answers[0].url, Release.objects.unscoped("test").count()) == (answers[1].url, 1)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"places": "0"}, "多少张："),
        ({"opens_at": "2020-01-01T09:00"}, "时间要依次为"),
        ({"valid_until": "2020-01-01T09:00"}, "可用时间止要在"),
        ({"title": ""}, "投放名称："),
    ],
)
def test_what_cannot_be_is_said_on_the_form(cast, client, terms, facts, says):
    answer = cast.sign_in(client, "city_admin").post(address(terms), typed(**facts))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Release.objects.unscoped("test").exists()


def test_offer_of_a_sister_city_is_not_released(cast, client, terms):
    assert cast.sign_in(client, "sister_admin").get(address(terms)).status_code == 404
