"""No page of a member takes more than ten queries: the first of a day, in a process that knows nothing yet, however many rows."""

import datetime as dt
import re
from uuid import uuid4

import pytest
import time_machine

from gonghui.benefits.models import Voucher
from gonghui.bills import offers_live
from gonghui.bills.models import Bill, OfferTerms
from gonghui.bills.tests.priced import published, union_share
from gonghui.bills.tests.stage import refunded, sold, with_points
from gonghui.complaints.actions import Asked, open_complaint
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.ports import port
from gonghui.kit.tests.shelves import forget_kept
from gonghui.members.models import MemberCard
from gonghui.portal.tests.till import coupon_of, opened, text

pytestmark = pytest.mark.django_db
PAGES = [
    "/",
    "/activities",
    "/tickets",
    "/tickets/{code}",
    "/messages",
    "/me",
    "/me/pay",
    "/me/card",
    "/me/membership",
    "/me/membership/transfer",
    "/me/membership/transfer?q=西岭",
    "/me/points",
    "/me/points/{entry}",
    "/me/bills",
    "/me/bills/{bill}",
    "/me/bills/{bill}/ways",
    "/me/bills/{bill}/rate",
    "/offers",
    "/offers?view=all&store={store}",
    "/offers/{offer}",
    "/offers/quote",
    "/map",
    "/map/pins.json",
    "/map/stores/{store}",
    "/decisions",
    "/me/wechat-coupons",
    "/offers/quote?store={store}&amount=150&points=3",
]


@pytest.fixture
def mei(cast, client):
    """With points, coupons, bills of many lines and what came back of them."""
    opened(cast)
    money = build_money(cast)
    with_points(money)
    bill = sold(cast, *((f"商品{n}", 1000, 2) for n in range(12)), points=10)
    for line in (1, 2):
        refunded(cast, bill, (line, 1))
    for n in range(12):
        published(
            cast, title=f"第{n}项", stack_class=str(n), needs_voucher=bool(n % 2), windows=[{"weekdays": [1, 6]}],
            limits=[("person_day", 1)], shares=[union_share(money.city, takes_rest=True)],
        )  # fmt: skip
    coupon_of(cast)
    return cast.sign_in(client, "mei")


@pytest.fixture
def names(cast, mei):
    """What stands in the addresses. The local stand-ins of providers draw their keys when first called."""
    for name in ("coupon_provider", "wechat_identity"):
        port(name)
    return {
        "code": Voucher.objects.unscoped("test").last().code,
        "entry": re.search(r'href="/me/points/([0-9a-f-]+)"', text(mei.get("/me/points")))[1],
        "bill": Bill.objects.unscoped("test").last().pk,
        "store": cast.store.pk,
        "offer": OfferTerms.objects.unscoped("test").last().offer_id,
    }


@pytest.mark.parametrize("path", PAGES)
def test_page_takes_ten_queries_at_most(mei, names, path, django_assert_max_num_queries):
    offers_live._kept.clear()
    offers_live._boards.clear()
    forget_kept()
    with (
        time_machine.travel(clock.now() + dt.timedelta(days=1, minutes=1)),
        django_assert_max_num_queries(10),
    ):
        assert mei.get(path.format(**names)).status_code == 200


def test_complaints_about_a_bill_cost_its_page_three_queries_however_many(
    cast, mei, names, django_assert_max_num_queries
):
    bill = Bill.objects.unscoped("test").get(pk=names["bill"])
    for line in bill.lines.order_by("nth")[3:5]:
        asked = Asked("quality", "refund", frozenset({line.pk}), "面里有头发，找店员也不理")
        open_complaint(cast.actor("mei"), bill_id=bill.pk, key=uuid4(), asked=asked)
    with django_assert_max_num_queries(9 + 3):
        page = text(mei.get(f"/me/bills/{bill.pk}"))
    assert "等商家答复" in page and "门店退货" in page


def test_first_pay_code_takes_ten_queries_at_most(cast, client, django_assert_max_num_queries):
    client = cast.sign_in(client, "lan")
    client.get("/me/settings")
    with django_assert_max_num_queries(10):
        assert client.get("/me/pay").status_code == 200
    assert MemberCard.objects.unscoped("test").filter(person=cast.people["lan"]).count() == 1
