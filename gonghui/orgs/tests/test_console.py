import datetime as dt

import pytest
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.kit.models import AuditEntry
from gonghui.orgs.models import Employer, Grant, IndustryLine, Union
from tests.cast import new_union
from tests.console_contract import ConsoleContract


class TestUnionScreen(ConsoleContract):
    model = Union
    sightless = ()
    change, wrong = {"uscc": "81440000MC0000001A"}, {"uscc": "123"}

    def own(self, cast):
        return cast.unions["factory"]

    def foreign(self, cast):
        return cast.unions["riders"]

    def more(self, cast, count):
        for number in range(count):
            new_union(f"江口第{number}纺织厂工会", "enterprise", cast.unions["district"])

    def test_list_counts_children_and_drills_down(self, cast, client):
        cast.sign_in(client, "city_admin")
        assert self.listed(client, parent=cast.unions["city"].pk) == [cast.unions["district"].pk]
        assert self.listed(client, parent=cast.unions["province"].pk) == []
        page = client.get(self.at("changelist"), {"parent": cast.unions["district"].pk}).content.decode()
        assert "东江市总工会" in page
        assert "南粤省总工会" not in page

    @pytest.mark.parametrize("question", ["机械", "lanhai", "lhjx", "蓝海机械厂"])
    def test_search_by_characters_pinyin_and_initials(self, cast, client, question):
        cast.sign_in(client, "province_admin")
        assert self.listed(client, q=question) == [cast.unions["factory"].pk]

    def test_picker_names_the_parent(self, cast, client):
        cast.sign_in(client, "city_admin")
        asked = {"app_label": "orgs", "model_name": "grant", "field_name": "union", "term": "蓝海"}
        found = client.get(reverse("admin:autocomplete"), asked).json()["results"]
        assert found == [{"id": str(cast.unions["factory"].pk), "text": "蓝海机械厂工会（江口区总工会）"}]

    def test_add_below_own_union_writes_path_and_search_columns(self, cast, client):
        cast.sign_in(client, "city_admin")
        form = {"parent": cast.unions["district"].pk, "name": "江口新业态工会", "kind": "industry"}
        assert client.post(self.at("add"), form).status_code == 302
        made = Union.objects.unscoped("test").get(name="江口新业态工会")
        assert made.path == f"{cast.unions['district'].path}{made.pk}."
        assert made.pinyin.startswith("jiang kou")

    def test_add_below_foreign_union_is_refused(self, cast, client):
        cast.sign_in(client, "city_admin")
        form = {"parent": cast.unions["sister"].pk, "name": "越界工会", "kind": "street"}
        assert client.post(self.at("add"), form).status_code == 200
        assert not Union.objects.unscoped("test").filter(name="越界工会").exists()

    def test_refusal_of_an_action_is_said_on_the_form_that_keeps_what_was_typed(self, cast, client):
        cast.sign_in(client, "city_admin")
        form = {"parent": cast.unions["district"].pk, "name": "蓝海机械厂工会", "kind": "street"}
        response = client.post(self.at("add"), form)
        assert response.status_code == 200
        page = response.content.decode()
        assert "已经有一个叫“蓝海机械厂工会”的工会" in page
        assert 'value="蓝海机械厂工会"' in page

    def test_verb_dialog_renames_and_names_the_actor(self, cast, client):
        cast.sign_in(client, "city_admin")
        address = self.at("rename", cast.unions["factory"])
        asked = client.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "蓝海机械厂工会" in asked
        assert "<html" not in asked
        done = client.post(address, {"name": "蓝海重工工会"}, headers={"HX-Request": "true"})
        assert done.headers["HX-Redirect"] == self.at("change", cast.unions["factory"])
        cast.unions["factory"].refresh_from_db()
        assert cast.unions["factory"].name == "蓝海重工工会"
        entry = AuditEntry.objects.unscoped("test").filter(table_name="orgs_union", op="UPDATE").latest("id")
        assert entry.actor_id == cast.users["city_admin"].pk

    def test_verb_refused_stays_in_its_dialog(self, cast, client):
        cast.sign_in(client, "city_admin")
        new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
        address = self.at("rename", cast.unions["factory"])
        response = client.post(address, {"name": "江口纺织厂工会"}, headers={"HX-Request": "true"})
        assert response.status_code == 422
        assert "已经有一个叫" in response.content.decode()
        assert Union.objects.unscoped("test").get(pk=cast.unions["factory"].pk).name == "蓝海机械厂工会"

    def test_verb_of_a_reader_is_forbidden(self, cast, client):
        cast.sign_in(client, "judge")
        assert client.get(self.at("change", cast.unions["factory"])).status_code == 200
        assert client.post(self.at("suspend", cast.unions["factory"])).status_code == 403
        assert Union.objects.unscoped("test").get(pk=cast.unions["factory"].pk).status == "active"

    def test_move_page_offers_own_unions_only(self, cast, client):
        cast.sign_in(client, "city_admin")
        address = self.at("move", cast.unions["factory"])
        assert client.get(address).status_code == 200
        refused = client.post(address, {"parent": cast.unions["sister"].pk})
        assert refused.status_code == 422
        assert client.post(address, {"parent": cast.unions["city"].pk}).status_code == 302
        assert (
            Union.objects.unscoped("test").get(pk=cast.unions["factory"].pk).parent_id
            == cast.unions["city"].pk
        )

    def test_history_tells_who_changed_what(self, cast, client):
        cast.sign_in(client, "city_admin")
        client.post(self.at("rename", cast.unions["factory"]), {"name": "蓝海重工工会"})
        page = client.get(self.at("history", cast.unions["factory"])).content.decode()
        for text in ("city_admin", "工会名称", "蓝海机械厂工会", "蓝海重工工会"):
            assert text in page


