"""Grants bound to a line of industry see the live members of that line in their subtree, and nobody else (I20)."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.actors import Grant as Held
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.members import groups, listing
from gonghui.members.actions import (
    changes,
    counter,
    exports,
    merge_cases,
    roster_runs,
    rosters,
    tags,
    transfers,
)
from gonghui.members.actions.verification import revoke_verification
from gonghui.members.headcounts import Headcount, headcount_of, largest_children, lines_of, paths_of
from gonghui.members.models import (
    CounterRequest,
    ExportFile,
    ExportRequest,
    MemberMark,
    Membership,
    MembershipChange,
    MergeCase,
    Person,
    PersonTag,
    RosterImport,
    TransferRequest,
    TransferRule,
    WorkerGroup,
)
from gonghui.members.models import Headcount as Total
from gonghui.members.sight import sights_of
from gonghui.members.tests.test_exports import rows_of
from gonghui.members.tests.test_rosters import id_no as number_of
from gonghui.members.tests.test_rosters import sheet_of
from gonghui.members.tests.test_sight import staff
from gonghui.members.tests.transferring import opened
from gonghui.orgs.models import Grant, IndustryLine, Union
from gonghui.orgs.roles import verbs_of
from gonghui.orgs.rules import is_at_or_below
from tests.cast import IDS, new_line_admin, new_person, new_union

pytestmark = pytest.mark.django_db
PAST = dt.date(2024, 1, 1)
LIVE = Membership.LIVE


@pytest.fixture
def who(cast) -> str:
    return new_line_admin(cast)


@pytest.fixture
def depot(cast) -> Person:
    """Below the riders' federation, in a union of no line."""
    union = new_union("西岭仓库工会", "enterprise", cast.unions["riders"])
    cast.unions["depot"] = union
    return new_person("钱多多", "440101199001010010", "13900000001", union, verified=True)


def live_of(cast, name: str) -> Membership:
    return Membership.objects.unscoped("test").get(person=cast.people[name], status__in=LIVE)


def refusal_of(act, *args, **facts) -> str:
    with pytest.raises(DomainError) as refused:
        act(*args, **facts)
    return refused.value.code


def names(cast, who: str) -> set[str]:
    return set(Person.objects.visible_to(cast.actor(who)).values_list("name", flat=True))


def test_grant_of_a_line_sees_the_live_members_of_that_line_and_no_others(cast, who, depot):
    assert names(cast, who) == {"赵志强"}
    actor = cast.actor(who)
    assert [m.person.name for m in Membership.objects.visible_to(actor)] == ["赵志强"]
    assert set(MemberMark.objects.visible_to(actor).values_list("person__name", flat=True)) == {"赵志强"}
    Union.objects.unscoped("test").filter(pk=cast.unions["depot"].pk).update(
        industry_line=IndustryLine.objects.get(code="delivery")
    )
    assert names(cast, who) == {"赵志强", "钱多多"}
    assert names(cast, new_line_admin(cast, "city", login="other")) == set()


def test_who_left_the_line_is_seen_no_longer(cast, who):
    held = live_of(cast, "qiang")
    held.status, held.left_on = "ended", clock.today()
    held.save()
    Membership.objects.create(person=cast.people["qiang"], union=cast.unions["factory"])
    assert names(cast, who) == set()
    assert not Membership.objects.visible_to(cast.actor(who)).exists()
    assert "赵志强" in names(cast, "sister_admin")


# --- whatever is granted ------------------------------------------------------------------------------------


def sees(grants: list[Grant], held: Membership, *, of_past: bool) -> bool:
    """One membership, row by row and in words."""
    for grant in grants:
        if not is_at_or_below(held.union.path, grant.union.path) or "members.view" not in verbs_of(
            grant.role
        ):
            continue
        if grant.industry_line_id is None:
            if of_past or held.status in LIVE:
                return True
        elif held.status in LIVE and held.union.industry_line_id == grant.industry_line_id:
            return True
    return False


