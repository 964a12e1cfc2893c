"""After a bill: what its owner says of it, and what they are told when something goes back."""

import datetime as dt

import pytest
import time_machine
from django.db import DatabaseError, transaction

from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.ratings import rate_bill
from gonghui.bills.events import BillRefunded
from gonghui.bills.panels import ratings
from gonghui.bills.reactions import tell_of_refund
from gonghui.bills.tests.priced import given_voucher, published, released
from gonghui.bills.tests.stage import open_shop, refunded, sold, with_points
from gonghui.config.actors import actor_of
from gonghui.feedback.actions import hide_rating
from gonghui.feedback.models import Rating
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.notices.models import Message
from gonghui.partners.tests.stage import new_owner, new_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(cast):
    open_shop(cast)
    published(cast)
    return cast


def said() -> list[tuple[int | None, int]]:
    return list(Rating.objects.unscoped("test").order_by("id").values_list("bill_id", "score"))


def test_bill_is_rated_once_by_its_owner_and_stays(shop):
    bill, mei = sold(shop, 12000), shop.actor("mei")
    rate_bill(mei, bill_id=bill.pk, score=5, comment=" 很划算 ")
    rating = Rating.objects.unscoped("test").get()
    assert (rating.subject_type, rating.subject_id, rating.comment) == ("store", shop.store.pk, "很划算")
    assert (rating.union_id, rating.person_id) == (bill.union_id, shop.people["mei"].pk)
    assert refused(rate_bill, mei, bill_id=bill.pk, score=1) == "already_rated"
    for change in ({"score": 1}, {"bill_id": bill.pk + 1}):
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            Rating.objects.unscoped("test").update(**change)
    assert said() == [(bill.pk, 5)]


@pytest.mark.parametrize(
    ("who", "code"), [("lan", "not_found"), ("clerk", "sign_in_first"), ("city_admin", "sign_in_first")]
)
def test_bill_of_another_is_not_rated(shop, who, code):
    bill = sold(shop, 12000)
    assert refused(rate_bill, shop.actor(who), bill_id=bill.pk, score=1) == code
    assert said() == []


def test_bill_that_waits_is_not_rated_and_one_that_went_back_is(shop):
    waiting = sold(shop, 12000, method="wechat")
    assert refused(rate_bill, shop.actor("mei"), bill_id=waiting.pk, score=5) == "bill_not_rated_yet"
    assert said() == []
    with time_machine.travel(clock.now() + dt.timedelta(minutes=2)):
        back = sold(shop, 12000)
    refunded(shop, back)
    rate_bill(shop.actor("mei"), bill_id=back.pk, score=2)
    assert said() == [(back.pk, 2)]


def test_merchant_reads_scores_and_shown_words_of_own_stores_under_masked_names(shop, client):
    bill = sold(shop, 12000)
    rating = rate_bill(shop.actor("mei"), bill_id=bill.pk, score=4, comment="份量足")
    owner = new_owner(shop.store.partner, "13800000051")
    found = ratings(actor_of(owner))
    assert (found["whole"].answers, found["scores"][1]) == (1, (4, 1))
    assert [(store.pk, one.name, one.text) for store, one in found["comments"]] == [
        (shop.store.pk, "陈**", "份量足")
    ]
    client.force_login(owner)
    page = client.get("/merchant/panels/ratings").content.decode()
    assert "份量足" in page and "陈**" in page and shop.people["mei"].name not in page
    hide_rating(shop.actor("city_admin"), rating_id=rating.pk, reason="含个人信息")
    found = ratings(actor_of(owner))
    assert (found["whole"].answers, found["comments"]) == (1, [])
    stranger = new_owner(new_partner(shop, "邻家"), "13800000052")
    assert ratings(actor_of(stranger))["whole"] is None


def news() -> list[tuple[str, str, str]]:
    return list(
        Message.objects.unscoped("test")
        .filter(once__startswith="bill-refund")
        .order_by("pk")
        .values_list("title", "body", "link")
    )


def test_owner_is_told_once_what_came_back_from_whom(shop):
    with_points(build_money(shop))
    bill = sold(shop, ("茶", 6000, 2), points=10)
    refund = refunded(shop, bill, (1, 1))
    for _turn in range(2):
        tell_of_refund(BillRefunded(refund.pk))
    assert news() == [
        (
            f"{shop.store.name}的退货办好了",
            "您付的 45 元在柜台退现金。5 福豆已回到您账上，有效期不变。其余 10 元是优惠，已退回各出资方。",
            f"/me/bills/{bill.pk}",
        )
    ]


@pytest.mark.parametrize(("days", "ends"), [(0, "可以再用了。"), (3, "已经过期，不能再用。")])
def test_coupon_of_a_bill_all_of_which_is_back_is_spoken_of(shop, days, ends):
    terms = published(shop, title="满200减60", threshold_fen=20000, off_fen=6000, needs_voucher=True)
    release = released(terms, valid_until=clock.now() + dt.timedelta(days=2))
    voucher = given_voucher(release, shop.people["mei"].pk)
    bill = sold(shop, ("酒", 15000, 2), customer=voucher.code)
    first = refunded(shop, bill, (1, 1))
    with time_machine.travel(clock.now() + dt.timedelta(days=days)):
        last = refunded(shop, bill, by="city_admin")
        for refund in (first, last):
            tell_of_refund(BillRefunded(refund.pk))
    bodies = [body for _title, body, _link in news()]
    assert [("满200减60" in body, body.endswith(f"“满200减60”{ends}")) for body in bodies] == [
        (False, False),
        (True, True),
    ]
