"""答疑: the desk's list, one question with its thread, and asking, which looks for what was answered before."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    DropdownFilter,
    Figure,
    NameSearch,
    ScopedAdmin,
    Verb,
    VerbForm,
    console_page,
    in_state,
    link_column,
    page_facts,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.sending import key_of
from gonghui.kit.console.taking import file_to_take
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.papers import PAPER_KINDS
from gonghui.opsdesk import actions, errors
from gonghui.opsdesk.admin import tones
from gonghui.opsdesk.admin.asking import OwnUnion, SaidReasonForm, WordsForm, due_shown, long_field, pressed
from gonghui.opsdesk.models import Question, QuestionPaper
from gonghui.opsdesk.models.escalations import SUMMARY_MAX
from gonghui.opsdesk.models.papers import PAPER_MAX_MB, PAPERS_MAX
from gonghui.opsdesk.models.questions import TITLE_MAX
from gonghui.opsdesk.queries import late, one_of, question_for, waiting_questions
from gonghui.opsdesk.scopes import ANSWER, ASK, MEND
from gonghui.opsdesk.similar import similar_answers


def question_address(row: Question) -> str:
    return reverse("admin:opsdesk_question", args=[row.pk])


class QuestionVerb(Verb):
    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return question_address(row)


class AnswerForm(WordsForm):
    words = long_field(
        gettext_lazy("答复"), rows=7, help_text=gettext_lazy("提问人会看到，请写清楚一步一步怎么做。")
    )


class EscalateForm(VerbForm):
    summary = long_field(
        gettext_lazy("请技术团队做什么"),
        max_length=SUMMARY_MAX,
        help_text=gettext_lazy("写明现象、页面、影响多少人。提问人会看到。"),
    )


class LateFilter(DropdownFilter):
    title, parameter_name = gettext_lazy("时限"), "late"

    def lookups(self, request: HttpRequest, model_admin) -> list:
        return [("1", _("已过期"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return late(queryset) if self.value() == "1" else queryset


@admin.register(Question)
class QuestionAdmin(ScopedAdmin):
    icon, order = "help", 10
    state_field = "state"
    search = NameSearch("grams", "title", "pinyin")
    search_help_text = gettext_lazy("问题：汉字、全拼或首字母")
    list_display = (
        link_column(gettext_lazy("问题"), question_address, lambda row: row.title),
        "category", "union", "officer_name", state_column("state", tones.QUESTIONS), "due",
        when_column("created_at", gettext_lazy("提出")),
    )  # fmt: skip
    list_select_related = ("union", "officer")
    list_filter = (
        subtree_filter(), ("state", ChoicesDropdownFilter), ("category", ChoicesDropdownFilter), LateFilter,
    )  # fmt: skip
    ordering = ("-id",)
    fields = ("title", "body", "category", "screen", "union", "asker", "state", "due", "officer", "closed_at")
    empty_hint = gettext_lazy("下级管理员在“运营台”提问后，会出现在这里。")
    verbs = (
        QuestionVerb("take", gettext_lazy("受理"), actions.take_question, ANSWER, icon="front_hand", tone="primary",
                     when=in_state("asked"), question=gettext_lazy("受理后由您答复；同事会看到是您在办。")),
        QuestionVerb("answer", gettext_lazy("答复"), actions.answer_question, ANSWER, form=AnswerForm, icon="reply",
                     tone="primary", when=in_state("taken", "fixed")),
        QuestionVerb("ask_back", gettext_lazy("请提问人补充"), actions.ask_back, ANSWER, form=WordsForm,
                     when=in_state("taken"), icon="contact_support"),
        QuestionVerb("escalate", gettext_lazy("转技术团队"), actions.escalate_question, ANSWER, form=EscalateForm,
                     when=in_state("taken"), icon="engineering"),
        QuestionVerb("put_back", gettext_lazy("放回待受理"), actions.put_back_question, ANSWER, form=SaidReasonForm,
                     when=in_state("taken"), icon="undo"),
        QuestionVerb("close", gettext_lazy("结束"), actions.close_question, ANSWER, form=SaidReasonForm,
                     when=in_state("taken", "asked_back"), icon="block", tone="danger",
                     question=gettext_lazy("不用答复的才结束，例如重复提问、与平台无关。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("union", "officer", "asker")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "due"]

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        return (
            row is not None
            and row.asker_id != request.actor.user_id
            and super()._is_offered(request, name, row)
        )

    @display(description=gettext_lazy("受理人"))
    def officer_name(self, row: Question) -> str:
        return str(row.officer) if row.officer else "—"

    @display(description=gettext_lazy("最迟"), ordering="due_on")
    def due(self, row: Question) -> str:
        return due_shown(row)


# --- one question


@console_page("opsdesk/questions/<int:question_id>", name="opsdesk_question", needs=ASK)
def question_page(request: HttpRequest, question_id: int) -> HttpResponse:
    row = question_for(request.actor, question_id)
    if request.method != "POST":
        return drawn(request, row)
    verb, words = request.POST.get("verb", ""), request.POST.get("words", "")
    if verb == "attach":
        return attached(request, row)
    call, says = presses(request, row, words).get(verb, (None, ""))
    require(call, NOT_FOUND)
    return pressed(
        request, call, says=says, back=question_address(row),
        again=lambda said, status: drawn(request, row, refusal=said, typed=words, status=status),
    )  # fmt: skip


def attached(request: HttpRequest, row: Question) -> HttpResponse:
    paper, back = request.FILES.get("paper"), question_address(row)

    def attach() -> None:
        require(paper is not None and paper.size, errors.PAPER_MISSING)
        require(paper.size <= PAPER_MAX_MB * 2**20, errors.PAPER_TOO_LARGE, limit_mb=PAPER_MAX_MB)
        actions.attach_paper(request.actor, question_id=row.pk, content=paper.read())

    return pressed(
        request, attach, says=_("附件已加上。"), back=f"{back}#papers",
        again=lambda said, status: drawn(request, row, refusal=said, status=status),
    )  # fmt: skip


@console_page("opsdesk/papers/<int:paper_id>", name="opsdesk_paper", needs=ASK)
def paper_file(request: HttpRequest, paper_id: int) -> HttpResponse:
    paper = one_of(QuestionPaper.objects.visible_to(request.actor), paper_id)
    return file_to_take(paper.content, paper.name, paper.media_type)


def presses(request: HttpRequest, row: Question, words: str) -> dict[str, tuple]:
    """What the page's own buttons do: the asker's words, and answering by what is known."""
    actor, facts = request.actor, {"question_id": row.pk}
    known_id = row_id(request.POST.get("answer", "")) or 0
    return {
        "reply": (lambda: actions.reply_to_desk(actor, words=words, **facts), _("已补充，答疑台会接着办。")),
        "confirm": (lambda: actions.confirm_answer(actor, **facts), _("谢谢，这个问题已了结。")),
        "reopen": (
            lambda: actions.reopen_question(actor, words=words, **facts),
            _("已重新提出，答疑台会再办。"),
        ),
        "withdraw": (lambda: actions.withdraw_question(actor, **facts), _("已撤回。")),
        "point": (
            lambda: actions.point_to_answer(actor, answer_id=known_id, **facts),
            _("已用这条问答答复。"),
        ),
    }


def drawn(
    request: HttpRequest, row: Question, refusal: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    actor, screen = request.actor, admin.site._registry[Question]
    is_own = row.asker_id == actor.user_id
    is_desk = not is_own and actor.may(ANSWER, row.union.path)
    holds = is_desk and row.officer_id == actor.user_id
    offered = [
        verb for verb in screen.verbs
        if is_desk and verb.when(row) and (holds or verb.name in ("take", "put_back"))
    ]  # fmt: skip
    published = getattr(row, "published", None)
    was_answered = any(entry.state == "answered" for entry in row.entries.all())
    facts: dict[str, Any] = {
        "row": row,
        "is_own": is_own,
        "is_desk": is_desk,
        "tone": tones.QUESTIONS[row.state],
        "verbs": [(verb, reverse(f"admin:opsdesk_question_{verb.name}", args=[row.pk])) for verb in offered],
        "published": published,
        "may_publish": is_desk
        and published is None
        and was_answered
        and row.state not in ("asked", "taken", "asked_back"),
        "may_withdraw": is_own and row.state in ("asked", "taken", "asked_back"),
        "papers": row.papers.all(),
        "may_attach": row.is_open and (is_own or is_desk or actor.may(MEND, row.union.path)),
        "papers_most": PAPERS_MAX,
        "paper_kinds": ",".join(PAPER_KINDS),
        "similar": similar_answers(actor, row.title, limit=3) if holds and row.state == "taken" else [],
        "refusal": refusal,
        "typed": typed,
    }
    return render(request, "opsdesk/question.html", page_facts(request, row.number, **facts), status=status)


# --- asking


class AskForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("一句话说清问题"),
        max_length=TITLE_MAX,
        help_text=gettext_lazy("例如：名册导入后有三个人显示不在册"),
    )
    category = forms.ChoiceField(label=gettext_lazy("类别"), choices=Question.Category.choices)
    union = OwnUnion(gettext_lazy("以哪个工会的名义"))
    body = long_field(
        gettext_lazy("详细说明"),
        required=False,
        help_text=gettext_lazy("做了什么、看到什么、影响多少人。会员的姓名和证件号码请不要写。"),
    )
    screen = forms.CharField(
        label=gettext_lazy("出现在哪个页面"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("把浏览器地址栏的网址贴在这里。"),
    )
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, actor: Actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].bind(actor, ASK)
        for field in self.fields.values():
            dress(field)
            field.when, field.when_is, field.is_half = "", "", False

    def asked(self) -> actions.Asked:
        given = self.cleaned_data
        return actions.Asked(given["category"], given["title"], given["body"], given["screen"])


@console_page(
    "opsdesk/ask",
    name="opsdesk_ask",
    needs=ASK,
    title=gettext_lazy("我要提问"),
    icon="live_help",
    group="opsdesk",
    order=4,
)
def ask_page(request: HttpRequest) -> HttpResponse:
    """First what was answered before; sent when the asker has seen it and still asks."""
    form = AskForm(
        request.POST or None, actor=request.actor, initial={"title": request.GET.get("title", "")[:TITLE_MAX]}
    )
    similar, key = [], key_of(request)
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["sure"]:
            similar = similar_answers(request.actor, form.cleaned_data["title"])
        if not similar:
            try:
                row = sent(request, form, key)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("已提交，答疑台会在最迟日期前答复。有截图的，可以在下面加上。"))
                return HttpResponseRedirect(question_address(row))
    facts = {"form": form, "similar": similar, "sent": key, "back": reverse("admin:opsdesk")}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "opsdesk/ask.html", page_facts(request, _("我要提问"), **facts), status=status)


def sent(request: HttpRequest, form: AskForm, key: UUID) -> Question:
    own_key = uuid5(key, f"question {request.actor.user_id}")
    return actions.ask_question(
        request.actor, key=own_key, union_id=form.cleaned_data["union"], asked=form.asked()
    )


@waiting(needs=ANSWER, order=20)
def to_answer(actor: Actor) -> Figure | None:
    """How many wait for the desk, and how many of them too long."""
    found = waiting_questions(actor)
    count, overdue = found.count(), late(found).count()
    note = _("其中 %d 个已过期") % overdue if overdue else ""
    return (
        Figure(_("问题待答复"), count, "help", reverse("admin:opsdesk") + "#waiting", note) if count else None
    )
