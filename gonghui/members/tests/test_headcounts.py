"""Counts of unions, members and verified members: what is read is the truth, before and after folding, whoever acts."""

from __future__ import annotations

import random
import threading
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.kit.actors import Actor, Grant
from gonghui.kit.scope import BySubtree
from gonghui.members.actions import headcounts as actions
from gonghui.members.headcounts import (
    OF_PATHS,
    VERB,
    Headcount,
    headcount_below,
    headcount_of,
    largest_children,
)
from gonghui.members.models import Headcount as Total
from gonghui.members.models import HeadcountCheck, HeadcountDelta, Membership, Person
from gonghui.orgs import actions as orgs
from gonghui.orgs.actions import unions as union_actions
from gonghui.orgs.actions.endings import merge_union
from gonghui.orgs.models import IndustryLine, Union
from gonghui.orgs.rules import child_path
from tests.cast import new_person, new_union

SYSTEM = Actor.system("test")


def truth_below(path: str) -> Headcount:
    live = Membership.objects.unscoped("test").filter(
        union__path__startswith=path, status__in=Membership.LIVE
    )
    unions = Union.objects.unscoped("test").filter(path__startswith=path)
    return Headcount(
        unions.exclude(status__in=("merged", "dissolved")).exclude(kind="pool").count(),
        live.count(),
        live.filter(person__verification="verified").count(),
    )


def assert_true() -> None:
    for path in Union.objects.unscoped("test").values_list("path", flat=True):
        assert headcount_below([path]) == truth_below(path), path


def truth_for(actor: Actor) -> Headcount:
    """Of the unions whose members they see, one by one."""
    seen = Membership.objects.visible_to(actor).filter(status__in=Membership.LIVE)
    found = Union.objects.unscoped("test").filter(
        BySubtree("path", verb=VERB, line_field="industry_line__code").condition(actor)
    )
    return Headcount(
        found.exclude(status__in=("merged", "dissolved")).exclude(kind="pool").count(),
        seen.count(),
        seen.filter(person__verification="verified").count(),
    )


def assert_true_of_lines(cast) -> None:
    """Bound everywhere; and over all of one subtree, of a line elsewhere, twice over in one place."""
    verbs = frozenset({VERB})
    moved = Union.objects.unscoped("test").in_bulk([union.pk for union in cast.unions.values()])
    paths = {name: moved[union.pk].path for name, union in cast.unions.items()}
    bound = Grant("a", paths["province"], verbs, "delivery")
    several = (Grant("b", paths["district"], verbs), bound, Grant("c", paths["sister"], verbs, "delivery"))
    for grants in ((bound,), several):
        actor = Actor(user_id=1, grants=grants)
        assert headcount_of(actor) == truth_for(actor), grants


def assert_folded_true() -> None:
    actions.fold_headcounts(SYSTEM)
    assert not HeadcountDelta.objects.unscoped("test").exists()
    assert_true()
    check = actions.mend_headcounts(SYSTEM)
    assert (check.wrong, check.largest) == (0, 0)


def test_counts_are_true_before_and_after_folding(cast):
    assert headcount_below([cast.unions["province"].path]).members == 4
    assert_true()
    assert_folded_true()


def test_transit_pool_is_no_union_and_its_members_count(cast):
    city, admin = cast.unions["city"], cast.actor("province_admin")
    before = headcount_below([city.path])
    pool = orgs.open_pool(admin, union_id=city.pk)
    Membership.objects.create(person=Person.objects.create(name="周转"), union=pool)
    assert headcount_below([city.path]) == Headcount(before.unions, before.members + 1, before.verified)
    assert_folded_true()
    orgs.dissolve_union(admin, union_id=pool.pk, reason="不再需要", members_to="above")
    assert headcount_below([city.path]) == Headcount(before.unions, before.members + 1, before.verified)
    assert_folded_true()


def test_joining_leaving_and_verifying_are_counted_along_the_way(cast):
    city = cast.unions["city"].path
    before = headcount_below([city])
    person = new_person("钱多多", "440101199001010010", "13900000001", cast.unions["factory"], verified=False)
    assert headcount_below([city]) == Headcount(before.unions, before.members + 1, before.verified)
    person.verification, person.verified_at = "verified", "2026-01-01T00:00:00Z"
    person.save()
    assert headcount_below([city]) == Headcount(before.unions, before.members + 1, before.verified + 1)
    person.memberships.update(status="exited")
    assert headcount_below([city]) == before
    assert_folded_true()


