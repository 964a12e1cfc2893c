"""Who belongs to a group: computed from grants, the same from both sides; one chair group and 33 of towns."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from gonghui.funds.tests.stage import new_staff
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import GroupPick, OperatorGroup
from gonghui.opsdesk.people import member_count, members_of
from gonghui.opsdesk.queries import groups_kept
from gonghui.opsdesk.tests.stage import again, opened
from gonghui.orgs.models import Grant
from tests.cast import new_union

pytestmark = pytest.mark.django_db
EVERYBODY = (
    "province_admin", "city_admin", "sister_admin", "finance_officer", "judge", "operator", "second_operator", "reviewer",
    "district_admin", "factory_admin", "riders_admin", "team",
)  # fmt: skip


def names(group) -> list[str]:
    return sorted({grant.user.login for grant in members_of(group)})


def test_who_belongs_is_computed_from_grants_and_never_copied(stage):
    direct = opened(stage)
    assert names(direct) == ["district_admin"]
    subtree = opened(stage, "全市", rule="subtree")
    assert names(subtree) == ["city_admin", "district_admin", "factory_admin", "operator", "second_operator"]
    with_reviewers = opened(stage, "带复核", rule="subtree", roles=("org_admin", "reviewer"))
    assert names(with_reviewers) == ["city_admin", "district_admin", "factory_admin", "reviewer"]
    new_staff(stage.cast, "second_district", "operator", "district")
    assert names(direct) == ["district_admin", "second_district"]
    ended = Grant.objects.unscoped("test").filter(user=stage.cast.users["district_admin"])
    ended.update(ended_at=clock.now())
    assert names(direct) == ["second_district"]
    stage.cast.users["second_district"].is_active = False
    stage.cast.users["second_district"].save()
    assert names(direct) == []


def test_unions_and_accounts_are_picked_beside_the_rule(stage):
    group = opened(stage)
    admin = stage.actor("city_admin")
    for _n in range(2):
        actions.add_pick(admin, operatorgroup_id=group.pk, union_id=stage.union("factory"))
        actions.add_pick(admin, operatorgroup_id=group.pk, login="reviewer")
    assert names(group) == ["district_admin", "factory_admin", "reviewer"]
    assert GroupPick.objects.unscoped("test").count() == 2
    for facts, code in (
        ({"union_id": stage.union("riders")}, "opsdesk_pick_elsewhere"),
        ({"login": "riders_admin"}, "opsdesk_pick_elsewhere"),
        ({"login": "nobody.here"}, "opsdesk_no_such_staff"),
    ):
        with pytest.raises(DomainError) as error:
            actions.add_pick(admin, operatorgroup_id=group.pk, **facts)
        assert error.value.code == code
    for who in ("sister_admin", "reviewer", "district_admin", "judge", "mei", "anonymous"):
        with pytest.raises(DomainError) as error:
            actions.add_pick(stage.actor(who), operatorgroup_id=group.pk, login="operator")
        assert error.value.code == "not_found"
    pick = GroupPick.objects.unscoped("test").get(user__isnull=False)
    actions.drop_pick(admin, pick_id=pick.pk)
    assert names(group) == ["district_admin", "factory_admin"]


def test_member_sees_the_group_and_a_stranger_does_not(stage):
    """`people.posts_of` and `scopes.InGroup` are one rule read from two sides."""
    groups = [
        opened(stage, f"{rule} {union} {roles[0]}", union=union, rule=rule, who="province_admin", roles=roles)
        for rule in ("direct", "subtree", "picked")
        for union in ("province", "city", "district", "sister")
        for roles in (("org_admin",), ("operator", "reviewer", "technical_team"))
    ]
    province = stage.actor("province_admin")
    actions.add_pick(province, operatorgroup_id=groups[0].pk, login="factory_admin")
    actions.add_pick(province, operatorgroup_id=groups[2].pk, union_id=stage.union("factory"))
    actions.add_pick(province, operatorgroup_id=groups[-1].pk, login="riders_admin")
    for who in EVERYBODY:
        actor = stage.actor(who)
        seen = {row.pk for row in OperatorGroup.objects.visible_to(actor)}
        kept = {row.pk for row in groups_kept(actor)}
        inside = {group.pk for group in groups if who in names(group)}
        assert seen == kept | inside, who
    for who in ("mei", "clerk", "stranger", "anonymous"):
        assert not OperatorGroup.objects.visible_to(stage.actor(who)).exists()


def test_chair_group_and_one_for_each_of_33_towns(stage):
    city = stage.cast.unions["city"]
    for n in range(32):
        new_union(f"东江第{n + 1:02d}镇总工会", "street", city)
    admin = stage.actor("city_admin")
    chairs = opened(stage, "主席群", roles=("org_admin",))
    made = actions.open_groups_below(admin, union_id=city.pk)
    assert len(made) == 33 and {group.union.parent_id for group in made} == {city.pk}
    assert actions.open_groups_below(admin, union_id=city.pk) == []
    assert groups_kept(admin).count() == 34
    for who, count in (
        ("operator", 34),
        ("district_admin", 2),
        ("factory_admin", 1),
        ("sister_admin", 0),
        ("province_admin", 34),
    ):
        assert OperatorGroup.objects.visible_to(stage.actor(who)).count() == count, who
    assert member_count(chairs) == 1
    town = new_staff(stage.cast, "town_admin", "org_admin", "district")
    assert member_count(chairs) == 2 and town.login in names(chairs)


def test_group_that_cannot_be_is_refused(stage):
    opened(stage)
    for facts, code in (
        ({}, "opsdesk_group_taken"),
        ({"name": " "}, "opsdesk_text_missing"),
        ({"name": "别的", "roles": ()}, "opsdesk_group_roles"),
        ({"name": "别的", "roles": ("finance_officer",)}, "opsdesk_group_roles"),
        ({"name": "别的", "union": "sister"}, "not_found"),
        ({"name": "别的", "who": "reviewer"}, "not_found"),
        ({"name": "别的", "rule": "all"}, "not_found"),
    ):
        with pytest.raises(DomainError) as error:
            opened(stage, **facts)
        assert error.value.code == code
    assert OperatorGroup.objects.unscoped("test").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupPick.objects.create(group=OperatorGroup.objects.unscoped("test").get())


def test_dissolved_group_frees_its_name_and_takes_nothing_more(stage):
    group = opened(stage)
    actions.end_group(stage.actor("city_admin"), operatorgroup_id=group.pk)
    assert again(group).ended_at
    with pytest.raises(DomainError) as error:
        actions.add_pick(stage.actor("city_admin"), operatorgroup_id=group.pk, login="operator")
    assert error.value.code == "opsdesk_group_ended"
    assert opened(stage).pk != group.pk


def test_telephone_is_shown_for_a_reason_on_record(stage):
    group = opened(stage)
    user = stage.cast.users["district_admin"]
    user.contact_phone = "13912345678"
    user.save()
    look = actions.show_telephone
    for who, code in (
        ("district_admin", "not_allowed"),
        ("sister_admin", "not_allowed"),
        ("reviewer", "not_allowed"),
    ):
        with pytest.raises(DomainError) as error:
            look(stage.actor(who), group=group, user_id=user.pk, reason="上线前通知")
        assert error.value.code == code
    with pytest.raises(DomainError) as error:
        look(stage.actor("operator"), group=group, user_id=stage.user("riders_admin"), reason="上线前通知")
    assert error.value.code == "not_found"
    with pytest.raises(DomainError) as error:
        look(stage.actor("operator"), group=group, user_id=user.pk, reason="看")
    assert error.value.code == "bad_input"
    assert not AuditEntry.objects.unscoped("test").filter(op="UNMASK").exists()
    assert look(stage.actor("operator"), group=group, user_id=user.pk, reason="上线前通知") == "13912345678"
    entry = AuditEntry.objects.unscoped("test").get(op="UNMASK")
    assert (entry.actor_id, entry.row_id, entry.reason) == (stage.user("operator"), user.pk, "上线前通知")


def test_grant_that_begins_tomorrow_is_no_member_today(stage):
    group = opened(stage)
    Grant.objects.unscoped("test").filter(user=stage.cast.users["district_admin"]).update(
        starts_on=clock.today() + dt.timedelta(days=1)
    )
    assert names(group) == []
