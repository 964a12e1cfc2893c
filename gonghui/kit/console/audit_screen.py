"""The audit trail as a list: one table at a time, and of it the rows the reader sees on that table's own screen."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.actors import Actor
from gonghui.kit.console.admin import ScopedAdmin
from gonghui.kit.console.columns import when_column
from gonghui.kit.console.filters import DropdownFilter, RangeDateFilter
from gonghui.kit.console.history import CHANNELS, OPS
from gonghui.kit.identifiers import row_id
from gonghui.kit.models import AuditEntry

VERB = "audit.view"


def audited_screens(actor: Actor) -> dict[str, ScopedAdmin]:
    """Table name → screen, of those where this actor holds both verbs."""
    found = {}
    for model, screen in admin.site._registry.items():
        is_tree = isinstance(screen, ScopedAdmin) and screen.path_field and model is not AuditEntry
        if is_tree and actor.may_anywhere(screen.view_verb):
            found[model._meta.db_table] = screen
    return found


class TableFilter(DropdownFilter):
    """Always one table: the rows of all tables at once have no common scope that an index could answer."""

    title, parameter_name, all_option = _("内容"), "table", None

    def lookups(self, request: HttpRequest, model_admin) -> list[tuple[str, str]]:
        screens = audited_screens(request.actor)
        return [(table, str(screen.opts.verbose_name_plural)) for table, screen in screens.items()]

    def value(self) -> str | None:
        chosen, known = super().value(), [table for table, _title in self.lookup_choices]
        return chosen if chosen in known else next(iter(known), None)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        screen = audited_screens(request.actor).get(self.value() or "")
        if screen is None:
            return queryset.none()
        rows = screen.within(request.actor, VERB).order_by().values("pk")
        return queryset.filter(table_name=self.value(), row_id__in=rows)


class OpFilter(DropdownFilter):
    title, parameter_name = _("操作"), "op"

    def lookups(self, request: HttpRequest, model_admin) -> list:
        return [(code, name) for code, (name, _icon) in OPS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(op=self.value()) if self.value() else queryset


class AuditAdmin(ScopedAdmin):
    icon, order, in_side_bar = "policy", 90, True
    group = "orgs"
    view_verb = VERB
    can_add = False
    list_display = ("what", "row", when_column("at", _("时间")), "who", "where", "why", "request_code")
    list_filter = (TableFilter, OpFilter, ("at", RangeDateFilter))
    list_display_links = ("what",)
    ordering = ("-id",)
    fields = ("op",)

    def within(self, actor: Actor, *verbs: str) -> QuerySet:
        """Narrowed by `TableFilter`, which is always on."""
        found = AuditEntry.objects.unscoped("narrowed to the rows of one screen in the reader's scope")
        return found if actor.may_anywhere(VERB) and all(verb == VERB for verb in verbs) else found.none()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return self.within(request.actor).defer("before", "after").order_by("-id")

    def get_changelist_instance(self, request: HttpRequest):
        """Names for the rows and actors of this page, each in one query."""
        listed = super().get_changelist_instance(request)
        entries = list(listed.result_list)
        users = get_user_model().objects.unscoped("names of those who acted on rows the reader sees")
        names = {u.pk: str(u) for u in users.filter(pk__in={e.actor_id for e in entries if e.actor_id})}
        screens = audited_screens(request.actor)
        rows = self._rows(request, screens, entries)
        for entry in entries:
            entry.actor_name = names.get(entry.actor_id, _("系统"))
            entry.row_label = rows.get((entry.table_name, entry.row_id), "")
        listed.result_list = entries
        return listed

    def _rows(self, request: HttpRequest, screens: dict, entries: list[AuditEntry]) -> dict:
        found = {}
        for table in {entry.table_name for entry in entries}:
            screen = screens[table]
            ids = {entry.row_id for entry in entries if entry.table_name == table}
            for row in screen.get_queryset(request).filter(pk__in=ids):
                found[table, row.pk] = screen.label_of(row)
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url="", extra_context=None
    ) -> HttpResponse:
        """To the history of the row it is about, which decides again who may see it."""
        pk = row_id(object_id)
        entry = self.within(request.actor).filter(pk=pk).first() if pk else None
        screen = audited_screens(request.actor).get(entry.table_name) if entry else None
        if screen is None or not screen.within(request.actor, VERB).filter(pk=entry.row_id).exists():
            raise Http404
        opts = screen.opts
        address = reverse(f"admin:{opts.app_label}_{opts.model_name}_history", args=[entry.row_id])
        return HttpResponseRedirect(address)

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        raise Http404

    @display(description=_("操作"))
    def what(self, row: AuditEntry) -> str:
        return str(OPS.get(row.op, (row.op, ""))[0])

    @display(description=_("对象"))
    def row(self, row: AuditEntry) -> str:
        return row.row_label or f"#{row.row_id}"

    @display(description=_("操作人"))
    def who(self, row: AuditEntry) -> str:
        return str(row.actor_name)

    @display(description=_("理由"))
    def why(self, row: AuditEntry) -> str:
        return row.reason or "—"

    @display(description=_("请求编号"))
    def request_code(self, row: AuditEntry) -> str:
        return row.request_id or "—"

    @display(description=_("渠道"))
    def where(self, row: AuditEntry) -> str:
        return str(CHANNELS.get(row.channel, row.channel))
