"""受众 in the back office: the list with how many and how old, one audience with its wording, its people's number, and why."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.audiences import actions, errors, queries
from gonghui.audiences.engine import Said, Why, said, why
from gonghui.audiences.models import Audience, AudienceRun, AudienceVersion
from gonghui.audiences.naming import names_for
from gonghui.audiences.predicates import tree_of
from gonghui.audiences.predicates.facts import Wrong
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.audit import record_unmask
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
)
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import DomainError, require
from gonghui.kit.identifiers import read_phone, row_id
from gonghui.kit.masks import mask_name
from gonghui.kit.search import NameSearch
from gonghui.kit.templatetags.kit import cn_when
from gonghui.members.models import Membership

TONES = {"active": "success", "retired": "info"}
RUN_TONES = {"done": "success", "failed": "danger", "running": "info", "waiting": "info"}
RUNS_SHOWN, VERSIONS_SHOWN, FOUND_MAX = 30, 20, 6


def audience_address(row: Audience) -> str:
    return reverse("admin:audience", args=[row.pk])


@dataclass(frozen=True)
class AudienceVerb(Verb):
    """Comes back to the audience's own page."""

    key: str = "audience_id"

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return audience_address(row)


@admin.register(Audience)
class AudienceAdmin(ScopedAdmin):
    icon, order = "groups", 10
    view_verb = "audiences.view"
    export_verb = ""
    state_field = "state"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("受众名称")
    list_display = (
        link_column(gettext_lazy("受众"), audience_address, lambda row: row.name),
        "union", "people", "made", "rule", state_column("state", TONES),
    )  # fmt: skip
    list_select_related = ("union", "tally")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("name", "union", "note", "rule", "state", "is_sensitive", "maker")
    empty_hint = gettext_lazy("点“新建受众”，说清是哪些会员，发消息、发福利时就能选用。")
    verbs = (
        AudienceVerb("rebuild", gettext_lazy("现在更新"), actions.ask_rebuild, "audiences.write", icon="sync",
                     when=in_state("active"), question=gettext_lazy("按现在的条件把人重新算一遍，一般不到一分钟。"),
                     done=gettext_lazy("已开始更新，算好后这里会显示新的人数。")),
        AudienceVerb("retire", gettext_lazy("停用"), actions.retire_audience, "audiences.write", icon="archive",
                     when=in_state("active"), question=gettext_lazy("停用后不能再选用；条件和人数变化的记录保留，可以恢复。")),
        AudienceVerb("restore", gettext_lazy("恢复使用"), actions.restore_audience, "audiences.write", icon="unarchive",
                     tone="primary", when=in_state("retired")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related(*self.list_select_related)

    @display(description=gettext_lazy("人数"))
    def people(self, row: Audience) -> str:
        return people_shown(row)

    @display(description=gettext_lazy("算好时间"))
    def made(self, row: Audience) -> str:
        return cn_when(row.tally.made_at) if row.tally.made_at else "—"


def people_shown(row: Audience) -> str:
    if row.tally.made_at is None:
        return _("还没有算好") if row.state == Audience.State.ACTIVE else "—"
    return queries.shown_count(row.tally.count, is_sensitive=row.is_sensitive)


@console_page("audiences/<int:audience_id>", name="audience", needs="audiences.view")
def audience_page(request: HttpRequest, audience_id: int) -> HttpResponse:
    row = queries.audience_for(request.actor, audience_id)
    runs = list(row.runs.select_related("version").order_by("-id")[:RUNS_SHOWN])
    versions = wordings_of(list(row.versions.select_related("maker").order_by("-number")[:VERSIONS_SHOWN]))
    facts: dict[str, Any] = {
        "row": row,
        "people": people_shown(row),
        "seen": queries.freshness(row),
        "wording": versions[0][1],
        "versions": versions,
        "runs": [run_shown(run, row) for run in runs],
        "chart": chart_of(runs, row),
        "verbs": verbs_for(request, row),
        "may_write": request.actor.may("audiences.write", row.union.path)
        and row.state == Audience.State.ACTIVE,
        **asked_about(request, row),
    }
    return render(request, "audiences/console/audience.html", page_facts(request, row.name, **facts))


def wordings_of(versions: list[AudienceVersion]) -> list[tuple[AudienceVersion, Said | None]]:
    """None where what a wording asks is not there any more."""
    trees = {}
    for version in versions:
        with suppress(Wrong):
            trees[version.pk] = tree_of(version.predicate)
    names = names_for(*trees.values())
    return [
        (version, said(trees[version.pk], names) if version.pk in trees else None) for version in versions
    ]


def verbs_for(request: HttpRequest, row: Audience) -> list[dict[str, Any]]:
    screen = admin.site._registry[Audience]
    return [
        {"verb": verb, "url": reverse(f"admin:audiences_audience_{verb.name}", args=[row.pk])}
        for verb in screen.all_verbs()
        if verb.when(row) and screen.may(request, verb.needs, row)
    ]


def run_shown(run: AudienceRun, row: Audience) -> dict[str, Any]:
    """Of sensitive ones not who came and went: one more or less would tell of one person."""
    is_done = run.state == AudienceRun.State.DONE
    return {
        "run": run,
        "tone": RUN_TONES[run.state],
        "people": queries.shown_count(run.people or 0, is_sensitive=row.is_sensitive) if is_done else "—",
        "shows_moves": is_done and not row.is_sensitive,
        "took_s": (run.ended_at - run.started_at).total_seconds()
        if run.ended_at and run.started_at
        else None,
    }


def chart_of(runs: list[AudienceRun], row: Audience) -> dict[str, Any] | None:
    done = [run for run in reversed(runs) if run.state == AudienceRun.State.DONE]
    if len(done) < 2 or row.is_sensitive:
        return None
    labels = [cn_when(run.ended_at) for run in done]
    return {
        "kind": "line",
        "labels": labels,
        "series": [{"name": _("人数"), "values": [run.people for run in done]}],
        "unit": "",
    }


# --- why


def asked_about(request: HttpRequest, row: Audience) -> dict[str, Any]:
    """Somebody looked for by name or phone, and of one who was picked: why in, or why not."""
    question, picked = request.GET.get("q", "").strip()[:40], request.GET.get("who", "")
    facts: dict[str, Any] = {"asked": question}
    if not (question or picked) or not request.actor.may("members.view", row.union.path):
        return facts
    try:
        require(not row.is_sensitive, errors.SENSITIVE_PERSON)
        if picked:
            found = people_found(request.actor).filter(person_id=row_id(picked) or 0)[:1]
            require(found, errors.NOBODY_FOUND)
        else:
            found = people_called(request.actor, question)
            require(found, errors.NOBODY_FOUND)
        if len(found) == 1:
            facts |= {"told": told(request.actor, row, found[0]), "member": shown(found[0])}
        else:
            facts["found"] = [shown(one) for one in found]
    except DomainError as error:
        facts["refusal"] = error
    except Wrong:
        facts["refusal"] = DomainError(errors.PREDICATE_WRONG, detail="")
    return facts


def people_found(actor: Actor):
    """Live members whom the actor sees."""
    live = Membership.objects.visible_to(actor).filter(status__in=Membership.LIVE)
    return live.select_related("person", "union").order_by("person__pinyin", "person_id")


def people_called(actor: Actor, question: str) -> list[Membership]:
    phone = read_phone(question)
    if phone.ok:
        indexes = get_keyring().blind_indexes("phone", phone.value)
        return list(people_found(actor).filter(person__phone_index__in=indexes)[:FOUND_MAX])
    called = NameSearch("person__grams", "person__name", "person__pinyin").q(question)
    return list(people_found(actor).filter(called)[:FOUND_MAX]) if called else []


def shown(found: Membership) -> dict[str, Any]:
    return {"id": found.person_id, "name": mask_name(found.person.name), "union": found.union.name}


@action
def told(actor: Actor, row: Audience, found: Membership) -> Why:
    """It says things of a person that no list does: the look is recorded, and they may ask for it."""
    record_unmask(
        actor, [found.person], fields=["audience"], reason=_("查看为什么在或不在受众“%s”里") % row.name
    )
    return why(row, found.person_id)


@waiting(needs="audiences.write", order=60)
def audiences_failed(actor: Actor) -> Figure | None:
    count = queries.stale_or_failed(actor).count()
    link = reverse("admin:audiences_audience_changelist") + "?state__exact=active"
    if not count:
        return None
    return Figure(
        _("受众没有按时更新"), count, icon="groups", link=link, note=_("过期的算好之前不能用；会自动再试")
    )