@pytest.mark.parametrize("seed", range(5))
def test_set_is_what_each_row_says_whatever_is_granted(cast, seed):
    chance = random.Random(seed)
    lines = [
        IndustryLine.objects.get(code="delivery"),
        IndustryLine.objects.create(code="ride", name="网约车"),
    ]
    unions = list(cast.unions.values())
    for number in range(12):
        line = chance.choice([None, *lines])
        unions.append(new_union(f"{number}号工会", "enterprise", chance.choice(unions), industry_line=line))
    for number in range(25):
        person = new_person(
            f"钱{number}", number_of(number), f"139{number:08d}", None, verified=bool(number % 2)
        )
        for status in chance.choice(
            [(), ("active",), ("ended", "retained"), ("ended",), ("exited", "active")]
        ):
            Membership.objects.create(person=person, union=chance.choice(unions), status=status)
        kind = chance.choice(["hardship", "craftsman"])
        PersonTag.objects.create(person=person, kind=kind, evidence="证", since=PAST)
    held = list(Membership.objects.unscoped("test").select_related("union"))
    users = [any_grants(chance, number, unions, lines) for number in range(10)]
    told = {
        person.pk: {s.grant.user_id for s in sights_of(person)} for person in Person.objects.unscoped("test")
    }
    for user in users:
        actor, grants = actor_of(user), list(user.grants.select_related("union"))
        assert_seen(actor, grants, held)
        people = set(Person.objects.visible_to(actor).values_list("pk", flat=True))
        assert {pk for pk, users_told in told.items() if user.pk in users_told} == people


def any_grants(chance: random.Random, number: int, unions: list[Union], lines: list[IndustryLine]) -> User:
    user = staff(f"any_{number}", "judge", unions[0])
    for _grant in range(chance.choice([1, 2, 3])):
        asked = {
            "role": chance.choice(["org_admin", "reviewer", "judge"]),
            "union": chance.choice(unions),
            "industry_line": chance.choice([None, *lines]),
        }
        Grant.objects.unscoped("test").get_or_create(user=user, **asked, defaults={"starts_on": PAST})
    return user


def assert_seen(actor: Actor, grants: list[Grant], held: list[Membership]) -> None:
    seen = [one for one in held if sees(grants, one, of_past=True)]
    live = [one for one in held if one.status in LIVE and sees(grants, one, of_past=False)]
    people, listed = {one.person_id for one in seen}, {one.person_id for one in live}
    assert set(Membership.objects.visible_to(actor).values_list("pk", flat=True)) == {one.pk for one in seen}
    assert set(Person.objects.visible_to(actor).values_list("pk", flat=True)) == people
    assert set(admin.site._registry[Person].within(actor).values_list("pk", flat=True)) == listed
    tagged = PersonTag.objects.unscoped("test").filter(person__in=listed)
    trusted = [grant for grant in grants if grant.role == "org_admin"]
    may = {one.person_id for one in held if sees(trusted, one, of_past=True)}
    mine = {tag.pk for tag in tagged if tag.kind == "craftsman" or tag.person_id in may}
    assert set(admin.site._registry[PersonTag].within(actor).values_list("pk", flat=True)) == mine
    marks = set(MemberMark.objects.visible_to(actor).values_list("person_id", flat=True))
    assert marks == set(
        MemberMark.objects.unscoped("test").filter(person__in=listed).values_list("person_id", flat=True)
    )
    verified = Person.objects.unscoped("test").filter(pk__in=listed, verification="verified").count()
    count = headcount_of(actor)
    assert (count.members, count.verified) == (len(listed), verified)


# --- counts -------------------------------------------------------------------------------------------------


def test_count_is_of_the_line_alone_and_no_total_of_a_subtree_is_shown(cast, who, depot):
    actor = cast.actor(who)
    assert (paths_of(actor), lines_of(actor)) == ([], [(cast.unions["province"].path, "delivery")])
    assert headcount_of(actor) == Headcount(1, 1, 1)
    assert largest_children(actor, 5) == []
    assert not Total.objects.visible_to(actor).exists()
    assert not TransferRule.objects.visible_to(actor).exists()


