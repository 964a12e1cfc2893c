"""谁看得到这位会员: reached from a person's page by whoever sees the person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from gonghui.kit.console import Verb, console_page, page_facts
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.members import sight
from gonghui.members.models import Person

PAGE_ROWS = 50


class SeenByVerb(Verb):
    """A button that leads to the page."""

    def view_on(self, screen):
        view = super().view_on(screen)
        view.dialog = None
        return view

    def ask(self, screen, request: HttpRequest, row, form) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:person_seen_by", args=[row.pk]))

    answer = ask


SEEN_BY = SeenByVerb("seen_by", gettext_lazy("谁看得到"), sight.sights_of, sight.VERB, icon="shield_person")


@console_page("members/<int:person_id>/seen-by", name="person_seen_by", needs=sight.VERB)
@require_GET
def seen_by(request: HttpRequest, person_id: int) -> HttpResponse:
    screen: Any = admin.site._registry[Person]
    person = screen.within(request.actor, sight.VERB).filter(pk=person_id).first()
    require(person is not None, NOT_FOUND)
    page = Paginator(sight.sights_of(person), PAGE_ROWS).get_page(request.GET.get("p"))
    facts = {
        "person": person,
        "page": page,
        "looks": sight.looks_at(person),
        "days": sight.LOOKED_DAYS,
        "opts": Person._meta,
        "back": reverse("admin:members_person_change", args=[person.pk]),
    }
    title = _("谁看得到{name}").format(name=person.name)
    return render(request, "members/console/seen_by.html", page_facts(request, title, **facts))
