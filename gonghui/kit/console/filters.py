"""Filters of a list; pickers among them offer only rows in scope.

list_filter = (subtree_filter("union__path"), related_filter("store"), ("status", ChoicesDropdownFilter))
"""

from __future__ import annotations

from functools import cached_property

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from gonghui.kit.console.choosing import choices_of, label_in
from gonghui.kit.console.scoping import crosses_many, narrowed, relation_chain
from gonghui.kit.identifiers import row_id

__all__ = [
    "ChoicesDropdownFilter",
    "DropdownFilter",
    "PickerFilter",
    "RangeDateFilter",
    "related_filter",
    "subtree_filter",
]


class PickerForm(forms.Form):
    Media = AutocompleteDropdownForm.Media

    def __init__(self, picker: PickerFilter, data: dict):
        super().__init__(data)
        chosen = forms.ModelChoiceField(
            queryset=picker.choosable(),
            label=picker.title,
            required=False,
            widget=AutocompleteSelect(
                picker.source_field,
                picker.model_admin.admin_site,
                attrs={"class": "unfold-filter-autocomplete"},
            ),
        )
        chosen.label_from_instance = lambda row: label_in(picker.model_admin.admin_site, row)
        self.fields[picker.parameter_name] = chosen


class PickerFilter(admin.SimpleListFilter):
    """One row of another table, found by typing."""

    template = "unfold/filters/filters_field.html"
    form_class = PickerForm
    path = ""

    def __init__(self, request: HttpRequest, params, model, model_admin):
        self.request, self.model_admin, self.model = request, model_admin, model
        self.source_field = self.picked_by(model)
        self.title = self.title or self.source_field.verbose_name
        super().__init__(request, params, model, model_admin)

    def picked_by(self, model):
        """The foreign key whose screen answers the picker."""
        return relation_chain(model, self.path)[-1]

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin) -> tuple:
        return ()

    def choices(self, changelist):
        row = self.chosen  # the widget looks up whatever it is given, be it no number
        yield {"form": self.form_class(self, {self.parameter_name: row.pk if row else ""})}

    def choosable(self) -> QuerySet:
        target = self.source_field.remote_field.model
        return choices_of(self.model_admin.admin_site, target, self.request.actor)

    @cached_property
    def chosen(self):
        pk = row_id(self.value() or "")
        return self.choosable().filter(pk=pk).first() if pk else None

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        row = self.chosen
        if row is None:
            return queryset.none()
        return narrowed(queryset, self.condition(row), many=crosses_many(self.model, self.path))

    def condition(self, row) -> Q:
        raise TypeError("made by related_filter or subtree_filter")


class RelatedFilter(PickerFilter):
    def condition(self, row) -> Q:
        return Q(**{self.path: row})


class SubtreeFilter(PickerFilter):
    def picked_by(self, model):
        """A node of the tree is picked as parents are."""
        chain = relation_chain(model, self.path)
        return (chain[-1].related_model if chain else model)._meta.get_field("parent")

    def condition(self, row) -> Q:
        return Q(**{f"{self.path}__startswith": row.path})


def related_filter(path: str, title=None, parameter: str = "") -> type[PickerFilter]:
    """Rows whose foreign key `path` is the picked row."""
    return _made(RelatedFilter, path, title, parameter or path.rpartition("__")[2])


def subtree_filter(path: str = "union__path", title=None, parameter: str = "under") -> type[PickerFilter]:
    """Rows at or below the picked node of the tree."""
    return _made(SubtreeFilter, path, title or _("范围（含下级）"), parameter)


def _made(kind: type[PickerFilter], path: str, title, parameter: str) -> type[PickerFilter]:
    return type(kind.__name__, (kind,), {"path": path, "title": title, "parameter_name": parameter})
