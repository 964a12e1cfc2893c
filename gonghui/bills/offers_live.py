"""What holds at one store now: rows of terms as facts of `pricing`, with what has been counted for whoever asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from gonghui.audiences.engine import fitting_versions
from gonghui.benefits.models import Voucher
from gonghui.bills import pricing
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models.days import NAMED, named_days
from gonghui.kit.clock import CHINA
from gonghui.members.models import Membership

ONE_DAY = timedelta(days=1)
LONG_AGO = date(2000, 1, 1)
"""When the period of a limit that never starts anew began."""
OF_PERSON = (
    pricing.Per.PERSON, pricing.Per.PERSON_DAY, pricing.Per.PERSON_WEEK, pricing.Per.PERSON_MONTH
)  # fmt: skip
OURS = "facts of prices, for whoever stands at the counter"


@dataclass(frozen=True, slots=True)
class Held:
    """The voucher of an offer that would be used next, and how many there are."""

    voucher: Voucher
    count: int


def since_of(per: str, day: date) -> date:
    """The first day of the period of a limit that `day` lies in: `LimitUse.since`."""
    if per in pricing.BY_DAY:
        return day
    if per in pricing.BY_WEEK:
        return day - ONE_DAY * (day.isoweekday() - 1)
    return day.replace(day=1) if per in pricing.BY_MONTH else LONG_AGO


class Facts(NamedTuple):
    """All that `quote` asks for, and by offer the voucher that would be used."""

    offers: list[pricing.LiveOffer]
    asker: pricing.Asker
    visit: pricing.Visit
    vouchers: dict[int, Voucher]


def live_offers(
    store_id: int, person_id: int | None, at: datetime
) -> tuple[list[pricing.LiveOffer], pricing.Asker, pricing.Visit]:
    """Two queries, and two more where this process has not read what is printed as it stands; however many offers. Of an
    ended offer, vouchers already held still count."""
    found = facts_at(store_id, person_id, at)
    return found.offers, found.asker, found.visit


def facts_at(store_id: int, person_id: int | None, at: datetime, *, shown: Voucher | None = None) -> Facts:
    """`shown`: the voucher of its offer that would be used, whichever ends earlier."""
    [(version, rows, *person)] = _asked(
        AT_HAND, person_id, store_id, at, at, store_id, store_id, *_person(person_id, at)
    )
    held = _held(rows or ())
    if shown and (mine := held.get(shown.release.offer_id)):
        held[shown.release.offer_id] = Held(shown, mine.count)
    board = _board_of(store_id, list(held), version)
    day = at.astimezone(CHINA).date()
    counted = _counted(board, held, person_id, store_id, day)
    asker, group_names = _asker(person_id, person)
    asker = with_audiences(asker, board.offers)
    visit = pricing.Visit(
        store_id,
        at,
        holidays=holidays_around(day),
        left_fen=counted.left_fen,
        window_uses=counted.window_uses,
        group_names=group_names,
    )
    vouchers = {offer_id: one.voucher for offer_id, one in held.items()}
    return Facts(_live(board, counted, held), asker, visit, vouchers)


def offers_at(store_id: int, held: Sequence[int] = ()) -> tuple[Printed, ...]:
    """As printed, nothing counted; `held`: offers that hold although they have ended, as somebody has a voucher."""
    [(version,)] = _asked(VERSION, store_id, list(held))
    return _board_of(store_id, list(held), version).printed


def offer_pools(store_id: int) -> Q:
    """Of vouchers: those of offers of this store that a pool does not tie to another one."""
    here = Q(release__offer__priced_by__offer_stores__store_id=store_id)
    return here & (Q(pool__store=None) | Q(pool__store_id=store_id))


# Statements of their own: every bill asks them, and building them anew takes longer than asking.


def _asked(sql: str, *facts: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        return cursor.fetchall()


# In the order of the model: `from_db` deals the values out in that one, whatever order the names stand in.
HELD_FIELDS = ("id", "pool_id", "release_id", "person_id", "seats", "code", "state")
HELD = f"""
SELECT r.offer_id, row_number() OVER (ORDER BY l.valid_until NULLS LAST, v.id) AS nth,
       json_build_array(r.offer_id, {", ".join(f"v.{name}" for name in HELD_FIELDS)}) AS facts
  FROM benefits_voucher v JOIN benefits_pool l ON l.id = v.pool_id JOIN benefits_release r ON r.id = v.release_id
 WHERE v.person_id = %s AND v.state = 'confirmed' AND (l.store_id IS NULL OR l.store_id = %s)
   AND (l.valid_from IS NULL OR l.valid_from <= %s) AND (l.valid_until IS NULL OR l.valid_until > %s)
   AND EXISTS (SELECT FROM bills_offerterms t JOIN bills_offerstore s ON s.terms_id = t.id
                WHERE t.offer_id = r.offer_id AND s.store_id = %s)
