"""What people fill in on the members' pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.benefits.actions.parties import NAME_LENGTH_MAX
from gonghui.benefits.models import Release
from gonghui.kit.masks import mask_name
from gonghui.portal.offerings import Offering, Row


class PartyForm(forms.Form):
    """Which session, how many, who comes along, for whom: for draws, and for grabbing without scripts."""

    pool = forms.TypedChoiceField(coerce=int)
    seats = forms.IntegerField(min_value=1)
    for_person = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, offering: Offering, delegates: Sequence[Any], *args: Any, **kwargs: Any):
        super().__init__(*args, initial={"seats": 1, "key": uuid4(), **kwargs.pop("initial", {})}, **kwargs)
        self.offering = offering
        self.fields["pool"].choices = [(row.pool.pk, row.pool.label) for row in offering.rows]
        self.fields["seats"].max_value = offering.release.party_max
        limit = offering.release.party_max
        self.fields["seats"].validators.append(forms.fields.validators.MaxValueValidator(limit))
        self.fields["for_person"].choices = [("", _("本人")), *((p.pk, mask_name(p.name)) for p in delegates)]

    @property
    def release(self) -> Release:
        return self.offering.release

    @property
    def companions(self) -> list[str]:
        given = self.data.getlist("companion") if hasattr(self.data, "getlist") else []
        return [
            name.strip()[:NAME_LENGTH_MAX] for name in given[: self.release.party_max - 1] if name.strip()
        ]

    @property
    def companion_rows(self) -> list[dict[str, str]]:
        """One row for each who may come along, filled with what was written before."""
        written = self.companions or self.initial.get("companions", [])
        seats = self.release.party_max - 1 if self.release.names_required else 0
        return [{"value": written[n] if n < len(written) else ""} for n in range(seats)]

    @property
    def chosen_pool(self) -> int:
        """The one chosen before, else the first that still takes somebody."""
        asked = str(self["pool"].value() or "")
        known = {str(row.pool.pk): row.pool.pk for row in self.offering.rows}
        return known.get(asked) or first_pool(self.offering.rows)


def first_pool(rows: Sequence[Row]) -> int:
    order = {row.pool.pk: row.state for row in rows}
    return next(
        (pk for pk, state in order.items() if state in ("open", "draw", "soon")), next(iter(order), 0)
    )


class RatingForm(forms.Form):
    """Stars, a few words, and the short survey of the kind of activity."""

    score = forms.TypedChoiceField(
        label=_("总体感觉怎么样？"),
        choices=[(n, str(n)) for n in range(1, 6)],
        coerce=int,
        error_messages={"required": _("请先点星星打分。")},
    )
    comment = forms.CharField(
        label=_("想说的话"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, questions: Sequence[dict], *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[self.name_of(question)] = _field_of(question)

    @staticmethod
    def name_of(question: dict) -> str:
        return f"q-{question['code']}"

    @property
    def answers(self) -> dict[str, Any]:
        """As feedback.rules wants them; what was left open is left out."""
        given = {q["code"]: self.cleaned_data.get(self.name_of(q)) for q in self.questions}
        return {code: value for code, value in given.items() if value not in (None, "", [])}

    @property
    def asked(self) -> list[tuple[dict, forms.BoundField]]:
        return [(question, self[self.name_of(question)]) for question in self.questions]


def _field_of(question: dict) -> forms.Field:
    facts = {"label": question["text"], "required": bool(question.get("required"))}
    facts["error_messages"] = {"required": _("这一题还没有回答。")}
    options = [(option, option) for option in question.get("options", [])]
    match question["kind"]:
        case "score":
            scale = [(n, str(n)) for n in range(1, 6)]
            return forms.TypedChoiceField(choices=scale, coerce=int, empty_value=None, **facts)
        case "choice":
            return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **facts)
        case "many":
            return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **facts)
        case _:
            return forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}), **facts)
