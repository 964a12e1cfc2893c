"""Foreign keys, their pickers and filters offer only rows in scope."""

from __future__ import annotations

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from gonghui.kit.actors import Actor
from gonghui.kit.scope import BySubtree


def choices_of(site, model, actor: Actor) -> QuerySet:
    """Rows of `model` that this actor sees in the console; without a screen, those its scope shows."""
    screen = site._registry.get(model)
    if hasattr(screen, "within"):
        return screen.within(actor, screen.view_verb)
    return model.objects.visible_to(actor)


def label_in(site, row) -> str:
    screen = site._registry.get(type(row))
    return screen.label_of(row) if hasattr(screen, "label_of") else str(row)


class Choosing(admin.ModelAdmin):
    def label_of(self, row) -> str:
        """How pickers name a row."""
        return str(row)

    def choices_for(self, field, actor: Actor) -> QuerySet:
        """Rows to which `field` may be set: those seen, and where it gives the row its place, those written to."""
        found = choices_of(self.admin_site, field.remote_field.model, actor)
        inside = self.path_field.removeprefix(f"{field.name}__")
        if inside == self.path_field or actor.is_system:
            return found
        line = (self.line_field or "").removeprefix(f"{field.name}__") or None
        rule = BySubtree(inside, verb=self.write_verb or self.view_verb, line_field=line)
        return found.filter(rule.condition(actor))

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Every foreign key whose table has a screen that can be searched."""
        found = []
        for field in self.model._meta.fields:
            screen = self.admin_site._registry.get(field.remote_field.model) if field.remote_field else None
            if screen is not None and screen.get_search_fields(request):
                found.append(field.name)
        return found

    def formfield_for_foreignkey(self, db_field, request: HttpRequest, **kwargs):
        kwargs["queryset"] = self.choices_for(db_field, request.actor)
        found = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if found is not None:
            found.label_from_instance = lambda row: label_in(self.admin_site, row)
        return found

    def formfield_for_manytomany(self, db_field, request: HttpRequest, **kwargs):
        kwargs["queryset"] = self.choices_for(db_field, request.actor)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request: HttpRequest, **kwargs):
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        if found is not None and isinstance(found.widget, RelatedFieldWidgetWrapper):
            # Pop-ups beside a picker would be a second way in to the other table's forms.
            found.widget = found.widget.widget
        return found

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field in {"id", "pk"}


class ScopedAutocomplete(AutocompleteJsonView):
    """Answers for a field of a screen the asker may see, with rows in scope, named as their screen does."""

    def get_queryset(self) -> QuerySet:
        source = self.admin_site._registry.get(self.source_field.model)
        if not hasattr(source, "choices_for") or not source.has_view_permission(self.request):
            raise PermissionDenied
        found = source.choices_for(self.source_field, self.request.actor)
        found, _distinct = self.model_admin.get_search_results(self.request, found, self.term)
        if related := self.model_admin.list_select_related:
            found = found.select_related(*related)
        return found.order_by(*self.model_admin.get_ordering(self.request), "pk")

    def serialize_result(self, obj, to_field_name: str) -> dict[str, str]:
        return {"id": str(obj.pk), "text": self.model_admin.label_of(obj)}


class ScopedChoiceField(forms.ModelChoiceField):
    """In a verb's form: `ScopedChoiceField("orgs.Union", "parent")` offers what that field may be set to."""

    def __init__(self, model: str, field_name: str, **kwargs):
        self.model_label, self.field_name = model, field_name
        super().__init__(queryset=None, **kwargs)

    def bind_to(self, actor: Actor) -> None:
        """Called by the form that holds it, before anything is read."""
        site = admin.site
        model = apps.get_model(self.model_label)
        try:
            db_field = model._meta.get_field(self.field_name)
        except FieldDoesNotExist as error:
            raise LookupError(f"{self.model_label} has no field {self.field_name}") from error
        self.widget = AutocompleteSelect(db_field, site, attrs=self.widget.attrs)
        self.queryset = site._registry[model].choices_for(db_field, actor)
        self.widget.is_required = self.required

    def label_from_instance(self, row) -> str:
        return label_in(admin.site, row)
