"""Light states and Django's own end in the same classes."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import operations as op
from django.db.migrations.state import ProjectState

from gonghui.kit.light_states import CHANGED, light_states

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
    op.AddField("Grant", "since", models.DateField(default="2024-01-01"), preserve_default=False),
    op.AddField("Member", "gave", models.ForeignKey("orgs.Grant", models.PROTECT, null=True, related_name="given")),
    op.AddField("Grant", "unions", models.ManyToManyField("orgs.Union")),
    op.RemoveIndex("Member", "member_union"),
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
    own = [getattr(ProjectState, name) for name in CHANGED]
    with pytest.raises(RuntimeError), light_states():
        assert not [
            name for name, was in zip(CHANGED, own, strict=True) if getattr(ProjectState, name) is was
        ]
        raise RuntimeError
    assert [getattr(ProjectState, name) for name in CHANGED] == own
