"""Sealed columns never reach a page whole; who needs one says why, and that is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.audit import REASON_LENGTH_MIN, record_unmask
from gonghui.kit.console.verbs import ReasonForm, Verb, reason_field
from gonghui.kit.errors import BAD_INPUT, require
from gonghui.kit.fields import BlindIndexField, SealedField


def hidden(value: Any) -> str:
    return "" if value in (None, "") else str(_("（加密保存）"))


@action
def show_unmasked(actor: Actor, *, row, fields: Iterable[str], reason: str) -> dict[str, Any]:
    """The whole values of one row the actor was allowed to fetch; the look is recorded before it happens."""
    require(len(reason.strip()) >= REASON_LENGTH_MIN, BAD_INPUT, detail=str(_("请写明查看的理由。")))
    fields = sorted(fields)
    record_unmask(actor, [row], fields=fields, reason=reason.strip())
    return {name: getattr(row, name) for name in fields}


class LookForm(ReasonForm):
    reason = reason_field(
        label=_("查看理由"),
        min_length=REASON_LENGTH_MIN,
        help_text=_("您的姓名、时间和理由会记入审计记录，本人可以要求查询。"),
    )


class UnmaskVerb(Verb):
    """Shows the values in the dialog itself; they are never in an address, a session or a cache.

    What is `hidden` stays so: a mask says how a value is read, hiding that nobody reads it.
    """

    def answer(self, screen, request: HttpRequest, row, form: forms.Form) -> HttpResponse:
        fields = [name for name, mask in screen.masks.items() if mask is not hidden]
        values = show_unmasked(request.actor, row=row, fields=fields, reason=form.cleaned_data["reason"])
        shown = [(screen.title_of(name), values[name]) for name in fields]
        facts = {"verb": self, "row": row, "values": shown, "back": self.back_to(screen, row)}
        response = render(
            request, self.template_for(request, "unmasked"), self.page_facts(screen, request, facts)
        )
        response["Cache-Control"] = "no-store"
        return response


class Masking(admin.ModelAdmin):
    """`masks = {"id_no": mask_id}`; a sealed column without a mask is only said to be there."""

    masks: dict[str, Callable[[Any], str]] = {}
    unmask_verb = ""

    def __init__(self, model, admin_site):
        sealed = {f.name: hidden for f in model._meta.fields if isinstance(f, SealedField)}
        self._masks = {**sealed, **self.masks}
        self._masked_columns = {name: self._masked_column(model, name) for name in self._masks}
        self._never_shown = {f.name for f in model._meta.fields if isinstance(f, BlindIndexField)}
        super().__init__(model, admin_site)

    def _masked_column(self, model, name: str) -> Callable[[Any], str]:
        mask = self._masks[name]

        def column(row) -> str:
            return str(mask(getattr(row, name))) or "-"

        column.short_description = model._meta.get_field(name).verbose_name
        column.__name__ = name
        column.masks_field = name
        return column

    def title_of(self, name: str) -> str:
        return str(self.model._meta.get_field(name).verbose_name)

    def _masked(self, names: Iterable) -> list:
        shown = []
        for name in names:
            if isinstance(name, list | tuple):
                shown.append(tuple(self._masked(name)))
            elif name not in self._never_shown:
                shown.append(self._masked_columns.get(name, name) if isinstance(name, str) else name)
        return shown

    def get_list_display(self, request: HttpRequest) -> list:
        return self._masked(super().get_list_display(request))

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        declared = self._masked(super().get_readonly_fields(request, obj))
        return [*dict.fromkeys([*declared, *self._masked_columns.values()])]

    def get_fieldsets(self, request: HttpRequest, obj=None) -> list:
        return [
            (title, {**options, "fields": self._masked(options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_exclude(self, request: HttpRequest, obj=None) -> list[str]:
        return [*(super().get_exclude(request, obj) or ()), *self._masks, *self._never_shown]
