import datetime as dt
import threading

import pytest
from django.db import connection

from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.partners import actions, errors
from gonghui.partners.models import Agreement, Clerk, MerchantRole, Partner
from gonghui.partners.queries import may_trade, own_partners, own_stores
from gonghui.partners.tests.stage import new_owner, new_partner, new_store, new_user, standing_agreement
from tests.cast import new_cast


@pytest.fixture
def chain(cast):
    """Group above two malls, each with a store; beside them a sister with one."""
    group = new_partner(cast, "岭南集团")
    east, west = (new_partner(cast, name, parent=group) for name in ("东商场", "西商场"))
    sister = new_partner(cast, "邻家商场")
    parts = {"group": group, "east": east, "west": west, "sister": sister}
    return parts, {name: new_store(parts[name]) for name in ("east", "west", "sister")}


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def test_group_sees_its_malls_and_their_stores_and_no_sister(chain):
    parts, stores = chain
    owner = actor_of(new_owner(parts["group"], "13800000051"))
    assert owner.owns("partner") == {parts[n].pk for n in ("group", "east", "west")}
    assert owner.owns("books") == owner.owns("store") == {stores["east"].pk, stores["west"].pk}
    assert {p.pk for p in own_partners(owner)} == owner.owns("partner")
    assert {s.pk for s in own_stores(owner)} == owner.owns("books")


def test_mall_sees_neither_its_group_nor_its_sister(chain):
    parts, stores = chain
    owner = actor_of(new_owner(parts["east"], "13800000051"))
    assert owner.owns("partner") == {parts["east"].pk}
    assert owner.owns("books") == {stores["east"].pk}


def test_manager_of_a_store_has_the_store_only(chain):
    parts, stores = chain
    actor = actor_of(new_owner(parts["east"], "13800000051", role="manager", store=stores["east"]))
    assert actor.owns("partner") == frozenset()
    assert actor.owns("books") == actor.owns("store") == {stores["east"].pk}


def test_clerk_has_no_books(cast):
    clerk = cast.actor("clerk")
    assert clerk.owns("store") == {cast.store.pk}
    assert clerk.owns("books") == clerk.owns("partner") == frozenset()


def test_sister_merchants_see_nothing_of_each_other(chain):
    parts, stores = chain
    mine = actor_of(new_owner(parts["east"], "13800000051"))
    new_owner(parts["sister"], "13800000052")
    Clerk.objects.create(user=new_user("13800000053"), store=stores["sister"])
    standing_agreement(parts["sister"])
    for model, lookup in ((Agreement, "partner"), (MerchantRole, "partner"), (Clerk, "store__partner")):
        assert model.objects.visible_to(mine).filter(**{lookup: parts["sister"]}).count() == 0
    actions.suspend_partner(parts_actor(parts), partner_id=parts["sister"].pk, reason="x")
    assert Partner.objects.visible_to(mine).filter(pk=parts["sister"].pk).count() == 0


def parts_actor(parts):
    from gonghui.kit.actors import Actor

    return Actor.system("test")


def test_ended_role_owns_nothing(cast, chain):
    parts, _stores = chain
    user = new_owner(parts["east"], "13800000051")
    held = MerchantRole.objects.unscoped("test").get(user=user)
    actions.end_merchant_role(cast.actor("city_admin"), merchantrole_id=held.pk)
    assert set(actor_of(user).keys) == {"user"}
    with pytest.raises(DomainError) as caught:
        actions.end_merchant_role(cast.actor("city_admin"), merchantrole_id=held.pk)
    assert caught.value.reason is errors.ROLE_ENDED


