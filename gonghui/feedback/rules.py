"""Surveys as data: which questions are well formed and which answers fit them. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

QUESTION_KINDS = frozenset({"score", "choice", "many", "text"})
QUESTIONS_MAX = 30
TEXT_LENGTH_MAX = 500

Question = Mapping[str, Any]


def wrong_questions(questions: Any) -> list[str]:
    """What a survey's author must mend; empty when it can be published."""
    if not isinstance(questions, list) or not 0 < len(questions) <= QUESTIONS_MAX:
        return [_("问卷要有 1 到 %s 个题目。") % QUESTIONS_MAX]
    codes = [q.get("code") if isinstance(q, dict) else None for q in questions]
    if None in codes or "" in codes or len(set(codes)) != len(codes):
        return [_("每个题目要有各不相同的代号。")]
    return [problem for q in questions for problem in _wrong_question(q)]


def _wrong_question(question: Question) -> list[str]:
    code = question["code"]
    if not question.get("text"):
        return [_("题目 %s 没有题干。") % code]
    if question.get("kind") not in QUESTION_KINDS:
        return [_("题目 %s 的题型不对。") % code]
    if question["kind"] in {"choice", "many"} and len(set(question.get("options", []))) < 2:
        return [_("题目 %s 至少要有两个选项。") % code]
    return []


def wrong_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[str]:
    """What the member must mend, in the order of the questions."""
    unknown = set(answers) - {q["code"] for q in questions}
    problems = [_("没有这道题：%s") % code for code in sorted(unknown)]
    for number, question in enumerate(questions, start=1):
        given = answers.get(question["code"])
        if given in (None, "", []):
            if question.get("required"):
                problems.append(_("第 %s 题还没有回答。") % number)
        elif not is_answer(question, given):
            problems.append(_("第 %s 题的回答不对。") % number)
    return problems


def is_answer(question: Question, given: Any) -> bool:
    match question["kind"]:
        case "score":
            return isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 5
        case "choice":
            return given in question["options"]
        case "many":
            options = question["options"]
            return isinstance(given, list) and all(g in options and given.count(g) == 1 for g in given)
        case _:
            return isinstance(given, str) and len(given) <= TEXT_LENGTH_MAX
