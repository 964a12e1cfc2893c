"""What every part is made of."""

from __future__ import annotations

from django import forms

from gonghui.kit.actors import Actor


def moment_field(label, **more) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **{"required": False, **more})


def time_field(label) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


def day_field(label) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class GuidedForm(forms.Form):
    """`parts` names the sections of the page, in order."""

    parts: tuple[str, ...] = ()

    def __init__(self, *args, actor: Actor, **kwargs):
        self.actor = actor
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if hasattr(field, "bind_to"):
                field.bind_to(actor)
