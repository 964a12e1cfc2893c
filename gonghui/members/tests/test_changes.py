"""会籍变动: noted with its document by one, confirmed by another; only then does the membership follow."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.members import errors
from gonghui.members.actions.changes import ChangeTerms, confirm_change, propose_change, refuse_change
from gonghui.members.actions.memberships import begin_membership
from gonghui.members.models import Membership, MembershipChange
from gonghui.orgs.models import Grant, Union
from gonghui.orgs.tests.stage import good_code
from tests.cast import new_union
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def membership_of(cast, name: str = "mei") -> Membership:
    return Membership.objects.unscoped("test").get(person=cast.people[name], status__in=Membership.LIVE)


def terms(kind: str = "left", **facts) -> ChangeTerms:
    known = {"kind": kind, "happened_on": clock.today(), "document": "东工〔2026〕7号", "reason": "本人申请"}
    return ChangeTerms(**(known | facts))


def proposed(
    cast, kind: str = "left", *, name: str = "mei", who: str = "city_admin", **facts
) -> MembershipChange:
    membership = membership_of(cast, name)
    return propose_change(cast.actor(who), membership_id=membership.pk, terms=terms(kind, **facts))


def confirmed(cast, kind: str = "left", **facts) -> MembershipChange:
    change = proposed(cast, kind, **facts)
    return confirm_change(cast.actor("province_admin"), change_id=change.pk)


def refusal_of(call) -> object:
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.reason


class TestMembershipChangeScreen(ConsoleContract):
    model = MembershipChange

    def own(self, cast):
        return proposed(cast)

    def foreign(self, cast):
        return _of(cast, "sister", 1)[0]

    def more(self, cast, count):
        _of(cast, "city", count)


def _of(cast, union: str, count: int) -> list[MembershipChange]:
    from gonghui.members.models import Person

    made = []
    for n in range(count):
        person = Person.objects.create(name=f"会员{union}{n}")
        membership = Membership.objects.create(person=person, union=cast.unions[union])
        made.append(
            MembershipChange.objects.create(
                membership=membership, person=person, union=cast.unions[union], kind="left", happened_on=clock.today(),
                document="1", reason="1", maker=cast.users["province_admin"],
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("kind", "status", "has_left"),
    [
        ("died", "ended", True),
        ("emigrated", "ended", True),
        ("retired", "retained", False),
        ("laid_off", "retained", False),
        ("left", "exited", True),
        ("expelled", "expelled", True),
    ],
)
def test_membership_follows_what_was_confirmed(cast, kind, status, has_left):
    change = proposed(cast, kind)
    membership = membership_of(cast)
    confirm_change(cast.actor("province_admin"), change_id=change.pk)
    membership.refresh_from_db()
    assert (membership.status, membership.left_on) == (status, clock.today() if has_left else None)
    change.refresh_from_db()
    assert (change.state, change.checker) == ("confirmed", cast.users["province_admin"])
    assert AuditEntry.objects.unscoped("test").filter(table_name="members_membershipchange").count() >= 2


def test_member_who_moves_has_one_membership_and_it_is_the_new_one(cast):
    riders = cast.unions["riders"]
    change = proposed(cast, "moved", to_union_id=riders.pk)
    former = membership_of(cast)
    confirm_change(cast.actor("province_admin"), change_id=change.pk)
    now = membership_of(cast)
    former.refresh_from_db()
    assert (former.status, now.union, now.joined_on, now.source) == (
        "ended",
        riders,
        clock.today(),
        "transfer",
    )


def test_maker_is_not_checker_and_nobody_decides_about_themselves(cast):
    change = proposed(cast, who="province_admin")
    assert (
        refusal_of(lambda: confirm_change(cast.actor("province_admin"), change_id=change.pk))
        == errors.CHANGE_OWN
    )
    assert membership_of(cast).status == "active"
    with pytest.raises(IntegrityError), transaction.atomic():
        MembershipChange.objects.unscoped("test").filter(pk=change.pk).update(
            state="confirmed", checker=cast.users["province_admin"]
        )


def test_move_is_decided_by_who_stands_over_both_unions(cast):
    change = proposed(cast, "moved", to_union_id=cast.unions["riders"].pk, who="province_admin")
    assert (
        refusal_of(lambda: confirm_change(cast.actor("city_admin"), change_id=change.pk))
        == errors.CHANGE_OVER_BOTH
    )
    assert membership_of(cast).union != cast.unions["riders"]


def test_what_was_sent_back_changes_nothing_and_may_be_noted_again(cast):
    change = proposed(cast)
    refuse_change(cast.actor("province_admin"), change_id=change.pk, reason="文号不对")
    change.refresh_from_db()
    assert (change.state, change.answer, membership_of(cast).status) == ("refused", "文号不对", "active")
    assert confirmed(cast).state == "confirmed"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"happened_on": dt.date(2999, 1, 1)}, errors.CHANGE_IN_FUTURE),
        ({"document": " "}, errors.CHANGE_NEEDS_DOCUMENT),
        ({"reason": ""}, errors.CHANGE_NEEDS_DOCUMENT),
        ({"kind": "moved"}, errors.CHANGE_NEEDS_UNION),
        ({"kind": "moved", "to_union_id": 999_999_999}, errors.CHANGE_NEEDS_UNION),
        ({"kind": "died", "to_union_id": 1}, errors.CHANGE_NEEDS_UNION),
    ],
)
def test_what_is_not_whole_is_refused_and_nothing_is_noted(cast, facts, reason):
    assert refusal_of(lambda: proposed(cast, **facts)) == reason
    assert MembershipChange.objects.unscoped("test").count() == 0


def test_second_change_waits_for_the_first_and_none_happens_twice(cast):
    change = proposed(cast, "retired")
    assert refusal_of(lambda: proposed(cast, "left")) == errors.CHANGE_OPEN
    confirm_change(cast.actor("province_admin"), change_id=change.pk)
    assert refusal_of(lambda: proposed(cast, "retired")) == errors.CHANGE_TWICE
    membership = membership_of(cast)
    assert confirmed(cast, "died").kind == "died"
    again = lambda: propose_change(cast.actor("city_admin"), membership_id=membership.pk, terms=terms())  # noqa: E731
    assert refusal_of(again) == errors.CHANGE_OF_PAST_MEMBER


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "judge", "mei"])
def test_change_is_noted_and_decided_by_those_who_may(cast, who):
    change = proposed(cast, name="lan") if who != "mei" else None
    for call in (
        lambda: proposed(cast, who=who),
        lambda: confirm_change(cast.actor(who), change_id=change.pk if change else 0),
    ):
        with pytest.raises(DomainError):
            call()
    assert MembershipChange.objects.unscoped("test").exclude(state="proposed").count() == 0


@pytest.mark.django_db(transaction=True)
def test_change_confirmed_from_four_sides_takes_effect_once(cast):
    change = proposed(cast, "moved", to_union_id=cast.unions["riders"].pk)
    actor = cast.actor("province_admin")
    answers = at_once(*[lambda: confirm_change(actor, change_id=change.pk)] * 4)
    assert sum(isinstance(answer, MembershipChange) for answer in answers) == 1
    assert Membership.objects.unscoped("test").filter(person=cast.people["mei"]).count() == 2


def test_change_is_noted_and_confirmed_in_the_console(cast, client):
    membership = membership_of(cast)
    cast.sign_in(client, "city_admin")
    at = f"/console/members/membership/{membership.pk}/verb/note_change/"
    asked = {
        "kind": "moved",
        "happened_on": clock.today(),
        "document": "转会介绍信 3 号",
        "reason": "换了单位",
    }
    assert client.post(at, asked | {"to_union": "没有这个工会"}).status_code in (200, 422)
    assert MembershipChange.objects.unscoped("test").count() == 0
    gone = new_union("西岭老配送工会", "federation", cast.unions["sister"], status="dissolved")
    assert "没有找到" in client.post(at, asked | {"to_union": gone.name}).content.decode()
    assert MembershipChange.objects.unscoped("test").count() == 0
    code = good_code("81")
    Union.objects.unscoped("test").filter(pk=cast.unions["riders"].pk).update(uscc=code)
    client.post(at, asked | {"to_union": code.lower()})
    change = MembershipChange.objects.unscoped("test").get()
    assert (change.to_union, change.maker) == (cast.unions["riders"], cast.users["city_admin"])
    cast.sign_in(client, "province_admin")
    client.post(f"/console/members/membershipchange/{change.pk}/verb/confirm/")
    assert membership_of(cast).union == cast.unions["riders"]
    assert Grant.objects.unscoped("test").exists()


def test_member_retires_is_taken_on_again_and_retires_again(cast):
    for kind, status in (("retired", "retained"), ("resumed", "active"), ("retired", "retained")):
        confirmed(cast, kind)
        assert membership_of(cast).status == status
    assert refusal_of(lambda: proposed(cast, "retired")) == errors.CHANGE_TWICE
    confirmed(cast, "resumed")
    confirmed(cast, "laid_off")
    assert refusal_of(lambda: proposed(cast, "laid_off")) == errors.CHANGE_DOES_NOT_FIT
    confirmed(cast, "retired")
    assert (membership_of(cast).status, membership_of(cast).left_on) == ("retained", None)


def test_who_is_at_work_does_not_resume_it(cast):
    assert refusal_of(lambda: proposed(cast, "resumed")) == errors.CHANGE_DOES_NOT_FIT
    assert MembershipChange.objects.unscoped("test").count() == 0


def test_change_that_does_not_fit_takes_no_effect_in_the_database(cast):
    found = MembershipChange.objects.unscoped("test")
    for kind, before in (("resumed", ()), ("laid_off", ("retired",)), ("retired", ("retired",))):
        for former in before:
            if membership_of(cast).status == "active":
                confirmed(cast, former)
        row = MembershipChange.objects.create(
            membership=membership_of(cast), person=cast.people["mei"], union=cast.unions["factory"], kind=kind,
            happened_on=clock.today(), document="1", reason="1", maker=cast.users["city_admin"],
        )  # fmt: skip
        with pytest.raises(IntegrityError, match=r"not fit|not resumed"), transaction.atomic():
            found.filter(pk=row.pk).update(state="confirmed", checker=cast.users["province_admin"])
        found.filter(pk=row.pk).update(state="refused", checker=cast.users["province_admin"])


def test_who_was_expelled_joins_again_elsewhere_as_another_membership(cast):
    former = membership_of(cast)
    confirmed(cast, "expelled")
    person = cast.people["mei"]
    with transaction.atomic(), pytest.raises(DomainError) as refused:
        begin_membership(person, union_id=cast.unions["factory"].pk, source="self")
    assert refused.value.reason is errors.EXPELLED_THERE
    made = begin_membership(person, union_id=cast.unions["sister"].pk, source="self")
    former.refresh_from_db()
    assert (former.status, membership_of(cast), made.pk != former.pk) == ("expelled", made, True)


def test_move_into_a_union_that_takes_nobody_is_refused_and_changes_nothing(cast):
    change = proposed(cast, "moved", to_union_id=cast.unions["riders"].pk)
    Union.objects.unscoped("test").filter(pk=cast.unions["riders"].pk).update(status="suspended")
    confirm = lambda: confirm_change(cast.actor("province_admin"), change_id=change.pk)  # noqa: E731
    assert refusal_of(confirm) == errors.UNION_TAKES_NOBODY
    change.refresh_from_db()
    assert (change.state, membership_of(cast).union) == ("proposed", cast.unions["factory"])
