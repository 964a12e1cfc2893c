"""One release as its readers see it: how places go out, by which rules, and what is left of each session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils.translation import gettext as _

from gonghui.activities.models import Session
from gonghui.benefits.models import Pool, Release
from gonghui.kit import clock
from gonghui.kit.clock import CHINA
from gonghui.portal.rules import Stage, Supply, said_for, said_until, said_when


@dataclass(frozen=True, slots=True)
class Row:
    """A session with its pool."""

    pool: Pool
    session: Session | None
    state: Stage

    @property
    def starts_at(self) -> datetime:
        return self.session.starts_at if self.session else self.pool.valid_from or self.pool.opening

    @property
    def place(self) -> str:
        if self.session is None:
            return self.pool.place
        hall, store = self.session.hall, self.session.store
        return " ".join(part for part in (store and store.name, hall and hall.name) if part)

    @property
    def has_time(self) -> bool:
        return self.session is not None or self.pool.valid_from is not None

    @property
    def opens_apart(self) -> datetime | None:
        """Its opening, where it is not that of its release."""
        return self.pool.opens_at if self.pool.opens_at != self.pool.release.opens_at else None


@dataclass(frozen=True, slots=True)
class Offering:
    release: Release
    rows: Sequence[Row]
    supply: Supply
    terms: Sequence[tuple[str, str]]

    @property
    def state(self) -> Stage:
        return self.supply.stage

    @property
    def pause_reason(self) -> str:
        return self.supply.pause_reason if self.state == Stage.PAUSED else ""

    @property
    def opens_at(self) -> datetime:
        """The next opening, else the first one there was."""
        return self.supply.next_opening or min(
            (row.pool.opening for row in self.rows), default=self.release.opens_at
        )

    @property
    def closes_at(self) -> datetime:
        return max((row.pool.closing for row in self.rows), default=self.release.closes_at)

    @property
    def span(self) -> str:
        """The days this release is for, as a heading says them."""
        times = [row.starts_at for row in self.rows if row.has_time]
        return said_when(min(times, default=None), max(times, default=None), len(times))

    @property
    def days(self) -> list[tuple[date, list[Row]]]:
        return [(day, list(rows)) for day, rows in groupby(self.rows, key=_day_of)]


def _day_of(row: Row) -> date:
    return row.starts_at.astimezone(CHINA).date()


def offerings_of(sessions: Iterable[Session], groups: Mapping[str, str]) -> list[Offering]:
    """The releases of these sessions (with pool and release), in the order in which they open."""
    pairs = [(s.pool, s) for s in sessions if s.pool and s.pool.release.state not in ("draft", "reviewed")]
    return offerings_of_pools(pairs, groups)


def shared_terms(offerings: Sequence[Offering]) -> list[tuple[str, str]]:
    """The rules that hold for every release of an activity, to be said once."""
    first, *others = offerings or [None]
    return [term for term in first.terms if all(term in o.terms for o in others)] if first else []


def offerings_of_pools(
    pairs: Iterable[tuple[Pool, Session | None]], groups: Mapping[str, str]
) -> list[Offering]:
    at = clock.now()
    by_release: dict[int, list[Row]] = {}
    releases: dict[int, Release] = {}
    for pool, session in pairs:
        releases[pool.release_id] = pool.release
        row = Row(pool, session, _state_of(pool, session, at))
        by_release.setdefault(pool.release_id, []).append(row)
    found = [_offering(releases[pk], rows, groups, at) for pk, rows in by_release.items()]
    return sorted(found, key=lambda o: (o.release.opens_at, o.release.pk))


def _offering(release: Release, rows: list[Row], groups: Mapping[str, str], at: datetime) -> Offering:
    rows.sort(key=lambda row: (row.starts_at, row.pool.pk))
    return Offering(
        release, rows, supply_of(release, [row.pool for row in rows], at), terms_of(release, groups)
    )


def _state_of(pool: Pool, session: Session | None, at: datetime) -> Stage:
    if session is not None and session.state == Session.State.CANCELLED:
        return Stage.CANCELLED
    return supply_of(pool.release, [pool], at).stage


def supply_of(release: Release, pools: Sequence[Pool], at: datetime) -> Supply:
    on = [p for p in pools if p.opening <= at < p.closing]
    return Supply(
        mode=release.mode,
        is_cancelled=release.state == Release.State.CANCELLED,
        is_closed=release.state == Release.State.CLOSED,
        has_line=release.waitlist_max != 0,
        capacity=sum(p.capacity for p in pools),
        open_count=len(on),
        left=sum(p.remaining for p in on),
        next_opening=min((p.opening for p in pools if p.opening > at), default=None),
        pause_reason=release.pause_reason,
    )


def terms_of(release: Release, groups: Mapping[str, str]) -> list[tuple[str, str]]:
    """The rules in plain words. `groups` are the names of groups of workers by their codes."""
    facts = [
        (_("怎么领"), _how(release)),
        (_("谁能领"), _who(release, groups)),
        (_("几个人"), _party(release)),
        (
            _("退票"),
            _("最晚可退到 %s，退回的名额按顺序给候补的人。")
            % said_until(release.cancel_until or release.closes_at),
        ),
    ]
    if release.confirm_within_s:
        facts.append(
            (_("确认"), _("领到后要在 %s内确认，逾时名额让给候补的人。") % said_for(release.confirm_within_s))
        )
    return facts


def _how(release: Release) -> str:
    if release.mode == Release.Mode.DRAW:
        ends = said_until(release.closes_at)
        return _("抽签。%s 前报名，不分先后；截止后先公示名单，再开签，结果人人都能验证。") % ends
    if release.mode == Release.Mode.GRANT:
        return _("工会直接发放。符合条件的会员不用抢，开放后自动放进“我的票”。")
    if release.mode == Release.Mode.PACK:
        return _("随礼包发放，不单独领取。")
    if release.waitlist_max == 0:
        return _("先到先得。到点开放，抢完为止。")
    return _("先到先得。抢完后可以排候补，有人退票按顺序补上并发消息。")


def _who(release: Release, groups: Mapping[str, str]) -> str:
    union = release.audience_union or release.union
    who = _("%s及下属工会的会员") % union.name
    if release.audience_groups:
        who += _("中的") + "、".join(groups.get(code, code) for code in release.audience_groups)
    if release.audience_id:
        who += _("中这次选定的人")
    return who + (_("，须已实名认证。") if release.verified_only else "。")


def _party(release: Release) -> str:
    each = _("每人限领 %d 次") % release.per_person
    if release.party_max == 1:
        return each + _("，每次限本人。")
    names = _("，同行人要填写与证件一致的姓名") if release.names_required else ""
    return each + _("，每次最多 %d 人（含本人）") % release.party_max + names + "。"