def test_first_page_says_the_count_of_the_line(cast, who, client, depot):
    page = cast.sign_in(client, who).get("/console/").content.decode()
    assert "其中已实名 1" in page
    assert "其中已实名 4" not in page
    assert "下级工会的会员" not in page


def test_grant_without_a_line_asks_as_before(cast):
    """Neither a line nor its table is read, and the count is one query of totals."""
    actor = cast.actor("city_admin")
    for model in (Person, Membership, MemberMark, PersonTag, MergeCase, MembershipChange, TransferRequest):
        assert "industry" not in str(model.objects.visible_to(actor).query)
        assert "EXISTS" not in str(model.objects.visible_to(actor).query)
    with CaptureQueriesContext(connection) as asked:
        headcount_of(actor)
    assert len(asked) == 1
    assert "industryline" not in asked[0]["sql"]


def test_line_within_a_whole_subtree_of_ones_own_adds_nothing(cast):
    whole, verbs = cast.unions["sister"].path, frozenset({"members.view"})
    below = Held("reviewer", cast.unions["riders"].path, verbs, "delivery")
    actor = Actor(user_id=1, grants=(Held("org_admin", whole, verbs), below))
    assert lines_of(actor) == []
    assert headcount_of(actor).members == 1


# --- lists, exports, pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "person/",
        "person/?q=zhao",
        "person/?verification__exact=verified",
        "person/?group=food_rider",
        "membership/",
        "membership/?q=zhao",
        "membership/?status__exact=active",
        "person/?under={riders}",
    ],
)
def test_lists_show_the_line_alone_wide_searched_and_filtered(cast, who, client, depot, address, monkeypatch):
    monkeypatch.setattr(listing, "FOUND_MOST", 0)
    depot.groups = ["food_rider"]
    depot.save()
    asked = address.format(riders=cast.unions["riders"].pk)
    page = cast.sign_in(client, who).get(f"/console/members/{asked}")
    assert page.status_code == 200
    assert [getattr(row, "person", row).name for row in page.context["cl"].result_list] == ["赵志强"]
    assert page.context["cl"].result_count == 1


def test_search_for_another_finds_nobody(cast, who, client, depot):
    cast.sign_in(client, who)
    for asked in ("钱", "chen", "440101199003070122", "13800000001", str(cast.people["mei"].number)):
        page = client.get("/console/members/person/", {"q": asked})
        assert list(page.context["cl"].result_list) == [], asked


def test_pages_of_a_person_open_for_the_line_and_for_nobody_else(cast, who, client, depot):
    cast.sign_in(client, who)
    for person, status in ((cast.people["qiang"], 200), (cast.people["mei"], 404), (depot, 404)):
        assert client.get(reverse("admin:person_seen_by", args=[person.pk])).status_code == status
        page = client.get(reverse("admin:members_person_change", args=[person.pk]))
        assert (page.status_code == 200) == (status == 200)
        for verb in ("revoke", "counter"):
            answer = client.get(reverse(f"admin:members_person_{verb}", args=[person.pk]))
            assert (answer.status_code == 200) == (status == 200), verb


def test_whole_numbers_are_shown_of_the_line_alone(cast, who, client):
    cast.sign_in(client, who)
    asked = {"reason": "核对骑手电话", "fields": ["phone"]}
    for name, phone in (("qiang", IDS["qiang"][2]), ("mei", IDS["mei"][2])):
        answer = client.post(reverse("admin:members_person_unmask", args=[cast.people[name].pk]), asked)
        assert (answer.status_code == 200) == (name == "qiang")
        assert (phone in answer.content.decode()) == (name == "qiang")
    looks = AuditEntry.objects.unscoped("test").filter(op="UNMASK").values_list("row_id", flat=True)
    assert list(looks) == [cast.people["qiang"].pk]


def test_page_says_who_sees_a_member_by_their_line(cast, who, client):
    text = (
        cast.sign_in(client, who)
        .get(reverse("admin:person_seen_by", args=[cast.people["qiang"].pk]))
        .content.decode()
    )
    assert "只限快递配送" in text
    found = {s.grant.user.login: s for s in sights_of(cast.people["qiang"])}
    assert set(found) == {"province_admin", "sister_admin", "line_admin"}
    bound = found["line_admin"]
    assert (bound.may_unmask, bound.may_export, bound.may_see_health, bound.is_past) == (
        True,
        True,
        False,
        False,
    )


