"""Long lists: found by name, counted no further than anybody reads, filtered only as declared."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.filters import SimpleListFilter
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from gonghui.kit.console.scoping import relation_chain
from gonghui.kit.crypto import get_keyring
from gonghui.kit.search import NameSearch, is_match

ROWS_COUNTED_MAX = 10_000
ANY_ROW = "any-row"
FILTER_SUFFIXES = ("", "__exact", "__in", "__isnull", "_from", "_to", "_from_0", "_from_1", "_to_0", "_to_1")


class FoundRows:
    """A list whose length is known without counting, of which `page(start, stop)` reads a part."""

    ordered = True

    def __init__(self, page: Callable[[int, int], Any], count: int, *, reach: int, at_least: bool = False):
        self.page, self.count_known, self.reach, self.at_least = page, count, reach, at_least

    def __len__(self) -> int:
        return self.count_known

    def __getitem__(self, part: slice) -> Any:
        return self.page(part.start or 0, min(self.reach, self.reach if part.stop is None else part.stop))

    def _clone(self) -> Any:
        """What Django's list shows where there is but one page."""
        return self[:]


class EstimatingPaginator(Paginator):
    """Counts to ten thousand; beyond, the planner's estimate is shown, and pages end there."""

    template_name = "kit/console/pagination.html"

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        bounded = rows.order_by()[: ROWS_COUNTED_MAX + 1].count()
        if bounded <= ROWS_COUNTED_MAX:
            return bounded
        plan = json.loads(rows.order_by().explain(format="json"))
        return max(int(plan[0]["Plan"]["Plan Rows"]), bounded)

    @property
    def is_estimate(self) -> bool:
        return not self.is_known and self.count > ROWS_COUNTED_MAX

    @property
    def is_known(self) -> bool:
        return isinstance(self.object_list, FoundRows)

    @property
    def at_least(self) -> bool:
        return self.is_known and self.object_list.at_least

    @property
    def reach(self) -> int:
        return self.object_list.reach if self.is_known else ROWS_COUNTED_MAX

    @property
    def shown_count(self) -> int:
        """Two figures of an estimate: 1234567 → 1200000."""
        if not self.is_estimate:
            return self.count
        unit = 10 ** (len(str(self.count)) - 2)
        return self.count // unit * unit

    @cached_property
    def num_pages(self) -> int:
        reachable = min(self.count, self.reach)
        return max(1, math.ceil(reachable / self.per_page))


@dataclass(frozen=True, slots=True)
class SmallNameSearch:
    """For a short table without search columns: the names in scope are read and matched here."""

    name_field: str = "name"
    rows_max: int = 5_000

    def narrow(self, found: QuerySet, question: str) -> QuerySet:
        named = found.order_by().values_list("pk", self.name_field)[: self.rows_max]
        return found.filter(pk__in=[pk for pk, name in named if is_match(question, name or "")])


class ScopedChangeList(ChangeList):
    def url_for_result(self, result) -> str:
        """The row's own page of the console where its first column names one, else its form."""
        if self._address:
            return self._address(result)
        if not isinstance(result.pk, int):
            return super().url_for_result(result)
        return self._form_address.replace(ANY_ROW, str(result.pk))

    @cached_property
    def _address(self) -> Callable[[Any], str] | None:
        addresses = (getattr(column, "address", None) for column in self.list_display)
        return next(filter(None, addresses), None)

    @cached_property
    def _form_address(self) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[ANY_ROW], current_app=self.model_admin.admin_site.name)

    def get_results(self, request: HttpRequest) -> None:
        self.page_num = min(max(self.page_num, 1), 1_000_000)
        self.queryset = self.model_admin.rows_listed(request, self)
        super().get_results(request)
        self.full_result_count = self.result_count


