"""Offers out of a sheet: the blank form, the upload, what would come of each line, and the yes that writes drafts."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from gonghui.bills.actions import offer_sheets as actions
from gonghui.bills.models import OfferTerms
from gonghui.bills.offer_sheets import (
    OFFERS_MAX,
    SheetOffer,
    example_rows,
    read_lines,
    read_offers,
    template_columns,
    template_notes,
)
from gonghui.bills.offer_sheets.errors import CHECK_EXPIRED, SHEET_TOO_BIG
from gonghui.funds.admin.asking import written_unions
from gonghui.kit.actors import Actor
from gonghui.kit.console import VerbForm, console_page, home_of, page_facts, steps_at
from gonghui.kit.console.exporting import sheet_answer
from gonghui.kit.errors import DomainError, require

STEPS = (gettext_lazy("上传"), gettext_lazy("检查"), gettext_lazy("确认导入"))
FILE_BYTES_MAX = 5 * 2**20
CHECK_GOOD_S = 24 * 3600
SALT = "bills.offer_sheet"
TONES = {"new": "success", "changed": "warning", "same": "info", "refused": "danger"}
WORDS = {
    "new": gettext_lazy("新增草稿"),
    "changed": gettext_lazy("修改草稿"),
    "same": gettext_lazy("没有变化"),
    "refused": gettext_lazy("要改正"),
}


class UploadForm(VerbForm):
    union = forms.ModelChoiceField(
        None, label=gettext_lazy("哪一级工会的优惠"), empty_label=gettext_lazy("请选择"),
        help_text=gettext_lazy("表中写了工会的，以表中为准；只能是您办理优惠的工会。"),
    )  # fmt: skip
    sheet = forms.FileField(label=gettext_lazy("优惠表"), allow_empty_file=True)

    def __init__(self, *args, actor, row, **kwargs):
        super().__init__(*args, actor=actor, row=row, **kwargs)
        field: Any = self.fields["union"]
        field.queryset = written_unions(actor, "releases.write")
        field.initial = home_of(actor, "releases.write")


@console_page("bills/offers/import", name="offer_import", needs="releases.write")
def import_page(request: HttpRequest) -> HttpResponse:
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*posted, actor=request.actor, row=None)
    if request.method == "POST" and form.is_valid():
        try:
            offers = read_sheet(request.actor, form.cleaned_data["sheet"])
        except DomainError as error:
            form.add_error("sheet", str(error))
        else:
            union = form.cleaned_data["union"]
            return checked_page(request, union.pk, offers, form.cleaned_data["sheet"].name)
    facts = {
        "form": form,
        "steps": steps_at(STEPS, 0),
        "limit_mb": FILE_BYTES_MAX // 2**20,
        "offers_max": OFFERS_MAX,
        "media": form.media,
        "opts": OfferTerms._meta,
    }
    page = page_facts(request, _("导入优惠"), **facts)
    return render(request, "bills/console/offers_new.html", page, status=422 if form.errors else 200)


def read_sheet(actor: Actor, sheet) -> list[SheetOffer]:
    facts = {"size_mb": round(sheet.size / 2**20, 1), "limit_mb": FILE_BYTES_MAX // 2**20}
    require(sheet.size <= FILE_BYTES_MAX, SHEET_TOO_BIG, **facts)
    lines = read_lines(sheet.read())
    return read_offers(lines, actions.known_to(actor))


def checked_page(
    request: HttpRequest, union_id: int, offers: list[SheetOffer], name: str, problem: str = ""
) -> HttpResponse:
    """Every offer of the sheet with what would become of it; what was read goes along in the form, signed."""
    found = actions.check_offers(request.actor, union_id=union_id, offers=offers)
    counts = Counter(one.kind for one in found)
    good = [one.offer.line for one in found if one.kind in (actions.NEW, actions.CHANGED)]
    kept = {
        "by": request.actor.user_id,
        "union": union_id,
        "name": name,
        "offers": [asdict(offer) for offer in offers],
        "good": good,
    }
    facts: dict[str, Any] = {
        "found": [
            {"one": one, "tone": TONES[one.kind], "word": WORDS[one.kind]}
            for one in sorted(found, key=lambda one: (one.kind != actions.REFUSED, one.offer.line))
        ],
        "counts": [(WORDS[kind], counts[kind]) for kind in WORDS],
        "refused": counts[actions.REFUSED],
        "good": len(good),
        "name": name,
        "problem": problem,
        "steps": steps_at(STEPS, 1),
        "kept": signing.dumps(kept, salt=SALT, compress=True),
        "opts": OfferTerms._meta,
    }
    page = page_facts(request, _("导入优惠"), **facts)
    return render(request, "bills/console/offers_checked.html", page, status=409 if problem else 200)


@console_page("bills/offers/import/apply", name="offer_import_apply", needs="releases.write")
@require_POST
def apply_page(request: HttpRequest) -> HttpResponse:
    """Writes what the page showed as good, all of it; where some of that is good no more, says so and writes nothing."""
    kept = _kept(request)
    offers = [SheetOffer(**offer) for offer in kept["offers"]]
    facts = {"union_id": kept["union"], "offers": offers}
    try:
        found = actions.bring_in_offers(request.actor, **facts, lines=frozenset(kept["good"]))
    except DomainError as error:
        if error.status in (403, 404):
            raise
        return checked_page(request, kept["union"], offers, kept["name"], str(error))
    counts = Counter(one.kind for one in found)
    said = {"new": counts[actions.NEW], "changed": counts[actions.CHANGED]}
    messages.success(request, _("新增 %(new)d 项、修改 %(changed)d 项，都是草稿，请另一位同事复核。") % said)
    return HttpResponseRedirect(reverse("admin:bills_offerterms_changelist") + "?state__exact=draft")


def _kept(request: HttpRequest) -> dict[str, Any]:
    try:
        kept = signing.loads(request.POST.get("kept", ""), salt=SALT, max_age=CHECK_GOOD_S)
    except signing.BadSignature:
        kept = {}
    require(kept.get("by") == request.actor.user_id, CHECK_EXPIRED)
    return kept


@console_page("bills/offers/template.xlsx", name="offer_template", needs="releases.write")
@require_GET
def template_page(request: HttpRequest) -> HttpResponse:
    known = actions.known_to(request.actor)
    return sheet_answer(
        template_columns(known), example_rows(known), name=_("优惠模板"), notes=tuple(template_notes(known))
    )
