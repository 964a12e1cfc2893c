"""问答库: searched and read by everybody below, published and rewritten by the desk."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin.asking import long_field, page_of, pressed
from gonghui.opsdesk.models import Answer, AnswerMark, Question
from gonghui.opsdesk.models.questions import TITLE_MAX
from gonghui.opsdesk.queries import one_of, question_for
from gonghui.opsdesk.scopes import ANSWER, ASK, chain
from gonghui.opsdesk.similar import answers_seen, search_answers, similar_answers
from gonghui.orgs.models import Union


def answer_address(row: Answer) -> str:
    return reverse("admin:opsdesk_answer", args=[row.pk])


def with_counts(found: QuerySet[Answer]) -> QuerySet[Answer]:
    return found.annotate(
        read_count=Count("marks", filter=Q(marks__kind="read")),
        same_count=Count("marks", filter=Q(marks__kind="same")),
    )


@console_page(
    "opsdesk/answers",
    name="opsdesk_answers",
    needs=ASK,
    title=gettext_lazy("问答库"),
    icon="menu_book",
    group="opsdesk",
    order=5,
)
def answers_page(request: HttpRequest) -> HttpResponse:
    """What every word of the question is in; without any, what is like it."""
    asked, kind = request.GET.get("q", "").strip()[:60], request.GET.get("kind", "")
    found: Any = (
        search_answers(request.actor, asked) if asked else answers_seen(request.actor).order_by("-id")
    )
    if kind in Question.Category.values:
        found = found.filter(category=kind)
    is_alike = False
    if asked and not found.exists():
        alike = [one.pk for one in similar_answers(request.actor, asked, limit=20)]
        found, is_alike = answers_seen(request.actor).filter(pk__in=alike).order_by("-id"), bool(alike)
    facts = {
        "page_obj": page_of(request, with_counts(found)), "asked": asked, "kind": kind, "kinds": Question.Category.choices,
        "is_alike": is_alike, "query": urlencode({"q": asked, "kind": kind}) + "&" if asked or kind else "",
    }  # fmt: skip
    return render(request, "opsdesk/answers.html", page_facts(request, _("问答库"), **facts))


@console_page("opsdesk/answers/<int:answer_id>", name="opsdesk_answer", needs=ASK)
def answer_page(request: HttpRequest, answer_id: int) -> HttpResponse:
    actor = request.actor
    row = one_of(Answer.objects.visible_to(actor).select_related("union"), answer_id)
    keeps = actor.may(ANSWER, row.union.path)
    if request.method == "POST":
        is_withdrawal = keeps and request.POST.get("verb") == "withdraw"
        verb = actions.withdraw_answer if is_withdrawal else actions.mark_same
        says = _("已撤下，不再列出。") if is_withdrawal else _("已记下您也有同样的问题。")
        return pressed(
            request, lambda: verb(actor, answer_id=row.pk), says=says,
            back=reverse("admin:opsdesk_answers") if is_withdrawal else answer_address(row),
            again=lambda said, status: drawn(request, row, keeps, said, status),
        )  # fmt: skip
    if row.withdrawn_at is None:
        actions.read_answer(actor, answer_id=row.pk)
    return drawn(request, row, keeps)


def drawn(
    request: HttpRequest, row: Answer, keeps: bool, refusal: str = "", status: int = 200
) -> HttpResponse:
    marks = AnswerMark.objects.unscoped("counted for an answer the reader sees").filter(answer=row)
    counts = dict(marks.order_by().values_list("kind").annotate(Count("pk")))
    is_mine = marks.filter(user_id=request.actor.user_id, kind="same").exists()
    facts = {"row": row, "keeps": keeps, "counts": counts, "is_mine": is_mine, "refusal": refusal}
    return render(request, "opsdesk/answer.html", page_facts(request, row.title, **facts), status=status)


class PublishForm(forms.Form):
    union = forms.TypedChoiceField(label=gettext_lazy("给哪个工会和它全部下级的管理员看"), coerce=int)
    title = forms.CharField(label=gettext_lazy("问"), max_length=TITLE_MAX)
    body = long_field(gettext_lazy("问题说明"), required=False, rows=3)
    text = long_field(gettext_lazy("答"), rows=8)
    question = gettext_lazy("发布后不带提问人和单位。请改写成谁看都明白的话，去掉姓名、电话和证件号码。")

    def said(self) -> actions.Published:
        given = self.cleaned_data
        return actions.Published(given["title"], given["text"], given["body"])


class NewForm(PublishForm):
    def __init__(self, *args, actor: Actor, row: Question, **kwargs):
        super().__init__(*args, **kwargs)
        self.row = row
        self.fields["union"].choices = [(union.pk, union.name) for union in desks_above(actor, row.union)]

    def facts(self) -> dict[str, Any]:
        return {"question_id": self.row.pk, "union_id": self.cleaned_data["union"], "said": self.said()}


class ReviseForm(PublishForm):
    def __init__(self, *args, row: Answer, **kwargs):
        super().__init__(*args, **kwargs)
        self.row = row
        del self.fields["union"]

    def facts(self) -> dict[str, Any]:
        return {"answer_id": self.row.pk, "said": self.said()}


def desks_above(actor: Actor, union: Union) -> list[Union]:
    """Of the asker's union and those above it, where the actor keeps the desk; the widest first."""
    found = (
        Union.objects.unscoped("of a question the actor sees")
        .filter(path__in=chain(union.path))
        .order_by("path")
    )
    return [one for one in found if actor.may(ANSWER, one.path)]


@console_page("opsdesk/questions/<int:question_id>/publish", name="opsdesk_publish", needs=ANSWER)
def publish_page(request: HttpRequest, question_id: int) -> HttpResponse:
    row = question_for(request.actor, question_id)
    require(row.asker_id != request.actor.user_id and desks_above(request.actor, row.union), NOT_FOUND)
    answers = [entry.words for entry in row.entries.all() if entry.verb == "answer"]
    initial = {"title": row.title, "text": answers[-1] if answers else ""}
    form = NewForm(request.POST or None, actor=request.actor, row=row, initial=initial)
    back = reverse("admin:opsdesk_question", args=[row.pk])
    return ask(
        request,
        form,
        actions.publish_answer,
        title=_("发布到问答库"),
        goes_to=answer_address,
        says=_("已发布。"),
        back=back,
    )


@console_page("opsdesk/answers/<int:answer_id>/edit", name="opsdesk_answer_edit", needs=ANSWER)
def edit_page(request: HttpRequest, answer_id: int) -> HttpResponse:
    row = one_of(Answer.objects.visible_to(request.actor).select_related("union"), answer_id)
    require(request.actor.may(ANSWER, row.union.path), NOT_FOUND)
    initial = {"title": row.title, "body": row.body, "text": row.text}
    form = ReviseForm(request.POST or None, row=row, initial=initial)
    return ask(
        request, form, actions.revise_answer, title=_("修改问答"), goes_to=answer_address, says=_("已修改。"),
        back=answer_address(row),
    )  # fmt: skip
