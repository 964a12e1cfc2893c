"""优秀案例: told on a form, judged from the list, read by everybody below."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from gonghui.kit.console.sending import key_of
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin import tones
from gonghui.opsdesk.admin.asking import OwnUnion, WordsForm, long_field, page_of, pressed
from gonghui.opsdesk.models import CaseAward
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.models.cases import PRAISE_MAX, RESULTS_MAX, TITLE_MAX
from gonghui.opsdesk.queries import cases_seen, cases_to_judge, one_of
from gonghui.opsdesk.scopes import ANSWER, ASK

TO_JUDGE = "?state__exact=submitted"


def case_address(row: CaseAward) -> str:
    return reverse("admin:opsdesk_case", args=[row.pk])


class CaseVerb(Verb):
    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return case_address(row)


class PraiseForm(WordsForm):
    words = long_field(
        gettext_lazy("评语"),
        rows=3,
        max_length=PRAISE_MAX,
        help_text=gettext_lazy("写好在哪里；下级管理员都会看到。"),
    )


class ReasonForm(WordsForm):
    words = long_field(
        gettext_lazy("为什么没有入选"),
        rows=3,
        max_length=PRAISE_MAX,
        help_text=gettext_lazy("提交人会看到。"),
    )


@admin.register(CaseAward)
class CaseAwardAdmin(ScopedAdmin):
    icon, order = "military_tech", 45
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("案例")
    new_page = ("opsdesk_case_new", ASK, gettext_lazy("提交案例"))
    list_display = (
        link_column(gettext_lazy("案例"), case_address, lambda row: row.title),
        "year", "union", state_column("state", tones.CASES), "judge", when_column("created_at", gettext_lazy("提交")),
    )  # fmt: skip
    list_select_related = ("union", "judge")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        "title",
        "text",
        "results",
        "year",
        "union",
        "author",
        "state",
        "judge",
        "officer",
        "words",
        "decided_at",
    )
    empty_hint = gettext_lazy("管理员提交运营案例后，会出现在这里，由您评选。")
    verbs = (
        CaseVerb("award", gettext_lazy("评为优秀案例"), actions.award_case, ANSWER, form=PraiseForm, icon="military_tech",
                 tone="primary", when=in_state("submitted"), question=gettext_lazy("下级管理员都会看到这个案例和评语。")),
        CaseVerb("pass_over", gettext_lazy("不入选"), actions.pass_over_case, ANSWER, form=ReasonForm, icon="undo",
                 when=in_state("submitted")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("union", "judge", "author", "officer")

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        is_others = row is not None and row.author_id != request.actor.user_id
        return is_others and super()._is_offered(request, name, row)


@waiting(needs=ANSWER, order=35)
def to_judge(actor: Actor) -> Figure | None:
    count = cases_to_judge(actor).count()
    address = reverse("admin:opsdesk_caseaward_changelist") + TO_JUDGE
    return Figure(_("优秀案例待评选"), count, "military_tech", address) if count else None


class CaseForm(forms.Form):
    question = gettext_lazy("市级以上的答疑台评选；评上的，下级管理员都能看到。")
    union = OwnUnion(gettext_lazy("以哪个工会的名义"))
    title = forms.CharField(label=gettext_lazy("案例名称"), max_length=TITLE_MAX)
    text = long_field(
        gettext_lazy("怎么做的"), rows=10, max_length=BODY_MAX,
        help_text=gettext_lazy("缘起、做法、难点怎么解决，别的工会照着能做。"),
    )  # fmt: skip
    results = long_field(
        gettext_lazy("成效"),
        rows=3,
        max_length=RESULTS_MAX,
        help_text=gettext_lazy("多少人参加、多少人入会、好评多少，写数字。"),
    )

    def __init__(self, *args, actor: Actor, key, **kwargs):
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["union"].bind(actor, ASK)

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        told = actions.Told(given["title"], given["text"], given["results"])
        return {"key": self.key, "union_id": given["union"], "told": told}


@console_page("opsdesk/cases/new", name="opsdesk_case_new", needs=ASK)
def new_case(request: HttpRequest) -> HttpResponse:
    key = uuid5(key_of(request), f"case {request.actor.user_id}")
    form = CaseForm(request.POST or None, actor=request.actor, key=key)
    return ask(
        request, form, actions.submit_case, title=_("提交案例"), goes_to=case_address, says=_("已提交，等评选。"),
        back=reverse("admin:opsdesk_cases"),
    )  # fmt: skip


@console_page(
    "opsdesk/cases",
    name="opsdesk_cases",
    needs=ASK,
    title=gettext_lazy("案例库"),
    icon="local_library",
    group="opsdesk",
    order=6,
)
def cases_page(request: HttpRequest) -> HttpResponse:
    """One's own first where they still wait, then what was awarded, newest first."""
    own = CaseAward.objects.visible_to(request.actor).filter(author_id=request.actor.user_id)
    facts = {
        "page_obj": page_of(request, cases_seen(request.actor)),
        "own": [(row, tones.CASES[row.state]) for row in own.exclude(state="awarded").order_by("-id")[:5]],
        "waiting": cases_to_judge(request.actor).count(),
        "judged_at": TO_JUDGE,
    }
    return render(request, "opsdesk/cases.html", page_facts(request, _("案例库"), **facts))


@console_page("opsdesk/cases/<int:case_id>", name="opsdesk_case", needs=ASK)
def case_page(request: HttpRequest, case_id: int) -> HttpResponse:
    row = one_of(
        CaseAward.objects.visible_to(request.actor).select_related("union", "judge", "author"), case_id
    )
    if request.method == "POST":
        return pressed(
            request, lambda: actions.withdraw_case(request.actor, caseaward_id=row.pk), says=_("已撤回。"),
            back=case_address(row), again=lambda said, status: drawn(request, row, said, status),
        )  # fmt: skip
    return drawn(request, row)


def drawn(request: HttpRequest, row: CaseAward, refusal: str = "", status: int = 200) -> HttpResponse:
    actor, is_open = request.actor, row.state == "submitted"
    is_own = row.author_id == actor.user_id
    screen = admin.site._registry[CaseAward]
    offered = screen.verbs if is_open and not is_own and actor.may(ANSWER, row.union.path) else ()
    facts: dict[str, Any] = {
        "row": row, "is_own": is_own, "may_withdraw": is_open and is_own, "tone": tones.CASES[row.state], "refusal": refusal,
        "sees_author": is_own or actor.may(ANSWER, row.union.path),
        "verbs": [(verb, reverse(f"admin:opsdesk_caseaward_{verb.name}", args=[row.pk])) for verb in offered],
    }  # fmt: skip
    return render(request, "opsdesk/case.html", page_facts(request, row.title, **facts), status=status)
