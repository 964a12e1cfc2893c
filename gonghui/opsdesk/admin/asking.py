"""What the pages of this app share: fields, chosen unions, one page of many rows, a press that may be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import VerbForm
from gonghui.kit.console.verbs import reason_field
from gonghui.kit.errors import DomainError
from gonghui.kit.templatetags.kit import cn_day
from gonghui.opsdesk.models.groups import READERS
from gonghui.opsdesk.models.questions import WORDS_MAX
from gonghui.opsdesk.queries import unions_of
from gonghui.orgs.roles import ROLES

PER_PAGE = 30


def long_field(label, *, rows: int = 5, **facts: Any) -> forms.CharField:
    known = {"max_length": WORDS_MAX, "widget": forms.Textarea(attrs={"rows": rows})}
    return forms.CharField(label=label, **(known | facts))


def roles_field(**facts: Any) -> forms.MultipleChoiceField:
    choices = [(code, ROLES[code].name) for code in READERS]
    return forms.MultipleChoiceField(label=gettext_lazy("哪些角色算管理员"), choices=choices, **facts)


class OwnUnion(forms.TypedChoiceField):
    """One of the unions where the actor holds the verb; of a single one nothing is asked."""

    def __init__(self, label):
        super().__init__(label=label, coerce=int)

    def bind(self, actor: Actor, verb: str) -> None:
        found = unions_of(actor, verb)
        self.choices = [(union.pk, union.name) for union in found]
        if len(found) == 1:
            self.initial, self.widget = found[0].pk, forms.HiddenInput()


class WordsForm(VerbForm):
    words = long_field(gettext_lazy("内容"), help_text=gettext_lazy("提问人会看到。"))


class SaidReasonForm(VerbForm):
    reason = reason_field(max_length=500, help_text=gettext_lazy("对方会看到。"))


def page_of(request: HttpRequest, found, per_page: int = PER_PAGE) -> Page:
    return Paginator(found, per_page).get_page(request.GET.get("page"))


def due_shown(row: Any) -> str:
    """In red where the day has passed."""
    if row.due_on is None:
        return "—"
    if not row.is_overdue:
        return cn_day(row.due_on)
    return format_html('<span class="gh-chip danger">{} {}</span>', cn_day(row.due_on), _("已过期"))


def pressed(
    request: HttpRequest,
    call: Callable[[], Any],
    *,
    says: str,
    back: str,
    again: Callable[[str, int], HttpResponse],
) -> HttpResponse:
    """Done, said and back to the page; refused, the page again with what was typed."""
    try:
        call()
    except DomainError as refused:
        if refused.status == 404:
            raise
        return again(str(refused), refused.status)
    messages.success(request, says)
    return HttpResponseRedirect(back)