"""  # noqa: S608  names of our own columns


def _held(rows: Iterable[Sequence[Any]]) -> dict[int, Held]:
    """Of the offers of this store: confirmed, valid then, earliest to expire first, then by id."""
    held: dict[int, Held] = {}
    for offer_id, *values in rows:
        before = held.get(offer_id)
        voucher = before.voucher if before else Voucher.from_db(connection.alias, HELD_FIELDS, values)
        held[offer_id] = Held(voucher, before.count + 1 if before else 1)
    return held


# --- what is printed ----------------------------------------------------------------------------------------


class Printed(NamedTuple):
    """An offer as it was reviewed, nothing counted; `share_ids` and `limits` stand beside its shares and limits."""

    stamp: str
    terms_id: int
    offer: pricing.LiveOffer
    share_ids: tuple[int, ...]
    limits: tuple[tuple[int, pricing.Limit], ...]


# Which version of each row is the one that holds. What was reviewed never changes (sql/10_terms.sql), and whatever does
# change (state, title, audience, a followed day) makes a new version of its row, seen by every process with its commit.
STAMP_OF = """concat(t.xmin, t.ctid, o.xmin, o.ctid, u.xmin, u.ctid, (
         SELECT string_agg(concat(d.xmin, d.ctid), '' ORDER BY w.id)
           FROM bills_offerwindow w JOIN bills_benefitday d ON d.id = w.benefit_day_id WHERE w.terms_id = t.id))"""
ROWS_OF = (
    """JOIN benefits_offer o ON o.id = t.offer_id LEFT JOIN orgs_union u ON u.id = t.audience_union_id"""
)
STAMP = f"(SELECT {STAMP_OF} FROM bills_offerterms t {ROWS_OF} WHERE t.id = bills_offerterms.id)"  # noqa: S608
OF_STORE = f"""
SELECT t.id, {STAMP_OF} FROM bills_offerstore s JOIN bills_offerterms t ON t.id = s.terms_id {ROWS_OF}
 WHERE s.store_id = %s AND (t.state = 'published' OR (t.state = 'ended' AND t.needs_voucher AND t.offer_id = ANY(ENDED)))
 ORDER BY t."order", t.offer_id
