"""Files that leave the console: a page that asks once more where few may be taken, and the file, kept by nothing on the way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from gonghui.kit.console.navigation import page_facts
from gonghui.kit.console.verbs import VerbForm
from gonghui.kit.sheets import XLSX


class _Taking:
    tone = "primary"

    def __init__(self, question: str) -> None:
        self.label, self.question = _("下载"), question


def ask_before_taking(
    request: HttpRequest, *, title: str, question: str, back: str, model: Any, of: str = ""
) -> HttpResponse:
    """A link alone must not spend one of the few; sent, it is the caller's turn."""
    facts = {
        "verb": _Taking(question),
        "row_label": of or title,
        "form": VerbForm(None, actor=request.actor, row=None),
        "back": back,
        "opts": model._meta,
        "media": forms.Media(),
    }
    return render(request, "kit/console/verb.html", page_facts(request, title, **facts))


def file_to_take(content: bytes, name: str, media_type: str = XLSX) -> HttpResponse:
    """Downloaded, never shown as a page of ours."""
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["Cache-Control"] = "no-store"
    return answer
