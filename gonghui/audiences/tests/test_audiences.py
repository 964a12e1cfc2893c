"""Audiences saved, made, asked and refused."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.audiences import actions, queries
from gonghui.audiences.actions import Wording, rebuild_waiting
from gonghui.audiences.models import (
    Audience,
    AudienceMove,
    AudienceRun,
    AudienceSlice,
    AudienceTally,
    AudienceVersion,
    PeopleList,
)
from gonghui.audiences.passes import CHUNK, chunks
from gonghui.audiences.predicates import read_predicate
from gonghui.audiences.predicates.set_query import SLICE
from gonghui.audiences.tests.stage import (
    FAR,
    RIDERS,
    VERIFIED,
    far_person,
    fresh,
    names_in,
    runs_of,
    saved,
    tree,
)
from gonghui.kit.errors import DomainError
from gonghui.members.actions.tags import TagTerms, end_tag, tag_person
from gonghui.members.models import Membership, Person, PersonTag
from gonghui.orgs.events import UnionEnded, UnionMoved
from gonghui.orgs.models import Grant

pytestmark = pytest.mark.django_db
HARDSHIP = {"kind": "tag", "kinds": ["hardship"]}
FEMALE = {"kind": "gender", "is": "female"}


def refused(code: str, call, *args, **facts):
    """And nothing is written."""
    before = Audience.objects.unscoped("test").count(), AudienceVersion.objects.unscoped("test").count()
    with pytest.raises(DomainError) as error:
        call(*args, **facts)
    assert error.value.code == code, str(error.value)
    assert before == (
        Audience.objects.unscoped("test").count(),
        AudienceVersion.objects.unscoped("test").count(),
    )


def membership(cast, name: str) -> Membership:
    return Membership.objects.unscoped("test").get(person=cast.people[name], status="active")


# --- made


def test_audience_holds_those_of_its_wording_below_its_union(cast):
    verified = saved(cast, VERIFIED)
    everybody = saved(cast)
    province = saved(cast, VERIFIED, union="province", who="province_admin")
    assert names_in(cast, verified) == ["lan", "mei"]
    assert names_in(cast, everybody) == ["hua", "lan", "mei"]
    assert names_in(cast, province) == ["lan", "mei", "qiang"]
    assert [one.tally.count for one in (verified, everybody, province)] == [2, 3, 3]
    assert runs_of(verified) == [("done", "saved", 2, 2, 0)]
    assert queries.is_in(verified.pk, cast.people["mei"].pk)
    assert not queries.is_in(verified.pk, cast.people["hua"].pk)
    assert not AudienceMove.objects.unscoped("test").exists()


def test_wide_unions_are_made_in_one_pass_of_ranges(cast, monkeypatch):
    """With nothing called small, every audience goes through the ranges together; the answer is the same."""
    monkeypatch.setattr("gonghui.audiences.passes.SMALL", 0)
    first = saved(cast, VERIFIED, built=False)
    second = saved(cast, FEMALE, union="province", who="province_admin", built=False)
    third = saved(cast, {"kind": "audience", "id": first.pk}, FEMALE, built=False)
    assert rebuild_waiting() == 3
    assert [names_in(cast, one) for one in (first, second, third)] == [
        ["lan", "mei"],
        ["lan", "mei"],
        ["lan", "mei"],
    ]


def test_ranges_in_which_nobody_ever_was_are_not_gone_through(cast):
    far = far_person(cast)
    near = {person.pk // CHUNK for person in cast.people.values()}
    begins = [span.first // CHUNK for span in chunks()]
    assert begins == sorted({*near, FAR // CHUNK})
    everybody = saved(cast)
    Membership.objects.unscoped("test").filter(person_id=far).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM members_person WHERE id = %s", [far])
    assert everybody.slices.filter(slice_no=far // SLICE).exists()  # of somebody who is no more
    assert [span.first // CHUNK for span in chunks()] == begins


def test_new_wording_is_a_new_version_and_the_old_one_stays(cast):
    one = saved(cast, VERIFIED, name="甲")
    same = saved(cast, VERIFIED, name="甲", audience_id=one.pk)
    assert queries.version_of(same.pk).number == 1
    saved(cast, RIDERS, name="甲", audience_id=one.pk)
    assert names_in(cast, one) == []
    numbers = AudienceVersion.objects.unscoped("test").order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2]
    moves = one.moves.values_list("person_id", "has_entered")
    assert sorted(moves) == sorted((cast.people[name].pk, False) for name in ("mei", "lan"))
    assert not AudienceSlice.objects.unscoped("test").exists()
    assert actions.reconsider(cast.people["mei"].pk) == {}


def test_rebuild_writes_only_slices_that_changed_and_notes_who_moved(cast):
    one = saved(cast, VERIFIED)
    ids = list(one.slices.values_list("pk", "updated_at"))
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    rebuild_waiting()
    assert list(one.slices.values_list("pk", "updated_at")) == ids
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(verification="none")
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    rebuild_waiting()
    assert runs_of(one)[1:] == [("done", "asked", 2, 0, 0), ("done", "asked", 1, 0, 1)]
    assert list(one.moves.values_list("person_id", "has_entered")) == [(cast.people["mei"].pk, False)]
    assert (fresh(one).tally.count, names_in(cast, one)) == (1, ["lan"])


def test_first_build_is_nobodys_coming_and_a_second_asking_waits_with_the_first(cast):
    one = saved(cast, built=False)
    for _n in range(3):
        actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    assert rebuild_waiting() == 1
    assert runs_of(one) == [("done", "saved", 3, 3, 0)]
    assert not one.moves.exists()


# --- one member's news


def test_one_members_news_brings_them_in_and_out_at_once(cast, django_capture_on_commit_callbacks):
    verified, not_yet = saved(cast, VERIFIED), saved(cast, {"kind": "verified", "is": False})
    either = saved(cast, {"any": [{"kind": "audience", "id": verified.pk}, RIDERS]})
    hua = cast.people["hua"]
    Person.objects.unscoped("test").filter(pk=hua.pk).update(
        verification="verified", verified_at=dt.datetime.now(dt.UTC)
    )
    assert actions.reconsider(hua.pk) == {verified.pk: True, not_yet.pk: False, either.pk: True}
    assert [names_in(cast, one) for one in (verified, not_yet, either)] == [
        ["hua", "lan", "mei"],
        [],
        ["hua", "lan", "mei"],
    ]
    assert [fresh(one).tally.count for one in (verified, not_yet, either)] == [3, 0, 3]
    assert list(AudienceMove.objects.unscoped("test").values_list("audience_id", "has_entered").order_by("audience_id")) == [
        (verified.pk, True), (not_yet.pk, False), (either.pk, True),
    ]  # fmt: skip
    assert actions.reconsider(hua.pk) == {}


def test_member_who_moves_away_leaves_and_is_not_told_even_before_the_news(cast):
    one = saved(cast, VERIFIED)
    mei = cast.people["mei"]
    Membership.objects.unscoped("test").filter(person=mei).update(union=cast.unions["riders"])
    assert names_in(cast, one) == ["lan"]
    assert not queries.is_in(one.pk, mei.pk)
    assert actions.reconsider(mei.pk) == {one.pk: False}
    assert fresh(one).tally.count == 1
    Membership.objects.unscoped("test").filter(person=cast.people["lan"]).update(status="retained")
    assert actions.reconsider(cast.people["lan"].pk) == {}
    Membership.objects.unscoped("test").filter(person=cast.people["lan"]).update(status="exited")
    assert actions.reconsider(cast.people["lan"].pk) == {one.pk: False}


def test_news_of_another_topic_asks_nobody_in_vain(cast, django_assert_max_num_queries):
    saved(cast, VERIFIED)
    with django_assert_max_num_queries(8):
        assert actions.reconsider(cast.people["mei"].pk, "did:bought") == {}


@pytest.mark.parametrize("count", [1, 3])
def test_news_costs_the_same_queries_for_one_audience_and_three(cast, count, django_assert_num_queries):
    for _n in range(count):
        saved(cast, VERIFIED, {"kind": "did", "what": "read", "times": 1, "days": 30})
    actions.reconsider(cast.people["mei"].pk)
    with django_assert_num_queries(8):
        actions.reconsider(cast.people["mei"].pk)


def test_marks_bring_in_and_out(cast):
    one = saved(cast, {"kind": "tag", "kinds": ["craftsman"]})
    terms = TagTerms("craftsman", "粤工匠 2025-017", dt.date(2025, 5, 1))
    tag = tag_person(cast.actor("city_admin"), membership_id=membership(cast, "mei").pk, terms=terms)
    assert actions.reconsider(cast.people["mei"].pk, "tag") == {one.pk: True}
    end_tag(cast.actor("city_admin"), tag_id=tag.pk, reason="登记有误")
    assert actions.reconsider(cast.people["mei"].pk, "tag") == {one.pk: False}
    assert PersonTag.objects.unscoped("test").get().ended_reason == "登记有误"


def test_consent_given_and_taken_back_brings_in_and_out(cast):
    from gonghui.audiences.reactions import look_at_agreed
    from gonghui.members.actions.consents import give_consent, withdraw_consent
    from gonghui.members.events import ConsentChanged

    one = saved(cast, {"kind": "consent", "to": "messages"})
    news = ConsentChanged(user_id=cast.users["mei"].pk, purpose="messages")
    for change, expected in ((give_consent, ["mei"]), (withdraw_consent, [])):
        change(cast.actor("mei"), purpose="messages")
        look_at_agreed(news)
        assert names_in(cast, one) == expected
    look_at_agreed(ConsentChanged(user_id=cast.users["stranger"].pk, purpose="messages"))


def test_news_of_members_is_heard(cast):
    """Every event of a member's row leads to the job that asks anew, in the same transaction."""
    from gonghui.audiences import tasks
    from gonghui.kit.events import _reactions
    from gonghui.members import events as told

    for kind in (told.PersonVerified, told.VerificationRevoked, told.MemberJoined, told.MembershipChanged, told.PersonTagged,
                 told.ConsentChanged, told.RosterApplied, UnionEnded, UnionMoved):  # fmt: skip
        assert [task for task in _reactions[kind] if task.name.startswith("gonghui.audiences.")], kind
    assert tasks


