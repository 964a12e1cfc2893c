"""Before a coupon is promised: rules are asked about what the unions put in; nobody reviews a release of their own shop."""

from uuid import uuid4

import pytest

from gonghui.benefits.actions import releases
from gonghui.benefits.actions.claims import claim
from gonghui.benefits.actions.passes import issue_pass
from gonghui.benefits.models import Voucher
from gonghui.bills.models import Purse
from gonghui.bills.tests.priced import MERCHANT, published, released, union_share
from gonghui.bills.tests.stage import fresh
from gonghui.bills.tests.written import REST, by_union, put_up, release_of
from gonghui.funds.tests.granting import CLAUSE, capped
from gonghui.kit.errors import DomainError
from gonghui.partners.models import MerchantRole

pytestmark = pytest.mark.django_db


def pool_of(money, **facts):
    """满 100 减 20, half of it the city's, unless said otherwise."""
    shares = facts.pop("shares", None) or [union_share(money.city, 500), MERCHANT]
    return released(published(money.cast, needs_voucher=True, category="coupon", shares=shares, **facts))


def tries(cast, pool):
    """What keeps Mei from it: through our own door, and from a pass for the gate."""
    mei = cast.actor("mei")
    with pytest.raises(DomainError) as at_the_door:
        claim(mei, pool_id=pool.pk, key=uuid4())
    with pytest.raises(DomainError) as at_the_gate:
        issue_pass(mei, pool_id=pool.pk, seats=1, binding=b"x" * 16)
    assert at_the_door.value.message == at_the_gate.value.message
    return at_the_door.value


def test_coupon_over_the_cap_is_refused_at_the_claim(cast, money):
    """Ten yuan of the city's against nine a year; one of nine is hers."""
    capped(9, category="coupon")
    error = tries(cast, pool_of(money))
    assert (error.code, CLAUSE in error.message, error.clause) == ("coupon_rule_refuses", True, CLAUSE)
    assert not Voucher.objects.unscoped("test").exists()
    nine = [[union_share(money.city, 450), MERCHANT] for _n in range(2)]
    assert claim(cast.actor("mei"), pool_id=pool_of(money, shares=nine[0]).pk, key=uuid4()).answer == "won"
    assert issue_pass(
        cast.actor("mei"), pool_id=pool_of(money, shares=nine[1]).pk, seats=1, binding=b"x" * 16
    )


def test_coupon_whose_sum_is_not_known_is_refused_where_nothing_is_left(cast, money):
    capped(9, category="coupon")
    percent = {"form": "percent", "threshold_fen": 0, "off_fen": 0, "rate_permille": 800, "cap_fen": 50_00}
    assert claim(cast.actor("mei"), pool_id=pool_of(money, **percent).pk, key=uuid4()).answer == "won"
    capped(0, category="coupon")
    assert tries(cast, pool_of(money, **percent)).code == "coupon_rule_refuses"


def test_coupon_without_union_money_is_asked_nothing(cast, money):
    capped(0, category="coupon")
    pool = pool_of(money, shares=[MERCHANT])
    assert claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4()).answer == "won"


def test_owner_of_a_store_reviews_no_release_of_it(cast, money):
    release = release_of(put_up(cast, by_union(money.city, permille=500), REST), cast, 3)
    role = MerchantRole.objects.create(
        user=cast.users["province_admin"], partner=cast.store.partner, role="owner"
    )
    with pytest.raises(DomainError) as refused:
        releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    assert refused.value.code == "own_merchant"
    assert (fresh(release).state, Purse.objects.unscoped("test").filter(release=release).exists()) == (
        "draft",
        False,
    )
    role.delete()
    assert releases.review_release(cast.actor("province_admin"), release_id=release.pk).state == "reviewed"
