"""The tests of every back-office screen: who gets in, who sees what, and that refusals changed nothing.

class TestUnionScreen(ConsoleContract):
    model = Union
    change, wrong = {"uscc": "8144…"}, {"uscc": "123"}

    def own(self, cast): return cast.unions["factory"]          # below 东江
    def foreign(self, cast): return cast.unions["riders"]       # below 西岭
    def more(self, cast, count): …                              # `count` further rows below 东江
"""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.kit.models import AuditEntry

OUTSIDERS = ("anonymous", "stranger", "mei", "clerk")


class ConsoleContract:
    model: type
    owner, sister, parent = "city_admin", "sister_admin", "province_admin"
    sightless: tuple[str, ...] = ("judge",)
    """Staff without the screen's verb."""
    change: dict[str, Any] = {}
    """Fields of a change that is saved; empty for a read-only screen."""
    wrong: dict[str, Any] = {}
    """Fields of a change that the form refuses."""

    def own(self, cast):
        raise AssertionError("say which row is the city's own")

    def foreign(self, cast):
        raise AssertionError("say which row is the sister city's")

    def more(self, cast, count: int) -> None:
        raise AssertionError("say how further rows are made")

    # --- addresses

    @property
    def screen(self):
        return admin.site._registry[self.model]

    def at(self, name: str, row=None) -> str:
        opts = self.model._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[row.pk] if row else [])

    def pages(self, row) -> list[str]:
        found = [self.at("changelist"), self.at("change", row), self.at("history", row), self.at("export")]
        return [*found, self.at("add"), *self.verb_pages(row)]

    def verb_pages(self, row) -> list[str]:
        return [self.at(name, row) for name in self.screen._verbs]

    def as_(self, cast, client, who: str):
        return cast.sign_in(client, who)

    def row_now(self, row) -> dict[str, Any]:
        return self.model._base_manager.filter(pk=row.pk).values().get()

    def listed(self, client, **asked) -> list[int]:
        """Ids on the list as served."""
        response = client.get(self.at("changelist"), asked)
        assert response.status_code == 200
        return [row.pk for row in response.context["cl"].result_list]

    def filled(self, row, **given) -> dict[str, Any]:
        """What the change form of `row` would post, with some fields otherwise."""
        form = {k: "" if v is None else v for k, v in model_to_dict(row).items() if not isinstance(v, list)}
        for inline in self.screen.inlines:
            prefix = inline.model._meta.get_field(
                self.model._meta.model_name
            ).remote_field.get_accessor_name()
            form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
        return form | given

    # --- who gets in

    @pytest.mark.parametrize("who", OUTSIDERS)
    def test_outsiders_are_sent_to_sign_in(self, cast, client, who):
        row = self.own(cast)
        before = self.row_now(row)
        self.as_(cast, client, who)
        for page in self.pages(row):
            assert client.get(page).status_code == 302, page
            assert client.post(page, self.change).status_code == 302, page
        assert self.row_now(row) == before

    def test_staff_without_second_factor_are_sent_to_sign_in(self, cast, client):
        client.force_login(cast.users[self.owner])
        assert client.get(self.at("changelist")).status_code == 302

    def test_staff_without_the_verb_see_nothing(self, cast, client):
        row = self.own(cast)
        for who in self.sightless:
            self.as_(cast, client, who)
            assert client.get(self.at("changelist")).status_code == 403
            for page in self.pages(row):
                assert client.get(page).status_code in {403, 404}, page

    # --- who sees what

    def test_owner_sees_own_rows_only(self, cast, client):
        own, foreign = self.own(cast), self.foreign(cast)
        self.as_(cast, client, self.owner)
        listed = self.listed(client)
        assert own.pk in listed
        assert foreign.pk not in listed
        assert client.get(self.at("change", own)).status_code == 200
        assert client.get(self.at("history", own)).status_code == 200

    def test_parent_sees_both(self, cast, client):
        own, foreign = self.own(cast), self.foreign(cast)
        self.as_(cast, client, self.parent)
        assert {own.pk, foreign.pk} <= set(self.listed(client))

    def test_sister_city_gets_not_found_and_changes_nothing(self, cast, client):
        own = self.own(cast)
        before = self.row_now(own)
        self.as_(cast, client, self.sister)
        assert own.pk not in self.listed(client)
        pages = [
            self.at("change", own),
            self.at("history", own),
            self.at("delete", own),
            *self.verb_pages(own),
        ]
        for page in pages:
            assert client.get(page).status_code in {403, 404}, page
            assert client.post(page, self.filled(own, **self.change)).status_code in {403, 404}, page
            assert client.get(page, {"_popup": 1, "_to_field": "id"}).status_code in {403, 404}, page
        assert self.row_now(own) == before

    def test_missing_row_answers_like_a_foreign_one(self, cast, client):
        foreign = self.foreign(cast)
        self.as_(cast, client, self.owner)
        missing = self.at("change", foreign).replace(str(foreign.pk), "999999999")
        assert client.get(missing).status_code == client.get(self.at("change", foreign)).status_code == 404

    # --- ways around

    def test_undeclared_filters_are_refused(self, cast, client):
        self.own(cast)
        self.as_(cast, client, self.owner)
        path = self.screen.path_field
        declared = self.screen._filter_parameters(None)
        columns = [field.name for field in self.model._meta.fields]
        for lookup in [f"{column}__{way}" for column in columns for way in ("regex", "isnull", "gt")]:
            assert lookup in declared or not self.screen.lookup_allowed(lookup, ""), lookup
        probes = {f"{path}__startswith": "1.", "created_at__year": "2026", "pk": "1", "id__regex": ".*"}
        for lookup, value in probes.items():
            if lookup not in declared:
                assert client.get(self.at("changelist"), {lookup: value}).status_code == 400, lookup
                assert client.get(self.at("export"), {lookup: value}).status_code in {400, 403}, lookup

    def test_foreign_rows_stay_hidden_under_filters_order_and_search(self, cast, client):
        foreign = self.foreign(cast)
        self.as_(cast, client, self.owner)
        asked = [{"q": str(foreign)}, {"o": "1"}, {"o": "-2.1"}, {"_popup": "1"}, {"all": ""}, {"p": "99"}]
        asked += [{"under": cast.unions[name].pk} for name in ("province", "city", "sister", "riders")]
        for question in asked:
            response = client.get(self.at("changelist"), question)
            assert response.status_code in {200, 302, 400}
            if response.status_code == 200:
                assert foreign.pk not in [row.pk for row in response.context["cl"].result_list], question

    def test_pickers_offer_only_rows_in_scope(self, cast, client):
        self.as_(cast, client, self.owner)
        opts, hidden = (
            self.model._meta,
            {cast.unions["sister"].pk, cast.unions["riders"].pk, cast.unions["province"].pk},
        )
        for name in self.screen.get_autocomplete_fields(None):
            asked = {"app_label": opts.app_label, "model_name": opts.model_name, "field_name": name}
            response = client.get(reverse("admin:autocomplete"), asked)
            assert response.status_code in {200, 403}, name
            if (
                response.status_code == 200
                and opts.get_field(name).remote_field.model._meta.label == "orgs.Union"
            ):
                offered = {int(found["id"]) for found in response.json()["results"]}
                assert offered and not offered & hidden, name

    def test_export_holds_exactly_the_list(self, cast, client):
        self.own(cast), self.foreign(cast)
        self.as_(cast, client, self.owner)
        if not self.screen.export_verb:
            assert client.get(self.at("export")).status_code == 403
            return
        if self.screen.export_people:  # members/tests/test_exports.py
            asking = client.get(self.at("export"))
            assert (asking.status_code, asking["Content-Type"]) == (200, "text/html; charset=utf-8")
            assert not AuditEntry.objects.unscoped("test").filter(op="EXPORT").exists()
            return
        response = client.get(self.at("export"))
        sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]
        assert sheet.max_row - 1 == len(self.listed(client))
        entry = AuditEntry.objects.unscoped("test").filter(op="EXPORT").get()
        assert (entry.actor_id, entry.table_name) == (cast.users[self.owner].pk, self.model._meta.db_table)

    def test_sealed_values_never_reach_a_page(self, cast, client):
        row = self.own(cast)
        self.as_(cast, client, self.owner)
        secrets = [str(getattr(row, name)) for name in self.screen._masks if getattr(row, name)]
        for page in (self.at("changelist"), self.at("change", row), self.at("history", row)):
            text = client.get(page).content.decode()
            assert not [secret for secret in secrets if secret in text], page

    # --- cost and writing

    def test_query_count_is_the_same_for_one_row_and_three(self, cast, client):
        self.own(cast)
        self.as_(cast, client, self.owner)
        client.get(self.at("changelist"))
        with CaptureQueriesContext(connection) as few:
            first = len(self.listed(client))
        self.more(cast, 2)
        with CaptureQueriesContext(connection) as many:
            assert len(self.listed(client)) == first + 2
        assert len(many) == len(few), "\n".join(q["sql"][:200] for q in many.captured_queries)

    def test_change_is_saved_with_its_actor(self, cast, client):
        row = self.own(cast)
        self.as_(cast, client, self.owner)
        posted = client.post(self.at("change", row), self.filled(row, **self.change))
        if not self.change:
            assert posted.status_code == 403
            return
        assert posted.status_code == 302, posted.context["adminform"].form.errors
        now = self.row_now(row)
        assert {k: str(now[k]) for k in self.change} == {k: str(v) for k, v in self.change.items()}
        entry = (
            AuditEntry.objects.unscoped("test")
            .filter(table_name=self.model._meta.db_table, op="UPDATE")
            .latest("id")
        )
        assert (entry.row_id, entry.actor_id) == (row.pk, cast.users[self.owner].pk)
        assert set(self.change) == set(entry.after) - {"pinyin", "grams"}

    def test_wrong_form_says_so_and_changes_nothing(self, cast, client):
        if not self.wrong:
            return
        row = self.own(cast)
        before = self.row_now(row)
        self.as_(cast, client, self.owner)
        response = client.post(self.at("change", row), self.filled(row, **self.wrong))
        assert response.status_code == 200
        assert set(response.context["adminform"].form.errors) & {*self.wrong, "__all__"}
        assert self.row_now(row) == before
