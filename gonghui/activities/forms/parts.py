"""What every part is made of."""

from __future__ import annotations

from django import forms

from gonghui.kit.actors import Actor


def time_field(label) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class GuidedForm(forms.Form):
    """`parts` names the sections of the page, in order."""

    parts: tuple[str, ...] = ()

    def __init__(self, *args, actor: Actor, **kwargs):
        self.actor = actor
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if hasattr(field, "bind_to"):
                field.bind_to(actor)