"""  # noqa: S608  no value in it
AT_STORE = OF_STORE.replace("ENDED", "%s")
VERSION_OF = "SELECT md5(string_agg(concat(id, stamp), '')) FROM ({}) printed (id, stamp)"
VERSION = VERSION_OF.format(AT_STORE)
TERMS = [name for name in pricing.Terms.__slots__ if name not in ("form", "basis", "stacking")]
AROUND = ("sections", "codes", "groups", "verified_only", "needs_voucher", "audience_version_id")
COLUMNS = ("id", "offer_id", "form", "basis", "stacking", *TERMS, *AROUND)
AS_PRINTED = f"""
SELECT {", ".join(f't."{name}"' for name in COLUMNS)}, o.title, u.path, u.name,
       (SELECT json_agg(json_build_array(s.id, s.payer, s.permille, s.fixed_fen, s.max_fen, s.when_empty, s.takes_rest)
               ORDER BY s.nth) FROM bills_fundingshare s WHERE s.terms_id = t.id),
       (SELECT json_agg(json_build_array(w.id, w.starts_on, w.ends_on, w.weekdays, w.from_time, w.to_time, w.groups,
               w.store_ids, w.capacity, w.holidays, (
               SELECT json_build_array(d.id, d.name, d.rule, d.day, d.nth, d.weekday, d.days, d.groups)
                 FROM bills_benefitday d WHERE d.id = w.benefit_day_id)) ORDER BY w.id)
          FROM bills_offerwindow w WHERE w.terms_id = t.id),
       (SELECT json_agg(json_build_array(l.id, l.per, COALESCE(l.most, l.most_fen), l.most IS NULL) ORDER BY l.id)
          FROM bills_offerlimit l WHERE l.terms_id = t.id)
  FROM bills_offerterms t JOIN benefits_offer o ON o.id = t.offer_id LEFT JOIN orgs_union u ON u.id = t.audience_union_id
 WHERE t.id = ANY(%s)
