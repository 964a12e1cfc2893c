"""Marks and names of live members: always what people and memberships say; filters and searches of the list read them."""

from __future__ import annotations

import random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.kit.search import NameSearch, is_match, pinyin_key, search_grams, word_patterns
from gonghui.kit.tests.racing import at_once
from gonghui.members import listing
from gonghui.members.listing import people_marked, people_named
from gonghui.members.models import MemberMark, MemberName, Membership, Person
from gonghui.members.tests.test_headcounts import World
from gonghui.orgs.actions import merge_union
from gonghui.orgs.actions.unions import move_union
from tests.cast import new_person, new_union

PEOPLE = "/console/members/person/"
TRUTH = """
SELECT mark, m.union_id, m.person_id FROM members_membership m JOIN members_person p ON p.id = m.person_id,
       unnest(('v:' || p.verification) || ARRAY(SELECT DISTINCT 'g:' || code FROM unnest(p.groups) AS code)) AS mark
 WHERE m.status IN ('active', 'transferring', 'retained') ORDER BY 1, 2, 3
"""
TRUE_NAMES = """
SELECT m.union_id, p.id, members_words_of(p.name, p.pinyin)
  FROM members_membership m JOIN members_person p ON p.id = m.person_id
 WHERE m.status IN ('active', 'transferring', 'retained') ORDER BY 1, 2
"""


def marks() -> list[tuple]:
    found = MemberMark.objects.unscoped("test").order_by("mark", "union_id", "person_id")
    return list(found.values_list("mark", "union_id", "person_id"))


def truth() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(TRUTH)
        return cursor.fetchall()


def names() -> list[tuple]:
    found = MemberName.objects.unscoped("test").order_by("union_id", "person_id")
    return list(found.values_list("union_id", "person_id", "words"))


def true_names() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(TRUE_NAMES)
        return cursor.fetchall()


def called(person: Person, name: str) -> None:
    row = Person.objects.unscoped("test").filter(pk=person.pk)
    row.update(name=name, pinyin=pinyin_key(name), grams=search_grams(name))


def grouped(person: Person, *codes: str) -> Person:
    Person.objects.unscoped("test").filter(pk=person.pk).update(groups=list(codes))
    return person


def shown(cast, client, who: str, **asked) -> set[str]:
    answer = cast.sign_in(client, who).get(PEOPLE, asked)
    assert answer.status_code == 200
    return {person.name for person in answer.context["cl"].result_list}


def test_marks_follow_groups_verification_and_union(cast):
    mei, factory = cast.people["mei"], cast.unions["factory"]
    assert marks() == truth()
    grouped(mei, "food_rider", "courier")
    assert {mark for mark, _union, person in marks() if person == mei.pk} == {
        "g:food_rider",
        "g:courier",
        "v:verified",
    }
    merge_union(
        cast.actor("province_admin"),
        union_id=factory.pk,
        into_id=new_union("江口纺织厂工会", "enterprise", cast.unions["district"]).pk,
        reason="两厂合并",
    )
    assert not MemberMark.objects.unscoped("test").filter(union=factory).exists()
    assert marks() == truth()
    Membership.objects.unscoped("test").filter(person=mei).update(status="exited")
    assert not MemberMark.objects.unscoped("test").filter(person=mei).exists()


def test_subtree_that_moves_keeps_its_marks_as_they_are(cast):
    before = marks()
    move_union(
        cast.actor("province_admin"), union_id=cast.unions["district"].pk, parent_id=cast.unions["sister"].pk
    )
    assert marks() == before == truth()


class Grouping(World):
    """The verbs of counts, and groups that come and go."""

    def _act(self, verb: int, one: int, other: int) -> None:
        if verb == 9:
            codes = ("food_rider", "courier", "food_rider", "truck_driver")[other % 4 : one % 5]
            grouped(self.people[one % 12], *codes)
            called(self.people[one % 12], "陈张李王阿"[one % 5] + "伟民·A"[: other % 5])
        else:
            super()._act(verb, one, other)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(verbs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 11), st.integers(0, 11)), max_size=25))
def test_marks_are_true_whatever_happens(cast, verbs):
    with transaction.atomic():
        world = Grouping(cast)
        for verb in verbs:
            world.act(*verb)
        assert marks() == truth()
        assert names() == true_names()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_marks_are_true_after_many_hands_at_once(cast):
    """The same few people join, leave, move, are verified and change their groups over four connections."""
    world = Grouping(cast)

    def hand(seed: int) -> None:
        dice = random.Random(seed)
        for _step in range(30):
            with transaction.atomic():
                world.act(dice.choice((0, 1, 2, 3, 9, 9)), dice.randrange(4), dice.randrange(6))

    answers = at_once(*[lambda seed=seed: hand(seed) for seed in range(4)])
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert marks() == truth()
    assert names() == true_names()


