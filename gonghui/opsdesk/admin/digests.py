"""五问五答: issues in the making, choosing exactly five, and the issue as everybody below reads it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
    link_column,
    page_facts,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, require
from gonghui.kit.identifiers import row_id
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin import tones
from gonghui.opsdesk.admin.asking import OwnUnion, SaidReasonForm, page_of, pressed
from gonghui.opsdesk.models import DigestIssue
from gonghui.opsdesk.models.digests import FIVE
from gonghui.opsdesk.queries import candidates, issue_seen, issues_seen
from gonghui.opsdesk.scopes import ANSWER, ASK


def issue_address(row: DigestIssue) -> str:
    return reverse("admin:opsdesk_digest", args=[row.pk])


def edit_address(row: DigestIssue) -> str:
    return reverse("admin:opsdesk_digest_edit", args=[row.pk])


class DigestVerb(Verb):
    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return issue_address(row)


@admin.register(DigestIssue)
class DigestIssueAdmin(ScopedAdmin):
    icon, order = "auto_stories", 40
    state_field = "state"
    search = SmallNameSearch("union__name")
    search_help_text = gettext_lazy("工会名称")
    new_page = ("opsdesk_digest_new", ANSWER, gettext_lazy("编新一期"))
    list_display = (
        link_column(gettext_lazy("期"), issue_address, str), "union", "period", "maker", "reviewer",
        state_column("state", tones.DIGESTS), when_column("published_at", gettext_lazy("发布")),
    )  # fmt: skip
    list_select_related = ("union", "maker", "reviewer")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("union", "number", "period", "foreword", "state", "maker", "reviewer", "published_at")
    empty_hint = gettext_lazy("从最近问得最多的问题里挑正好五条，同事复核后发布。")
    verbs = (
        DigestVerb("submit", gettext_lazy("送复核"), actions.submit_digest, ANSWER, icon="send", tone="primary",
                   when=in_state("draft"), question=gettext_lazy("送出后不能再改，由另一位同事复核发布。")),
        DigestVerb("publish", gettext_lazy("复核发布"), actions.publish_digest, ANSWER, icon="verified", tone="primary",
                   when=in_state("submitted"), question=gettext_lazy("发布后不能修改，工作群里的管理员都会收到。")),
        DigestVerb("return", gettext_lazy("退回修改"), actions.return_digest, ANSWER, form=SaidReasonForm, icon="undo",
                   when=in_state("submitted")),
        DigestVerb("discard", gettext_lazy("作废"), actions.discard_digest, ANSWER, icon="delete", tone="danger",
                   when=in_state("draft"), question=gettext_lazy("选中的问答可以编进别的期，期号也会重新用。")),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "period"]

    @display(description=gettext_lazy("起止"))
    def period(self, row: DigestIssue) -> str:
        return f"{row.period_from:%Y-%m-%d} — {row.period_to:%Y-%m-%d}"


class NewIssueForm(forms.Form):
    union = OwnUnion(gettext_lazy("哪个工会的五问五答"))
    question = gettext_lazy("从上一期以后问得最多的问题里挑五条。")

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].bind(actor, ANSWER)

    def facts(self) -> dict[str, Any]:
        return {"union_id": self.cleaned_data["union"]}


@console_page("opsdesk/digests/new", name="opsdesk_digest_new", needs=ANSWER)
def new_issue(request: HttpRequest) -> HttpResponse:
    form = NewIssueForm(request.POST or None, actor=request.actor)
    back = reverse("admin:opsdesk_digestissue_changelist")
    return ask(
        request,
        form,
        actions.draft_digest,
        title=_("编新一期"),
        goes_to=edit_address,
        says=_("请挑正好五条。"),
        back=back,
    )


@console_page("opsdesk/digests/<int:issue_id>/edit", name="opsdesk_digest_edit", needs=ANSWER)
def edit_page(request: HttpRequest, issue_id: int) -> HttpResponse:
    """Every candidate with the place it is given."""
    actor = request.actor
    row = issue_seen(actor, issue_id)
    if row.state != "draft" or row.maker_id != actor.user_id:
        return HttpResponseRedirect(issue_address(row))
    if request.method != "POST":
        return composed(request, row, {one.answer_id: one.place for one in row.entries.all()}, row.foreword)
    places, foreword = places_of(request), request.POST.get("foreword", "")[:300]
    is_done = request.POST.get("verb") == "submit"

    def keep() -> None:
        chosen = sorted(places, key=places.__getitem__)
        require(len(set(places.values())) == len(places), BAD_INPUT, detail=_("有两条选了同一个位置。"))
        actions.choose_five(actor, digestissue_id=row.pk, answer_ids=chosen, foreword=foreword)
        if is_done:
            actions.submit_digest(actor, digestissue_id=row.pk)

    return pressed(
        request, keep, says=_("已送复核。") if is_done else _("已保存。"),
        back=issue_address(row) if is_done else edit_address(row),
        again=lambda said, status: composed(request, row, places, foreword, said, status),
    )  # fmt: skip


def places_of(request: HttpRequest) -> dict[int, int]:
    """Answer → place, of what was given one."""
    found = {}
    for name, value in request.POST.items():
        pk = row_id(name.removeprefix("place_")) if name.startswith("place_") else None
        if pk and value in list("12345"):
            found[pk] = int(value)
    return found


def composed(
    request: HttpRequest,
    row: DigestIssue,
    places: dict[int, int],
    foreword: str,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    found = candidates(row)
    for one in found:
        one.place = places.get(one.pk, 0)
    chosen = sum(bool(one.place) for one in found)
    facts = {
        "row": row, "found": found, "places": range(1, FIVE + 1), "foreword": foreword, "chosen": chosen, "refusal": refusal,
    }  # fmt: skip
    return render(request, "opsdesk/digest_edit.html", page_facts(request, str(row), **facts), status=status)


@console_page("opsdesk/digests", name="opsdesk_digests", needs=ASK)
def issues_page(request: HttpRequest) -> HttpResponse:
    facts = {"page_obj": page_of(request, issues_seen(request.actor).prefetch_related("entries"), 12)}
    return render(request, "opsdesk/digests.html", page_facts(request, _("五问五答"), **facts))


@console_page("opsdesk/digests/<int:issue_id>", name="opsdesk_digest", needs=ASK)
def issue_page(request: HttpRequest, issue_id: int) -> HttpResponse:
    actor = request.actor
    row = issue_seen(actor, issue_id)
    keeps = actor.may(ANSWER, row.union.path)
    require(keeps or row.state == "published", NOT_FOUND)
    if row.state == "published":
        actions.read_digest(actor, digestissue_id=row.pk)
    offered = [
        verb
        for verb in admin.site._registry[DigestIssue].verbs
        if keeps and verb.when(row) and suits(verb, row, actor)
    ]
    facts = {
        "row": row,
        "entries": row.entries.order_by("place"),
        "reads": row.reads.count(),
        "keeps": keeps,
        "tone": tones.DIGESTS[row.state],
        "is_own": row.maker_id == actor.user_id,
        "verbs": [
            (verb, reverse(f"admin:opsdesk_digestissue_{verb.name}", args=[row.pk])) for verb in offered
        ],
    }
    return render(request, "opsdesk/digest.html", page_facts(request, str(row), **facts))


def suits(verb: Verb, row: DigestIssue, actor: Actor) -> bool:
    """Who drafted it does not publish it; who did not, does not hand it on."""
    is_own = row.maker_id == actor.user_id
    return {"publish": not is_own, "submit": is_own and row.entries.count() == FIVE}.get(verb.name, True)


@waiting(needs=ANSWER, order=30)
def to_review(actor: Actor) -> Figure | None:
    found = DigestIssue.objects.visible_to(actor).filter(state="submitted").exclude(maker_id=actor.user_id)
    count = found.count()
    link = reverse("admin:opsdesk_digestissue_changelist") + "?state__exact=submitted"
    return Figure(_("五问五答待复核"), count, "auto_stories", link) if count else None