def test_sheet_of_the_line_is_asked_agreed_to_by_the_whole_and_taken_by_its_asker(cast, who, client, depot):
    client = cast.sign_in(client, who)
    assert client.post(reverse("admin:members_person_export"), {"reason": "核对骑手名单"}).status_code == 302
    export = ExportRequest.objects.unscoped("test").get()
    assert (export.row_ids, export.union_id) == ([cast.people["qiang"].pk], cast.unions["province"].pk)
    new_line_admin(cast, login="colleague")
    assert refusal_of(exports.approve_export, cast.actor(who), export_id=export.pk) == "export_own"
    assert refusal_of(exports.approve_export, cast.actor("colleague"), export_id=export.pk) == "not_found"
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    exports.make_export(export.pk)
    assert refusal_of(exports.take_export, cast.actor("colleague"), export_id=export.pk) == "not_found"
    page = client.get(reverse("admin:members_exportrequest_change", args=[export.pk]))
    assert page.status_code == 200
    _heading, *rows = rows_of(exports.take_export(cast.actor(who), export_id=export.pk)[1])
    assert [row[0][:3] for row in rows] == ["赵志强"]


def test_rows_outside_the_line_cannot_be_asked_for_and_are_left_out_of_what_was(cast, who, depot):
    terms = exports.ExportTerms(table="members.Person", title="职工", reason="核对骑手名单")
    ids = [cast.people["qiang"].pk, depot.pk]
    assert refusal_of(exports.ask_export, cast.actor(who), terms=terms, row_ids=ids) == "not_found"
    export = exports.ask_export(cast.actor(who), terms=terms, row_ids=ids[:1])
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    Union.objects.unscoped("test").filter(pk=cast.unions["riders"].pk).update(industry_line=None)
    exports.make_export(export.pk)
    made = ExportFile.objects.unscoped("test").get(request=export)
    assert len(rows_of(made.content)) == 1
    assert refusal_of(exports.take_export, cast.actor(who), export_id=export.pk) == "export_beyond"


def test_sheet_of_a_whole_subtree_is_not_taken_by_who_is_bound_to_a_line_since(cast):
    terms = exports.ExportTerms(table="members.Person", title="职工", reason="核对名单")
    ids = [cast.people[name].pk for name in ("mei", "hua")]
    export = exports.ask_export(cast.actor("city_admin"), terms=terms, row_ids=ids)
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    exports.make_export(export.pk)
    held = Grant.objects.unscoped("test").filter(user=cast.users["city_admin"])
    held.update(industry_line=IndustryLine.objects.get(code="delivery"))
    assert refusal_of(exports.take_export, cast.actor("city_admin"), export_id=export.pk) == "export_beyond"
    assert ExportRequest.objects.unscoped("test").get(pk=export.pk).downloads == 0


def test_sheets_of_others_are_not_seen_by_a_line(cast, who):
    terms = exports.ExportTerms(table="members.Person", title="职工", reason="核对骑手名单")
    exports.ask_export(cast.actor("sister_admin"), terms=terms, row_ids=[cast.people["qiang"].pk])
    assert not ExportRequest.objects.visible_to(cast.actor(who)).exists()


# --- verbs --------------------------------------------------------------------------------------------------


