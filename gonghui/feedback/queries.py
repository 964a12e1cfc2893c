"""Shares and tallies. Counts carry no person; single comments are shown under a masked name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from gonghui.feedback.models import MetricDefinition, Rating, Response, Survey
from gonghui.kit.masks import mask_name

SATISFACTION = "satisfaction"


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """`share` is a fraction of 1, None without answers; below `answers_min` it must be shown as 样本不足."""

    answers: int
    satisfied: int
    score_sum: int
    answers_min: int
    definition: str

    @property
    def mean(self) -> Decimal | None:
        return round(Decimal(self.score_sum) / self.answers, 2) if self.answers else None

    @property
    def share(self) -> float | None:
        return self.satisfied / self.answers if self.answers else None

    @property
    def is_enough(self) -> bool:
        return self.answers >= self.answers_min


def satisfaction_metric() -> MetricDefinition:
    """The definition in force: the newest version."""
    return MetricDefinition.objects.filter(code=SATISFACTION).order_by("-version")[0]


def satisfaction_of(subject_type: str, subject_ids: Iterable[int]) -> dict[int, Satisfaction]:
    """Per subject, two queries; a subject without answers is in the answer with zeros."""
    metric = satisfaction_metric()
    rows = (
        Rating.objects.unscoped("counts without persons")
        .filter(subject_type=subject_type, subject_id__in=(wanted := list(subject_ids)))
        .values("subject_id")
        .annotate(
            answers=Count("id"),
            satisfied=Count("id", filter=Q(score__gte=metric.at_least)),
            score_sum=Sum("score"),
        )
    )
    found = {row["subject_id"]: row for row in rows}
    return {key: _satisfaction(metric, found.get(key, {})) for key in wanted}


def _satisfaction(metric: MetricDefinition, row: dict) -> Satisfaction:
    return Satisfaction(
        answers=row.get("answers", 0),
        satisfied=row.get("satisfied", 0),
        score_sum=row.get("score_sum", 0),
        answers_min=metric.answers_min,
        definition=f"{metric.text}（{metric}）",
    )


def summed(parts: Iterable[Satisfaction]) -> Satisfaction | None:
    """Satisfaction of several subjects together; None for none."""
    parts = list(parts)
    if not parts:
        return None
    return Satisfaction(
        answers=sum(p.answers for p in parts),
        satisfied=sum(p.satisfied for p in parts),
        score_sum=sum(p.score_sum for p in parts),
        answers_min=parts[0].answers_min,
        definition=parts[0].definition,
    )


def score_counts(subject_type: str, subject_ids: Iterable[int]) -> dict[int, int]:
    """Score → number of ratings, all five scores present."""
    rows = (
        Rating.objects.unscoped("counts without persons")
        .filter(subject_type=subject_type, subject_id__in=list(subject_ids))
        .values_list("score")
        .annotate(n=Count("id"))
    )
    return dict.fromkeys(range(1, 6), 0) | dict(rows)


@dataclass(frozen=True, slots=True)
class Comment:
    name: str
    score: int
    text: str
    at: datetime


def shown_comments(subject_type: str, subject_id: int, *, limit: int = 20) -> list[Comment]:
    """Newest first, names masked."""
    rows = (
        Rating.objects.unscoped("comments its writers made public, names masked")
        .filter(subject_type=subject_type, subject_id=subject_id, state="shown")
        .exclude(comment="")
        .order_by("-id")
        .values_list("person__name", "score", "comment", "created_at")[:limit]
    )
    return [Comment(mask_name(name), score, text, at) for name, score, text, at in rows]


def latest_comments(
    subject_type: str, subject_ids: Iterable[int], *, limit: int = 20
) -> dict[int, list[Comment]]:
    """Of several subjects together, the newest; names masked."""
    rows = (
        Rating.objects.unscoped("comments its writers made public, names masked")
        .filter(subject_type=subject_type, subject_id__in=list(subject_ids), state="shown")
        .exclude(comment="")
        .order_by("-id")
        .values_list("subject_id", "person__name", "score", "comment", "created_at")[:limit]
    )
    found: dict[int, list[Comment]] = {}
    for subject_id, name, score, text, at in rows:
        found.setdefault(subject_id, []).append(Comment(mask_name(name), score, text, at))
    return found


def survey_in_use(code: str, union_path: str) -> Survey | None:
    """The published survey of the nearest union at or above `union_path`."""
    ids = [int(part) for part in union_path.strip(".").split(".")]
    found = (
        Survey.objects.unscoped("published surveys are public")
        .filter(code=code, state="published", union_id__in=ids)
        .select_related("union")
    )
    return max(found, key=lambda survey: len(survey.union.path), default=None)


def answer_tally(survey: Survey, subject_type: str, subject_ids: Iterable[int]) -> dict[str, Counter]:
    """Question code → how often each answer was given; free text is counted, not quoted."""
    tally: dict[str, Counter] = {q["code"]: Counter() for q in survey.questions}
    kinds = {q["code"]: q["kind"] for q in survey.questions}
    answers = (
        Response.objects.unscoped("counts without persons")
        .filter(survey=survey, subject_type=subject_type, subject_id__in=list(subject_ids))
        .values_list("answers", flat=True)
    )
    for given in answers:
        for code, answer in given.items():
            if kinds[code] == "text":
                tally[code]["text"] += 1
            else:
                tally[code].update(answer if isinstance(answer, list) else [answer])
    return tally
