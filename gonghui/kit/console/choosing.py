"""Foreign keys, their pickers and filters offer only rows in scope."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest

from gonghui.kit.actors import Actor
from gonghui.kit.console.homes import home_of
from gonghui.kit.identifiers import row_id
from gonghui.kit.scope import BySubtree
from gonghui.kit.search import NameSearch

PICKED_FIRST, PICKED_MOST = 20, 200


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
    begins_at_home = True
    """A new row's form begins with the union of whoever may write in one subtree only; not where a union is power."""

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

    def get_changeform_initial_data(self, request: HttpRequest) -> dict:
        place, _joint, rest = self.path_field.partition("__")
        is_asked = self.begins_at_home and rest == "path" and not self._path_is_many
        home = home_of(request.actor, self.write_verb) if is_asked else None
        return ({place: home} if home else {}) | super().get_changeform_initial_data(request)

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


def nearest(found: QuerySet, begins: Q, order: list[str]) -> tuple[QuerySet, list]:
    """Those whose name begins so, then others, whichever are found first: nobody reads on beyond the second hundred."""
    ids = found.order_by().values_list("pk", flat=True)
    picked = {*ids.filter(begins).order_by(*order)[:PICKED_FIRST], *ids[:PICKED_MOST]}
    rows = found.model.objects.unscoped("found in scope just now").filter(pk__in=picked)
    return rows, [Case(When(begins, then=0), default=1), *order]


class ScopedAutocomplete(AutocompleteJsonView):
    """Answers for a field of a screen the asker may see, with rows in scope, named as their screen does."""

    def get_queryset(self) -> QuerySet:
        source = self.admin_site._registry.get(self.source_field.model)
        if not hasattr(source, "choices_for") or not source.has_view_permission(self.request):
            raise PermissionDenied
        found = source.choices_for(self.source_field, self.request.actor)
        found, _distinct = self.model_admin.get_search_results(self.request, found, self.term)
        order = [*self.model_admin.get_ordering(self.request), "pk"]
        search = self.model_admin.search
        if self.term.strip() and isinstance(search, NameSearch):
            found, order = nearest(found, search.begins_with(self.term), order)
        if related := self.model_admin.list_select_related:
            found = found.select_related(*related)
        return found.order_by(*order)

    def serialize_result(self, obj, to_field_name: str) -> dict[str, str]:
        return {"id": str(obj.pk), "text": self.model_admin.label_of(obj)}


class ScopedSelect(AutocompleteSelect):
    """Drawn again with what was sent, it looks up numbers only."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict | None = None) -> list:
        return super().optgroups(name, [one for one in value if not one or row_id(str(one))], attr)


class ScopedChoiceField(forms.ModelChoiceField):
    """In a verb's form: `ScopedChoiceField("orgs.Union", "parent")` offers what that field may be set to.

    With `home`, a verb, it begins with the union of whoever holds that in one subtree only.
    """

    def __init__(self, model: str, field_name: str, *, home: str = "", **kwargs):
        self.model_label, self.field_name, self.home = model, field_name, home
        super().__init__(queryset=None, **kwargs)

    def bind_to(self, actor: Actor) -> None:
        """Called by the form that holds it, before anything is read."""
        site = admin.site
        model = apps.get_model(self.model_label)
        try:
            db_field = model._meta.get_field(self.field_name)
        except FieldDoesNotExist as error:
            raise LookupError(f"{self.model_label} has no field {self.field_name}") from error
        self.widget = ScopedSelect(db_field, site, attrs=self.widget.attrs)
        self.queryset = site._registry[model].choices_for(db_field, actor)
        if self.home:
            self.initial = home_of(actor, self.home)
        self.widget.is_required = self.required

    def label_from_instance(self, row) -> str:
        return label_in(admin.site, row)
