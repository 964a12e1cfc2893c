"""Merged and dissolved: every member goes along, nobody stays, whatever happens at the same time."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import changes
from gonghui.members.actions.memberships import begin_membership
from gonghui.members.models import Membership, MembershipChange, Person
from gonghui.members.queries import is_in_transit
from gonghui.orgs import actions
from gonghui.orgs.endings import count_members
from gonghui.orgs.models import Grant, Union
from gonghui.orgs.queries import grants_of, pool_for
from gonghui.orgs.tests.stage import refused, region
from tests.cast import new_union

pytestmark = pytest.mark.django_db
WHY = "两厂合并"


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def live(union: Union) -> list[int]:
    found = Membership.objects.unscoped("test").filter(union=union, status__in=Membership.LIVE)
    return sorted(found.values_list("person_id", flat=True))


def memberships(person: Person) -> list[tuple]:
    found = Membership.objects.unscoped("test").filter(person=person).order_by("id")
    return list(found.values_list("union__name", "status", "joined_on", "left_on", "source"))


def merge(cast, union: Union, into: Union, who: str = "province_admin"):
    return actions.merge_union(cast.actor(who), union_id=union.pk, into_id=into.pk, reason=WHY)


def dissolve(cast, union: Union, to: str = "", who: str = "province_admin"):
    return actions.dissolve_union(cast.actor(who), union_id=union.pk, reason="单位注销", members_to=to)


@pytest.fixture
def mill(cast) -> Union:
    return new_union("江口纺织厂工会", "enterprise", cast.unions["district"])


def crowd(union: Union, count: int, status: str = "active") -> list[Person]:
    people = Person.objects.bulk_create(Person(name=f"职工{n}", pinyin="zhi gong") for n in range(count))
    Membership.objects.bulk_create(
        Membership(person=p, union=union, status=status, joined_on=dt.date(2019, 3, 1)) for p in people
    )
    return people


def change_of(
    cast, person: str, kind: str, to: Union | None = None, who: str = "city_admin"
) -> MembershipChange:
    membership = Membership.objects.unscoped("test").get(
        person=cast.people[person], status__in=Membership.LIVE
    )
    terms = changes.ChangeTerms(kind, clock.today(), "东工〔2026〕7号", "本人申请", to.pk if to else None)
    return changes.propose_change(cast.actor(who), membership_id=membership.pk, terms=terms)


# Merge


def test_merge_takes_every_member_along_and_keeps_the_history(cast, mill):
    factory = cast.unions["factory"]
    retired = crowd(factory, 1, "retained")[0]
    gone = crowd(factory, 1, "exited")[0]
    before = live(factory)
    ended = merge(cast, factory, mill)
    assert (ended.members, live(factory), live(mill)) == (4, [], before)
    assert (now(factory).status, now(factory).merged_into_id) == ("merged", mill.pk)
    today = clock.today()
    assert memberships(cast.people["mei"]) == [
        ("蓝海机械厂工会", "ended", dt.date(2020, 5, 1), today, "batch"),
        ("江口纺织厂工会", "active", dt.date(2020, 5, 1), None, "merge"),
    ]
    assert [row[1] for row in memberships(retired)] == ["ended", "retained"]
    assert [row[:2] for row in memberships(gone)] == [("蓝海机械厂工会", "exited")]
    entry = (
        AuditEntry.objects.unscoped("test").filter(table_name="orgs_union", row_id=factory.pk).latest("id")
    )
    assert (entry.actor_id, entry.reason) == (cast.users["province_admin"].pk, WHY)


def test_merge_takes_the_unions_below_along_with_their_paths(cast):
    district, city = cast.unions["district"], cast.unions["city"]
    group = new_union("一车间小组", "group", cast.unions["factory"])
    twin = new_union("东湖区总工会", "district", city)
    merge(cast, district, twin)
    factory = now(cast.unions["factory"])
    assert (factory.parent_id, factory.path) == (twin.pk, f"{twin.path}{factory.pk}.")
    assert now(group).path == f"{factory.path}{group.pk}."
    assert now(district).path == district.path
    assert Person.objects.visible_to(cast.actor("city_admin")).count() == 3


def test_grants_over_a_merged_union_stop(cast):
    twin = new_union("东湖市总工会", "city", cast.unions["province"])
    assert grants_of(cast.users["city_admin"].pk)
    merge(cast, cast.unions["city"], twin)
    assert grants_of(cast.users["city_admin"].pk) == ()
    assert Person.objects.visible_to(cast.actor("city_admin")).count() == 0
    assert Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).exists()


@pytest.mark.parametrize(
    ("union", "into", "code"),
    [
        ("factory", "factory", "merge_into_itself"),
        ("district", "factory", "merge_into_itself"),
        ("province", "city", "union_root_stays"),
    ],
)
def test_merge_into_itself_or_of_the_root_is_refused(cast, union, into, code):
    with refused(code):
        merge(cast, cast.unions[union], cast.unions[into])


def test_merge_is_done_by_who_stands_above_both(cast, mill):
    factory, riders = cast.unions["factory"], cast.unions["riders"]
    with refused("not_found"):
        merge(cast, factory, riders, "city_admin")
    with refused("not_found"):
        merge(cast, riders, factory, "city_admin")
    for who in ("judge", "finance_officer"):
        with refused("not_allowed"):
            merge(cast, factory, mill, who)
    with refused("union_ended_from_above"):
        merge(
            cast,
            cast.unions["city"],
            new_union("东江新区工会", "district", cast.unions["city"]),
            "city_admin",
        )
    with refused("bad_input"):
        actions.merge_union(cast.actor("city_admin"), union_id=factory.pk, into_id=mill.pk, reason=" ")
    merge(cast, factory, mill, "city_admin")


def test_merged_or_suspended_union_is_merged_no_more_and_takes_nobody(cast, mill):
    third = new_union("江口造船厂工会", "enterprise", cast.unions["district"])
    merge(cast, cast.unions["factory"], mill)
    for union, into in ((cast.unions["factory"], third), (third, cast.unions["factory"])):
        with refused("union_not_active"):
            merge(cast, union, into)
    with pytest.raises(DomainError) as said, transaction.atomic():
        begin_membership(
            Person.objects.create(name="新人"), union_id=cast.unions["factory"].pk, source="self"
        )
    assert said.value.code == "union_takes_nobody"


def test_what_has_ended_is_written_no_more(cast, mill):
    factory, actor = cast.unions["factory"], cast.actor("city_admin")
    merge(cast, factory, mill)
    for call in (
        lambda: actions.rename_union(actor, union_id=factory.pk, name="改名工会"),
        lambda: actions.move_union(actor, union_id=factory.pk, parent_id=cast.unions["city"].pk),
        lambda: actions.register_employer(actor, union_id=factory.pk, name="蓝海"),
        lambda: actions.record_union_code(actor, union_id=factory.pk, uscc="81440000MC0000001A"),
    ):
        with refused("union_has_ended"):
            call()
    for call in (
        lambda: actions.resume_union(actor, union_id=factory.pk),
        lambda: actions.dissolve_union(actor, union_id=factory.pk, reason="单位注销"),
    ):
        with refused("illegal_move"):
            call()
    with refused("union_not_active"):
        actions.open_pool(actor, union_id=factory.pk)


def test_namesakes_and_two_pools_are_settled_before_a_merge(cast):
    twin = new_union("东湖区总工会", "district", cast.unions["city"])
    new_union("蓝海机械厂工会", "enterprise", twin)
    with refused("merge_namesakes"):
        merge(cast, cast.unions["district"], twin)
    actions.rename_union(
        cast.actor("city_admin"), union_id=cast.unions["factory"].pk, name="蓝海机械一厂工会"
    )
    pools = [
        actions.open_pool(cast.actor("city_admin"), union_id=union.pk)
        for union in (cast.unions["district"], twin)
    ]
    with refused("merge_two_pools"):
        merge(cast, cast.unions["district"], twin)
    merge(cast, *pools)
    merge(cast, cast.unions["district"], twin)
    assert now(pools[0]).path.startswith(twin.path)


def test_merge_into_a_pool_is_refused(cast):
    pool = actions.open_pool(cast.actor("city_admin"), union_id=cast.unions["city"].pk)
    for pair in ((cast.unions["factory"], pool), (pool, cast.unions["factory"])):
        with refused("merge_of_unlike"):
            merge(cast, *pair)


# What is noted about its members


def test_change_that_waits_goes_along_and_is_decided_afterwards(cast, mill):
    change = change_of(cast, "mei", "left")
    merge(cast, cast.unions["factory"], mill)
    assert (now(change).state, now(change).union_id) == ("proposed", mill.pk)
    changes.confirm_change(cast.actor("province_admin"), change_id=change.pk)
    assert [row[:2] for row in memberships(cast.people["mei"])] == [
        ("蓝海机械厂工会", "ended"), ("江口纺织厂工会", "exited"),
    ]  # fmt: skip


def test_move_into_a_merged_union_leads_to_where_it_went(cast, mill):
    third = new_union("江口造船厂工会", "enterprise", cast.unions["district"])
    change = change_of(cast, "mei", "moved", mill)
    merge(cast, mill, third)
    changes.confirm_change(cast.actor("province_admin"), change_id=change.pk)
    assert live(third) == [cast.people["mei"].pk]


def test_move_between_the_two_is_decided_before_they_merge(cast, mill):
    change = change_of(cast, "mei", "moved", mill)
    for pair in ((cast.unions["factory"], mill), (mill, cast.unions["factory"])):
        with refused("changes_between"):
            merge(cast, *pair)
    changes.refuse_change(cast.actor("province_admin"), change_id=change.pk, reason="两厂要合并")
    merge(cast, cast.unions["factory"], mill)


# Dissolve


def test_dissolved_unions_members_go_to_the_level_above_or_the_pool(cast, mill):
    pool = actions.open_pool(cast.actor("city_admin"), union_id=cast.unions["city"].pk)
    spinner = crowd(mill, 1)[0]
    assert dissolve(cast, mill, "pool").members == 1
    assert memberships(spinner)[-1][:2] == ("东江市总工会周转库", "active")
    assert dissolve(cast, cast.unions["factory"], "above").members == 3
    assert len(live(cast.unions["district"])) == 3
    assert memberships(cast.people["mei"])[-1][4] == "dissolve"
    waiting = Person.objects.unscoped("test").filter(is_in_transit())
    assert [person.pk for person in waiting] == [spinner.pk]
    assert Membership.objects.unscoped("test").get(person=spinner, status="active").is_transit
    assert now(pool).status == "active"


def test_dissolving_a_union_with_members_says_where_they_go_first(cast):
    with refused("union_has_members"):
        dissolve(cast, cast.unions["factory"])
    with refused("union_has_members"):
        dissolve(cast, cast.unions["factory"], "elsewhere")
    with refused("nowhere_to"):
        dissolve(cast, cast.unions["factory"], "pool")
    with refused("union_has_children"):
        dissolve(cast, cast.unions["district"], "above")


def test_pool_is_dissolved_into_the_next_one_and_never_into_itself(cast):
    near = actions.open_pool(cast.actor("city_admin"), union_id=cast.unions["district"].pk)
    person = crowd(near, 1)[0]
    with refused("nowhere_to"):
        dissolve(cast, near, "pool")
    far = actions.open_pool(cast.actor("province_admin"), union_id=cast.unions["province"].pk)
    dissolve(cast, near, "pool")
    assert memberships(person)[-1][0] == now(far).name


def test_dissolved_and_merged_are_ends_the_database_keeps(cast, mill):
    factory = Union.objects.unscoped("test").filter(pk=cast.unions["factory"].pk)
    with pytest.raises(IntegrityError, match="members still belong"), transaction.atomic():
        factory.update(status="dissolved")
    with pytest.raises(IntegrityError, match="union_merged_into_another"), transaction.atomic():
        Union.objects.unscoped("test").filter(pk=mill.pk).update(status="merged")
    dissolve(cast, mill)
    with pytest.raises(IntegrityError, match=r"takes nobody|stays over"), transaction.atomic():
        crowd(mill, 1)
    Person.objects.create(name="旧人").memberships.create(union=mill, status="ended")
    with pytest.raises(IntegrityError, match=r"takes nobody|stays over"), transaction.atomic():
        Membership.objects.unscoped("test").filter(union=mill).update(status="active")


# Pools


def test_pool_is_the_nearest_upwards(cast):
    actor, factory = cast.actor("province_admin"), cast.unions["factory"]
    assert pool_for(factory) is None
    far = actions.open_pool(actor, union_id=cast.unions["province"].pk)
    assert pool_for(factory) == far
    near = actions.open_pool(actor, union_id=cast.unions["district"].pk, name="江口区待转会员库")
    assert (pool_for(factory), pool_for(cast.unions["city"])) == (near, far)
    actions.suspend_union(actor, union_id=near.pk)
    assert pool_for(factory) == far


def test_pool_of_a_region_is_that_of_the_street_the_district_or_the_city(cast):
    city = region("4401", "东江市")
    district = region("440106", "江口区", city)
    street = region("440106001", "沿江街道", district)
    long = region("440106001000", "沿江街道（统计）")
    Union.objects.unscoped("test").filter(pk=cast.unions["city"].pk).update(region=city)
    actor = cast.actor("province_admin")
    assert pool_for(street) is None
    of_city = actions.open_pool(actor, union_id=cast.unions["city"].pk)
    assert pool_for(street) == pool_for(district) == pool_for(long) == of_city
    Union.objects.unscoped("test").filter(pk=cast.unions["district"].pk).update(region=district)
    of_district = actions.open_pool(actor, union_id=cast.unions["district"].pk)
    assert (pool_for(street), pool_for(long), pool_for(city)) == (of_district, of_district, of_city)
    assert pool_for(region("4402", "西岭市")) is None


def test_one_pool_a_union_and_nothing_below_it(cast):
    actor, city = cast.actor("city_admin"), cast.unions["city"]
    pool = actions.open_pool(actor, union_id=city.pk)
    with refused("pool_exists"):
        actions.open_pool(actor, union_id=city.pk)
    with pytest.raises(IntegrityError, match="union_one_pool"), transaction.atomic():
        new_union("又一个周转库", "pool", city)
    with refused("pool_holds_no_unions"):
        actions.add_union(actor, parent_id=pool.pk, new=actions.NewUnion("小组", "group"))
    with refused("pool_holds_no_unions"):
        actions.move_union(actor, union_id=cast.unions["district"].pk, parent_id=pool.pk)
    with refused("pool_belongs_there"):
        actions.move_union(actor, union_id=pool.pk, parent_id=cast.unions["district"].pk)
    for who in ("sister_admin", "mei"):
        with refused("not_found"):
            actions.open_pool(cast.actor(who), union_id=city.pk)


@pytest.mark.django_db(transaction=True)
def test_two_pools_opened_at_once_are_one(cast):
    actor, city = cast.actor("city_admin"), cast.unions["city"].pk
    answers = at_once(*[lambda: actions.open_pool(actor, union_id=city)] * 4)
    assert sorted(getattr(answer, "code", "made") for answer in answers) == ["made"] + ["pool_exists"] * 3


# At the same time


@pytest.mark.django_db(transaction=True)
def test_two_merges_that_cross_leave_one_of_the_two(cast, mill):
    factory = cast.unions["factory"]
    spinners = crowd(mill, 5)
    actor = cast.actor("city_admin")
    answers = at_once(
        lambda: actions.merge_union(actor, union_id=factory.pk, into_id=mill.pk, reason=WHY),
        lambda: actions.merge_union(actor, union_id=mill.pk, into_id=factory.pk, reason=WHY),
    )
    assert sorted(getattr(answer, "code", "merged") for answer in answers) == ["merged", "union_not_active"]
    standing = [union for union in (factory, mill) if now(union).status == "active"]
    assert len(standing) == 1
    assert len(live(standing[0])) == 3 + len(spinners)


@pytest.mark.django_db(transaction=True)
def test_merge_while_the_district_moves_keeps_tree_and_members(cast, mill):
    actor, factory = cast.actor("province_admin"), cast.unions["factory"]
    crowd(factory, 40)
    answers = at_once(
        lambda: actions.merge_union(actor, union_id=factory.pk, into_id=mill.pk, reason=WHY),
        lambda: actions.move_union(
            actor, union_id=cast.unions["district"].pk, parent_id=cast.unions["sister"].pk
        ),
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert (len(live(mill)), live(factory)) == (43, [])
    for union in Union.objects.unscoped("test").select_related("parent"):
        assert union.path == f"{union.parent.path if union.parent else ''}{union.pk}."
    assert Person.objects.visible_to(cast.actor("sister_admin")).distinct().count() == 44


@pytest.mark.django_db(transaction=True)
def test_nobody_who_joins_while_the_union_merges_stays_behind(cast, mill):
    factory, actor = cast.unions["factory"], cast.actor("city_admin")
    people = Person.objects.bulk_create(Person(name=f"新人{n}") for n in range(8))

    def join(person: Person) -> Membership:
        with transaction.atomic():
            Person.objects.unscoped("test").select_for_update().get(pk=person.pk)
            return begin_membership(person, union_id=factory.pk, source="self")

    answers = at_once(
        *[lambda person=person: join(person) for person in people[:4]],
        lambda: actions.merge_union(actor, union_id=factory.pk, into_id=mill.pk, reason=WHY),
        *[lambda person=person: join(person) for person in people[4:]],
    )
    joined = [answer for answer in answers if isinstance(answer, Membership)]
    late = [answer for answer in answers if isinstance(answer, DomainError)]
    assert {answer.code for answer in late} <= {"union_takes_nobody"}
    assert len(joined) + len(late) == 8
    assert (live(factory), len(live(mill))) == ([], 3 + len(joined))


@pytest.mark.django_db(transaction=True)
def test_plain_insert_that_began_before_the_merge_goes_along(cast, mill):
    """Whatever writes a membership: the merge waits for it, or it is refused."""
    factory, person = cast.unions["factory"], Person.objects.create(name="慢手")
    written, done = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                Membership.objects.create(person=person, union=factory)
                written.set()
                done.wait(1)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(10)
    merge(cast, factory, mill)
    done.set()
    thread.join()
    assert (live(factory), len(live(mill))) == ([], 4)


def test_count_is_what_moves(cast):
    assert count_members(cast.unions["factory"]) == 3
