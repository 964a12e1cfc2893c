"""定期投放: written, reviewed by another, stopped; each time made ahead as its own release with its own money, once."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.benefits import conditions, errors, rules
from gonghui.benefits.actions import timers
from gonghui.benefits.actions.hands import several_needed
from gonghui.benefits.actions.releases import because, release_for
from gonghui.benefits.models import Pool, Release
from gonghui.benefits.models.releases import RELEASE_VERBS
from gonghui.bills import terms_errors
from gonghui.bills.actions.days import ended_days, require_day_of_line
from gonghui.bills.models import BenefitDay, ReleaseSeries, SeriesDay
from gonghui.bills.models.series import SERIES_VERBS
from gonghui.bills.pricing.screen import says_day
from gonghui.bills.terms_tasks import make_series_days
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.jobs import sweep
from gonghui.kit.states import move
from gonghui.members.queries import person_id_of
from gonghui.notices.actions import Notice, tell_once

OURS = "a series, found by its timer"
ONE_DAY = timedelta(days=1)
Rule = ReleaseSeries.Rule
COPIED = (
    "mode", "verified_only", "per_person", "party_max", "names_required",
    "confirm_within_s", "waitlist_max",
)  # fmt: skip
POOL_COPIED = ("label", "capacity", "place", "honour_by")
POOL_TIMES = ("opens_at", "closes_at", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    title: str
    rule: str
    starts_on: date
    ends_on: date
    day: int = 1
    weekdays: tuple[int, ...] = ()
    days: tuple[date, ...] = ()
    ahead_days: int = 7
    benefit_day: BenefitDay | None = None


def days_of(series: ReleaseSeries | SeriesPlan, first: date, last: date) -> Iterator[date]:
    """Of the rule, from `first` to `last`, within the series' own dates."""
    day, end = max(first, series.starts_on), min(last, series.ends_on)
    while day <= end:
        if _falls_on(series, day):
            yield day
        day += ONE_DAY


def _falls_on(series: ReleaseSeries | SeriesPlan, day: date) -> bool:
    if series.rule == Rule.MONTHLY:
        return day.day == min(series.day, calendar.monthrange(day.year, day.month)[1])
    if series.rule == Rule.WEEKLY:
        return day.isoweekday() in series.weekdays
    if series.rule == Rule.NAMED:
        return series.benefit_day is not None and series.benefit_day.has(day)
    return day in series.days


def wrong_series(plan: SeriesPlan, today: date) -> list[str]:
    wrong = []
    if not plan.title.strip():
        wrong.append(_("请填写名称。"))
    if plan.starts_on > plan.ends_on:
        wrong.append(_("开始日期不能晚于截止日期。"))
    if plan.rule == Rule.WEEKLY and not plan.weekdays:
        wrong.append(_("请选择每周的哪几天。"))
    if plan.rule == Rule.DAYS and not plan.days:
        wrong.append(_("请填写指定的日子。"))
    if plan.rule == Rule.NAMED and plan.benefit_day is None:
        wrong.append(_("请选择工惠日。"))
    if not 1 <= plan.day <= 31 or not 1 <= plan.ahead_days <= 60:
        wrong.append(_("每月几号要在 1 到 31 之间，提前天数要在 1 到 60 之间。"))
    if not wrong and next(days_of(plan, today + ONE_DAY, plan.ends_on), None) is None:
        wrong.append(_("按这个规则，今后一次也不会投放。"))
    return wrong


@action
def draft_series(actor: Actor, *, release_id: int, plan: SeriesPlan) -> ReleaseSeries:
    """`release_id` is the draft that is repeated."""
    template = release_for(actor, release_id, "releases.write")
    named = {"release": template.title}
    is_draft = template.state == Release.State.DRAFT
    require(is_draft, terms_errors.TEMPLATE_NOT_DRAFT, state=template.get_state_display(), **named)
    require(template.mode != Release.Mode.DRAW, terms_errors.TEMPLATE_IS_DRAW, **named)
    is_taken = ReleaseSeries.objects.unscoped(OURS).filter(template=template).exists()
    require(not is_taken, terms_errors.TEMPLATE_TAKEN, **named)
    require(template.pools.exists(), errors.NOTHING_TO_RELEASE)
    _say(wrong_series(plan, clock.today()))
    facts = {one.name: getattr(plan, one.name) for one in fields(plan)}
    facts |= {"weekdays": sorted(set(plan.weekdays)), "days": sorted(set(plan.days))}
    if plan.rule == Rule.NAMED:
        require_day_of_line(plan.benefit_day.pk, template.union)
    else:
        facts["benefit_day"] = None
    return ReleaseSeries.objects.create(template=template, maker_id=actor.user_id, **facts)


def _say(wrong: Sequence[str]) -> None:
    require(not wrong, terms_errors.SERIES_WRONG, detail="".join(wrong))


def series_for(actor: Actor, series_id: int, verb: str) -> ReleaseSeries:
    """Fetched, locked and allowed in one call."""
    found = ReleaseSeries.objects.visible_to(actor).select_related(
        "template__union", "template__offer", "benefit_day"
    )
    series = found.filter(pk=series_id).select_for_update(of=("self",), no_key=True).first()
    require(series, NOT_FOUND)
    require(actor.may(verb, series.template.union.path))
    return series


