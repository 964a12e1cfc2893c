"""回避: who has a hand in a merchant decides nothing about it for the union."""

from __future__ import annotations

import pytest

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.partners import errors
from gonghui.partners.actions import agreements, applications
from gonghui.partners.interests import refuse_own_merchant
from gonghui.partners.models import Clerk, MerchantRole
from gonghui.partners.tests.stage import applied, new_owner, new_partner, new_store, new_user
from gonghui.partners.tests.test_agreements import terms

pytestmark = pytest.mark.django_db
PHONE = "13800000071"


@pytest.fixture
def house(cast):
    """A group, a mall in it, another mall beside it."""
    group = new_partner(cast, "大集团")
    return {
        "group": group,
        "mall": new_partner(cast, "东商场", parent=group),
        "sister": new_partner(cast, "西商场", parent=group),
    }


def reached(cast, name: str, phone: str = PHONE):
    """Of staff, who sign in by name: the number colleagues reach them under."""
    user = User.objects.unscoped("test").get(pk=cast.users[name].pk)
    user.contact_phone = phone
    user.save()
    return cast.actor(name)


def is_refused(actor, partner) -> bool:
    try:
        refuse_own_merchant(actor, [partner.pk])
    except DomainError as refusal:
        assert refusal.reason is errors.OWN_MERCHANT
        return True
    return False


def test_owner_of_the_mall_is_refused_there_and_in_its_group_and_free_beside(cast, house):
    MerchantRole.objects.create(user=cast.users["city_admin"], partner=house["mall"], role="owner")
    refused = {name: is_refused(cast.actor("city_admin"), partner) for name, partner in house.items()}
    assert refused == {"group": True, "mall": True, "sister": False}
    assert not is_refused(cast.actor("finance_officer"), house["mall"])


def test_owner_of_the_group_is_refused_in_all_of_it(cast, house):
    MerchantRole.objects.create(user=cast.users["city_admin"], partner=house["group"], role="owner")
    assert all(is_refused(cast.actor("city_admin"), partner) for partner in house.values())


def test_one_person_with_two_accounts_is_known_by_the_phone(cast, house):
    new_owner(house["mall"], PHONE)
    assert not is_refused(cast.actor("city_admin"), house["mall"])
    assert is_refused(reached(cast, "city_admin"), house["mall"])
    assert not is_refused(reached(cast, "city_admin", "13800000072"), house["mall"])


def test_clerk_of_a_store_is_refused_until_the_post_ends(cast, house):
    post = Clerk.objects.create(user=new_user(PHONE), store=new_store(house["mall"]))
    actor = reached(cast, "city_admin")
    assert is_refused(actor, house["mall"])
    post.ended_at = clock.now()
    post.save()
    assert not is_refused(actor, house["mall"])


def test_agreement_with_ones_own_merchant_is_sent_by_another(cast, house):
    new_owner(house["mall"], PHONE)
    row = agreements.draft_agreement(cast.actor("province_admin"), partner=house["mall"], **terms())
    with pytest.raises(DomainError) as caught:
        agreements.send_agreement(reached(cast, "city_admin"), agreement_id=row.pk)
    assert caught.value.reason is errors.OWN_MERCHANT
    row.refresh_from_db()
    assert (row.state, row.sent_at) == ("draft", None)


def test_application_of_oneself_is_reviewed_by_another(cast):
    row = applied(cast, user=new_user(PHONE))
    with pytest.raises(DomainError) as caught:
        applications.take_application(reached(cast, "city_admin"), partnerapplication_id=row.pk)
    assert caught.value.reason is errors.OWN_MERCHANT
    row.refresh_from_db()
    assert row.reviewer_id is None
