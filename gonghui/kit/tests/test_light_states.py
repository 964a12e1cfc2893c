"""Light states and Django's own end in the same classes."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import operations as op
from django.db.migrations.state import ProjectState

from gonghui.kit.light_states import light_states

STEPS = (
    op.CreateModel("Union", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))]),
    op.CreateModel(
        "Member",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("union", models.ForeignKey("orgs.Union", models.PROTECT, related_name="members")),
            ("friends", models.ManyToManyField("self")),
        ],
        options={"indexes": [], "constraints": []},
    ),
    op.AddIndex("Member", models.Index(fields=["union"], name="member_union")),
    op.AddConstraint("Member", models.UniqueConstraint(fields=["union", "id"], name="member_once")),
    op.AddField("Union", "parent", models.ForeignKey("self", models.PROTECT, null=True, related_name="children")),
    op.CreateModel(
        "Grant",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("member", models.OneToOneField("orgs.Member", models.PROTECT, related_name="grant")),
        ],
    ),
    op.AlterField("Member", "union", models.ForeignKey("orgs.Union", models.CASCADE, related_name="people")),
    op.RemoveConstraint("Member", "member_once"),
    op.RemoveField("Grant", "member"),
)  # fmt: skip


def after_each_step() -> list[dict[str, object]]:
    state = ProjectState()
    assert state.apps.get_models() == []  # classes are kept from here on
    seen = []
    for step in STEPS:
        state = state.clone()
        step.state_forwards("orgs", state)
        seen.append({model.__name__: facts(model._meta) for model in state.apps.get_models()})
    return seen


def facts(meta) -> dict[str, object]:
    fields = {
        field.name: (type(field).__name__, field.related_model and field.related_model.__name__)
        for field in meta.get_fields(include_hidden=True)
    }
    return {
        "fields": fields,
        "indexes": [index.name for index in meta.indexes],
        "constraints": [constraint.name for constraint in meta.constraints],
    }


def test_light_states_end_in_the_classes_django_makes():
    as_django_does = after_each_step()
    with light_states():
        assert after_each_step() == as_django_does


def test_outside_of_it_django_is_as_it_was():
    own = ProjectState.add_model, ProjectState._append_option
    with pytest.raises(RuntimeError), light_states():
        assert ProjectState.add_model is not own[0]
        raise RuntimeError
    assert (ProjectState.add_model, ProjectState._append_option) == own
