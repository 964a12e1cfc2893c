import datetime as dt

import pytest
from django.urls import reverse

from gonghui.kit.models import AuditEntry
from gonghui.members.models import ExportRequest, Membership, MergeCase, Person, WorkerGroup
from gonghui.members.numbers import said_number
from gonghui.orgs.models import Grant
from tests.cast import new_person
from tests.console_contract import ConsoleContract

FURTHER_IDS = ("440101197001010012", "440101197001010039", "440101197001010055")


def further_people(cast, count: int) -> list[Person]:
    return [
        new_person(
            f"钱多{'一二三'[n]}", FURTHER_IDS[n], f"1380000005{n}", cast.unions["factory"], verified=True
        )
        for n in range(count)
    ]


class TestPersonScreen(ConsoleContract):
    model = Person
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return cast.people["mei"]

    def foreign(self, cast):
        return cast.people["qiang"]

    def more(self, cast, count):
        further_people(cast, count)

    @pytest.mark.parametrize(
        "question",
        [
            "小梅",
            "chenx",
            "cxm",
            "440101199003070122",
            "４４０１０１１９９００３０７０１２２",
            "138 0000 0001",
        ],
    )
    def test_search_by_name_pinyin_id_and_phone(self, cast, client, question):
        cast.sign_in(client, "city_admin")
        assert self.listed(client, q=question) == [cast.people["mei"].pk]

    def test_search_by_a_foreign_id_number_finds_nothing(self, cast, client):
        cast.sign_in(client, "city_admin")
        assert self.listed(client, q="440101199205200036") == []

    def test_search_by_member_number_finds_ones_own_only(self, cast, client):
        mei, qiang = (
            said_number(Person.objects.unscoped("test").get(pk=cast.people[who].pk).number)
            for who in ("mei", "qiang")
        )
        cast.sign_in(client, "city_admin")
        assert [self.listed(client, q=number) for number in (mei, mei.replace(" ", ""), qiang)] == [
            [cast.people["mei"].pk],
            [cast.people["mei"].pk],
            [],
        ]

    def test_search_uses_the_gram_index(self, cast):
        from django.contrib.admin import site
        from django.db import connection

        found = site._registry[Person].search.q("小梅")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Person.objects.unscoped("test").filter(found).explain()
        assert "person_grams" in plan

    def test_filters_by_subtree_group_and_verification(self, cast, client):
        cast.sign_in(client, "province_admin")
        assert self.listed(client, under=cast.unions["sister"].pk) == [cast.people["qiang"].pk]
        assert self.listed(client, group="food_rider") == [cast.people["qiang"].pk]
        assert self.listed(client, verification__exact="none") == [cast.people["hua"].pk]

    def test_group_that_tells_of_hardship_is_no_filter_without_the_verb(self, cast, client):
        """Nor is it named in the list, whoever looks."""
        WorkerGroup.objects.create(code="cared_for", name="帮扶对象", kind="hardship")
        Person.objects.unscoped("test").filter(pk=cast.people["lan"].pk).update(groups=["cared_for"])
        cast.sign_in(client, "city_admin")
        assert self.listed(client, group="cared_for") == [cast.people["lan"].pk]
        offered = client.get(self.at("changelist")).content.decode()
        assert 'value="cared_for"' in offered
        Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(role="operator")
        page = client.get(self.at("changelist")).content.decode()
        assert "cared_for" not in page and "帮扶对象" not in page and 'value="food_rider"' in page
        assert client.get(self.at("changelist"), {"group": "cared_for"}).status_code == 403
        assert self.listed(client, group="food_rider") == []

    def test_masks_in_list_and_sheet(self, cast, client):
        cast.sign_in(client, "city_admin")
        page = client.get(self.at("changelist")).content.decode()
        assert "138****0001" in page
        assert "**************0122" in page

    def test_unmasking_needs_a_reason_and_is_recorded(self, cast, client):
        cast.sign_in(client, "city_admin")
        address = self.at("unmask", cast.people["mei"])
        refused = client.post(address, {"reason": "看"})
        assert refused.status_code == 422
        assert not AuditEntry.objects.unscoped("test").filter(op="UNMASK").exists()
        shown = client.post(address, {"reason": "核对参会名单"}, headers={"HX-Request": "true"})
        assert "440101199003070122" in shown.content.decode()
        assert "no-store" in shown.headers["Cache-Control"]
        entry = AuditEntry.objects.unscoped("test").get(op="UNMASK")
        assert (entry.actor_id, entry.row_id, entry.reason) == (
            cast.users["city_admin"].pk,
            cast.people["mei"].pk,
            "核对参会名单",
        )
        assert entry.after == {"fields": ["id_no", "phone"]}
        history = client.get(self.at("history", cast.people["mei"])).content.decode()
        assert "核对参会名单" in history

    def test_union_a_person_left_sees_them_no_more(self, cast, client):
        Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(status="ended")
        Membership.objects.create(person=cast.people["mei"], union=cast.unions["riders"])
        cast.sign_in(client, "city_admin")
        assert cast.people["mei"].pk not in self.listed(client)
        assert client.get(self.at("change", cast.people["mei"])).status_code == 404
        cast.sign_in(client, "sister_admin")
        page = client.get(self.at("change", cast.people["mei"])).content.decode()
        assert "蓝海机械厂工会" not in page

    def test_person_with_two_memberships_is_listed_once(self, cast, client):
        Membership.objects.create(person=cast.people["mei"], union=cast.unions["city"], status="ended")
        cast.sign_in(client, "city_admin")
        assert self.listed(client).count(cast.people["mei"].pk) == 1

    def test_verification_is_revoked_by_its_verb(self, cast, client):
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("revoke", cast.people["mei"]), {"reason": "证件系冒用"}).status_code == 302
        assert Person.objects.unscoped("test").get(pk=cast.people["mei"].pk).verification == "revoked"


