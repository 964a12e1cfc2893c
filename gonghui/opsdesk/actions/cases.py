"""优秀案例: told by an administrator, judged once by a desk above, and never by who told it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.notices.actions import Notice
from gonghui.notices.actions.staff import tell_staff
from gonghui.opsdesk import errors
from gonghui.opsdesk.models import CaseAward
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.models.cases import PRAISE_MAX, RESULTS_MAX, TITLE_MAX, VERBS
from gonghui.opsdesk.scopes import ANSWER, ASK, chain
from gonghui.orgs.models import Union

WHY = "held by its own verb"


@dataclass(frozen=True, slots=True)
class Told:
    title: str
    text: str
    results: str


@action
def submit_case(actor: Actor, *, key: UUID, union_id: int, told: Told) -> CaseAward:
    """Of a union where the actor holds a post. The same key again is the same case."""
    union = Union.objects.unscoped(WHY).filter(pk=union_id, status="active").first()
    require(union and actor.user_id and actor.may(ASK, union.path), NOT_FOUND)
    said = [
        _plain(told.title, TITLE_MAX),
        _plain(told.text, BODY_MAX),
        _plain(told.results, RESULTS_MAX),
    ]
    row, _is_new = CaseAward.objects.unscoped("asked by its key").get_or_create(
        key=key,
        defaults={
            "union": union, "author_id": actor.user_id, "year": clock.today().year,
            **dict(zip(("title", "text", "results"), said, strict=True)),
        },
    )  # fmt: skip
    require((row.author_id, row.title, row.text) == (actor.user_id, *said[:2]), errors.KEY_TAKEN)
    return row


@action
def award_case(actor: Actor, *, caseaward_id: int, words: str) -> CaseAward:
    """Everybody below the judging union reads it from now on."""
    return _judge(actor, caseaward_id, "award", words, _("您提交的案例评为优秀案例：{words}"))


@action
def pass_over_case(actor: Actor, *, caseaward_id: int, words: str) -> CaseAward:
    """Its author reads why."""
    return _judge(actor, caseaward_id, "pass_over", words, _("您提交的案例这次没有入选：{words}"))


@action
def withdraw_case(actor: Actor, *, caseaward_id: int) -> CaseAward:
    row = _held(caseaward_id)
    require(actor.user_id and row.author_id == actor.user_id, NOT_FOUND)
    move(row, VERBS, "withdraw")
    return row


def _judge(actor: Actor, case_id: int, verb: str, words: str, said: str) -> CaseAward:
    """In the name of the highest union on the case's way up for which the actor speaks."""
    row = _held(case_id)
    above = [path for path in chain(row.union.path) if actor.may(ANSWER, path)]
    require(actor.user_id and above, NOT_FOUND)
    require(row.author_id != actor.user_id, errors.OWN_CASE)
    words = _plain(words, PRAISE_MAX)
    judge = Union.objects.unscoped(WHY).get(path=above[0])
    move(row, VERBS, verb, judge=judge, officer_id=actor.user_id, words=words, decided_at=clock.now())
    notice = Notice("notice", row.title, said.format(words=words), f"/console/opsdesk/cases/{row.pk}")
    tell_staff(actor, occasion=f"case:{row.pk}", user_ids=[row.author_id], notice=notice)
    return row


def _held(case_id: int) -> CaseAward:
    found = CaseAward.objects.unscoped(WHY).select_related("union").filter(pk=case_id)
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row, NOT_FOUND)
    return row


def _plain(words: str, most: int) -> str:
    words = words.replace("\x00", "").strip()
    require(words, errors.WORDS_MISSING)
    require(len(words) <= most, errors.TEXT_TOO_LONG, max=most)
    return words
