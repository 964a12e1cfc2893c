"""The builder: a wording put together from rows and groups, with its number and some masked people as one goes."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.audiences import engine, queries
from gonghui.audiences.actions import Wording, save_audience
from gonghui.audiences.actions.saving import (
    asks_sensitive,
    is_sensitive,
    read_wording,
    require_somewhere_whole,
)
from gonghui.audiences.admin.audiences import audience_address
from gonghui.audiences.admin.vocabulary import CHOICES_MAX, found_by_name, vocabulary
from gonghui.audiences.models import Audience
from gonghui.kit.console import ScopedChoiceField, console_page, page_facts
from gonghui.kit.console.sending import key_of, sent_once
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import NOT_ALLOWED, DomainError, require
from gonghui.kit.masks import mask_name
from gonghui.members.models import Membership

NOTHING = '{"version": 1, "tree": {"all": []}}'
TRIED_SALT = b"before it is kept"
"""Random shares are drawn anew once an audience is saved: a preview shows how many, not who."""


class AudienceForm(forms.Form):
    union = ScopedChoiceField(
        "audiences.Audience", "union", home="audiences.write", label=gettext_lazy("属于哪个工会"),
        help_text=gettext_lazy("只会算到这个工会及下级的在籍会员；保存后不能再改。"),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    rule = forms.TypedChoiceField(
        label=gettext_lazy("多久更新一次"), coerce=int, choices=Audience.Rule.choices, initial=Audience.Rule.DAILY,
        help_text=gettext_lazy("一个人的入会、实名、转会、标签有变动时随时进出，不用等。"),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("说明"), max_length=200, required=False)
    predicate = forms.CharField(widget=forms.HiddenInput(attrs={"data-predicate": ""}), initial=NOTHING)

    def __init__(self, *args, actor, audience: Audience | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.audience = audience
        if audience is None:
            self.fields["union"].bind_to(actor)
        else:
            del self.fields["union"]
        for name, field in self.fields.items():
            dress(field)
            field.is_half = name in ("name", "rule")

    def wording(self) -> Wording:
        given = self.cleaned_data
        union_id = self.audience.union_id if self.audience else given["union"].pk
        return Wording(union_id, given["name"], given["predicate"], given["rule"], given["note"])


@console_page(
    "audiences/new", name="audience_new", needs="audiences.write", title=gettext_lazy("新建受众"), icon="group_add",
    group="audiences", order=20,
)  # fmt: skip
def new_audience(request: HttpRequest) -> HttpResponse:
    require_somewhere_whole(request.actor)
    return builder(request, None)


@console_page("audiences/<int:audience_id>/edit", name="audience_edit", needs="audiences.write")
def edit_audience(request: HttpRequest, audience_id: int) -> HttpResponse:
    row = queries.audience_for(request.actor, audience_id)
    require(request.actor.may("audiences.write", row.union.path), NOT_ALLOWED)
    return builder(request, row)


def builder(request: HttpRequest, row: Audience | None) -> HttpResponse:
    initial: dict[str, Any] = {"predicate": NOTHING}
    if row is not None:
        predicate = json.dumps(queries.version_of(row.pk).predicate)
        initial = {"name": row.name, "rule": row.rule, "note": row.note, "predicate": predicate}
    posted = request.POST if request.method == "POST" else None
    form = AudienceForm(posted, actor=request.actor, audience=row, initial=initial)
    if "X-Preview" in request.headers:
        return JsonResponse(preview(request, form))
    if posted is not None and form.is_valid():
        try:
            leads_to, is_new = sent_once(request, lambda: audience_address(saved(request, form)))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if is_new:
                messages.success(request, _("已保存，正在算人数。"))
            return HttpResponseRedirect(leads_to)
    facts = {
        "form": form,
        "row": row,
        "sent": key_of(request),
        "vocabulary": vocabulary(request.actor, form["predicate"].value() or NOTHING),
    }
    title = _("新建受众") if row is None else _("修改“%s”") % row.name
    status = 422 if form.is_bound and form.errors else 200
    return render(
        request, "audiences/console/builder.html", page_facts(request, title, **facts), status=status
    )


def saved(request: HttpRequest, form: AudienceForm) -> Audience:
    audience_id = form.audience.pk if form.audience else None
    return save_audience(request.actor, wording=form.wording(), audience_id=audience_id)


def preview(request: HttpRequest, form: AudienceForm) -> dict[str, Any]:
    """How many there are now and some of them, or what is still missing. Nothing is kept."""
    form.fields["name"].required = False
    if "union" in form.fields and not form["union"].value():
        return {"wanted": _("先在上面选工会，这里就会算出有多少人。")}
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        label = form.fields[field].label if field in form.fields else ""
        return {"problem": f"{label}：{errors[0]}" if label else str(errors[0])}
    try:
        tree, union = read_wording(request.actor, form.wording())
    except DomainError as error:
        return {"problem": str(error)}
    ground = engine.Ground(union.path, bytes(form.audience.salt) if form.audience else TRIED_SALT)
    counted = engine.count_people(tree, ground)
    sensitive = is_sensitive(tree) or asks_sensitive(tree)
    shown = {
        "count": queries.shown_count(counted.people, is_sensitive=sensitive, is_exact=counted.is_exact),
        "is_exact": counted.is_exact,
        "said": saying(engine.said(tree)),
    }
    if sensitive:
        return shown | {"sample": [], "note": _("用到敏感标签：只给大约人数，不列出任何人。")}
    return shown | {"sample": some_people(engine.sample_people(tree, ground) or [])}


def saying(node: engine.Said) -> dict[str, Any]:
    return {"says": node.says, "parts": [saying(part) for part in node.parts]}


def some_people(ids: list[int]) -> list[dict[str, str]]:
    live = Membership.objects.unscoped("below a union the actor writes audiences for")
    found = live.filter(person_id__in=ids, status__in=Membership.LIVE).select_related("person", "union")
    return [
        {"name": mask_name(one.person.name), "union": one.union.name} for one in found.order_by("person_id")
    ]


@console_page("audiences/words", name="audience_words", needs="audiences.write")
def find_words(request: HttpRequest) -> HttpResponse:
    """Unions, audiences and lists by name, in the actor's scope, for a row's picker."""
    kind, question = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:40]
    found = found_by_name(request.actor, kind, question)[:CHOICES_MAX]
    return JsonResponse({"found": [{"id": pk, "name": name} for pk, name in found]})