class TestMembershipScreen(ConsoleContract):
    model = Membership
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return cast.people["mei"].memberships.get()

    def foreign(self, cast):
        return cast.people["qiang"].memberships.get()

    def more(self, cast, count):
        further_people(cast, count)


class TestMergeCaseScreen(ConsoleContract):
    model = MergeCase
    sightless = ("judge", "finance_officer")

    def _case(self, cast, who):
        return MergeCase.objects.create(
            person=cast.people[who], claimant=cast.users["stranger"], reason="linked_elsewhere"
        )

    def own(self, cast):
        return self._case(cast, "mei")

    def foreign(self, cast):
        return self._case(cast, "qiang")

    def more(self, cast, count):
        for person in further_people(cast, count):
            MergeCase.objects.create(person=person, claimant=cast.users["stranger"], reason="has_other_id")

    def test_case_is_settled_by_its_verbs(self, cast, client):
        case = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("keep", case)).status_code == 302
        assert client.post(self.at("move", case)).status_code == 422
        assert MergeCase.objects.unscoped("test").get(pk=case.pk).state == "kept"
        assert Person.objects.unscoped("test").get(pk=cast.people["mei"].pk).user_id == cast.users["mei"].pk


def test_worker_groups_are_written_at_the_root_only(cast, client):
    group = WorkerGroup.objects.get(code="food_rider")
    address = reverse("admin:members_workergroup_change", args=[group.pk])
    cast.sign_in(client, "city_admin")
    assert client.post(address, {"name": "骑手", "kind": "new_employment"}).status_code == 403
    cast.sign_in(client, "province_admin")
    assert client.post(address, {"name": "骑手", "kind": "new_employment"}).status_code == 302
    assert WorkerGroup.objects.get(pk=group.pk).name == "骑手"


def test_first_page_shows_figures_in_scope(cast, client):
    cast.sign_in(client, "city_admin")
    context = client.get(reverse("admin:index")).context
    shown = {figure.title: figure.value for figure in context["figures"]}
    assert shown["会员"] == 3
    assert shown["工会组织"] == 3
    assert shown["合作单位"] == 1
    cast.sign_in(client, "sister_admin")
    context = client.get(reverse("admin:index")).context
    assert {figure.title: figure.value for figure in context["figures"]}["会员"] == 1


def test_side_bar_holds_only_what_one_may_open(cast, client):
    cast.sign_in(client, "judge")
    groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
    titles = {item["title"] for group in groups for item in group["items"]}
    assert "工会" in titles
    assert not titles & {"职工", "授权", "合作单位"}


def test_birthday_of_the_cast_is_shown(cast, client):
    cast.sign_in(client, "city_admin")
    page = client.get(reverse("admin:members_person_change", args=[cast.people["mei"].pk])).content.decode()
    assert cast.people["mei"].birth_date == dt.date(1990, 3, 7)
    assert "1990年3月7日" in page


class TestExportScreen(ConsoleContract):
    model = ExportRequest
    sightless = ("judge",)

    def _asked(self, cast, union: str) -> ExportRequest:
        return ExportRequest.objects.create(
            union=cast.unions[union],
            table="members.Person",
            title="职工",
            row_ids=[1],
            rows_count=1,
            reason="核对名单",
            maker=cast.users["province_admin"],
        )

    def own(self, cast):
        return self._asked(cast, "factory")

    def foreign(self, cast):
        return self._asked(cast, "sister")

    def more(self, cast, count):
        for _nth in range(count):
            self.own(cast)
