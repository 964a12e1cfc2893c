"""A save in the console: one transaction, one named actor, only the columns that changed."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from gonghui.kit.actions import name_actor
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import NOT_ALLOWED, DomainError, require
from gonghui.kit.search import NameSearch, pinyin_key, search_grams


class Saving(admin.ModelAdmin):
    """`state_field` is never edited here: verbs move it. A refusal stands on the form, which keeps its input."""

    state_field = ""

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        declared = [*super().get_readonly_fields(request, obj)]
        if self.state_field and self.state_field not in declared:
            declared.append(self.state_field)
        return declared

    def get_object(self, request: HttpRequest, object_id, from_field=None):
        """Fetched once a request."""
        rows = request.__dict__.setdefault("_console_rows", {})
        key = (self.model._meta.label, str(object_id))
        if request.method == "POST" or key not in rows:
            rows[key] = super().get_object(request, object_id, from_field)
        return rows[key]

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts, object_id):
        # The same answer whether the row does not exist or is out of sight.
        raise Http404

    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url="", extra_context=None
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            if request.method != "POST":
                raise
            request.console_refusal = error
            return super().changeform_view(request, object_id, form_url, extra_context)

    def _changeform_view(self, request: HttpRequest, object_id, form_url, extra_context) -> HttpResponse:
        if request.method == "POST":
            name_actor(request.actor)
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def _delete_view(self, request: HttpRequest, object_id, extra_context) -> HttpResponse:
        if request.method == "POST":
            name_actor(request.actor)
        return super()._delete_view(request, object_id, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        with transaction.atomic():
            name_actor(request.actor)
            return super().changelist_view(request, extra_context)

    def get_form(self, request: HttpRequest, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        for name, field in form.base_fields.items():
            if name in form.declared_fields:
                dress(field)
        refused = getattr(request, "console_refusal", None)
        return refusing(form, refused) if refused else form

    def save_model(self, request: HttpRequest, obj, form, change: bool) -> None:
        """Sealed columns are left as they lie: sealing them again would look like a change."""
        if change:
            if columns := self._columns_to_save(obj, set(form.changed_data)):
                obj.save(update_fields=columns)
        else:
            self._make_searchable(obj)
            obj.save()
        require(self.within(request.actor, self.write_verb).filter(pk=obj.pk).exists(), NOT_ALLOWED)

    def _columns_to_save(self, obj, touched: set[str]) -> list[str]:
        own = {f.name for f in obj._meta.concrete_fields}
        columns = sorted(touched & own)
        if isinstance(self.search, NameSearch) and self.search.name_field in columns:
            columns += self._make_searchable(obj)
        return [*columns, "updated_at"] if columns else []

    def _make_searchable(self, obj) -> list[str]:
        """Search columns follow the name."""
        search = self.search
        if not isinstance(search, NameSearch) or "__" in search.name_field:
            return []
        name = getattr(obj, search.name_field)
        setattr(obj, search.pinyin_field, pinyin_key(name))
        setattr(obj, search.grams_field, search_grams(name))
        return [search.pinyin_field, search.grams_field]

    def delete_model(self, request: HttpRequest, obj) -> None:
        obj.delete()

    # The audit trigger records every write; Django's own log would be a second, weaker one.
    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None

    def log_deletions(self, request, queryset):
        return None


def refusing(form: type, error: DomainError) -> type:
    """The same form, filled in as before, with the refusal above it."""

    class Refusing(form):
        def _post_clean(self):
            super()._post_clean()
            self.add_error(None, str(error))

    return Refusing
