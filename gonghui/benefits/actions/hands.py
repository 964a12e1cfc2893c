"""Who agrees to a release: its review sets money aside, so as many as the rules of funds ask for that sum."""

from __future__ import annotations

from django.db.models import Sum
from django.utils.translation import gettext as _

from gonghui.benefits import conditions
from gonghui.benefits.models import Release
from gonghui.funds.actions.quorum import FEW, Question, agree, strictest, withdraw
from gonghui.funds.models import Matter
from gonghui.kit.actors import Actor


def is_agreed(actor: Actor, release: Release) -> bool:
    """Notes the reviewer's yes; true where the review takes effect now. What sets nothing aside needs its one reviewer, and
    leaves no record. The caller holds the release's row."""
    conditions.meet(conditions.before_agreed, actor, release)
    fen = conditions.worth_of(release)
    return not fen or agree(actor, _question_of(release, fen))


def _question_of(release: Release, fen: int) -> Question:
    """Titles are typed and may name persons, so they are not published."""
    places = release.pools.aggregate(n=Sum("capacity"))["n"] or 0
    is_of_few = places < FEW
    words = _("投放券") if is_of_few else _("投放券：{n} 张").format(n=f"{places:,}")
    return Question(Matter.RELEASE, release.pk, release.title, words, release.union, fen, not is_of_few)


def several_needed(release: Release) -> str:
    """Why nobody may review it alone, in words; empty where one may."""
    fen = conditions.worth_of(release)
    hands, cooling_h = strictest(Matter.RELEASE, release.union, fen) if fen else (1, 0)
    if (hands, cooling_h) == (1, 0):
        return ""
    said = _("这一期要留足的钱按规定要 {n} 位同事复核，请在“投放”里逐期复核。")
    return said.format(n=hands) if hands > 1 else _("这一期要留足的钱按规定有冷静期，请在“投放”里逐期复核。")


def take_back_yeses(release: Release, reason: str) -> None:
    """It is not the one they agreed to any more."""
    withdraw(Matter.RELEASE, release.pk, reason)
