"""What must be said of personal data before anything starts; each test is somebody who forgets to say it."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models

from gonghui.benefits.models import Voucher
from gonghui.bills.models import Bill
from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import Nobody
from gonghui.members import checks, leaving
from gonghui.members.models import Person, RosterBlock

PLAIN = {
    "contact_phone": models.CharField("x", max_length=20),
    "receiver": models.CharField("x", max_length=20),
    "real_name": models.CharField("x", max_length=20),
    "id_number": models.CharField("x", max_length=20),
    "birth_date": models.DateField("x"),
    "home_address": models.TextField("x"),
    "email": models.EmailField("x"),
    "openid": models.CharField("x", max_length=40),
    "last_ip": models.GenericIPAddressField("x"),
    "avatar": models.BinaryField("x"),
    "person_id": models.BigIntegerField("x"),
    "who": models.CharField("家属姓名", max_length=20),
    "note": models.TextField("病情说明"),
    "extra": models.JSONField("紧急联系方式"),
}


def table(**columns: models.Field) -> type[models.Model]:
    """One that exists while the test does: no app knows it."""
    facts = {"scope": Nobody("test"), "audit": Audit.no("test"), "__module__": "gonghui.members.models"}
    meta = type("Meta", (), {"app_label": "members", "managed": True})
    with_registry = type("Forgetful", (Row,), {**facts, **columns, "Meta": meta})
    del with_registry._meta.apps.all_models["members"]["forgetful"]
    with_registry._meta.apps.clear_cache()
    return with_registry


def said(monkeypatch, model: type[models.Model]) -> list[str]:
    monkeypatch.setattr(leaving, "answering_models", lambda: [model])
    monkeypatch.setattr(leaving, "open_columns", {})
    return [error.id for error in checks.every_open_column_says_why()]


@pytest.mark.parametrize("name", PLAIN)
def test_column_that_looks_like_somebodys_and_lies_open_does_not_start(monkeypatch, name):
    model = table(**{name: PLAIN[name].clone()})
    assert said(monkeypatch, model) == ["members.E003"]
    leaving.lies_open("members.Forgetful", name, because="测试")
    assert checks.every_open_column_says_why() == []


def test_sealed_column_needs_no_word_and_its_table_does(monkeypatch):
    model = table(contact_phone=SealedTextField("联系电话", null=True))
    assert said(monkeypatch, model) == []
    assert [error.id for error in leaving.every_table_of_people_answers()] == ["members.E001"]


@pytest.mark.parametrize(
    "column",
    [
        ArrayField(models.BigIntegerField()),
        models.ForeignKey("members.Person", models.PROTECT, related_name="+"),
        models.ForeignKey("accounts.User", models.CASCADE, related_name="+"),
    ],
    ids=["list of ids", "key to a person", "key to an account"],
)
def test_table_that_points_to_people_in_any_way_answers(monkeypatch, column):
    monkeypatch.setattr(leaving, "answering_models", lambda: [table(people=column)])
    assert [error.id for error in leaving.every_table_of_people_answers()] == ["members.E001"]


def test_what_is_said_of_a_column_that_is_gone_is_noticed(monkeypatch):
    monkeypatch.setitem(
        leaving.open_columns, "members.Person", {**leaving.open_columns["members.Person"], "nick": "x"}
    )
    assert [error.msg for error in checks.every_open_column_says_why()] == [
        "members.Person.nick is said to lie open and does not"
    ]


def test_everything_there_is_has_been_said():
    assert checks.every_open_column_says_why() == []
    assert checks.every_sheet_of_people_is_of_two() == []
    assert checks.sounding(RosterBlock) == []


@pytest.mark.parametrize("model", [Person, Voucher, Bill])
@pytest.mark.parametrize("keys", [(), ("release",), ("nobody",)])
def test_list_of_people_that_gives_a_sheet_to_one_alone_does_not_start(monkeypatch, model, keys):
    monkeypatch.setattr(admin.site._registry[model], "export_people", keys)
    found = checks.every_sheet_of_people_is_of_two()
    assert [(error.id, error.obj) for error in found] == [("members.E002", model)]