class Listing(admin.ModelAdmin):
    """`search` is a `NameSearch` or `SmallNameSearch`; `search_exact` maps a blind index to its value's reader,
    `search_number` a plain column."""

    search: NameSearch | SmallNameSearch | None = None
    search_exact: dict[str, Callable[[Any], Any]] = {}
    search_number: dict[str, Callable[[str], int | None]] = {}
    search_help_text = _("姓名或名称：汉字、全拼或首字母")
    paginator = EstimatingPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    change_list_template = "kit/console/change_list.html"
    actions = None
    found_most: int | None = None
    """For a table of millions: a search or a filter stops at so many rows, whichever are found first, and sorts those."""

    def get_list_display(self, request: HttpRequest) -> list:
        first, *others = super().get_list_display(request)
        return [getattr(first, "plain", first), *others]

    def get_sortable_by(self, request: HttpRequest):
        """By a column of one's choice a table of millions would be read wholly for a page."""
        return () if self.found_most else super().get_sortable_by(request)

    def rows_listed(self, request: HttpRequest, changelist: ChangeList) -> QuerySet | FoundRows:
        """What the list shows; the changelist's own queryset stays what is exported."""
        if self.found_most is None:
            return changelist.queryset
        if whole := self.whole_list(request, changelist):
            return whole
        found = changelist.queryset.order_by().values_list("pk", flat=True)
        return self.rows_found(request, list(found[: self.found_most + 1]))

    def rows_found(self, request: HttpRequest, ids: list[int]) -> FoundRows:
        """Sorted; of one more than are shown, as many as are."""
        most = self.found_most or len(ids)
        rows = self.dressed(request, self.model.objects.unscoped("found in scope just now"))
        rows = rows.filter(pk__in=ids[:most]).order_by(*self.get_ordering(request))
        count, more = min(len(ids), most), len(ids) > most
        return FoundRows(lambda start, stop: rows[start:stop], count, reach=most, at_least=more)

    def whole_list(self, request: HttpRequest, changelist: ChangeList) -> FoundRows | None:
        """A list that nobody narrows and whose length is kept somewhere, in an order its index has; None: as found."""
        return None

    def dressed(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        """With what a line of the list needs beside its row."""
        related = self.list_select_related
        return rows.select_related(*related) if related else rows

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        # Django shows the search box when there are fields; what is asked is decided below.
        return ("pk",) if self.search or self.search_exact else ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str):
        question = search_term.strip()
        if not question:
            return queryset, False
        exact = self._exact(question)
        if exact is not None:
            return queryset.filter(exact), False
        if isinstance(self.search, SmallNameSearch):
            return self.search.narrow(queryset, question), False
        if self.search is None:
            return queryset.none(), False
        return queryset.filter(self.search.q(question)), False

    def _exact(self, question: str) -> Q | None:
        """A whole number typed in is looked up by its blind index, under every key held; a plain one as it is."""
        found = None
        for column, read in self.search_exact.items():
            reading = read(question)
            if not reading.ok:
                continue
            indexes = get_keyring().blind_indexes(self._context_of(column), reading.value)
            either = Q(**{f"{column}__in": indexes})
            found = either if found is None else found | either
        for column, number_in in self.search_number.items():
            if number := number_in(question):
                found = Q(**{column: number}) if found is None else found | Q(**{column: number})
        return found

    def _context_of(self, column: str) -> str:
        chain = relation_chain(self.model, column)
        owner = chain[-1].related_model if chain else self.model
        return owner._meta.get_field(column.rpartition("__")[2]).context

    def get_changelist(self, request: HttpRequest, **kwargs) -> type[ChangeList]:
        return ScopedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a declared filter asks; Django would let any column of the row be probed."""
        return lookup in self._filter_parameters(request)

    def _filter_parameters(self, request: HttpRequest | None) -> set[str]:
        found: set[str] = set()
        for declared in self.get_list_filter(request):
            if isinstance(declared, type) and issubclass(declared, SimpleListFilter):
                found.add(declared.parameter_name)
            else:
                field = declared[0] if isinstance(declared, list | tuple) else declared
                found.update(field + suffix for suffix in FILTER_SUFFIXES)
        return found

    def changelist_view(self, request: HttpRequest, extra_context=None):
        titled = {"title": self.opts.verbose_name_plural, **(extra_context or {})}
        return super().changelist_view(request, titled)