def test_change_of_anything_else_notes_nothing(cast):
    actions.fold_headcounts(SYSTEM)
    person = cast.people["mei"]
    person.phone = "13900000077"
    person.save()
    person.memberships.update(joined_on="2020-01-01", status="retained")
    Union.objects.unscoped("test").update(name="同名工会", status="suspended")
    assert not HeadcountDelta.objects.unscoped("test").exists()


def test_merged_union_leaves_its_counts_where_its_members_are(cast):
    empty = new_union("空壳厂工会", "enterprise", cast.unions["district"])
    actions.fold_headcounts(SYSTEM)
    merge_union(
        cast.actor("province_admin"),
        union_id=cast.unions["factory"].pk,
        into_id=empty.pk,
        reason="两厂合并了",
    )
    assert headcount_below([empty.path]) == truth_below(empty.path)
    assert headcount_below([empty.path]).members == 3
    assert_true()
    assert_folded_true()


@pytest.mark.parametrize("folded", [True, False])
def test_moved_subtree_takes_its_counts_along(cast, folded):
    if folded:
        actions.fold_headcounts(SYSTEM)
    moved = headcount_below([cast.unions["district"].path])
    city, sister = (headcount_below([cast.unions[name].path]) for name in ("city", "sister"))
    union_actions.move_union(
        cast.actor("province_admin"),
        union_id=cast.unions["district"].pk,
        parent_id=cast.unions["sister"].pk,
    )
    assert headcount_below([cast.unions["city"].path]).members == city.members - moved.members
    assert headcount_below([cast.unions["sister"].path]).members == sister.members + moved.members
    assert_true()
    assert_folded_true()


def test_dissolved_union_is_no_longer_counted(cast):
    empty = new_union("空壳厂工会", "enterprise", cast.unions["district"])
    before = headcount_below([cast.unions["province"].path]).unions
    Union.objects.unscoped("test").filter(pk=empty.pk).update(status="dissolved")
    assert headcount_below([cast.unions["province"].path]).unions == before - 1
    assert_folded_true()


def test_scope_of_counts_fails_closed(cast):
    assert headcount_of(cast.actor("city_admin")) == truth_below(cast.unions["city"].path)
    for name in ("mei", "clerk", "stranger", "anonymous"):
        assert headcount_of(cast.actor(name)) == Headcount()
        assert largest_children(cast.actor(name), 10) == []


def test_children_are_counted_largest_first(cast):
    actions.fold_headcounts(SYSTEM)
    new_person("钱多多", "440101199001010010", "13900000001", cast.unions["riders"], verified=False)
    new_person("钱多几", "440101199001010053", "13900000003", cast.unions["riders"], verified=True)
    new_person("钱多少", "440101199001010037", "13900000002", cast.unions["riders"], verified=False)
    found = largest_children(cast.actor("province_admin"), 10)
    assert [(child.name, child.count) for child in found] == [
        ("西岭市总工会", truth_below(cast.unions["sister"].path)),
        ("东江市总工会", truth_below(cast.unions["city"].path)),
    ]


def test_wrong_totals_are_found_mended_and_said(cast):
    actions.fold_headcounts(SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_headcount SET members = members + 5 WHERE union_id = %s", [cast.unions["city"].pk]
        )
        cursor.execute("DELETE FROM members_headcount WHERE union_id = %s", [cast.unions["riders"].pk])
    new_person("钱多多", "440101199001010010", "13900000001", cast.unions["riders"], verified=True)
    check = actions.mend_headcounts(SYSTEM)
    assert (check.wrong, check.largest) == (2, 5)
    assert HeadcountCheck.objects.get().wrong == 2
    assert_true()
    assert_folded_true()


def test_counts_are_read_in_one_query(cast, django_assert_num_queries):
    actor = cast.actor("province_admin")
    with django_assert_num_queries(1):
        headcount_of(actor)


