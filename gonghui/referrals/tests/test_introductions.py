"""携手入会 (SM-06, I13): both vouchers once, after approval, within the budget, never to oneself."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.accounts.actions.devices import record_device
from gonghui.accounts.models import User
from gonghui.benefits.models import Voucher
from gonghui.benefits.tests.crowd import counts
from gonghui.benefits.tests.plans import refused
from gonghui.bills.tests.written import purses_of
from gonghui.funds.tests.stage import build_money
from gonghui.joining.events import ApplicationApproved, ApplicationSubmitted
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import Delegation, Membership
from gonghui.notices.models import Message
from gonghui.partners.tests.stage import standing_agreement
from gonghui.referrals import actions, queries, reactions
from gonghui.referrals.models import InviteCode, Referral
from gonghui.referrals.tests.stage import applied, approved, code_of, newcomer, running, stepped

SYSTEM = Actor.system("test")


@pytest.fixture
def money(cast):
    standing_agreement(cast.store.partner)
    return build_money(cast)


def brought(cast, nth: int, code: str, **facts) -> Referral | None:
    """Applied with the code and approved; the news went its way."""
    person = newcomer(nth)
    application = applied(cast, person, code, **facts)
    reactions.note_who_invited(ApplicationSubmitted(application.pk))
    approved(cast, application, person)
    reactions.reward_who_invited(ApplicationApproved(application.pk))
    return Referral.objects.unscoped("test").filter(application=application).first()


def held(person_id: int) -> list[str]:
    found = Voucher.objects.unscoped("test").filter(person_id=person_id, state="confirmed")
    return sorted(found.values_list("release__offer__title", flat=True))


@pytest.mark.django_db
def test_both_vouchers_come_after_approval_and_once(cast, money):
    campaign = running(cast, money.city)
    mei = cast.people["mei"]
    before = purses_of(campaign.joiner_pool.release) + purses_of(campaign.referrer_pool.release)
    person = newcomer(0)
    application = applied(cast, person, code_of(mei))
    reactions.note_who_invited(ApplicationSubmitted(application.pk))
    referral = Referral.objects.unscoped("test").get()
    assert (referral.state, held(mei.pk), held(person.pk)) == ("pending", [], [])
    approved(cast, application, person)
    for _again in range(3):
        reactions.reward_who_invited(ApplicationApproved(application.pk))
    referral.refresh_from_db()
    assert (referral.state, referral.joinee_id) == ("rewarded", person.pk)
    assert (held(person.pk), held(mei.pk)) == (["30 元券"], ["20 元券"])
    assert (counts(campaign.joiner_pool)[0], counts(campaign.referrer_pool)[0]) == (1, 1)
    assert before == [15_000, 10_000]  # reserved when both releases were reviewed: five of each
    told = Message.objects.unscoped("test").filter(once__startswith="referral:")
    assert sorted(told.values_list("person_id", flat=True)) == sorted([person.pk, mei.pk])


@pytest.mark.django_db
def test_approval_heard_before_the_submission_counts_all_the_same(cast, money):
    running(cast, money.city)
    person = newcomer(0)
    application = applied(cast, person, code_of(cast.people["mei"]))
    approved(cast, application, person)
    reactions.reward_who_invited(ApplicationApproved(application.pk))
    reactions.note_who_invited(ApplicationSubmitted(application.pk))
    assert [r.state for r in Referral.objects.unscoped("test")] == ["rewarded"]


@pytest.mark.django_db
def test_code_passed_on_without_a_membership_pays_nothing(cast, money):
    campaign = running(cast, money.city)
    for nth in range(3):
        application = applied(cast, newcomer(nth), code_of(cast.people["mei"]))
        reactions.note_who_invited(ApplicationSubmitted(application.pk))
    assert actions.reward_waiting(SYSTEM) == 0
    assert (counts(campaign.joiner_pool)[0], counts(campaign.referrer_pool)[0]) == (0, 0)


@pytest.mark.django_db
def test_own_code_counts_for_nothing_by_account_document_or_telephone(cast, money):
    running(cast, money.city)
    qiang = cast.people["qiang"]
    code = code_of(qiang)
    same = [
        {"user": cast.users["qiang"]},
        {"id_no": qiang.id_no, "user": None},
        {"phone": qiang.phone, "user": None},
    ]
    for nth, facts in enumerate(same):
        application = applied(cast, newcomer(nth), code, **facts)
        reactions.note_who_invited(ApplicationSubmitted(application.pk))
        referral = Referral.objects.unscoped("test").get(application=application)
        assert (referral.state, referral.why_void) == ("void", "邀请码是自己的")


@pytest.mark.django_db
def test_code_of_one_who_has_left_counts_for_nothing(cast, money):
    running(cast, money.city)
    code = code_of(cast.people["mei"])
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(status="expelled")
    assert brought(cast, 0, code) is None
    assert not Referral.objects.unscoped("test").exists()


@pytest.mark.django_db
def test_introduction_of_oneself_is_impossible_in_the_database(cast, money):
    referral = brought(cast, 0, code_of(cast.people["mei"])) if running(cast, money.city) else None
    with pytest.raises(IntegrityError, match="referral_"), transaction.atomic():
        Referral.objects.unscoped("test").filter(pk=referral.pk).update(referrer_id=referral.joinee_id)
    with pytest.raises(IntegrityError, match="referral_stays"), transaction.atomic():
        Referral.objects.unscoped("test").filter(pk=referral.pk).delete()
    with pytest.raises(IntegrityError, match="referral_way"), transaction.atomic():
        Referral.objects.unscoped("test").filter(pk=referral.pk).update(state="qualified", why_void="")


@pytest.mark.django_db
def test_who_was_a_member_before_is_not_new(cast, money):
    running(cast, money.city)
    person = newcomer(0)
    Membership.objects.create(person=person, union=cast.unions["riders"], status="exited")
    application = applied(cast, person, code_of(cast.people["mei"]))
    approved(cast, application, person)
    reactions.reward_who_invited(ApplicationApproved(application.pk))
    referral = Referral.objects.unscoped("test").get()
    assert (referral.state, referral.why_void) == ("void", "以前已经是会员")
    pending = Referral.objects.unscoped("test").filter(pk=referral.pk)
    with pytest.raises(IntegrityError, match="referral_"), transaction.atomic():
        pending.update(state="qualified", joinee=person, why_void="")


@pytest.mark.django_db
def test_joinee_counts_once_whoever_claims_them(cast, money):
    running(cast, money.city)
    person = newcomer(0)
    first = applied(cast, person, code_of(cast.people["mei"]), state="withdrawn")
    reactions.note_who_invited(ApplicationSubmitted(first.pk))
    second = applied(cast, person, code_of(cast.people["lan"]))
    approved(cast, second, person)
    reactions.reward_who_invited(ApplicationApproved(second.pk))
    states = dict(Referral.objects.unscoped("test").values_list("referrer__name", "state"))
    assert states == {"陈小梅": "pending", "黄玉兰": "rewarded"}
    stale = Referral.objects.unscoped("test").get(state="pending")
    with pytest.raises(IntegrityError, match="referral_joinee_once"), transaction.atomic():
        Referral.objects.unscoped("test").filter(pk=stale.pk).update(state="qualified", joinee=person)


@pytest.mark.django_db
def test_budget_that_is_spent_gives_neither_and_waits(cast, money):
    campaign = running(cast, money.city, joiners=5, referrers=1)
    brought(cast, 0, code_of(cast.people["mei"]))
    referral = brought(cast, 1, code_of(cast.people["lan"]))
    assert (referral.state, held(referral.joinee_id)) == ("qualified", [])
    assert counts(campaign.joiner_pool)[0] == 1  # nothing of the pair went out
    voucher = Voucher.objects.unscoped("test").get(release=campaign.referrer_pool.release)
    actions.void_referral(
        cast.actor("city_admin"),
        referral_id=Referral.objects.unscoped("test").get(referrer_voucher=voucher).pk,
        reason="查明为虚假入会",
    )
    assert actions.reward_waiting(SYSTEM) == 1
    assert held(cast.people["lan"].pk) == ["20 元券"]


@pytest.mark.django_db
def test_cap_of_a_referrer_still_pays_the_newcomer(cast, money):
    running(cast, money.city, per_referrer=2)
    code = code_of(cast.people["mei"])
    found = [brought(cast, nth, code) for nth in range(3)]
    assert [one.state for one in found] == ["rewarded"] * 3
    assert [one.is_over_cap for one in found] == [False, False, True]
    assert held(cast.people["mei"].pk) == ["20 元券", "20 元券"]
    assert held(found[2].joinee_id) == ["30 元券"]


@pytest.mark.django_db
def test_only_its_groups_its_time_and_its_unions_count(cast, money):
    running(cast, money.city, groups=("truck_driver",))
    code = code_of(cast.people["mei"])
    assert brought(cast, 0, code) is None  # a rider
    assert (
        brought(cast, 1, code, group="truck_driver", union=cast.unions["riders"]) is None
    )  # the sister city's
    assert brought(cast, 2, code, group="truck_driver").state == "rewarded"
    late = clock.now() + dt.timedelta(days=31)
    assert brought(cast, 3, code, group="truck_driver", created_at=late) is None


@pytest.mark.django_db
def test_same_device_or_household_is_looked_at_by_a_person_and_not_refused(cast, money):
    running(cast, money.city)
    mei = cast.people["mei"]
    person = newcomer(0)
    Delegation.objects.create(person=person, delegate=mei)
    application = applied(cast, person, code_of(mei))
    approved(cast, application, person)
    reactions.reward_who_invited(ApplicationApproved(application.pk))
    referral = Referral.objects.unscoped("test").get()
    assert (referral.state, referral.flags) == ("qualified", ["household"])
    assert actions.reward_waiting(SYSTEM) == 0
    assert [one.pk for one in queries.to_look_at(cast.actor("city_admin"))] == [referral.pk]
    clear = {"referral_id": referral.pk, "reason": "夫妻二人，各在不同单位，已电话核实"}
    assert refused(actions.clear_referral, cast.actor("sister_admin"), **clear) == "not_found"
    assert refused(actions.clear_referral, cast.actor("judge"), **clear) == "not_found"
    assert actions.clear_referral(cast.actor("city_admin"), **clear).state == "rewarded"
    assert refused(actions.clear_referral, cast.actor("city_admin"), **clear) == "referral_look_not_needed"


@pytest.mark.django_db
def test_two_accounts_of_one_browser_are_flagged(cast, money):
    running(cast, money.city)
    person = newcomer(0)
    person.user = User.objects.create(phone="13810000001")
    person.save(update_fields=["user"])
    for user, key in ((cast.users["mei"], "a"), (person.user, "b")):
        facts = {"session_key": key, "label": "安卓手机 · 微信", "mark": "f" * 32}
        record_device(SYSTEM, user_id=user.pk, **facts)
    application = applied(cast, person, code_of(cast.people["mei"]))
    approved(cast, application, person)
    reactions.reward_who_invited(ApplicationApproved(application.pk))
    assert Referral.objects.unscoped("test").get().flags == ["same_device"]


@pytest.mark.django_db
def test_void_takes_back_what_was_not_used(cast, money):
    running(cast, money.city)
    referral = brought(cast, 0, code_of(cast.people["mei"]))
    void = {"referral_id": referral.pk, "reason": "冒用他人证件入会"}
    assert refused(actions.void_referral, cast.actor("sister_admin"), **void) == "not_found"
    done = actions.void_referral(cast.actor("city_admin"), **void)
    assert (done.state, done.why_void) == ("void", "冒用他人证件入会")
    assert (held(referral.joinee_id), held(cast.people["mei"].pk)) == ([], [])


@pytest.mark.django_db
def test_leaving_within_the_days_voids_it_and_moving_does_not(cast, money):
    running(cast, money.city, stay_days=30)
    left = brought(cast, 0, code_of(cast.people["mei"]))
    moved = brought(cast, 1, code_of(cast.people["mei"]))
    Membership.objects.unscoped("test").filter(person=left.joinee).update(
        status="exited", left_on=clock.today() + dt.timedelta(days=3)
    )
    Membership.objects.unscoped("test").filter(person=moved.joinee).update(
        status="ended", left_on=clock.today()
    )
    Membership.objects.create(person=moved.joinee, union=cast.unions["district"], source="transfer")
    assert actions.void_those_who_left(SYSTEM) == 1
    left.refresh_from_db()
    moved.refresh_from_db()
    assert (left.state, left.why_void, moved.state) == ("void", "入会不满 30 天就退会", "rewarded")


@pytest.mark.django_db
def test_application_that_came_to_nothing_lets_go_after_its_grace(cast, money):
    running(cast, money.city)
    application = applied(cast, newcomer(0), code_of(cast.people["mei"]))
    reactions.note_who_invited(ApplicationSubmitted(application.pk))
    stepped(application, "under_review", reviewer=cast.users["city_admin"])
    stepped(application, "rejected", reason="不是本单位职工", due_on=None, decided_at=clock.now())
    assert actions.void_what_came_to_nothing(SYSTEM) == 0
    found = type(application).objects.unscoped("test").filter(pk=application.pk)
    found.update(updated_at=clock.now() - dt.timedelta(days=61))
    assert actions.void_what_came_to_nothing(SYSTEM) == 1


@pytest.mark.django_db
def test_code_is_a_members_and_the_same_every_time(cast):
    mine = actions.show_code(cast.actor("mei"))
    assert actions.show_code(cast.actor("mei")).code == mine.code
    assert refused(actions.show_code, cast.actor("stranger")) == "referral_not_a_member"
    assert InviteCode.objects.unscoped("test").count() == 1


@pytest.mark.django_db(transaction=True)
def test_approval_heard_from_four_sides_at_once_rewards_once(cast, money):
    campaign = running(cast, money.city)
    person = newcomer(0)
    application = applied(cast, person, code_of(cast.people["mei"]))
    approved(cast, application, person)

    def heard(_nth: int) -> None:
        try:
            reactions.reward_who_invited(ApplicationApproved(application.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(heard, range(4)))
    assert [r.state for r in Referral.objects.unscoped("test")] == ["rewarded"]
    assert (counts(campaign.joiner_pool)[0], counts(campaign.referrer_pool)[0]) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_newcomers_of_one_referrer_at_once_keep_the_cap(cast, money):
    campaign = running(cast, money.city, per_referrer=1)
    code = code_of(cast.people["mei"])
    waiting = []
    for nth in range(3):
        person = newcomer(nth)
        application = applied(cast, person, code)
        approved(cast, application, person)
        actions.note_invitation(SYSTEM, application_id=application.pk)
        waiting.append(actions.qualify(SYSTEM, application_id=application.pk).pk)

    def reward(referral_id: int) -> str:
        try:
            return actions.reward(SYSTEM, referral_id=referral_id).state
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(reward, waiting)) == ["rewarded"] * 3
    assert (counts(campaign.joiner_pool)[0], counts(campaign.referrer_pool)[0]) == (3, 1)


@pytest.mark.django_db(transaction=True)
def test_approvals_at_once_give_no_more_pairs_than_the_budget_holds(cast, money):
    """Vouchers for four newcomers and for two of who brought them: two pairs, and nothing of a third."""
    campaign = running(cast, money.city, joiners=4, referrers=2)
    waiting = []
    for nth, who in enumerate(("mei", "lan", "mei", "lan")):
        person = newcomer(nth)
        application = applied(cast, person, code_of(cast.people[who]))
        approved(cast, application, person)
        actions.note_invitation(SYSTEM, application_id=application.pk)
        waiting.append(actions.qualify(SYSTEM, application_id=application.pk).pk)

    def reward(referral_id: int) -> str:
        try:
            return actions.reward(SYSTEM, referral_id=referral_id).state
        except actions.NoPlaceLeft:
            return "waits"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(reward, waiting)) == ["rewarded", "rewarded", "waits", "waits"]
    assert (counts(campaign.joiner_pool)[0], counts(campaign.referrer_pool)[0]) == (2, 2)
    assert [len(held(cast.people[who].pk)) for who in ("mei", "lan")] in ([1, 1], [2, 0], [0, 2])
