"""What the member pages' views share: who must be signed in, and where a form's answer leads."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from gonghui.accounts.rules import own_path
from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require


def signed_in(request: HttpRequest) -> Actor:
    """The actor; anonymous readers are sent to sign-in and come back."""
    require(request.actor.user_id, SIGN_IN_FIRST)
    return request.actor


def wanted_path(request: HttpRequest, fallback: str = "/") -> str:
    return own_path(request.POST.get("next") or request.GET.get("next"), fallback)


def go(name: str) -> HttpResponseRedirect:
    """See-other to a page of ours, so that reloading repeats nothing."""
    return HttpResponseRedirect(reverse(name))


def again(request: HttpRequest, template: str, facts: dict, error: DomainError | None = None) -> HttpResponse:
    """The form once more: with the refusal on top, or with what is wrong beside its fields."""
    facts = {**facts, "error": error, "next": wanted_path(request)}
    return render(request, template, facts, status=error.status if error else 422)
