"""What holds at one store now: rows of terms as facts of `pricing`, with what has been counted for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from gonghui.benefits.models import Voucher
from gonghui.bills import pricing
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models.days import NAMED, named_days
from gonghui.kit.clock import CHINA
from gonghui.members.models import Membership

ONE_DAY = timedelta(days=1)
LONG_AGO = date(2000, 1, 1)
"""When the period of a limit that never starts anew began."""
OF_PERSON = (pricing.Per.PERSON, pricing.Per.PERSON_DAY, pricing.Per.PERSON_MONTH)
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
    """Four queries, and one more for terms this process has not read as they stand; however many offers. Of an ended
    offer, vouchers already held still count."""
    found = facts_at(store_id, person_id, at)
    return found.offers, found.asker, found.visit


def facts_at(store_id: int, person_id: int | None, at: datetime, *, shown: Voucher | None = None) -> Facts:
    """`shown`: the voucher of its offer that would be used, whichever ends earlier."""
    held = _held(person_id, store_id, at) if person_id else {}
    if shown and (mine := held.get(shown.release.offer_id)):
        held[shown.release.offer_id] = Held(shown, mine.count)
    printed = offers_at(store_id, list(held))
    day = at.astimezone(CHINA).date()
    counted = _counted([one.terms_id for one in printed], held, person_id, store_id, day)
    asker, group_names = asker_and_groups(person_id, at)
    visit = pricing.Visit(
        store_id,
        at,
        holidays=holidays_around(day),
        left_fen=(left_fen := {}),
        window_uses=counted.window_uses,
        group_names=group_names,
    )
    offers = [_live(one, counted, held.get(one.offer.id), left_fen) for one in printed]
    return Facts(offers, asker, visit, {offer_id: one.voucher for offer_id, one in held.items()})


def offers_at(store_id: int, held: Sequence[int] = ()) -> list[Printed]:
    """As printed, nothing counted; `held`: offers that hold although they have ended, as somebody has a voucher."""
    return printed_terms(_asked(AT_STORE, store_id, list(held)))


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
SELECT r.offer_id, {", ".join(f"v.{name}" for name in HELD_FIELDS)}
  FROM benefits_voucher v JOIN benefits_pool l ON l.id = v.pool_id JOIN benefits_release r ON r.id = v.release_id
 WHERE v.person_id = %s AND v.state = 'confirmed' AND (l.store_id IS NULL OR l.store_id = %s)
   AND (l.valid_from IS NULL OR l.valid_from <= %s) AND (l.valid_until IS NULL OR l.valid_until > %s)
   AND EXISTS (SELECT FROM bills_offerterms t JOIN bills_offerstore s ON s.terms_id = t.id
                WHERE t.offer_id = r.offer_id AND s.store_id = %s)
 ORDER BY l.valid_until NULLS LAST, v.id
"""  # noqa: S608  names of our own columns


def _held(person_id: int, store_id: int, at: datetime) -> dict[int, Held]:
    """Of the offers of this store: confirmed, valid at `at`, earliest to expire first, then by id."""
    held: dict[int, Held] = {}
    for offer_id, *values in _asked(HELD, person_id, store_id, at, at, store_id):
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
# change (state, title, audience) makes a new version of its row, seen by every process with the commit that makes it.
STAMP = """(SELECT concat(t.xmin, t.ctid, o.xmin, o.ctid, u.xmin, u.ctid)
  FROM bills_offerterms t JOIN benefits_offer o ON o.id = t.offer_id LEFT JOIN orgs_union u ON u.id = t.audience_union_id
 WHERE t.id = bills_offerterms.id)"""
AT_STORE = f"""
SELECT bills_offerterms.id, {STAMP}
  FROM bills_offerstore s JOIN bills_offerterms ON bills_offerterms.id = s.terms_id
 WHERE s.store_id = %s AND (state = 'published' OR (state = 'ended' AND needs_voucher AND offer_id = ANY(%s)))
 ORDER BY "order", offer_id
"""  # noqa: S608  no value in it
TERMS = [name for name in pricing.Terms.__slots__ if name not in ("form", "basis", "stacking")]
AROUND = ("sections", "codes", "groups", "verified_only", "needs_voucher")
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
KEPT_MAX = 10_000
_kept: dict[int, Printed] = {}


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
    """`purses`: by share, the account it pays from and what is left in it. `limit_uses`: by limit, whom and since."""

    purses: dict[int, tuple[int, int]]
    window_uses: dict[tuple[pricing.Id, date], int]
    limit_uses: dict[tuple[int, int | None, date], int]
    person_id: int | None
    day: date

    def limits_of(self, one: Printed) -> tuple[pricing.Limit, ...]:
        """Those of persons and places count the uses of this one, the others everybody's."""
        if not self.limit_uses:
            return one.offer.limits
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
 WHERE s.terms_id = ANY(%s) AND (p.release_id IS NULL OR p.release_id = ANY(%s))
 UNION ALL