"""  # noqa: S608  names of our own columns
DAYS_AT = NAMED.index("days")
KEPT_MAX, BOARDS_MAX, VERSIONS_MAX = 10_000, 1_000, 20
_kept: dict[int, Printed] = {}
_boards: dict[int, dict[str, Board]] = {}


@dataclass(frozen=True, slots=True)
class Board:
    """All that is printed at one store, in order: kept by the process under the version it was read in, for as long as the
    database says that version."""

    printed: tuple[Printed, ...]
    offers: tuple[pricing.LiveOffer, ...]
    terms_ids: str
    """As PostgreSQL writes an array."""
    funded: tuple[int, ...]
    """Places of those that somebody but the merchant funds."""
    of_limit: dict[int, int]
    """Place by limit."""
    of_offer: dict[pricing.Id, int]
    paid: dict[int, tuple[tuple[pricing.Id | None, ...], pricing.LiveOffer]] = field(default_factory=dict)
    """By place, the offer as it was last paid for, from these accounts: they change with a release only."""


def _board_of(store_id: int, held: list[int], version: str | None) -> Board:
    """No query while nothing printed changes."""
    if version is None:
        return EMPTY
    kept = _boards.get(store_id, {})
    if board := kept.get(version):
        return board
    stamped = _asked(AT_STORE, store_id, held)
    board = _board(printed_terms(stamped))
    if len(_boards) >= BOARDS_MAX or len(kept) >= VERSIONS_MAX:
        _boards.clear()
    # Under the version of what was read just now: somebody may have written since the question.
    _boards.setdefault(store_id, {})[version_of(stamped)] = board
    return board


def version_of(stamped: Iterable[tuple[int, str]]) -> str:
    """As `VERSION` works it out."""
    text = "".join(f"{pk}{stamp}" for pk, stamp in stamped)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _board(printed: Iterable[Printed]) -> Board:
    rows = tuple(printed)
    return Board(
        rows,
        tuple(one.offer for one in rows),
        f"{{{','.join(str(one.terms_id) for one in rows)}}}",
        tuple(n for n, one in enumerate(rows) if any(s.funder is not None for s in one.offer.shares)),
        {pk: n for n, one in enumerate(rows) for pk, _limit in one.limits},
        {one.offer.id: n for n, one in enumerate(rows)},
    )


EMPTY = _board(())


def printed_terms(stamped: Iterable[tuple[int, str]]) -> list[Printed]:
    """In the order asked for; read are only those of which this process knows another version, or none."""
    rows = list(stamped)
    known = {pk: one for pk, stamp in rows if (one := _kept.get(pk)) and one.stamp == stamp}
    if missing := {pk: stamp for pk, stamp in rows if pk not in known}:
        if len(_kept) > KEPT_MAX:
            _kept.clear()
        read = {row[0]: _printed(missing[row[0]], row) for row in _asked(AS_PRINTED, list(missing))}
        _kept.update(read)
        known |= read
    return [known[pk] for pk, _stamp in rows if pk in known]


def read_anew(terms_id: int) -> pricing.LiveOffer:
    """As it is written now, a draft as well, whose shares and windows move under one stamp: nothing kept, nothing counted."""
    [row] = _asked(AS_PRINTED, [terms_id])
    return _printed("", row).offer


def _printed(stamp: str, values: tuple[Any, ...]) -> Printed:
    *facts, title, path, union, shares, windows, limits = values
    row = dict(zip(COLUMNS, facts, strict=True))
    counted = tuple(
        (pk, pricing.Limit(pricing.Per(per), most, in_fen=in_fen)) for pk, per, most, in_fen in limits or ()
    )
    offer = pricing.LiveOffer(
        id=row["offer_id"],
        title=title,
        terms=terms_of(row),
        shares=tuple(_share(*one) for one in shares or ()),
        windows=tuple(window_of(_with_times(one)) for one in windows or ()),
        sections=frozenset(row["sections"]),
        codes=frozenset(row["codes"]),
        groups=frozenset(row["groups"]),
        audience_path=path or "",
        audience_name=union or "",
        audience=row["audience_version_id"],
        verified_only=row["verified_only"],
        needs_voucher=row["needs_voucher"],
        limits=tuple(limit for _pk, limit in counted),
    )
    return Printed(stamp, row["id"], offer, tuple(one[0] for one in shares or ()), counted)


def _share(
    pk: int, payer: str, permille: int, fixed_fen: int, max_fen: int | None, *policy: Any
) -> pricing.Share:
    """Of a funder whose purse is not known yet, which is one that has nothing to give."""
    when_empty, takes_rest = policy
    funder = None if payer == pricing.Payer.MERCHANT else -pk
    when = pricing.WhenEmpty(when_empty)
    return pricing.Share(pricing.Payer(payer), funder, permille, fixed_fen, max_fen, when, takes_rest)


def _with_times(row: list[Any]) -> list[Any]:
    """JSON writes days and times as text."""
    pk, starts_on, ends_on, weekdays, begins, ends, *rest, named = row
    if named:
        named = [
            [date.fromisoformat(day) for day in one] if nth == DAYS_AT else one
            for nth, one in enumerate(named)
        ]
    days = [date.fromisoformat(day) if day else None for day in (starts_on, ends_on)]
    return [
        pk,
        *days,
        weekdays,
        *(time.fromisoformat(at) if at else None for at in (begins, ends)),
        *rest,
        named,
    ]


def terms_of(row: Mapping[str, Any]) -> pricing.Terms:
    return pricing.Terms(
        form=pricing.Form(row["form"]),
        basis=pricing.Basis(row["basis"]),
        stacking=pricing.Stacking(row["stacking"]),
        **{name: row[name] for name in TERMS},
    )


def window_of(row: Iterable[Any]) -> pricing.Window:
    """Of the columns of a window in `AS_PRINTED`, the last of them those of the days it follows."""
    pk, starts_on, ends_on, weekdays, begins, ends, groups, store_ids, capacity, holidays, named = row
    return pricing.Window(
        id=pk,
        starts_on=starts_on,
        ends_on=ends_on,
        weekdays=frozenset(weekdays),
        from_time=begins,
        to_time=ends,
        groups=frozenset(groups),
        store_ids=frozenset(store_ids),
        capacity=capacity,
        holidays=pricing.Holidays(holidays),
        only_on=named_days(named) if named else None,
    )


# --- what is counted ----------------------------------------------------------------------------------------


class Counted(NamedTuple):
    """`accounts`: by share, the account it pays from; `left_fen`: by account. `limit_uses`: by limit, whom and since."""

    accounts: dict[int, int]
    left_fen: dict[pricing.Id, int]
    window_uses: dict[tuple[pricing.Id, date], int]
    limit_uses: dict[tuple[int, int | None, date], int]
    person_id: int | None
    day: date

    def limits_of(self, one: Printed) -> tuple[pricing.Limit, ...]:
        """Those of persons and places count the uses of this one, the others everybody's."""
        return tuple(self._limit(pk, limit) for pk, limit in one.limits)

    def _limit(self, pk: int, limit: pricing.Limit) -> pricing.Limit:
        whom = self.person_id if limit.per in OF_PERSON else None
        used = self.limit_uses.get((pk, whom, since_of(limit.per, self.day)))
        return replace(limit, used=used) if used else limit