def test_owner_appoints_and_dismisses_clerks_of_own_stores_only(chain):
    parts, stores = chain
    owner = actor_of(new_owner(parts["east"], "13800000051"))
    new_user("13800000052")
    clerk = actions.appoint_clerk(owner, store_id=stores["east"].pk, account="13800000052")
    with pytest.raises(DomainError) as caught:
        actions.appoint_clerk(owner, store_id=stores["sister"].pk, account="13800000052")
    assert caught.value.code == "not_allowed"
    other = actor_of(new_owner(parts["sister"], "13800000053"))
    with pytest.raises(DomainError) as caught:
        actions.dismiss_clerk(other, clerk_id=clerk.pk)
    assert caught.value.code == "not_found"
    actions.dismiss_clerk(owner, clerk_id=clerk.pk)
    entry = AuditEntry.objects.unscoped("test").filter(table_name="partners_clerk", row_id=clerk.pk).last()
    assert entry.actor_id == owner.user_id


def test_suspended_partner_closes_its_counters_and_comes_back(cast):
    admin, store = cast.actor("city_admin"), cast.store
    standing_agreement(store.partner)
    actions.suspend_partner(admin, partner_id=store.partner_id, reason="投诉核查")
    assert cast.actor("clerk").owns("store") == frozenset()
    assert may_trade(store.pk, clock.today()).reason is errors.PARTNER_SUSPENDED
    actions.resume_partner(admin, partner_id=store.partner_id)
    assert cast.actor("clerk").owns("store") == {store.pk}
    assert may_trade(store.pk, clock.today()) is None


def test_exited_partner_honours_what_is_held_and_takes_nothing_new(cast):
    store = cast.store
    agreement = standing_agreement(store.partner)
    actions.exit_partner(cast.actor("city_admin"), partner_id=store.partner_id, reason="经营调整")
    partner = now(store.partner)
    assert (partner.state, partner.honours_until) == ("exited", clock.today() + dt.timedelta(days=30))
    assert now(agreement).state == "terminated"
    assert cast.actor("clerk").owns("store") == {store.pk}
    assert may_trade(store.pk, clock.today()).reason is errors.PARTNER_EXITED
    Partner.objects.unscoped("test").filter(pk=partner.pk).update(
        honours_until=clock.today() - dt.timedelta(days=1)
    )
    assert cast.actor("clerk").owns("store") == frozenset()


def test_partner_exiting_out_of_suspension_honours_nothing(cast):
    admin, store = cast.actor("city_admin"), cast.store
    actions.suspend_partner(admin, partner_id=store.partner_id, reason="核查")
    actions.exit_partner(admin, partner_id=store.partner_id, reason="违规")
    assert cast.actor("clerk").owns("store") == frozenset()
    for verb in (actions.resume_partner,):
        with pytest.raises(DomainError) as caught:
            verb(admin, partner_id=store.partner_id)
        assert caught.value.code == "illegal_move"


def test_owner_may_leave_and_a_manager_may_not(cast):
    partner = cast.store.partner
    owner, manager = new_owner(partner, "13800000051"), new_owner(partner, "13800000052", role="manager")
    with pytest.raises(DomainError) as caught:
        actions.leave_partner(actor_of(manager), partner_id=partner.pk, reason="不做了")
    assert caught.value.reason is errors.OWNER_ONLY
    assert now(partner).state == "active"
    actions.leave_partner(actor_of(owner), partner_id=partner.pk, reason="不做了")
    assert now(partner).state == "exited"


def test_partner_is_never_above_itself(cast, chain):
    parts, _stores = chain
    admin = cast.actor("city_admin")
    with pytest.raises(DomainError) as caught:
        actions.place_partner(admin, partner_id=parts["group"].pk, parent_id=parts["east"].pk)
    assert caught.value.reason is errors.ROUND_AND_ROUND
    with pytest.raises(DomainError):
        actions.place_partner(admin, partner_id=parts["group"].pk, parent_id=parts["group"].pk)
    assert now(parts["group"]).parent_id is None


@pytest.mark.django_db(transaction=True)
def test_two_halves_of_a_circle_made_at_once_leave_one():
    cast = new_cast()
    one, two = new_partner(cast, "甲"), new_partner(cast, "乙")
    answers = []

    def place(child, parent):
        try:
            actions.place_partner(cast.actor("city_admin"), partner_id=child.pk, parent_id=parent.pk)
            answers.append("placed")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=place, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["partner_in_a_circle", "placed"]
