"""Merge and dissolve in the back office: what moves and where is shown before it is done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.audit import REASON_LENGTH_MIN
from gonghui.kit.console import ScopedChoiceField, Verb, VerbForm
from gonghui.kit.console.verbs import reason_field
from gonghui.orgs import endings, queries
from gonghui.orgs.actions.endings import ABOVE, POOL, taker_of_dissolved
from gonghui.orgs.events import UnionEnded
from gonghui.orgs.models import Union

Line = tuple[str | Promise, str]


def _count(text: str, number: int) -> str:
    return text.format(n=f"{number:,}")


def what_ends(union: Union) -> list[Line]:
    """Of the union itself: members, unions below, grants."""
    below, grants = queries.unions_below(union).count(), queries.grants_at(union).count()
    goes = [(title, _count(_("{n} 件，一起转过去"), count)) for title, count in endings.under_way(union)]
    counted = [(title, count(union)) for title, count in endings.staying]
    stays = [(title, _count(_("{n} 项，照常办完，由上级管理"), count)) for title, count in counted if count]
    return [
        (_("会员"), _count(_("{n} 名"), endings.count_members(union))),
        (_("下级工会"), _count(_("{n} 个"), below)),
        *goes,
        *stays,
        (_("授权"), _count(_("{n} 项，办理后立即失效，不能恢复"), grants) if grants else _("没有")),
    ]


class EndingVerb(Verb):
    """Shows, above what it asks, what the union holds and where it would go."""

    def template_for(self, request: HttpRequest, name: str) -> str:
        if name != "verb":
            return super().template_for(request, name)
        return f"orgs/console/ending{'_dialog' if request.headers.get('HX-Request') else ''}.html"

    def page_facts(self, screen, request: HttpRequest, facts: dict) -> dict:
        facts = super().page_facts(screen, request, facts)
        if "form" in facts:
            facts["lines"] = what_ends(facts["row"])
            facts["taker"] = self.taker_shown(facts["form"])
        return facts

    def taker_shown(self, form: forms.Form) -> dict[str, Any] | None:
        """Of the union that takes over, once one is chosen."""
        return None


class MergeForm(VerbForm):
    into = ScopedChoiceField(
        "orgs.Union",
        "parent",
        label=gettext_lazy("并入哪个工会"),
        help_text=gettext_lazy("会员、下级工会都转到它那里；会员的入会日期不变。"),
    )
    reason = reason_field(
        min_length=REASON_LENGTH_MIN, help_text=gettext_lazy("例如上级批复的文号。会记入审计记录。")
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def facts(self) -> dict[str, Any]:
        return {"into_id": self.cleaned_data["into"].pk, "reason": self.cleaned_data["reason"]}


class MergeVerb(EndingVerb):
    """Asked twice: the second time with the other union's name and numbers before one's eyes."""

    def answer(self, screen, request: HttpRequest, row: Union, form: VerbForm) -> HttpResponse:
        into = form.cleaned_data["into"]
        if form.cleaned_data["seen"] == str(into.pk):
            return super().answer(screen, request, row, form)
        form.data = {**form.data.dict(), "seen": str(into.pk)}
        return self.ask(screen, request, row, form)

    def taker_shown(self, form: forms.Form) -> dict[str, Any] | None:
        into = getattr(form, "cleaned_data", {}).get("into")
        if into is None:
            return None
        below = queries.unions_below(into).count()
        members = endings.count_members(into)
        numbers = _("现在有会员 {members} 名、下级工会 {below} 个。")
        return {"name": into.name, "numbers": numbers.format(members=f"{members:,}", below=f"{below:,}")}


class DissolveForm(VerbForm):
    members_to = forms.ChoiceField(label=gettext_lazy("会员转到哪里"))
    reason = reason_field(
        min_length=REASON_LENGTH_MIN, help_text=gettext_lazy("例如单位注销的文号。会记入审计记录。")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not (endings.count_members(self.row) or endings.under_way(self.row)):
            del self.fields["members_to"]
            return
        above, pool = (taker_of_dissolved(self.row, to) for to in (ABOVE, POOL))
        choices = [("", _("请选择")), (ABOVE, _("上级工会：{union}").format(union=above))]
        if pool is not None:
            choices.append((POOL, _("周转库：{union}").format(union=pool)))
        self.fields["members_to"].choices = choices


def said_of_merge(ended: UnionEnded) -> str:
    return _count(_("已合并，{n} 名会员转了过去。"), ended.members)


def said_of_dissolution(ended: UnionEnded) -> str:
    return _count(_("已撤销，{n} 名会员转了过去。"), ended.members) if ended.members else _("已撤销。")