COUNTED = """
WITH RECURSIVE chain AS (
    SELECT p.id, p.parent_id FROM partners_store s JOIN partners_partner p ON p.id = s.partner_id WHERE s.id = %s
     UNION ALL
    SELECT p.id, p.parent_id FROM partners_partner p JOIN chain c ON p.id = c.parent_id
)
SELECT 'purse', p.share_id, a.id, a.credits_posted - a.debits_posted - a.debits_pending, NULL::date
  FROM bills_fundingshare s JOIN bills_purse p ON p.share_id = s.id
  JOIN funds_commitment c ON c.id = p.commitment_id JOIN ledger_account a ON a.id = c.account_id
 WHERE s.terms_id = ANY(%s::bigint[]) AND (p.release_id IS NULL OR p.release_id = ANY(%s))
 UNION ALL
SELECT 'window', u.window_id, NULL, u.used, u.day
  FROM bills_offerwindow w JOIN bills_windowuse u ON u.window_id = w.id AND u.day = ANY(%s)
 WHERE w.terms_id = ANY(%s::bigint[])
 UNION ALL
SELECT 'limit', u.limit_id, u.person_id, u.used, u.since
  FROM bills_offerlimit l JOIN bills_limituse u
    ON u.limit_id = l.id AND (u.person_id IS NULL OR u.person_id = %s) AND (u.store_id IS NULL OR u.store_id = %s)
   AND (u.partner_id IS NULL OR u.partner_id = CASE WHEN l.per LIKE 'group%%'
                                                    THEN (SELECT id FROM chain WHERE parent_id IS NULL)
                                                    ELSE (SELECT partner_id FROM partners_store WHERE id = %s) END)
   AND u.since = ANY(%s::date[])
 WHERE l.terms_id = ANY(%s::bigint[])
"""


def _counted(
    board: Board, held: Mapping[int, Held], person_id: int | None, store_id: int, day: date
) -> Counted:
    """With the uses of the days on which a window that is open now can have begun."""
    found = Counted({}, {}, {}, {}, person_id, day)
    if not board.printed:
        return found
    releases = [one.voucher.release_id for one in held.values()]
    since = sorted({since_of(per, day) for per in pricing.Per})
    asked = (board.terms_ids, releases, [day, day - ONE_DAY], board.terms_ids)
    whose = (person_id, store_id, store_id, since, board.terms_ids)
    for what, pk, whom, number, on in _asked(COUNTED, store_id, *asked, *whose):
        if what == "purse":
            found.accounts[pk] = whom
            found.left_fen[whom] = number
        elif what == "window":
            found.window_uses[pk, on] = number
        else:
            found.limit_uses[pk, whom, on] = number
    return found


def _live(board: Board, counted: Counted, held: Mapping[int, Held]) -> list[pricing.LiveOffer]:
    """As printed, but for what somebody pays, has used or holds."""
    offers = list(board.offers)
    for n in board.funded:
        offers[n] = _paid(board, n, counted)
    for n in {board.of_limit[pk] for pk, _whom, _since in counted.limit_uses if pk in board.of_limit}:
        offers[n] = replace(offers[n], limits=counted.limits_of(board.printed[n]))
    for offer_id, mine in held.items():
        if (n := board.of_offer.get(offer_id)) is not None:
            offers[n] = replace(offers[n], vouchers=mine.count)
    return offers