# --- refusals


@pytest.mark.parametrize(
    "given",
    [
        "", "[]", "null", "{", '{"version": 2, "tree": {"all": []}}', '{"version": 1, "tree": {"kind": "verified", "is": true}}',
        '{"version": 1, "tree": {"all": [{"kind": "sql", "text": "1=1"}]}}', '{"version": 1, "tree": {"all": [{"any": []}]}}',
        '{"version": 1, "tree": {"all": [], "any": []}}', '{"version": 1, "tree": {"all": {"kind": "verified"}}}',
        json.dumps(tree(*[VERIFIED] * 41)), json.dumps(tree({"any": [{"all": [{"any": [{"all": [VERIFIED]}]}]}]})),
        json.dumps(tree({"kind": "age", "from": 30, "to": 20})), json.dumps(tree({"kind": "age", "from": True, "to": None})),
        json.dumps(tree({"kind": "age", "from": 1e9, "to": None})), json.dumps(tree({"kind": "group", "codes": ["a\u0000"]})),
        json.dumps(tree({"kind": "group", "codes": "food_rider"})), json.dumps(tree({"kind": "union", "ids": [2**63]})),
        json.dumps(tree({"kind": "did", "what": "hacked", "times": 1, "days": 1})),
        json.dumps(tree({"kind": "did", "what": ["read"], "times": 1, "days": 1})),
        json.dumps(tree({"kind": "birthday", "span": "between", "from": "02-30", "to": "03-01"})),
        json.dumps(tree({"kind": "share", "from": 50, "to": 50})),
        json.dumps(tree({"kind": "joined", "from": "2026-13-01", "to": None})),
        "[" * 100_000, " " * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_predicate_is_refused_in_a_sentence(cast, given):
    wording = Wording(union_id=cast.unions["city"].pk, name="甲", predicate=given)
    refused("audience_predicate", actions.save_audience, cast.actor("city_admin"), wording=wording)


def test_nobody_builds_over_people_outside_their_subtree(cast):
    city, sister = cast.actor("city_admin"), cast.unions["sister"]
    theirs = saved(cast, VERIFIED, union="sister", who="sister_admin")
    their_list = PeopleList.objects.create(union=sister, name="名单", people=[cast.people["qiang"].pk])
    refused("audience_union", actions.save_audience, city, wording=Wording(sister.pk, "甲", tree()))
    refused(
        "audience_union",
        actions.save_audience,
        city,
        wording=Wording(cast.unions["province"].pk, "甲", tree()),
    )
    for leaf in (
        {"kind": "union", "ids": [sister.pk]},
        {"kind": "union", "ids": [cast.unions["province"].pk]},
        {"kind": "audience", "id": theirs.pk},
        {"kind": "list", "id": their_list.pk},
        {"kind": "list", "id": 999_999_999},
    ):
        wording = Wording(cast.unions["city"].pk, "甲", tree({"none": [leaf]}))
        refused("audience_outside", actions.save_audience, city, wording=wording)
    refused(
        "not_found",
        actions.save_audience,
        city,
        wording=Wording(cast.unions["city"].pk, "甲", tree()),
        audience_id=theirs.pk,
    )
    refused("not_found", actions.ask_rebuild, city, audience_id=theirs.pk)
    refused("not_found", actions.retire_audience, city, audience_id=theirs.pk)
    assert set(Audience.objects.visible_to(city)) == set()


@pytest.mark.parametrize("who", ["judge", "finance_officer", "mei", "clerk", "stranger", "anonymous"])
def test_whoever_holds_no_verb_saves_and_sees_nothing(cast, who):
    one = saved(cast, VERIFIED)
    actor = cast.actor(who)
    with pytest.raises(DomainError):
        actions.save_audience(actor, wording=Wording(cast.unions["city"].pk, "甲", tree()))
    with pytest.raises(DomainError):
        actions.ask_rebuild(actor, audience_id=one.pk)
    seen = [Audience, AudienceVersion, AudienceTally, AudienceRun, PeopleList, AudienceSlice, AudienceMove]
    assert [model.objects.visible_to(actor).count() for model in seen] == [0] * 7


def test_slices_and_moves_are_nobodys_to_list(cast):
    saved(cast, VERIFIED)
    for who in ("province_admin", "city_admin"):
        assert not AudienceSlice.objects.visible_to(cast.actor(who)).exists()


def test_audiences_ask_each_other_in_no_circle(cast):
    first = saved(cast, VERIFIED, name="甲")
    second = saved(cast, {"kind": "audience", "id": first.pk}, name="乙")
    third = saved(cast, {"none": [{"kind": "audience", "id": second.pk}]}, name="丙")
    for asked in (first, second, third):
        wording = Wording(cast.unions["city"].pk, "甲", tree({"kind": "audience", "id": asked.pk}))
        refused(
            "audience_cycle",
            actions.save_audience,
            cast.actor("city_admin"),
            wording=wording,
            audience_id=first.pk,
        )
    refused("audience_used", actions.retire_audience, cast.actor("city_admin"), audience_id=first.pk)
    saved(cast, VERIFIED, name="乙", audience_id=second.pk)
    actions.retire_audience(cast.actor("city_admin"), audience_id=first.pk)
    assert (names_in(cast, first), fresh(first).tally.count) == ([], 0)
    with pytest.raises(DomainError):
        queries.require_fresh(first.pk)
    actions.restore_audience(cast.actor("city_admin"), audience_id=first.pk)
    rebuild_waiting()
    assert names_in(cast, first) == ["lan", "mei"]


def test_database_keeps_wordings_circles_draws_and_slices(cast):
    one = saved(cast, VERIFIED)
    other = saved(cast, {"kind": "audience", "id": one.pk})
    pk, other_pk = one.pk, other.pk
    wrong = [
        f"UPDATE audiences_audienceversion SET predicate = '{{}}' WHERE audience_id = {pk}",
        f"DELETE FROM audiences_audienceversion WHERE audience_id = {pk}",
        "INSERT INTO audiences_audienceversion (audience_id, number, predicate, uses, topics, is_sensitive)"
        f" VALUES ({pk}, 2, '{{}}', ARRAY[{other_pk}], '{{}}', FALSE)",
        "INSERT INTO audiences_audienceversion (audience_id, number, predicate, uses, topics, is_sensitive)"
        f" VALUES ({pk}, 3, '{{}}', '{{}}', '{{}}', FALSE)",
        f"UPDATE audiences_audience SET salt = 'x' WHERE id = {pk}",
        f"UPDATE audiences_audience SET union_id = {cast.unions['sister'].pk} WHERE id = {pk}",
        f"UPDATE audiences_audienceslice SET people = '{{}}' WHERE audience_id = {pk}",
        f"UPDATE audiences_audienceslice SET slice_no = slice_no + 1 WHERE audience_id = {pk}",
        f"INSERT INTO audiences_audiencerun (audience_id, version_id, cause, state, entered, \"left\", problem)"
        f" SELECT audience_id, version_id, 'asked', 'running', 0, 0, '' FROM audiences_audiencerun WHERE audience_id = {pk}",
    ]  # fmt: skip
    for statement in wrong:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_names_are_taken_once_a_union(cast):
    saved(cast, VERIFIED, name="骑手")
    wording = Wording(cast.unions["city"].pk, " 骑手 ", tree())
    refused("audience_name", actions.save_audience, cast.actor("city_admin"), wording=wording)
    refused(
        "audience_unnamed",
        actions.save_audience,
        cast.actor("city_admin"),
        wording=Wording(cast.unions["city"].pk, "  ", tree()),
    )


# --- sensitive


def operator(cast):
    from gonghui.kit.actors import Actor, Grant
    from gonghui.orgs.roles import verbs_of

    path = cast.unions["city"].path
    return Actor(user_id=cast.users["city_admin"].pk, grants=(Grant("operator", path, verbs_of("operator")),))


def test_sensitive_tags_are_used_by_who_holds_the_verb_and_through_no_audience(cast):
    hard = saved(cast, HARDSHIP, name="困难")
    assert fresh(hard).is_sensitive
    for leaf in (HARDSHIP, {"kind": "consent", "to": "health"}, {"kind": "audience", "id": hard.pk}):
        wording = Wording(cast.unions["city"].pk, "乙", tree({"none": [leaf]}))
        refused("audience_sensitive", actions.save_audience, operator(cast), wording=wording)
    refused("audience_sensitive", actions.retire_audience, operator(cast), audience_id=hard.pk)
    through = saved(cast, {"kind": "audience", "id": hard.pk}, name="丙")
    assert fresh(through).is_sensitive
    saved(cast, VERIFIED, name="困难", audience_id=hard.pk)
    assert not fresh(hard).is_sensitive and not fresh(through).is_sensitive


def test_health_is_asked_by_no_union_of_an_employer(cast):
    """Not by their own administrator, not by one above for them, not through an audience of the city."""
    Grant.objects.create(
        user=cast.users["judge"],
        role="org_admin",
        union=cast.unions["factory"],
        starts_on=dt.date(2024, 1, 1),
    )
    ill = {"kind": "tag", "kinds": ["illness"]}
    of_city = saved(cast, ill, name="患病")
    for who in ("judge", "city_admin"):
        for leaf in (ill, {"kind": "consent", "to": "health"}, {"kind": "tag", "kinds": ["cadre", "injury"]}):
            wording = Wording(cast.unions["factory"].pk, "乙", tree({"none": [leaf]}))
            refused("audience_health_of_employer", actions.save_audience, cast.actor(who), wording=wording)
    through = Wording(cast.unions["factory"].pk, "丙", tree({"kind": "audience", "id": of_city.pk}))
    refused("audience_health_of_employer", actions.save_audience, cast.actor("city_admin"), wording=through)
    hard = Wording(cast.unions["factory"].pk, "丁", tree(HARDSHIP))
    assert actions.save_audience(cast.actor("judge"), wording=hard)


def test_sensitive_tags_go_with_no_list_and_are_counted_in_tens(cast):
    kept = actions.keep_list(
        cast.actor("city_admin"), union_id=cast.unions["city"].pk, name="三人", text="13800000001"
    ).people_list
    listed = saved(cast, {"kind": "list", "id": kept.pk}, name="名单")
    for leaf in ({"kind": "list", "id": kept.pk}, {"kind": "audience", "id": listed.pk}):
        wording = Wording(cast.unions["city"].pk, "甲", tree(HARDSHIP, leaf))
        refused("audience_sensitive_list", actions.save_audience, cast.actor("city_admin"), wording=wording)
    shown = [queries.shown_count(n, is_sensitive=True) for n in (0, 9, 10, 19, 1234)]
    assert shown == ["不足 10 人", "不足 10 人", "约 10 人", "约 10 人", "约 1,230 人"]
    assert [queries.shown_count(n, is_sensitive=False) for n in (0, 1234)] == ["0 人", "1,234 人"]
    assert queries.shown_count(123_456, is_sensitive=False, is_exact=False) == "约 120,000 人"


def test_sensitive_marks_are_seen_and_written_by_who_holds_the_verb(cast):
    terms = TagTerms("hardship", "东江困认 2026-3", dt.date(2026, 1, 1))
    lan = membership(cast, "lan").pk
    with pytest.raises(DomainError):
        tag_person(operator(cast), membership_id=lan, terms=terms)
    tag = tag_person(cast.actor("city_admin"), membership_id=lan, terms=terms)
    with pytest.raises(DomainError):
        tag_person(cast.actor("city_admin"), membership_id=lan, terms=terms)
    assert list(PersonTag.objects.visible_to(cast.actor("city_admin")).distinct()) == [tag]
    assert list(PersonTag.objects.visible_to(cast.actor("lan"))) == [tag]
    for actor in (operator(cast), cast.actor("sister_admin"), cast.actor("mei"), cast.actor("judge")):
        assert not PersonTag.objects.visible_to(actor).exists()
    with pytest.raises(DomainError):
        end_tag(operator(cast), tag_id=tag.pk, reason="看看")


# --- lists


def test_list_holds_members_below_its_union_and_says_which_lines_led_nowhere(cast):
    text = "13800000001\n440101198811110052\n\n13800000003\n13899999999\n不是号码\n440101199003070122"
    kept = actions.keep_list(
        cast.actor("city_admin"), union_id=cast.unions["city"].pk, name="名单", text=text
    )
    assert kept.people_list.people == sorted(cast.people[name].pk for name in ("mei", "hua"))
    nobody = "没有对上这个工会及下级的在籍会员。"
    assert [(one.number, one.why) for one in kept.missed] == [
        (4, nobody), (5, nobody), (6, "不是证件号码，也不是手机号。"),
    ]  # fmt: skip
    one = saved(cast, {"kind": "list", "id": kept.people_list.pk})
    assert names_in(cast, one) == ["hua", "mei"]
    city = cast.actor("city_admin")
    for facts, code in (
        ({"text": "13800000003"}, "people_list_empty"),
        ({"text": "x\n" * 10_001}, "people_list_long"),
        ({"text": "13800000001", "name": " "}, "audience_unnamed"),
        ({"text": "13800000001", "union_id": cast.unions["sister"].pk}, "audience_union"),
    ):
        given = {"union_id": cast.unions["city"].pk, "name": "乙", **facts}
        refused(code, actions.keep_list, city, **given)
    assert PeopleList.objects.unscoped("test").count() == 1


def test_read_predicate_is_read_again_as_the_same(cast):
    given = tree({"none": [{"any": [VERIFIED, RIDERS]}]}, FEMALE)
    assert read_predicate(given) == read_predicate(json.dumps(given))