def test_filters_of_the_list_meet_those_in_scope_and_no_others(cast, client):
    grouped(cast.people["mei"], "food_rider")
    grouped(cast.people["qiang"], "food_rider")
    assert shown(cast, client, "province_admin", group="food_rider") == {"陈小梅", "赵志强"}
    assert shown(cast, client, "city_admin", group="food_rider") == {"陈小梅"}
    assert shown(cast, client, "city_admin", group="food_rider", verification__exact="none") == set()
    assert shown(cast, client, "city_admin", group="food_rider", verification__exact="verified") == {"陈小梅"}
    district = cast.unions["district"].pk
    assert shown(cast, client, "province_admin", group="food_rider", under=district) == {"陈小梅"}
    assert shown(cast, client, "sister_admin", group="food_rider", under=district) == set()
    assert shown(cast, client, "city_admin", group="food_rider", q="陈") == {"陈小梅"}
    assert shown(cast, client, "city_admin", group="astronaut") == set()


def test_filter_left_open_asks_nothing(cast, client, monkeypatch):
    """As the form of the filters sends it; the list stays one that is walked."""
    monkeypatch.setattr(listing, "FOUND_MOST", 1)
    everybody = shown(cast, client, "city_admin")
    assert len(everybody) == 3
    assert shown(cast, client, "city_admin", group="", verification__exact="", under="") == everybody


def test_filter_stops_at_so_many_and_says_so(cast, client, monkeypatch):
    monkeypatch.setattr(listing.WalkedByUnion, "found_most", 2)
    for name in ("mei", "hua"):
        grouped(cast.people[name], "food_rider")
    for n in range(3):
        person = new_person(
            f"钱{n}", f"44010119900101{n:04}", f"139{n:08}", cast.unions["factory"], verified=False
        )
        grouped(person, "food_rider")
    answer = cast.sign_in(client, "city_admin").get(PEOPLE, {"group": "food_rider"})
    assert answer.context["cl"].result_count == 2
    assert "不止 2 项" in answer.content.decode()


def test_filter_reads_a_range_of_one_index(cast):
    """Neither people nor memberships, however many bear the mark elsewhere."""
    with CaptureQueriesContext(connection) as asked:
        people_marked(["g:food_rider", "v:none"], [cast.unions["city"].path], 201)
    [query] = asked.captured_queries
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {query['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "members_membermark_pkey" in plan
    assert "members_person" not in plan and "members_membership" not in plan
    assert "Limit" in plan


@pytest.mark.django_db
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text("张伟民单于万𠮷·AbZ w'%_|^9", min_size=1, max_size=8).filter(str.strip),
    question=st.text("张伟zhangweiw民A𠮷·%_|^\\ 9", min_size=1, max_size=6),
)
def test_words_meet_a_question_as_the_name_does(db, name, question):
    """The walk of a list, and what a search has always meant."""
    from gonghui.kit.identifiers import normalise_name

    name = normalise_name(name)
    terms = word_patterns(question)
    with connection.cursor() as cursor:
        cursor.execute("SELECT members_words_of(%s, %s)", [name, pinyin_key(name)])
        [words] = cursor.fetchone()
        met = []
        for patterns in terms:
            cursor.execute("SELECT %s LIKE ANY (%s)", [words, patterns])
            met.append(cursor.fetchone()[0])
    assert all(met) == is_match(question, name), (words, terms)


@pytest.mark.parametrize("question", ["陈", "陈小梅", "chenx", "cxm", "xm", "zzq", "小 陈", "没有这个人"])
def test_search_walks_to_those_in_scope_whom_the_index_finds(cast, question):
    search = NameSearch("grams", "name", "pinyin").q(question)
    for key in ("province", "city", "sister", "factory"):
        path = cast.unions[key].path
        there = Person.objects.unscoped("test").filter(
            search, memberships__status__in=Membership.LIVE, memberships__union__path__startswith=path
        )
        assert people_named(question, [path], 201) == sorted(there.values_list("pk", flat=True))
    assert people_named(question, [], 201) == []


def test_search_goes_to_the_index_where_the_walk_is_long(cast, client, monkeypatch):
    """A rare name among many: the few that are looked at first hold none, and the list is right either way."""
    monkeypatch.setattr(listing, "NAMES_WALKED_WHOLE", 0)
    monkeypatch.setattr(listing, "NAMES_WALKED_FIRST", 1)
    monkeypatch.setattr(listing, "NAMES_WALKED_MOST", 100)
    monkeypatch.setattr(listing, "NAMES_WALKED_AS_WRITTEN", 100)
    path = [cast.unions["province"].path]
    assert people_named("没有这个人", path, 201) is None
    assert people_named("陈", path, 1) == people_named("chen", path, 1) != []
    assert shown(cast, client, "province_admin", q="赵志强") == {"赵志强"}
    assert shown(cast, client, "city_admin", q="赵志强") == set()


def test_search_reads_no_row_of_people_or_memberships(cast):
    with CaptureQueriesContext(connection) as asked:
        people_named("陈", [cast.unions["city"].path], 201)
    query = asked.captured_queries[-1]["sql"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using members_membername_pkey" in plan
    assert "members_person" not in plan and "members_membership" not in plan