def test_verbs_reach_members_of_the_line_and_no_others(cast, who, depot):
    colleague = new_line_admin(cast, "sister", login="colleague")
    tag = tags.TagTerms(kind="hardship", evidence="困难证 1 号", since=PAST)
    terms = changes.ChangeTerms(kind="left", happened_on=clock.today(), document="1 号", reason="本人申请")
    others = (live_of(cast, "mei"), Membership.objects.unscoped("test").get(person=depot))
    for other in others:
        assert refusal_of(tags.tag_person, cast.actor(who), membership_id=other.pk, terms=tag) == "not_found"
        assert (
            refusal_of(changes.propose_change, cast.actor(who), membership_id=other.pk, terms=terms)
            == "not_found"
        )
        asked = {"person_id": other.person_id, "kind": "copy", "words": "本人到场"}
        assert refusal_of(counter.open_request, cast.actor(who), **asked) == "not_found"
    for model in (PersonTag, MembershipChange, CounterRequest):
        assert not model.objects.unscoped("test").exists()
    qiang = live_of(cast, "qiang")
    made = tags.tag_person(cast.actor(who), membership_id=qiang.pk, terms=tag)
    assert [row.pk for row in PersonTag.objects.visible_to(cast.actor(who))] == [made.pk]
    tags.end_tag(cast.actor(colleague), tag_id=made.pk, reason="已脱困")
    opened = counter.open_request(cast.actor(who), person_id=qiang.person_id, kind="copy", words="本人到场")
    counter.confirm_request(cast.actor(colleague), request_id=opened.pk, tail="0036")
    change = changes.propose_change(cast.actor(who), membership_id=qiang.pk, terms=terms)
    changes.confirm_change(cast.actor(colleague), change_id=change.pk)
    assert names(cast, who) == set()
    for model in (PersonTag, MembershipChange, CounterRequest):
        assert model.objects.unscoped("test").count() == 1
        assert not model.objects.visible_to(cast.actor(who)).exists(), model


def test_role_bound_to_the_line_brings_its_own_verbs_only(cast):
    operator = new_line_admin(cast, role="operator", login="line_operator")
    tag = tags.TagTerms(kind="hardship", evidence="困难证 1 号", since=PAST)
    seen = {"membership_id": live_of(cast, "qiang").pk, "terms": tag}
    assert refusal_of(tags.tag_person, cast.actor(operator), **seen) == "not_allowed"
    by_admin = tags.tag_person(cast.actor("sister_admin"), **seen)
    assert not PersonTag.objects.visible_to(cast.actor(operator)).exists()
    assert refusal_of(tags.end_tag, cast.actor(operator), tag_id=by_admin.pk, reason="已脱困") == "not_found"


def test_sensitive_groups_open_to_who_holds_their_verb_for_the_line(cast, who):
    WorkerGroup.objects.create(code="in_need", name="困难职工", kind="hardship")
    codes = set(groups.groups_open_to(cast.actor(who), "members.view").values_list("code", flat=True))
    assert "in_need" in codes
    operator = new_line_admin(cast, role="operator", login="line_operator")
    of_line = Held("b", "1.", frozenset({"members.sensitive"}), "delivery")
    mixed = Actor(user_id=1, grants=(Held("a", "1.", frozenset({"members.view"})), of_line))
    for actor in (cast.actor(operator), mixed):
        assert not groups.groups_open_to(actor, "members.view").filter(code="in_need").exists()


def test_case_of_a_claimed_identity_is_of_the_line(cast, who):
    cases = [
        MergeCase.objects.create(
            person=cast.people[name], claimant=cast.users["stranger"], reason="linked_elsewhere"
        )
        for name in ("qiang", "mei")
    ]
    assert [case.person.name for case in MergeCase.objects.visible_to(cast.actor(who))] == ["赵志强"]
    assert refusal_of(merge_cases.keep_identity, cast.actor(who), case_id=cases[1].pk) == "not_found"
    merge_cases.keep_identity(cast.actor(who), case_id=cases[0].pk)
    revoke_verification(cast.actor(who), person_id=cast.people["qiang"].pk, reason="冒用身份")
    with pytest.raises(Person.DoesNotExist):
        revoke_verification(cast.actor(who), person_id=cast.people["mei"].pk, reason="冒用身份")


