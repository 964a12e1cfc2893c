import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.kit.models import AuditEntry
from gonghui.orgs import actions


def at(name: str, *args) -> str:
    return reverse(f"admin:kit_auditentry_{name}", args=args)


@pytest.fixture
def renamed(cast):
    actions.rename_union(cast.actor("city_admin"), union_id=cast.unions["factory"].pk, name="蓝海重工工会")
    actions.rename_union(
        cast.actor("sister_admin"), union_id=cast.unions["riders"].pk, name="西岭骑手工会联合会"
    )


def listed(client, **asked) -> list[AuditEntry]:
    response = client.get(at("changelist"), asked)
    assert response.status_code == 200
    return response.context["cl"].result_list


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("city_admin", ["蓝海重工工会（江口区总工会）"]),
        ("sister_admin", ["西岭骑手工会联合会（西岭市总工会）"]),
        ("province_admin", ["西岭骑手工会联合会（西岭市总工会）", "蓝海重工工会（江口区总工会）"]),
    ],
)
def test_each_sees_changes_of_own_rows(cast, client, renamed, who, seen):
    cast.sign_in(client, who)
    assert [
        entry.row_label for entry in listed(client, table="orgs_union", op="UPDATE") if entry.actor_id
    ] == seen


def test_those_without_the_verb_see_nothing(cast, client, renamed):
    for who, answer in (("judge", 403), ("finance_officer", 403), ("mei", 302), ("anonymous", 302)):
        cast.sign_in(client, who)
        assert client.get(at("changelist")).status_code == answer, who
        client.logout()


def test_unknown_table_and_undeclared_filters_are_refused(cast, client, renamed):
    cast.sign_in(client, "city_admin")
    default = [entry.pk for entry in listed(client)]
    assert [entry.pk for entry in listed(client, table="django_session")] == default
    for lookup in ("row_id", "table_name__startswith", "before__isnull", "actor_id__gt"):
        assert client.get(at("changelist"), {lookup: "1"}).status_code == 400, lookup


def test_entry_opens_the_history_of_its_row_in_scope_only(cast, client, renamed):
    entry = AuditEntry.objects.unscoped("test").filter(
        table_name="orgs_union", op="UPDATE", actor_id__isnull=False
    )
    own = entry.get(row_id=cast.unions["factory"].pk)
    foreign = entry.get(row_id=cast.unions["riders"].pk)
    cast.sign_in(client, "city_admin")
    assert client.get(at("change", own.pk)).headers["Location"].endswith("/history/")
    assert client.get(at("change", foreign.pk)).status_code == 404
    assert client.get(at("change", 999999999)).status_code == 404
    assert client.post(at("change", own.pk), {"op": "x"}).status_code in {302, 403}
    assert client.get(at("export")).status_code == 403


def test_query_count_is_the_same_for_few_and_many(cast, client, renamed):
    cast.sign_in(client, "city_admin")
    listed(client, table="orgs_union")
    with CaptureQueriesContext(connection) as few:
        listed(client, table="orgs_union")
    for number in range(3):
        actions.rename_union(
            cast.actor("city_admin"), union_id=cast.unions["district"].pk, name=f"江口区总工会{number}"
        )
    with CaptureQueriesContext(connection) as many:
        listed(client, table="orgs_union")
    assert len(many) == len(few)
