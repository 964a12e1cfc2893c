"""`ScopedAdmin`: the one table screen of the console. See the package's docstring."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from gonghui.kit.console.choosing import Choosing, choices_of, label_in
from gonghui.kit.console.exporting import Exporting
from gonghui.kit.console.history import Historical
from gonghui.kit.console.listing import Listing
from gonghui.kit.console.masking import LookForm, Masking, UnmaskVerb, show_unmasked
from gonghui.kit.console.saving import Saving
from gonghui.kit.console.scoping import Scoped
from gonghui.kit.console.verbs import Verb, Verbal


class ScopedAdmin(Exporting, Historical, Verbal, Saving, Masking, Listing, Choosing, Scoped, ModelAdmin):
    """`icon`, `order` and `group` (an app's label, its own unless set) place the screen in the side bar."""

    icon = "table_rows"
    words: dict[str, dict] = {}
    """What codes in columns without choices are called: `words = {"verified_by": {"staff": _("…")}}`."""
    group = ""
    order = 50
    in_side_bar = True
    list_fullwidth = True
    warn_unsaved_form = True
    empty_value_display = "—"
    empty_hint: str | Promise = ""
    """What stands under "还没有…" in an empty list: where its rows come from."""

    def all_verbs(self) -> tuple[Verb, ...]:
        if not self.unmask_verb:
            return self.verbs
        look = UnmaskVerb(
            name="unmask",
            label=_("显示完整信息"),
            act=show_unmasked,
            needs=self.unmask_verb,
            form=LookForm,
            icon="visibility",
            question=_("只在工作需要时查看。"),
        )
        return (*self.verbs, look)


class ScopedInline(TabularInline):
    """Rows of the object on the page: seen and changed by whoever sees and changes that object."""

    extra = 0
    can_delete = False
    hide_title = True

    def get_queryset(self, request: HttpRequest):
        found = self.model.objects.unscoped("rows of an object fetched in scope")
        return found.order_by(*(self.get_ordering(request) or ("pk",)))

    def formfield_for_dbfield(self, db_field, request: HttpRequest, **kwargs):
        """The heading of the column stands far away; each field says its name itself."""
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        if found is not None:
            found.widget.attrs.setdefault("aria-label", str(db_field.verbose_name))
        return found

    def formfield_for_foreignkey(self, db_field, request: HttpRequest, **kwargs):
        kwargs["queryset"] = choices_of(self.admin_site, db_field.remote_field.model, request.actor)
        found = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if found is not None:
            found.label_from_instance = lambda row: label_in(self.admin_site, row)
        return found

    def _screen(self):
        return self.admin_site._registry[self.parent_model]

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return self._screen().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return self._screen().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        screen = self._screen()
        return screen.has_change_permission(request, obj) if obj else screen.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.can_delete and self._screen().has_change_permission(request, obj)