SELECT 'window', u.window_id, NULL, u.used, u.day
  FROM bills_offerwindow w JOIN bills_windowuse u ON u.window_id = w.id AND u.day = ANY(%s) WHERE w.terms_id = ANY(%s)
 UNION ALL
SELECT 'limit', u.limit_id, u.person_id, u.used, u.since
  FROM bills_offerlimit l JOIN bills_limituse u
    ON u.limit_id = l.id AND (u.person_id IS NULL OR u.person_id = %s) AND (u.store_id IS NULL OR u.store_id = %s)
   AND (u.partner_id IS NULL OR u.partner_id = CASE WHEN l.per LIKE 'group%%'
                                                    THEN (SELECT id FROM chain WHERE parent_id IS NULL)
                                                    ELSE (SELECT partner_id FROM partners_store WHERE id = %s) END)
   AND u.since = ANY(%s::date[])
 WHERE l.terms_id = ANY(%s)
"""


def _counted(
    terms_ids: list[int], held: Mapping[int, Held], person_id: int | None, store_id: int, day: date
) -> Counted:
    """With the uses of the days on which a window that is open now can have begun."""
    releases = [one.voucher.release_id for one in held.values()]
    since = sorted({since_of(per, day) for per in pricing.Per})
    days = [day, day - ONE_DAY]
    found = Counted({}, {}, {}, person_id, day)
    whose = (person_id, store_id, store_id, since, terms_ids)
    for what, pk, whom, number, on in _asked(COUNTED, store_id, terms_ids, releases, days, terms_ids, *whose):
        if what == "purse":
            found.purses[pk] = (whom, number)
        elif what == "window":
            found.window_uses[pk, on] = number
        else:
            found.limit_uses[pk, whom, on] = number
    return found


def _live(
    one: Printed, counted: Counted, mine: Held | None, left_fen: dict[pricing.Id, int]
) -> pricing.LiveOffer:
    """With the account of the purse each share pays from; who has none has nothing to give. Fills `left_fen`."""
    offer, changed = one.offer, {}
    shares = []
    for pk, share in zip(one.share_ids, offer.shares, strict=True):
        if share.funder is not None:
            account, left = counted.purses.get(pk, (share.funder, 0))
            left_fen[account] = left
            if account != share.funder:
                share = replace(share, funder=account)
        shares.append(share)
    if any(now is not then for now, then in zip(shares, offer.shares, strict=True)):
        changed["shares"] = tuple(shares)
    if (limits := counted.limits_of(one)) != offer.limits:
        changed["limits"] = limits
    if mine:
        changed["vouchers"] = mine.count
    return replace(offer, **changed) if changed else offer


# --- who asks -----------------------------------------------------------------------------------------------

PERSON = """
SELECT g.names, p.groups, p.verification,
       (SELECT u.path FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
         WHERE m.person_id = p.id AND m.status = ANY(%s) LIMIT 1),
       (SELECT json_agg(json_build_array(a.id, a.credits_posted - a.debits_posted - a.debits_pending, f.sections)
               ORDER BY a.expires_at, a.id)
          FROM ledger_account a LEFT JOIN funds_pointgrant f ON f.id = substr(a.name, 7)::bigint
         WHERE a.person_id = p.id AND a.kind = 'points' AND a.expires_at > %s
           AND a.credits_posted > a.debits_posted + a.debits_pending
           AND NOT EXISTS (SELECT FROM funds_lotfate z WHERE z.account_id = a.id AND z.is_stopped))
  FROM (SELECT json_object_agg(code, name) AS names FROM members_workergroup) g LEFT JOIN members_person p ON p.id = %s
"""


def asker_and_groups(person_id: int | None, at: datetime) -> tuple[pricing.Asker, dict[str, str]]:
    """The person with the union they belong to and their points, and the names of groups by their codes; one query."""
    [(names, groups, verification, path, lots)] = _asked(PERSON, list(Membership.LIVE), at, person_id)
    if groups is None:
        return pricing.Asker(), names or {}
    found = tuple(
        pricing.PointLot(pk, points, frozenset(shelves or ())) for pk, points, shelves in lots or ()
    )
    asker = pricing.Asker(person_id, frozenset(groups), path or "", verification == "verified", lots=found)
    return asker, names or {}