def test_counts_read_the_unions_of_what_is_not_folded_and_no_others(cast):
    """By their ids, even where the database believes that reading all unions would be cheaper."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + OF_PATHS, {"paths": [cast.unions["city"].path]})
        plan = [line.strip() for (line,) in cursor.fetchall()]
    by_id = "(id = members_headcountdelta.union_id)"
    assert f"Index Cond: {by_id}" in plan or f"Filter: {by_id}" in plan


class World:
    """A small tree with people, and verbs that happen to them."""

    def __init__(self, cast):
        self.cast = cast
        self.unions = list(cast.unions.values())
        self.people = [
            new_person(
                f"钱{n}", f"44010119900101{n:04}", f"139{n:08}", self.unions[n % 6], verified=n % 3 == 0
            )
            for n in range(12)
        ]

    def act(self, verb: int, one: int, other: int) -> None:
        """What the guards of the database refuse changes nothing."""
        with suppress(IntegrityError), transaction.atomic():
            self._act(verb, one, other)

    def _act(self, verb: int, one: int, other: int) -> None:
        person, union = self.people[one % 12], self.unions[other % len(self.unions)]
        live = Membership.objects.unscoped("test").filter(person=person, status__in=Membership.LIVE)
        if verb == 0:
            live.update(status="exited")
        elif verb == 1 and not live.exists():
            Membership.objects.create(person=person, union=union)
        elif verb == 2:
            live.update(union=union)
        elif verb == 3:
            turned = "none" if one % 2 else "verified"
            Person.objects.unscoped("test").filter(pk=person.pk).update(
                verification=turned, verified_at="2026-01-01T00:00:00Z"
            )
        elif verb == 4:
            self.move(self.unions[one % len(self.unions)], union)
        elif verb == 5:
            Union.objects.unscoped("test").filter(pk=union.pk).update(
                status="dissolved" if one % 2 else "active"
            )
        elif verb == 6:
            live.delete()
        elif verb == 7:
            self.unions.append(new_union(f"新{len(self.unions)}工会", "enterprise", self.now(union)))
        elif verb == 8:
            actions.fold_some(SYSTEM)
        elif verb == 9:
            line = IndustryLine.objects.get(code="delivery") if one % 2 else None
            Union.objects.unscoped("test").filter(pk=union.pk).update(industry_line=line)

    def now(self, union: Union) -> Union:
        return Union.objects.unscoped("test").get(pk=union.pk)

    def move(self, union: Union, parent: Union) -> None:
        union, parent = self.now(union), self.now(parent)
        if union.parent_id and not parent.path.startswith(union.path) and union.parent_id != parent.pk:
            moving = Union.objects.unscoped("test").filter(path__startswith=union.path)
            union_actions.rewrite_paths(union, child_path(parent.path, union.pk), moving)
            Union.objects.unscoped("test").filter(pk=union.pk).update(parent=parent)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(verbs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 11), st.integers(0, 11)), max_size=25))
def test_counts_are_true_whatever_happens(cast, verbs):
    with transaction.atomic():
        world = World(cast)
        for verb in verbs:
            world.act(*verb)
        assert_true()
        assert_true_of_lines(cast)
        assert_folded_true()
        assert_true_of_lines(cast)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_counts_are_true_after_many_hands_at_once(cast):
    """Members join and are verified at the same moment, subtrees move, notes are folded: nothing is lost or counted twice."""
    world, failures = World(cast), []
    done = threading.Event()

    def hand(seed: int) -> None:
        dice = random.Random(seed)
        try:
            for _step in range(40):
                with transaction.atomic():
                    verb = dice.choice((0, 1, 2, 3, 3, 5))
                    world.act(verb, dice.randrange(12), dice.randrange(6))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    def mover() -> None:
        dice = random.Random(99)
        try:
            while not done.is_set():
                with transaction.atomic():
                    union_actions.lock_the_tree()
                    parent = world.cast.unions[dice.choice(("city", "sister", "province"))]
                    world.move(world.cast.unions[dice.choice(("district", "riders"))], parent)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    def folder() -> None:
        try:
            while not done.is_set():
                actions.fold_some(SYSTEM)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    hands = [threading.Thread(target=hand, args=[seed]) for seed in range(4)]
    others = [threading.Thread(target=mover), threading.Thread(target=folder)]
    for thread in (*hands, *others):
        thread.start()
    for thread in hands:
        thread.join()
    done.set()
    for thread in others:
        thread.join()
    assert failures == []
    assert_true()
    assert_folded_true()
    assert Total.objects.unscoped("test").filter(members__lt=0).count() == 0
