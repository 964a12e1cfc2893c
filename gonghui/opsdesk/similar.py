"""Answers like a question: how many pairs of neighbouring characters of the question stand in an answer's title."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db.models import FloatField, Func, QuerySet, TextField, Value
from django.db.models.expressions import F

from gonghui.kit.actors import Actor
from gonghui.kit.search import NameSearch, search_grams
from gonghui.opsdesk.models import Answer

OFFERED = 5
ALIKE_FROM = 0.3
"""Of the pairs that say something; below, chance words meet."""
SAYS_NOTHING = frozenset(
    (
        "怎么",
        "么办",
        "如何",
        "什么",
        "为什",
        "请问",
        "可以",
        "是否",
        "能不",
        "不能",
        "问题",
        "怎样",
        "哪里",
        "一下",
    )
)
SEARCH = NameSearch("grams", "title", "pinyin")


class SharedPairs(Func):
    """How many of the given texts are elements of the array: `SharedPairs(F("grams"), Value([...]))`."""

    template = "(SELECT count(*) FROM unnest(%(expressions)s))"
    arg_joiner = ") AS pair WHERE pair = ANY("
    output_field = FloatField()


def pairs_of(title: str) -> list[str]:
    """Neighbouring characters, without pinyin and without words that every question has."""
    pairs = [gram for gram in search_grams(title) if len(gram) == 2 and gram[0] not in "~^"]
    return [pair for pair in pairs if pair not in SAYS_NOTHING]


def answers_seen(actor: Actor) -> QuerySet[Answer]:
    return Answer.objects.visible_to(actor).filter(withdrawn_at=None).select_related("union")


def similar_answers(actor: Actor, title: str, *, limit: int = OFFERED) -> list[Answer]:
    """The most alike first; of those equally alike the newest."""
    pairs = pairs_of(title)
    if not pairs:
        return []
    shared = SharedPairs(F("grams"), Value(pairs, output_field=ArrayField(TextField())))
    found = answers_seen(actor).filter(grams__overlap=pairs).annotate(alike=shared / float(len(pairs)))
    return list(found.filter(alike__gte=ALIKE_FROM).order_by("-alike", "-id")[:limit])


def search_answers(actor: Actor, question: str) -> QuerySet[Answer]:
    """Every word in the title, in characters, pinyin or initials."""
    return answers_seen(actor).filter(SEARCH.q(question)).order_by("-id")
