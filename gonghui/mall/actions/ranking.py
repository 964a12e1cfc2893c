"""Which sections are liked best: from the day's counts to the night's ranking."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count, Q

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.mall.models import Interest, RankingSnapshot
from gonghui.mall.models.interest import RANKED_MAX
from gonghui.members.models import Consent

PURPOSE = "interests"
VERSION = 1
WEIGHTS = {"view": 1, "favourite": 3, "purchase": 5}
LOOK_BACK = timedelta(days=28)
KEPT = timedelta(days=90)
FEWEST = 10
"""A section fewer people cared about is no figure."""
WHY = "sums of sections"


def note_interest(actor: Actor, *, product_ids: Iterable[int], kind: str) -> None:
    """Once a day, and only with the consent."""
    if actor.person_id is None or not has_consented(actor):
        return
    day = clock.today()
    rows = [Interest(person_id=actor.person_id, product_id=pk, kind=kind, day=day) for pk in product_ids]
    Interest.objects.bulk_create(rows, ignore_conflicts=True)


def has_consented(actor: Actor) -> bool:
    return Consent.objects.visible_to(actor).filter(purpose=PURPOSE, withdrawn_at=None).exists()


@action
def take_snapshot(actor: Actor, *, day: date) -> RankingSnapshot:
    """Of the four weeks before `day`; taken once. What nobody consents to any more, and what is old, goes first."""
    known = RankingSnapshot.objects.unscoped(WHY).filter(to_day=day, version=VERSION).first()
    if known:
        return known
    _forget(day)
    found = Interest.objects.unscoped(WHY).filter(day__gt=day - LOOK_BACK, day__lte=day)
    counts = {f"{kind}s": Count("pk", filter=Q(kind=kind)) for kind in WEIGHTS}
    rows = found.values("product__section__code", "product__section__name").annotate(
        people=Count("person", distinct=True), **counts
    )
    items = [_item(row) for row in rows.filter(people__gte=FEWEST)]
    items.sort(key=lambda item: (-item["score"], item["code"]))
    return RankingSnapshot.objects.create(
        from_day=day - LOOK_BACK + timedelta(days=1), to_day=day, version=VERSION, weights=WEIGHTS, items=items[:RANKED_MAX]
    )  # fmt: skip


def _item(row: dict) -> dict:
    counted = {kind: row[f"{kind}s"] for kind in WEIGHTS}
    score = sum(weight * counted[kind] for kind, weight in WEIGHTS.items())
    return {
        "code": row["product__section__code"],
        "name": row["product__section__name"],
        **counted,
        "score": score,
    }


def _forget(day: date) -> None:
    consents = Consent.objects.unscoped(WHY).filter(purpose=PURPOSE, withdrawn_at=None)
    kept = Interest.objects.unscoped(WHY)
    kept.exclude(person__user_id__in=consents.values("user_id")).delete()
    kept.filter(day__lte=day - KEPT).delete()
