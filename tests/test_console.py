"""The framework of the console where no single screen shows it."""

from __future__ import annotations

import inspect

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group
from django.urls import reverse

from gonghui.benefits.models import NoShowRule
from gonghui.kit.actors import Actor, Grant
from gonghui.kit.console import ScopedAdmin, choosing, dashboard, listing
from gonghui.kit.console.masking import show_unmasked
from gonghui.kit.console.scoping import crosses_many
from gonghui.kit.console.verbs import Verb, VerbForm
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.members.models import Membership, Person
from gonghui.orgs.models import Employer, Union
from tests.cast import new_union

ALL_SCREENS = [screen for screen in admin.site._registry.values() if isinstance(screen, ScopedAdmin)]


def test_only_scoped_screens_are_registered():
    assert len(ALL_SCREENS) == len(admin.site._registry)
    admin.site.register(Group, ModelAdmin)
    assert not admin.site.is_registered(Group)


@pytest.mark.parametrize("screen", ALL_SCREENS, ids=str)
def test_every_screen_names_its_verb_and_tries_no_open_filter(screen):
    assert screen.view_verb
    for declared in screen.list_filter:
        assert isinstance(declared, type | tuple), f"{screen}: a bare field name would list rows out of scope"


@pytest.mark.parametrize("screen", ALL_SCREENS, ids=str)
def test_every_verb_is_called_as_its_action_asks(screen):
    """The key and the fields of the form are keywords of the action; what it asks beyond them has a default."""
    for verb in getattr(screen, "_verbs", {}).values():
        if type(verb).answer is not Verb.answer:
            continue  # calls its action in its own way
        given = {verb.key or f"{screen.opts.model_name}_id"}
        if verb.form.facts is VerbForm.facts:
            given |= set(verb.form.base_fields)
        asked = inspect.signature(verb.act).parameters
        takes_any = any(p.kind is p.VAR_KEYWORD for p in asked.values())
        assert takes_any or given <= set(asked), (verb.name, given - set(asked))
        if verb.form.facts is VerbForm.facts:
            needed = {n for n, p in asked.items() if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
            assert needed <= given, (verb.name, needed - given)


@pytest.mark.parametrize("screen", ALL_SCREENS, ids=str)
def test_no_screen_has_a_field_that_unseals(screen):
    sealed = set(screen._masks) & {f.name for f in screen.model._meta.fields if f.editable}
    assert sealed == set()


@pytest.mark.parametrize(
    ("model", "path", "many"),
    [
        (Union, "path", False),
        (Membership, "union__path", False),
        (Person, "memberships__union__path", True),
        (Employer, "unions__path", True),
    ],
)
def test_paths_through_many_rows_are_known(model, path, many):
    assert crosses_many(model, path) is many


def test_long_list_is_counted_to_the_limit_and_estimated_beyond(cast, monkeypatch):
    found = Union.objects.unscoped("test").order_by("id")
    pages = listing.EstimatingPaginator(found, 2)
    assert (pages.count, pages.is_estimate, pages.num_pages) == (6, False, 3)
    monkeypatch.setattr(listing, "ROWS_COUNTED_MAX", 4)
    pages = listing.EstimatingPaginator(found, 2)
    assert pages.is_estimate
    assert pages.count >= 5
    assert pages.num_pages == 2
    assert [row.pk for row in pages.page(2).object_list] == list(found.values_list("pk", flat=True)[2:4])


@pytest.mark.parametrize(("count", "shown"), [(12_345, 12_000), (1_234_567, 1_200_000)])
def test_estimate_is_shown_with_two_figures(count, shown):
    pages = listing.EstimatingPaginator([], 50)
    pages.__dict__["count"] = count
    assert pages.shown_count == shown


def test_screen_of_a_grant_bound_to_a_line_shows_that_line_only(cast):
    verbs = frozenset({"unions.view", "unions.write", "members.view"})
    actor = Actor(user_id=1, grants=(Grant("org_admin", cast.unions["province"].path, verbs, "delivery"),))
    assert [u.name for u in admin.site._registry[Union].within(actor, "unions.write")] == [
        "西岭配送工会联合会"
    ]
    assert [m.person.name for m in admin.site._registry[Membership].within(actor)] == ["赵志强"]
    assert [p.name for p in admin.site._registry[Person].within(actor)] == ["赵志强"]
    assert not admin.site._registry[NoShowRule].within(actor).exists()


def test_reading_verb_in_one_place_and_writing_verb_in_another_do_not_add_up(cast):
    """Sees the city, writes in the sister city: writes nothing in the city."""
    grants = (
        Grant("reader", cast.unions["city"].path, frozenset({"unions.view"})),
        Grant("writer", cast.unions["sister"].path, frozenset({"unions.write"})),
    )
    actor = Actor(user_id=1, grants=grants)
    assert admin.site._registry[Union].within(actor).count() == 3
    assert not admin.site._registry[Union].within(actor, "unions.write").exists()


def test_unmasking_without_a_reason_records_and_shows_nothing(cast):
    with pytest.raises(DomainError):
        show_unmasked(cast.actor("city_admin"), row=cast.people["mei"], fields=["phone"], reason="  看 ")
    assert not AuditEntry.objects.unscoped("test").filter(op="UNMASK").exists()


def test_console_speaks_chinese_to_every_browser(cast, client):
    cast.sign_in(client, "city_admin")
    page = client.get(
        reverse("admin:orgs_union_changelist"), headers={"Accept-Language": "en-US"}
    ).content.decode()
    assert "筛选" in page
    assert "Filters" not in page


def test_verb_is_asked_before_it_is_done_and_done_by_post_only(cast, client):
    cast.sign_in(client, "city_admin")
    address = reverse("admin:orgs_union_suspend", args=[cast.unions["factory"].pk])
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(address, headers=headers).content.decode()
        assert "授权立即失效" in page
    assert Union.objects.unscoped("test").get(pk=cast.unions["factory"].pk).status == "active"
    assert client.post(address).status_code == 302
    assert Union.objects.unscoped("test").get(pk=cast.unions["factory"].pk).status == "suspended"


def test_forms_are_refused_without_their_token(cast):
    from django.test import Client

    client = cast.sign_in(Client(enforce_csrf_checks=True), "city_admin")
    for address in ("admin:orgs_union_suspend", "admin:orgs_union_change"):
        assert (
            client.post(reverse(address, args=[cast.unions["factory"].pk]), {"status": "x"}).status_code
            == 403
        )


def test_autocomplete_answers_for_screens_one_may_see_only(cast, client):
    asked = {"app_label": "partners", "model_name": "store", "field_name": "partner"}
    cast.sign_in(client, "judge")
    assert client.get(reverse("admin:autocomplete"), asked).status_code == 403
    asked = {"app_label": "members", "model_name": "consent", "field_name": "user"}
    cast.sign_in(client, "city_admin")
    assert client.get(reverse("admin:autocomplete"), asked).status_code == 403


def test_picker_offers_first_what_begins_as_asked_and_stops(cast, client, monkeypatch):
    """Of the thousands a word is met by nobody reads all; the one that is called so must be among those that are offered."""
    monkeypatch.setattr(choosing, "PICKED_MOST", 2)
    for name in ("东风机械厂工会", "南风机械厂工会", "北风机械厂工会", "机械工业工会"):
        new_union(name, "enterprise", cast.unions["district"])
    new_union("机械学校工会", "enterprise", cast.unions["sister"])
    asked = {"app_label": "orgs", "model_name": "union", "field_name": "parent", "term": "机械"}
    cast.sign_in(client, "city_admin")
    offered = [one["text"] for one in client.get(reverse("admin:autocomplete"), asked).json()["results"]]
    assert offered[0].startswith("机械工业工会") and len(offered) == 3
    assert "机械学校" not in "".join(offered)
    by_initials = client.get(reverse("admin:autocomplete"), asked | {"term": "jx"}).json()["results"]
    assert len(by_initials) == 2


def test_row_moved_within_sight_by_a_verb_leads_back_to_it(cast, client):
    cast.sign_in(client, "province_admin")
    address = reverse("admin:orgs_union_move", args=[cast.unions["factory"].pk])
    done = client.post(address, {"parent": cast.unions["sister"].pk})
    assert done.headers["Location"] == reverse("admin:orgs_union_change", args=[cast.unions["factory"].pk])


def test_row_that_a_verb_took_out_of_sight_leads_to_the_list(cast, client):
    rule = NoShowRule.objects.create(union=cast.unions["city"], count=2, within_days=90, bar_days=30)
    cast.sign_in(client, "city_admin")
    done = client.post(reverse("admin:benefits_noshowrule_drop", args=[rule.pk]))
    assert done.headers["Location"] == reverse("admin:benefits_noshowrule_changelist")
    assert client.get(reverse("admin:benefits_noshowrule_change", args=[rule.pk])).status_code in (302, 404)


def test_first_page_reads_only_figures_one_may_see(cast, client, monkeypatch):
    asked = []
    source = dashboard._Source("grants.write", 1, lambda actor: asked.append(actor) or None)
    monkeypatch.setattr(dashboard, "_figures", [source])
    cast.sign_in(client, "judge")
    assert client.get(reverse("admin:index")).status_code == 200
    assert asked == []
    cast.sign_in(client, "city_admin")
    client.get(reverse("admin:index"))
    assert len(asked) == 1
