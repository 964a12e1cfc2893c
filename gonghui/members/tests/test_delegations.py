import datetime as dt

import pytest
import time_machine

from gonghui.accounts.models import PhoneCode
from gonghui.config.actors import actor_of
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_FOUND, DomainError
from gonghui.members import errors
from gonghui.members.actions.delegations import ask_delegation, begin_delegation, end_delegation
from gonghui.members.models import Delegation
from gonghui.members.queries import bookable_for, live_delegations
from gonghui.notices.queries import sms_sent_to
from tests.cast import IDS, new_person

NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
LAN = {"name": IDS["lan"][0], "phone": IDS["lan"][2]}
pytestmark = pytest.mark.django_db


def refused(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.reason


def delegations() -> int:
    return Delegation.objects.unscoped("test").count()


def agree(cast, who="mei", **other):
    actor, other = cast.actor(who), other or LAN
    code = ask_delegation(actor, **other)
    return begin_delegation(actor, code=code, relation="family", **other)


def test_code_read_out_by_the_other_lets_one_book_for_them(cast):
    made = agree(cast)
    assert (made.person_id, made.delegate_id) == (cast.people["lan"].pk, cast.people["mei"].pk)
    assert [p.name for p in bookable_for(cast.actor("mei"))] == ["黄玉兰"]
    assert [p.name for p in bookable_for(cast.actor("lan"))] == []


def test_text_to_the_other_names_who_asks_masked(cast):
    code = ask_delegation(cast.actor("mei"), **LAN)
    text = sms_sent_to(LAN["phone"])[0].text
    assert "陈**" in text and code in text and "陈小梅" not in text


def test_wrong_code_or_wrong_name_begins_nothing(cast):
    actor = cast.actor("mei")
    code = ask_delegation(actor, **LAN)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert refused(lambda: begin_delegation(actor, code=wrong, **LAN)) is errors.DELEGATION_NOT_PROVED
    assert (
        refused(lambda: begin_delegation(actor, code=code, name="黄兰", phone=LAN["phone"]))
        is errors.DELEGATION_NOT_PROVED
    )
    assert delegations() == 0


def test_code_read_out_to_one_is_no_consent_for_another(cast):
    code = ask_delegation(cast.actor("mei"), **LAN)
    qiang = cast.actor("qiang")
    assert refused(lambda: begin_delegation(qiang, code=code, **LAN)) is errors.DELEGATION_NOT_PROVED
    assert delegations() == 0


def test_unknown_phone_is_answered_like_a_known_one(cast):
    code = ask_delegation(cast.actor("mei"), name="谁", phone="13800009999")
    assert len(code) == 6
    assert (
        refused(lambda: begin_delegation(cast.actor("mei"), code=code, name="谁", phone="13800009999"))
        is errors.DELEGATION_NOT_PROVED
    )


def test_mother_on_the_roster_with_her_daughters_phone_is_told_apart_by_name(cast):
    mother = new_person("陈秀英", "440101195501010029", IDS["lan"][2], cast.unions["factory"], verified=False)
    made = agree(cast, name="陈秀英", phone=IDS["lan"][2])
    assert made.person_id == mother.pk


@pytest.mark.parametrize("who", ["hua", "stranger"])
def test_only_the_verified_may_ask(cast, who):
    assert refused(lambda: ask_delegation(cast.actor(who), **LAN)) is errors.VERIFY_FIRST
    assert PhoneCode.objects.unscoped("test").count() == 0


def test_asking_oneself_is_refused_before_any_sms(cast):
    name, _id, phone = IDS["mei"]
    assert (
        refused(lambda: ask_delegation(cast.actor("mei"), name=name, phone=phone))
        is errors.DELEGATION_TO_SELF
    )
    assert PhoneCode.objects.unscoped("test").count() == 0


def test_second_delegation_between_the_same_two_is_refused(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        agree(cast)
        clock.shift(61)
        assert refused(lambda: agree(cast)) is errors.DELEGATION_EXISTS
    assert delegations() == 1


def test_sixth_person_to_book_for_is_refused(cast):
    for n in range(5):
        other = new_person(
            f"许多{'甲乙丙丁戊'[n]}", f"44010119600101{n:03}X"[:18], f"1380000060{n}", None, verified=False
        )
        Delegation.objects.create(person=other, delegate=cast.people["mei"])
    assert refused(lambda: ask_delegation(cast.actor("mei"), **LAN)) is errors.DELEGATIONS_FULL


@pytest.mark.parametrize("who", ["mei", "lan"])
def test_either_side_ends_it(cast, who):
    made = agree(cast)
    end_delegation(cast.actor(who), delegation_id=made.pk)
    assert list(bookable_for(cast.actor("mei"))) == []


@pytest.mark.parametrize("who", ["hua", "qiang", "city_admin", "stranger"])
def test_nobody_else_ends_or_sees_it(cast, who):
    made = agree(cast)
    assert refused(lambda: end_delegation(cast.actor(who), delegation_id=made.pk)) is NOT_FOUND
    assert list(live_delegations(cast.actor(who))) == []
    assert Delegation.objects.unscoped("test").get().ended_at is None


def test_list_of_delegations_costs_one_query_at_one_and_three(cast, django_assert_num_queries):
    Delegation.objects.create(person=cast.people["lan"], delegate=cast.people["mei"])
    actor = actor_of(cast.users["mei"])
    with django_assert_num_queries(1):
        assert [d.person.name for d in live_delegations(actor)] == ["黄玉兰"]
    Delegation.objects.create(person=cast.people["mei"], delegate=cast.people["qiang"])
    Delegation.objects.create(person=cast.people["hua"], delegate=cast.people["mei"])
    with django_assert_num_queries(1):
        assert len([(d.person.name, d.delegate.name) for d in live_delegations(actor)]) == 3