@action
def review_series(actor: Actor, *, series_id: int) -> ReleaseSeries:
    """By another than its maker: for all its times at once. The first ones are made right away, by a job."""
    series = series_for(actor, series_id, "releases.review")
    require(actor.user_id and actor.user_id != series.maker_id, terms_errors.SERIES_MAKER_IS_CHECKER)
    _say(ended_days(filter(None, [series.benefit_day_id])))
    move(series, SERIES_VERBS, "review", checker_id=actor.user_id)
    make_series_days.defer()
    return series


@action
def stop_series(actor: Actor, *, series_id: int, reason: str) -> ReleaseSeries:
    """Nothing more is made; releases that were made stay, and are cancelled one by one if they must not be."""
    series = series_for(actor, series_id, "releases.write")
    because(actor, reason)
    move(series, SERIES_VERBS, "stop")
    return series


def make_due_days(actor: Actor) -> list[SeriesDay]:
    """Of every living series, each in a transaction of its own: killed anywhere, it goes on where it was."""
    today = clock.today()
    made = []
    living = ReleaseSeries.objects.unscoped(OURS).filter(state="reviewed", ends_on__gte=today)
    living = living.select_related("benefit_day")
    with sweep() as each:
        for series in living.order_by("id"):
            for day in days_of(series, today, today + timedelta(days=series.ahead_days)):
                if one := each(make_day, actor, series_id=series.pk, day=day):
                    made.append(one)
    return made


@action
def make_day(actor: Actor, *, series_id: int, day: date) -> SeriesDay | None:
    """The release of that day, reviewed and paid for; once, whoever asks. None when there was nothing to do any more."""
    series = series_for(actor, series_id, "releases.write")
    if series.state != ReleaseSeries.State.REVIEWED:
        return None
    one = series.occurrences.select_related("release").filter(starts_on=day).first()
    if one is None and _opening(series, day) <= clock.now():
        return None
    one = one or SeriesDay.objects.create(series=series, starts_on=day, release=_copied(series, day))
    if one.release.state != Release.State.DRAFT:
        return None
    problem = _reviewed(actor, series, one.release)
    if problem != one.problem:
        one.problem = problem
        one.save(update_fields=["problem", "updated_at"])
        if problem:
            _tell_owners(actor, series, one)
    return one


def _opening(series: ReleaseSeries, day: date) -> datetime:
    """On that day at the template's time of day."""
    return datetime.combine(day, series.template.opens_at.astimezone(CHINA).time(), CHINA)


def _mover(series: ReleaseSeries, day: date) -> Callable[[datetime | None], datetime | None]:
    """Times of the template as of that day: month by month keeps ends of months at ends of months, else whole days."""
    first, opening = series.template.opens_at.astimezone(CHINA), _opening(series, day)
    months = (day.year - first.year) * 12 + day.month - first.month if series.rule == Rule.MONTHLY else 0
    rest = opening - months_later(first, months)

    def moved(at: datetime | None) -> datetime | None:
        return None if at is None else months_later(at.astimezone(CHINA), months) + rest

    return moved


def months_later(at: datetime, months: int) -> datetime:
    """The same day of a later month, or its last one."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def _copied(series: ReleaseSeries, day: date) -> Release:
    """The template, moved; who made the series made it."""
    template = series.template
    moved = _mover(series, day)
    release = Release.objects.create(
        offer_id=template.offer_id,
        union_id=template.union_id,
        audience_union_id=template.audience_union_id,
        maker_id=series.maker_id,
        title=_("%(title)s（%(day)s）") % {"title": template.title[:100], "day": says_day(day)},
        announce_at=moved(template.announce_at),
        opens_at=moved(template.opens_at),
        closes_at=moved(template.closes_at),
        cancel_until=moved(template.cancel_until),
        audience_groups=template.audience_groups or (series.benefit_day.groups if series.benefit_day else []),
        **{name: getattr(template, name) for name in COPIED},
    )
    for pool in template.pools.order_by("id"):
        times = {name: moved(getattr(pool, name)) for name in POOL_TIMES}
        facts = model_to_dict(pool, POOL_COPIED)
        Pool.objects.create(release=release, store_id=pool.store_id, **facts, **times)
    return release


def _reviewed(actor: Actor, series: ReleaseSeries, release: Release) -> str:
    """Why it could not be: then nothing of the review stands and no money is set aside."""
    release = Release.objects.unscoped(OURS).select_related("union", "offer").get(pk=release.pk)
    wrong = rules.wrong_times(release, list(release.pools.all()), clock.now())
    problem = " ".join(wrong) or several_needed(release)
    if problem:
        return problem
    try:
        with transaction.atomic():
            move(release, RELEASE_VERBS, "review", checker_id=series.checker_id)
            conditions.meet(conditions.when_reviewed, actor, release)
            timers.announce_at(release)
    except DomainError as refused:
        return str(refused)
    return ""


def _tell_owners(actor: Actor, series: ReleaseSeries, one: SeriesDay) -> None:
    """Once for every new reason."""
    facts = {"series": series.title, "day": one.starts_on}
    notice = Notice(
        "series",
        _("定期投放“%(series)s”%(day)s 这一期没有备好") % facts,
        one.problem,
        reverse("admin:series", args=[series.pk]),
    )
    for user_id in (series.maker_id, series.checker_id):
        once = f"series:{one.pk}:{sha256(one.problem.encode()).hexdigest()[:12]}:{user_id}"
        tell_once(actor, once=once, notice=notice, person_id=person_id_of(user_id), user_id=user_id)