class TestEmployerScreen(ConsoleContract):
    model = Employer
    sightless = ()
    change, wrong = {"name": "蓝海重工"}, {"name": ""}

    def _employer(self, union, name):
        made = Employer.objects.create(name=name)
        Union.objects.unscoped("test").filter(pk=union.pk).update(employer=made)
        return made

    def own(self, cast):
        return self._employer(cast.unions["factory"], "蓝海机械厂")

    def foreign(self, cast):
        return self._employer(cast.unions["riders"], "西岭快送")

    def more(self, cast, count):
        for number in range(count):
            union = new_union(f"江口第{number}纺织厂工会", "enterprise", cast.unions["district"])
            self._employer(union, f"第{number}纺织厂")

    def test_employer_of_two_unions_is_listed_once(self, cast, client):
        employer = self.own(cast)
        Union.objects.unscoped("test").filter(pk=cast.unions["district"].pk).update(employer=employer)
        cast.sign_in(client, "city_admin")
        assert self.listed(client) == [employer.pk]


class TestGrantScreen(ConsoleContract):
    model = Grant
    sightless = ("judge", "finance_officer")

    def _grant(self, cast, union, login):
        user = User.objects.create(login=login, is_staff=True)
        return Grant.objects.create(
            user=user, role="operator", union=cast.unions[union], starts_on=dt.date(2025, 1, 1)
        )

    def own(self, cast):
        return self._grant(cast, "factory", "operator_a")

    def foreign(self, cast):
        return self._grant(cast, "riders", "operator_b")

    def more(self, cast, count):
        for number in range(count):
            self._grant(cast, "factory", f"operator_{number}")

    def test_grant_is_handed_on_by_whole_login(self, cast, client):
        User.objects.create(login="newcomer", is_staff=True)
        cast.sign_in(client, "city_admin")
        form = {
            "login": "newcomer",
            "role": "operator",
            "union": cast.unions["factory"].pk,
            "starts_on": "2026-01-01",
        }
        assert client.post(self.at("add"), form).status_code == 302
        made = Grant.objects.unscoped("test").get(user__login="newcomer")
        assert (made.union_id, made.granted_by_id) == (cast.unions["factory"].pk, cast.users["city_admin"].pk)

    def test_grant_of_a_foreign_union_is_refused(self, cast, client):
        User.objects.create(login="newcomer", is_staff=True)
        cast.sign_in(client, "city_admin")
        form = {
            "login": "newcomer",
            "role": "operator",
            "union": cast.unions["riders"].pk,
            "starts_on": "2026-01-01",
        }
        assert client.post(self.at("add"), form).status_code == 200
        assert not Grant.objects.unscoped("test").filter(user__login="newcomer").exists()


def test_industry_lines_are_written_at_the_root_only(cast, client):
    line = IndustryLine.objects.get(code="delivery")
    address = reverse("admin:orgs_industryline_change", args=[line.pk])
    cast.sign_in(client, "city_admin")
    assert client.post(address, {"name": "改名"}).status_code == 403
    cast.sign_in(client, "province_admin")
    assert client.post(address, {"name": "快递物流"}).status_code == 302
    line.refresh_from_db()
    assert line.name == "快递物流"