def _paid(board: Board, n: int, counted: Counted) -> pricing.LiveOffer:
    """With the account of the purse each share pays from; who has none has nothing to give."""
    one = board.printed[n]
    funders = tuple(
        counted.accounts.get(pk, share.funder) if share.funder is not None else None
        for pk, share in zip(one.share_ids, one.offer.shares, strict=True)
    )
    for funder in funders:
        if funder is not None:
            counted.left_fen.setdefault(funder, 0)
    if (known := board.paid.get(n)) and known[0] == funders:
        return known[1]
    shares = zip(one.offer.shares, funders, strict=True)
    offer = replace(one.offer, shares=tuple(replace(share, funder=funder) for share, funder in shares))
    board.paid[n] = (funders, offer)
    return offer


# --- who asks -----------------------------------------------------------------------------------------------

PERSON = """
SELECT g.names, p.groups, p.verification,
       (SELECT json_build_array(u.path, u.kind = 'pool') FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
         WHERE m.person_id = p.id AND m.status = ANY(%s) LIMIT 1),
       (SELECT json_agg(json_build_array(a.id, a.credits_posted - a.debits_posted - a.debits_pending, f.sections)
               ORDER BY a.expires_at, a.id)
          FROM ledger_account a LEFT JOIN funds_pointgrant f ON f.id = substr(a.name, 7)::bigint
         WHERE a.person_id = p.id AND a.kind = 'points' AND a.expires_at > %s
           AND a.credits_posted > a.debits_posted + a.debits_pending
           AND NOT EXISTS (SELECT FROM funds_lotfate z WHERE z.account_id = a.id AND z.is_stopped))
  FROM (SELECT json_object_agg(code, name) AS names FROM members_workergroup) g LEFT JOIN members_person p ON p.id = %s
"""


# What a quote asks first, in one go: the version of what is printed, the vouchers at hand, and who asks.
AT_HAND = f"""
WITH held AS MATERIALIZED ({HELD})
SELECT ({VERSION_OF.format(OF_STORE.replace("ENDED", "(SELECT array_agg(offer_id) FROM held)::bigint[]"))}),
       (SELECT json_agg(facts ORDER BY nth) FROM held), person.*
  FROM ({PERSON}) person
"""  # noqa: S608  statements of our own


def asker_and_groups(person_id: int | None, at: datetime) -> tuple[pricing.Asker, dict[str, str]]:
    """The person with the union they belong to and their points, and the names of groups by their codes; one query."""
    [row] = _asked(PERSON, *_person(person_id, at))
    return _asker(person_id, row)


def with_audiences(asker: pricing.Asker, offers: Iterable[pricing.LiveOffer]) -> pricing.Asker:
    """Whether they fit the wordings these offers are for, at this moment; no query where none is for any."""
    meant = {one.audience for one in offers if one.audience is not None}
    if not meant or asker.person_id is None:
        return asker
    return replace(asker, audiences=fitting_versions(asker.person_id, meant))


def _person(person_id: int | None, at: datetime) -> tuple[Any, ...]:
    return list(Membership.LIVE), at, person_id


def _asker(person_id: int | None, row: Sequence[Any]) -> tuple[pricing.Asker, dict[str, str]]:
    names, groups, verification, home, lots = row
    if groups is None:
        return pricing.Asker(), names or {}
    found = tuple(
        pricing.PointLot(pk, points, frozenset(shelves or ())) for pk, points, shelves in lots or ()
    )
    path, is_transit = home or ("", False)
    is_verified = verification == "verified"
    asker = pricing.Asker(person_id, frozenset(groups), path, is_verified, lots=found, is_transit=is_transit)
    return asker, names or {}