def test_transfer_is_released_by_the_line_and_one_that_comes_is_seen_when_it_has_come(cast, who):
    leaving = opened(cast, "qiang", "factory")
    coming = opened(cast, "mei", "riders")
    assert {row.pk for row in TransferRequest.objects.visible_to(cast.actor(who))} == {leaving.pk}
    screen = admin.site._registry[TransferRequest]
    assert {row.pk for row in screen.within(cast.actor(who), transfers.DECIDE)} == {leaving.pk}
    assert refusal_of(transfers.release_transfer, cast.actor(who), transfer_id=coming.pk) == "not_found"
    transfers.release_transfer(cast.actor(who), transfer_id=leaving.pk)
    assert refusal_of(transfers.accept_transfer, cast.actor(who), transfer_id=leaving.pk) == "not_allowed"
    transfers.release_transfer(cast.actor("city_admin"), transfer_id=coming.pk)
    assert refusal_of(transfers.accept_transfer, cast.actor(who), transfer_id=coming.pk) == "not_found"
    transfers.accept_transfer(cast.actor("sister_admin"), transfer_id=coming.pk)
    transfers.accept_transfer(cast.actor("city_admin"), transfer_id=leaving.pk)
    assert {row.pk for row in TransferRequest.objects.visible_to(cast.actor(who))} == {coming.pk}
    assert names(cast, who) == {"陈小梅"}


def test_papers_of_who_is_in_another_union_are_answered_as_of_nobody(cast, who):
    riders = cast.unions["riders"].pk
    papers = transfers.Papers(name="陈小梅", id_no=IDS["mei"][1], document="介 1 号")
    refused = refusal_of(transfers.open_transfer_for, cast.actor(who), to_union_id=riders, papers=papers)
    assert refused == "transfer_not_known"
    own = transfers.Papers(name="赵志强", id_no=IDS["qiang"][1], document="介 2 号")
    transfers.open_transfer_for(cast.actor(who), to_union_id=cast.unions["factory"].pk, papers=own)


# --- rosters ------------------------------------------------------------------------------------------------


def test_roster_of_the_line_takes_in_new_ones_and_leaves_others_where_they_are(cast, who, depot):
    """Who is in a union of no line below the federation is reported as a member elsewhere, and stays as they were."""
    rows = [("孙行者", number_of(7), "13900000077"), ("钱多多", "440101199001010010", "13900000099")]
    content, riders = sheet_of(*rows), cast.unions["riders"].pk
    facts = {"file_name": "r.xlsx", "content": content}
    for union in ("factory", "depot", "sister"):
        other = cast.unions[union].pk
        assert refusal_of(rosters.upload_roster, cast.actor(who), union_id=other, **facts) in (
            "not_found",
            "not_allowed",
        )
    roster = rosters.upload_roster(cast.actor(who), union_id=riders, **facts)
    roster_runs.check_roster(roster.pk)
    assert refusal_of(rosters.apply_roster, cast.actor(who), roster_id=roster.pk) == "roster_by_another"
    rosters.apply_roster(cast.actor("sister_admin"), roster_id=roster.pk)
    roster_runs.apply_roster(roster.pk)
    seen = RosterImport.objects.visible_to(cast.actor(who)).get()
    assert (seen.state, seen.count_new, seen.count_changed, seen.count_refused) == ("applied", 1, 0, 1)
    assert names(cast, who) == {"赵志强", "孙行者"}
    kept = Person.objects.unscoped("test").get(pk=depot.pk)
    assert (kept.phone, Membership.objects.unscoped("test").get(person=depot).union_id) == (
        "13900000001",
        cast.unions["depot"].pk,
    )


def test_roster_of_somebody_else_is_not_seen_by_a_line(cast, who, client):
    content = sheet_of(("孙行者", number_of(7), "13900000077"))
    facts = {"union_id": cast.unions["riders"].pk, "file_name": "r.xlsx", "content": content}
    others = rosters.upload_roster(cast.actor("sister_admin"), **facts)
    own = rosters.upload_roster(cast.actor(who), **facts)
    assert [row.pk for row in RosterImport.objects.visible_to(cast.actor(who))] == [own.pk]
    cast.sign_in(client, who)
    assert client.get(reverse("admin:roster", args=[own.pk])).status_code == 200
    assert client.get(reverse("admin:roster", args=[others.pk])).status_code == 404
    assert client.get(reverse("admin:roster_new")).status_code == 200
