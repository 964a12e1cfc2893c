"""A page that asks for one thing and does it: `ask` with a form whose `facts()` are the action's keywords; its fields."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from gonghui.kit.console.navigation import page_facts
from gonghui.kit.console.sending import key_of, sent_once
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import DomainError

YUAN_MAX = 10**11
FEN = Decimal("0.01")


class YuanField(forms.DecimalField):
    """Typed in yuan with at most two decimals, given as fen."""

    def __init__(self, **facts: Any):
        known = {
            "decimal_places": 2,
            "max_digits": 13,
            "max_value": YUAN_MAX,
            "label": gettext_lazy("金额（元）"),
        }
        super().__init__(**(known | facts))

    def clean(self, value: Any) -> int | None:
        yuan = super().clean(value)
        return None if yuan is None else int(yuan * 100)


def day_field(label, **facts: Any) -> forms.DateField:
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=picker, **facts)


def moment_field(label, **facts: Any) -> forms.DateTimeField:
    picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=picker, **facts)


def ask(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[..., Any],
    *,
    title: str,
    goes_to: Callable[[Any], str],
    says: str,
    back: str = "",
) -> HttpResponse:
    """Shows the form; what it asked goes to the action, whose refusal stands on the form with all that was typed. Sent twice it
    is done once.

    Of the form, where there are: `shown_when` = {field: (another field, "its values that show this one")};
    `halves`: fields that stand beside their neighbour where there is room.
    """
    for name, field in form.fields.items():
        dress(field)
        field.when, field.when_is = getattr(form, "shown_when", {}).get(name, ("", ""))
        field.is_half = name in getattr(form, "halves", ())
    if request.method == "POST" and form.is_valid():
        try:
            leads_to, is_new = sent_once(request, lambda: goes_to(act(request.actor, **form.facts())))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if is_new:
                messages.success(request, says)
            return HttpResponseRedirect(leads_to)
    status = 422 if form.is_bound and form.errors else 200
    facts = {"form": form, "back": back, "sent": key_of(request)}
    return render(request, "kit/console/ask.html", page_facts(request, title, **facts), status=status)
