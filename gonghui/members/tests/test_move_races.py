"""A subtree moves, with everybody in it: what that costs, and what else happens at the same moment, over real connections."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions.memberships import begin_membership
from gonghui.members.actions.transfers import accept_transfer
from gonghui.members.headcounts import headcount_below
from gonghui.members.models import Membership, Person
from gonghui.members.tests.test_headcounts import assert_folded_true, assert_true
from gonghui.members.tests.test_marks import marks, truth
from gonghui.members.tests.transferring import NEW, again, released
from gonghui.orgs.actions.unions import move_union
from gonghui.orgs.models import Union
from tests.cast import new_union


def crowd(union: Union, count: int) -> list[Person]:
    people = Person.objects.bulk_create(Person(name=f"新人{n}") for n in range(count))
    Membership.objects.bulk_create(Membership(person=person, union=union) for person in people)
    return people


def move(cast, union: Union, parent: Union) -> int:
    return move_union(cast.actor("province_admin"), union_id=union.pk, parent_id=parent.pk)


def join(person: Person, union: Union) -> Membership:
    with transaction.atomic():
        Person.objects.unscoped("test").select_for_update().get(pk=person.pk)
        return begin_membership(person, union_id=union.pk, source="self")


def assert_a_tree() -> None:
    for union in Union.objects.unscoped("test").select_related("parent"):
        assert union.path == f"{union.parent.path if union.parent else ''}{union.pk}."


def test_move_asks_the_same_however_many_members_there_are(cast):
    """And never a table of members: one statement over unions, whose trigger carries the counts along."""
    seen = []
    for count, to in ((0, "sister"), (300, "city")):
        crowd(cast.unions["factory"], count)
        ids = {"union_id": cast.unions["district"].pk, "parent_id": cast.unions[to].pk}
        actor = cast.actor("province_admin")
        with CaptureQueriesContext(connection) as asked:
            move_union(actor, **ids)
        seen.append([query["sql"].split()[0] for query in asked.captured_queries])
        assert not [query for query in asked.captured_queries if "members_" in query["sql"]]
    assert seen[0] == seen[1]


def test_move_writes_no_row_of_a_member(cast):
    people = crowd(cast.unions["factory"], 20)

    def rows() -> list:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 'm', id, xmin::text FROM members_membership UNION ALL SELECT 'p', id, xmin::text FROM members_person"
                " UNION ALL SELECT mark, person_id, xmin::text FROM members_membermark ORDER BY 1, 2"
            )
            return cursor.fetchall()

    before = rows()
    move(cast, cast.unions["district"], cast.unions["sister"])
    assert rows() == before
    visible = Person.objects.visible_to(cast.actor("sister_admin")).filter(pk__in=[one.pk for one in people])
    assert visible.count() == 20


@pytest.mark.django_db(transaction=True)
def test_moves_joins_and_a_transfer_at_once_lose_nobody(cast):
    """A district goes to another city and a union of it elsewhere, while people join it and one of it is taken in by a third."""
    factory, district = cast.unions["factory"], cast.unions["district"]
    port = new_union("南港区总工会", "district", cast.unions["city"])
    row = released(cast)
    people = Person.objects.bulk_create(Person(name=f"新人{n}") for n in range(6))
    calls = [partial(join, person, factory) for person in people]
    moves = [partial(move, cast, district, cast.unions["sister"]), partial(move, cast, factory, port)]
    accept = partial(accept_transfer, cast.actor(NEW), transfer_id=row.pk)
    answers = at_once(*calls[:3], *moves, accept, *calls[3:])
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert not [error for error in refused if not isinstance(error, DomainError)], refused
    assert refused == []
    assert_a_tree()
    assert again(row).state == "accepted"
    assert Membership.objects.unscoped("test").filter(union=factory, person__in=people).count() == 6
    assert headcount_below([Union.objects.unscoped("test").get(pk=port.pk).path]).members == 2 + 6
    assert_true()
    assert marks() == truth()
    assert_folded_true()
