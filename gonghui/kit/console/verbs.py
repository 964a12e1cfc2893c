"""Verbs of a row as buttons: each opens a dialog, posts once, calls one action, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from unfold import widgets
from unfold.enums import ActionVariant

from gonghui.kit.errors import DomainError

Text = str | Promise


def always(_row) -> bool:
    return True


def in_state(*states: str) -> Callable[[Any], bool]:
    """For `Verb.when`."""
    return lambda row: row.state in states


class VerbForm(forms.Form):
    """What a verb asks for; its fields become the action's keywords."""

    def __init__(self, *args, actor, row, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor, self.row = actor, row
        for field_ in self.fields.values():
            if hasattr(field_, "bind_to"):
                field_.bind_to(actor)
            dress(field_)

    def facts(self) -> dict[str, Any]:
        """Keywords for the action; override where a form asks otherwise than the action is told."""
        return dict(self.cleaned_data)

    @property
    def has_picker(self) -> bool:
        return any(isinstance(f.widget, AutocompleteSelect) for f in self.fields.values())


def reason_field(**facts: Any) -> forms.CharField:
    asked = {
        "label": lazy("原因"),
        "max_length": 200,
        "widget": forms.Textarea(attrs={"rows": 3}),
        "error_messages": {"required": lazy("请写明原因。")},
        "help_text": lazy("会记入审计记录；涉及会员的，会发给他们。"),
    }
    return forms.CharField(**(asked | facts))


class ReasonForm(VerbForm):
    """Why: for every verb that takes something back, ends something, or is asked about later."""

    reason = reason_field()


DRESSES: list[tuple[type[forms.Field], type[forms.Widget]]] = [
    (forms.DateField, widgets.UnfoldAdminDateWidget),
    (forms.BooleanField, widgets.UnfoldBooleanSwitchWidget),
    (forms.IntegerField, widgets.UnfoldAdminIntegerFieldWidget),
]


def dress(field_: forms.Field) -> None:
    """The console's look for a plain form field."""
    plain = field_.widget
    if isinstance(plain, AutocompleteSelect | forms.HiddenInput):
        return
    if isinstance(plain, forms.Textarea):
        classes = widgets.TEXTAREA_CLASSES
    elif isinstance(plain, forms.Select):
        classes = widgets.SELECT_CLASSES
    elif getattr(plain, "input_type", "") == "date":  # the browser's own picker, as `day_field` asks for it
        classes = widgets.INPUT_CLASSES
    else:
        for kind, widget in DRESSES:
            if isinstance(field_, kind):
                field_.widget = widget(attrs=plain.attrs)
                field_.widget.is_required = field_.required
                return
        classes = widgets.INPUT_CLASSES
    plain.attrs["class"] = " ".join([plain.attrs.get("class", ""), *classes]).strip()


@dataclass(frozen=True)
class Verb:
    """`act(actor, *, <key>=row.pk, **what the form asked)`; `when` only decides whether the button shows.

    `key` is `<model>_id` unless set. The action itself refuses what must not be.
    """

    name: str
    label: Text
    act: Callable[..., Any]
    needs: str
    key: str = ""
    when: Callable[[Any], bool] = always
    form: type[VerbForm] = VerbForm
    icon: str = ""
    tone: str = "default"
    question: Text = ""
    done: Text | Callable[[Any], Text] = ""
    """What is said afterwards; or what says it, of the row as the action left it."""
    initial: Callable[[Any], dict] = field(default=lambda _row: {})

    def view_on(self, screen) -> Callable[..., HttpResponse]:
        """The view, with the attributes by which the theme draws a button."""

        def view(request: HttpRequest, object_id: str, **_kwargs) -> HttpResponse:
            return self.run(screen, request, object_id)

        view.__name__ = view.original_function_name = self.name
        view.short_description, view.icon, view.attrs = self.label, self.icon or None, {}
        # The danger is said in the dialog, whose button is red; a row of red buttons would say nothing.
        view.variant = ActionVariant("default" if self.tone == "danger" else self.tone)
        view.url_path = f"verb/{self.name}"
        view.dialog = None if self.has_picker else {"title": self.label}
        return view

    @property
    def has_picker(self) -> bool:
        """Pickers need the page's room: such verbs open as a page, the others as a dialog."""
        return any(hasattr(f, "bind_to") for f in self.form.base_fields.values())

    def run(self, screen, request: HttpRequest, object_id: str) -> HttpResponse:
        row = screen.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not screen.may(request, self.needs, row):
            raise PermissionDenied
        form = self.form(
            request.POST if request.method == "POST" else None,
            actor=request.actor,
            row=row,
            initial=self.initial(row),
        )
        if request.method == "POST" and form.is_valid():
            try:
                return self.answer(screen, request, row, form)
            except DomainError as error:
                form.add_error(None, str(error))
        return self.ask(screen, request, row, form)

    def answer(self, screen, request: HttpRequest, row, form: VerbForm) -> HttpResponse:
        key = {self.key or f"{screen.opts.model_name}_id": row.pk}
        left = self.act(request.actor, **key, **form.facts())
        said = self.done(left) if callable(self.done) else self.done
        messages.success(request, said or _("已完成：%s。") % self.label)
        return go_to(request, self.back_to(screen, row, request))

    def ask(self, screen, request: HttpRequest, row, form: VerbForm) -> HttpResponse:
        facts = {"verb": self, "row": row, "form": form, "back": self.back_to(screen, row)}
        template = self.template_for(request, "verb")
        return render(
            request, template, self.page_facts(screen, request, facts), status=422 if form.errors else 200
        )

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        """The row's page, or the list where the verb took the row out of sight."""
        if request is not None:
            request.__dict__.pop("_console_answers", None)
            if screen.get_object(request, str(row.pk)) is None:
                return screen.list_address()
        opts = screen.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[quote(row.pk)])

    def template_for(self, request: HttpRequest, name: str) -> str:
        return (
            f"kit/console/{name}_dialog.html"
            if request.headers.get("HX-Request")
            else f"kit/console/{name}.html"
        )

    def page_facts(self, screen, request: HttpRequest, facts: dict) -> dict:
        form = facts.get("form")
        return {
            **screen.admin_site.each_context(request),
            "title": self.label,
            "row_label": screen.label_of(facts["row"]),
            "opts": screen.opts,
            "media": screen.media + form.media if form else screen.media,
            **facts,
        }


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """A redirect that a dialog follows as well."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


class Verbal(admin.ModelAdmin):
    """`verbs = (Verb(…), …)`: buttons on the row's page, for those who may, while the row is ready for it."""

    verbs: tuple[Verb, ...] = ()

    def __init__(self, model, admin_site):
        self._verbs = {verb.name: verb for verb in self.all_verbs()}
        self.actions_detail = [*self.actions_detail, *self._verbs]
        super().__init__(model, admin_site)

    def all_verbs(self) -> tuple[Verb, ...]:
        return self.verbs

    def list_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _get_instance_method(self, method_name: str):
        verb = self._verbs.get(method_name)
        return verb.view_on(self) if verb else super()._get_instance_method(method_name)

    def get_actions_detail(self, request: HttpRequest, object_id) -> list:
        row = self.get_object(request, unquote(str(object_id)))
        found = super().get_actions_detail(request, object_id)
        return [a for a in found if self._is_offered(request, a.path.removeprefix("verb/"), row)]

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        verb = self._verbs.get(name)
        if verb is None:
            return True
        return row is not None and verb.when(row) and self.may(request, verb.needs, row)
