"""A price for an audience: whoever pays is asked at that moment, by the wording the terms were written with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from gonghui.audiences.tests.stage import RIDERS, VERIFIED, saved
from gonghui.benefits.tests.plans import fresh
from gonghui.bills import plans
from gonghui.bills.actions import terms
from gonghui.bills.models import OfferTerms
from gonghui.bills.tests.priced import published
from gonghui.bills.tests.stage import sold
from gonghui.bills.tests.test_live_offers import loaded, priced
from gonghui.bills.tests.written import REST, plan
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person
from gonghui.partners.tests.stage import standing_agreement
from gonghui.portal.queries.offers import offers_now

pytestmark = pytest.mark.django_db
WOMEN = {"kind": "gender", "is": "female"}
UNMARKED = {"none": [{"kind": "did", "what": "bought", "times": 1, "days": 30}]}


@pytest.fixture(autouse=True)
def agreement(cast):
    return standing_agreement(cast.store.partner)


def for_(audience) -> dict:
    return {"audience": audience, "audience_version": audience.versions.latest("number")}


def given(cast, who: str) -> list[str]:
    """Offers that are given, or why one is not."""
    quote = priced(cast, who)
    return [one.reason.code for one in quote.refused] or ["given"]


def test_only_who_is_in_the_audience_when_they_pay_is_given_it(cast):
    published(cast, **for_(saved(cast, WOMEN)), verified_only=False)
    assert [given(cast, who) for who in ("mei", "hua")] == [["given"], ["offer_not_for_you"]]
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(gender="male")
    assert given(cast, "mei") == ["offer_not_for_you"]  # nothing was made anew meanwhile


def test_new_wording_changes_no_price_that_was_reviewed(cast):
    audience = saved(cast, WOMEN)
    published(cast, **for_(audience))
    saved(cast, RIDERS, audience_id=audience.pk, name=audience.name)
    assert given(cast, "mei") == ["given"]


def test_first_bill_is_cheaper_and_the_second_is_not(cast):
    """Whoever has not bought for a month: the bill itself is what takes them out."""
    published(cast, **for_(saved(cast, UNMARKED)))
    assert given(cast, "mei") == ["given"]
    sold(cast)
    assert given(cast, "mei") == ["offer_not_for_you"]


def test_quote_costs_nothing_more_where_no_price_is_for_an_audience(cast, django_assert_num_queries):
    published(cast)
    loaded(cast)
    with django_assert_num_queries(2):
        loaded(cast)
    for title in ("一", "二"):
        published(cast, title=title, **for_(saved(cast, WOMEN, name=title)))
    loaded(cast)
    with django_assert_num_queries(4):  # the wordings and the person, however many offers
        loaded(cast)


def test_offers_for_others_are_not_shown_as_the_readers_own(cast):
    published(cast, **for_(saved(cast, WOMEN)), verified_only=False)
    assert [offers_now(cast.actor(who))[0].is_mine for who in ("mei", "hua")] == [True, False]


def test_terms_keep_the_wording_of_the_day_they_are_written(cast):
    admin, city = cast.actor("city_admin"), cast.unions["city"].pk
    audience = saved(cast, WOMEN)
    wanted = plan(cast, REST, audience_id=audience.pk)
    made = terms.write_terms(admin, union_id=city, plan=wanted)
    assert (made.audience_version.number, plans.plan_of(fresh(made)).audience_id) == (1, audience.pk)
    saved(cast, VERIFIED, audience_id=audience.pk, name=audience.name)
    assert fresh(made).audience_version.number == 1
    terms.write_terms(admin, union_id=city, plan=wanted, terms_id=made.pk)
    assert fresh(made).audience_version.number == 2
    terms.write_terms(admin, union_id=city, plan=replace(wanted, audience_id=None), terms_id=made.pk)
    assert fresh(made).audience_version is None


def test_audience_of_others_a_sensitive_one_and_one_not_made_are_refused(cast):
    """A clerk who sees the price would know of the hardship."""
    theirs = saved(cast, VERIFIED, union="sister", who="sister_admin")
    hard = saved(cast, {"kind": "tag", "kinds": ["hardship"]})
    unmade = saved(cast, WOMEN, built=False)
    for audience, code in (
        (theirs, "not_found"), (hard, "terms_audience_sensitive"), (unmade, "audience_not_made"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as said:
            wanted = plan(cast, REST, audience_id=audience.pk)
            terms.write_terms(cast.actor("city_admin"), union_id=cast.unions["city"].pk, plan=wanted)
        assert said.value.code == code
    assert not OfferTerms.objects.unscoped("test").exists()


def test_audience_and_its_wording_stand_together(cast):
    row = published(cast, **for_(saved(cast, WOMEN)))
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferTerms.objects.unscoped("test").filter(pk=row.pk).update(audience_version=None)
