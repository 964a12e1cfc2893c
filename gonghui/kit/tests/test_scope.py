import pytest

from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.models import AuditEntry
from gonghui.kit.scope import UnscopedQuery
from gonghui.members.actions.headcounts import fold_headcounts
from gonghui.members.models import Headcount, Membership, Person
from gonghui.orgs.models import Union


@pytest.mark.parametrize(
    "read",
    [
        list,
        lambda q: q.count(),
        lambda q: q.exists(),
        lambda q: q.first(),
        lambda q: q.get(pk=1),
        lambda q: list(q.iterator()),
        lambda q: q.aggregate(),
        lambda q: q.update(name="x"),
        lambda q: q.filter(pk=1).delete(),
        lambda q: list(q.values_list("id")),
        lambda q: q.in_bulk([1]),
        bool,
    ],
)
def test_queryset_without_scope_raises(db, read):
    with pytest.raises(UnscopedQuery):
        read(Union.objects.all())


def test_base_manager_stays_open_for_the_machinery(cast):
    assert Person._base_manager.count() == 4


def test_reverse_relation_of_a_held_object_is_open(cast):
    assert [m.union_id for m in cast.people["mei"].memberships.all()] == [cast.unions["factory"].pk]
    people = Person.objects.unscoped("test").prefetch_related("memberships")
    assert [len(p.memberships.all()) for p in people] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("province_admin", {"陈小梅", "李建华", "赵志强", "黄玉兰"}),
        ("city_admin", {"陈小梅", "李建华", "黄玉兰"}),
        ("sister_admin", {"赵志强"}),
        ("finance_officer", set()),
        ("judge", set()),
        ("clerk", set()),
        ("mei", {"陈小梅"}),
        ("stranger", set()),
        ("anonymous", set()),
    ],
)
def test_people_seen_by_each_of_the_cast(cast, who, seen):
    assert {p.name for p in Person.objects.visible_to(cast.actor(who))} == seen


def test_grant_bound_to_a_line_sees_that_line_only(cast):
    from gonghui.kit.actors import Grant

    verbs = frozenset({"unions.view", "members.view"})
    bound = Grant("org_admin", cast.unions["province"].path, verbs, "delivery")
    actor = Actor(user_id=1, grants=(bound,))
    assert [u.name for u in Union.objects.visible_to(actor)] == ["西岭配送工会联合会"]
    assert [m.person.name for m in Membership.objects.visible_to(actor)] == ["赵志强"]
    # a model that does not know lines shows nothing to a grant bound to one
    fold_headcounts(Actor.system("test"))
    assert Headcount.objects.unscoped("test").filter(members=1).exists()
    assert Headcount.objects.visible_to(actor).count() == 0


def test_system_actor_sees_all_and_needs_a_reason(cast):
    assert Person.objects.visible_to(Actor.system("test")).count() == 4
    with pytest.raises(ValueError):
        Actor.system("")


def test_audit_trail_cannot_be_changed(cast):
    from django.db import IntegrityError, connection, transaction

    assert AuditEntry.objects.unscoped("test").filter(table_name="orgs_union", op="INSERT").count() == 6
    for sql in ("UPDATE kit_audit SET op = 'x'", "DELETE FROM kit_audit", "TRUNCATE kit_audit"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_anonymous_sees_no_union(cast):
    assert Union.objects.visible_to(ANONYMOUS).count() == 0
