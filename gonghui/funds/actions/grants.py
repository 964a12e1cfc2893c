"""福豆发放 (SM-08): drafted, checked by another, then given in batches, each of which may be the last before the power fails."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from gonghui.audiences import queries as audiences
from gonghui.funds import accounts, bounds, rulebook
from gonghui.funds import point_errors as errors
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.quorum import FEW, Question, agree, note_effect, withdraw
from gonghui.funds.festivals import FESTIVALS, festival_name
from gonghui.funds.models import Commitment, Decision, GrantedPerson, Matter, PointGrant
from gonghui.funds.models.grants import GRANT_VERBS
from gonghui.funds.models.rules import BenefitCategory
from gonghui.funds.models.sources import SourceKind, SourceLevel
from gonghui.funds.points import end_of
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, require
from gonghui.kit.states import move, target
from gonghui.kit.templatetags.kit import cn_day
from gonghui.ledger.engine import open_accounts
from gonghui.ledger.errors import CONFLICT, REFUSALS
from gonghui.members.models import Membership, Person
from gonghui.notices.actions import Notice, tell_many
from gonghui.orgs.errors import UNION_NOT_ACTIVE

BATCH = 5000
SMALL = 2000
"""Up to so many members the rules are asked within the request; beyond that in a job, with progress."""
RESERVED = PointGrant.State.CHECKED
DRAFTED = (
    "title", "category", "festival", "per_head", "audience_union", "audience_groups", "audience", "birthday_month",
    "roster_on", "sections", "expires_on", "took_part", "days", "is_paired",
)  # fmt: skip


def purpose_of(grant_id: int) -> str:
    return f"grant:{grant_id}"


# --- before -------------------------------------------------------------------------------------------------


@action
def draft_grant(actor: Actor, *, union, budget, affirms: bool = False, **facts: Any) -> PointGrant:
    """A new draft; `facts` are the columns in DRAFTED. `affirms`: the maker stands for the conditions of the rules, whose words
    stay with the grant."""
    require(actor.may("points.write", union.path))
    require(set(facts) <= set(DRAFTED), BAD_INPUT, detail=_("有不认识的内容。"))
    require(union.path.startswith(budget.union.path), errors.OTHER_BUDGET)
    audience = facts.get("audience_union")
    require(audience is None or audience.path.startswith(union.path), errors.OUTSIDE_AUDIENCE)
    grant = PointGrant(union=union, budget=budget, maker_id=actor.user_id, **facts)
    audiences.require_usable(actor, path=union.path, groups=grant.audience_groups)
    if grant.audience_id is not None:
        require(audiences.usable(actor).filter(pk=grant.audience_id).exists(), NOT_FOUND)
        audiences.require_fresh(grant.audience_id)
        grant.audience_version = audiences.version_of(grant.audience_id)
    require(grant.expires_on > grant.roster_on, BAD_INPUT, detail=_("有效期要在名册日期之后。"))
    require(1 <= grant.per_head <= 100_000, BAD_INPUT, detail=_("每人福豆要在 1 到 100000 之间。"))
    rules = bounds.bounds_of(grant, day_of(grant))
    grant.affirmed = [rule.condition for rule in rules if rule.condition] if affirms else []
    bounds.require_said(grant, rules)
    grant.is_sensitive = audiences.tells_sensitive(grant.audience, grant.audience_groups)
    grant.save()
    return grant


@action
def submit_grant(actor: Actor, *, point_grant_id: int) -> PointGrant:
    """The roster as it is on its day, with those whom a rule refuses marked; for many people a job goes on with it."""
    grant = held_grant(actor, point_grant_id, "points.write")
    target(grant, GRANT_VERBS, "submit")
    require(grant.expires_on >= clock.today(), errors.GRANT_PAST, day=grant.expires_on)
    _require_lawful(grant)
    _require_as_worded(grant)
    _require_within(grant, day_of(grant))
    move(grant, GRANT_VERBS, "submit", people=0, checker_id=None, checked_at=None, **UNSCREENED)
    _begin_screening(actor, grant, is_small=_has_few_members(grant))
    return grant


def _require_lawful(grant: PointGrant) -> None:
    """What no cap says: that its union is not suspended (SM-01), which festival it is for (domain E1), and that grass-roots money
    buys things and no vouchers (E2)."""
    require(grant.union.status != "suspended", UNION_NOT_ACTIVE, union=grant.union.name)
    is_for_a_festival = grant.category == BenefitCategory.FESTIVAL
    require(not is_for_a_festival or grant.festival in FESTIVALS, errors.FESTIVAL_MISSING)
    source = grant.budget.source
    is_of_the_grassroots = (source.kind, source.level) == (SourceKind.UNION_FUND, SourceLevel.GRASSROOTS)
    require(grant.sections or not is_of_the_grassroots, errors.SECTIONS_MISSING)


def _require_as_worded(grant: PointGrant) -> None:
    """The people kept of its audience are those of the wording it was drafted with, and not too old."""
    if grant.audience_id is None:
        return
    audience = audiences.require_fresh(grant.audience_id)
    as_worded = audiences.version_of(audience.pk).pk == grant.audience_version_id
    require(as_worded, errors.AUDIENCE_REWORDED, audience=audience.name)


def day_of(grant: PointGrant) -> date:
    """The day by whose rules it is judged until it is begun."""
    return max(clock.today(), grant.roster_on)


def _require_within(grant: PointGrant, on: date) -> None:
    """What rules say besides caps; how long the list may be, once it is there."""
    rules = bounds.bounds_of(grant, on)
    bounds.require_said(grant, rules)
    bounds.require_in_time(grant, rules, on)
    bounds.require_share(grant, rules, grant.people - grant.refused)


@action
def send_back_grant(actor: Actor, *, point_grant_id: int, reason: str = "") -> PointGrant:
    grant = held_grant(actor, point_grant_id, "points.check")
    move(grant, GRANT_VERBS, "send_back", people=0, checker_id=None, checked_at=None, **UNSCREENED)
    withdraw(Matter.GRANT, grant.pk, reason)
    roster_of(grant).delete()
    return grant


@action
def check_grant(actor: Actor, *, point_grant_id: int) -> PointGrant:
    """By another than the maker; the rules once more, then the money set aside for those who fit, by a job if they are many."""
    grant = held_grant(actor, point_grant_id, "points.check")
    target(grant, GRANT_VERBS, "check")
    require(actor.user_id and actor.user_id != grant.maker_id, errors.OWN_CHECK)
    require(grant.expires_on >= clock.today(), errors.GRANT_PAST, day=grant.expires_on)
    require(not grant.is_screening, errors.STILL_SCREENING, done=grant.screened, total=grant.people)
    _require_lawful(grant)
    _require_within(grant, day_of(grant))
    if agree(actor, _question_of(grant)):
        _begin_check(actor, grant, checker_id=actor.user_id)
    return grant


def _question_of(grant: PointGrant) -> Question:
    people = grant.people - grant.refused
    amount_fen = people * grant.per_head * POINT_FEN
    is_of_few = people < FEW
    return Question(
        Matter.GRANT,
        grant.pk,
        grant.title,
        words_of(grant, 0 if is_of_few else people),
        grant.union,
        amount_fen,
        not is_of_few,
    )


def words_of(grant: PointGrant, people: int) -> str:
    """As it is published: titles are typed and may name persons, so they are not; `people` where it tells of nobody."""
    what = str(grant.get_category_display())
    if grant.festival:
        what = _("{what}（{festival}）").format(what=what, festival=festival_name(grant.festival))
    said = _("发放福豆：{what}，{n} 人") if people else _("发放福豆：{what}")
    return said.format(what=what, n=f"{people:,}")


def _begin_check(actor: Actor, grant: PointGrant, *, checker_id: int) -> None:
    """The rules once more; what comes of it is the last step of the decision."""
    _note(grant, checker_id=checker_id, checked_at=timezone.now(), **UNSCREENED)
    _begin_screening(actor, grant, is_small=grant.people <= SMALL)


def _effect_grant(actor: Actor, decision: Decision) -> None:
    grant = _locked(actor, decision.subject)
    if grant.checker_id is not None:
        return  # the job that asks the rules is at it
    require(grant.expires_on >= clock.today(), errors.GRANT_PAST, day=grant.expires_on)
    _require_within(grant, day_of(grant))
    _begin_check(actor, grant, checker_id=decision.decided_by_id)


def _put_grant_back(actor: Actor, decision: Decision) -> None:
    grant = _locked(Actor.system("a decision goes back"), decision.subject)
    if grant.state == PointGrant.State.SUBMITTED:
        cleared = {"people": 0, "checker_id": None, "checked_at": None} | UNSCREENED
        move(grant, GRANT_VERBS, "send_back", **cleared | {"problem": decision.reason})
        roster_of(grant).delete()


def _lock_grant(grant_id: int) -> None:
    PointGrant.objects.unscoped("a decision about it").select_for_update(of=("self",)).get(pk=grant_id)


GRANT_ROAD = Road(_lock_grant, _effect_grant, _put_grant_back)


@action
def cancel_grant(actor: Actor, *, point_grant_id: int, reason: str = "") -> PointGrant:
    """Only before it is given; what was set aside goes back."""
    grant = held_grant(actor, point_grant_id, "points.write")
    if grant.state == RESERVED:
        release_commitment(actor, purpose=purpose_of(grant.pk))
    move(grant, GRANT_VERBS, "cancel")
    withdraw(Matter.GRANT, grant.pk, reason)
    return grant


@action
def run_grant(actor: Actor, *, point_grant_id: int) -> PointGrant:
    """Begins, or goes on with what is left; the giving itself is a job."""
    from gonghui.funds.tasks import give_points

    grant = held_grant(actor, point_grant_id, "points.write")
    require(grant.expires_on >= clock.today(), errors.GRANT_PAST, day=grant.expires_on)
    _require_within(grant, clock.today())
    move(grant, GRANT_VERBS, "run")
    give_points.defer(grant_id=grant.pk)
    return grant


def held_grant(actor: Actor, grant_id: int, verb: str) -> PointGrant:
    """The grant, locked for the verb."""
    rows = PointGrant.objects.visible_to(actor).select_related("union", "audience_union", "budget__source")
    grant = rows.filter(pk=grant_id).select_for_update(of=("self",)).first()
    require(grant, NOT_FOUND)
    require(actor.may(verb, grant.union.path))
    return grant


# --- who ----------------------------------------------------------------------------------------------------


def audience_of(grant: PointGrant) -> QuerySet[Person]:
    """Members on `roster_on`: joined by then, and not gone by then; of an audience, who is in it now. One row a person."""
    union = grant.audience_union or grant.union
    was_member = Q(status__in=Membership.LIVE) | Q(left_on__gt=grant.roster_on)
    had_joined = Q(joined_on=None) | Q(joined_on__lte=grant.roster_on)
    members = Membership.objects.unscoped("the audience of a grant").filter(
        was_member, had_joined, union__path__startswith=union.path
    )
    people = Person.objects.unscoped("the audience of a grant").filter(pk__in=members.values("person_id"))
    if grant.audience_groups:
        people = people.filter(groups__overlap=grant.audience_groups)
    if grant.birthday_month:
        people = people.filter(birth_date__month=grant.birthday_month)
    if grant.audience_id is not None:
        people = people.filter(pk__in=audiences.people_in(grant.audience_id))
    return people


def roster_of(grant: PointGrant) -> QuerySet[GrantedPerson]:
    return GrantedPerson.objects.unscoped("the roster of a grant already fetched").filter(grant=grant)


def _snapshot(grant: PointGrant) -> int:
    _require_as_worded(grant)
    sql, params = audience_of(grant).order_by().values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO funds_grantedperson (grant_id, person_id, created_at, updated_at)"  # noqa: S608
            f" SELECT %s, found.id, now(), now() FROM ({sql}) AS found(id) ORDER BY found.id",
            [grant.pk, *params],
        )
        return cursor.rowcount


# --- asking the rules ---------------------------------------------------------------------------------------

UNSCREENED: dict[str, Any] = {"refused": 0, "screened": 0, "screened_to": 0, "problem": ""}


def _has_few_members(grant: PointGrant) -> bool:
    """Before any other condition: an upper bound that is quick to find out for a union of any size."""
    union = grant.audience_union or grant.union
    members = Membership.objects.unscoped("the size of an audience").filter(
        union__path__startswith=union.path
    )
    return members.order_by()[: SMALL + 1].count() <= SMALL


def _begin_screening(actor: Actor, grant: PointGrant, *, is_small: bool) -> None:
    from gonghui.funds.tasks import screen_points

    if not is_small:
        screen_points.defer(grant_id=grant.pk)
        return
    while _screen_next(grant):
        pass
    _settle(actor, grant)


def screen_grant(actor: Actor, *, grant_id: int) -> None:
    """Batch after batch, then what comes of it; run again after a crash it goes on where it was."""
    try:
        while screen_batch(actor, grant_id=grant_id):
            pass
        settle_screening(actor, grant_id=grant_id)
    except DomainError as error:
        note_problem(actor, grant_id=grant_id, problem=f"{error}"[:300])


@action
def screen_batch(actor: Actor, *, grant_id: int) -> int:
    """Makes the roster, or asks the rulebook about the next of it; returns about how many people it was."""
    grant = _locked(actor, grant_id)
    return _screen_next(grant) if grant.is_screening else 0


@action
def settle_screening(actor: Actor, *, grant_id: int) -> None:
    grant = _locked(actor, grant_id)
    if grant.state == PointGrant.State.SUBMITTED and (not grant.people or not grant.is_screening):
        _settle(actor, grant)


@action
def note_problem(actor: Actor, *, grant_id: int, problem: str) -> None:
    """Why a job could not do what was asked: without people back to the draft, else it waits for another check."""
    grant = _locked(actor, grant_id)
    if grant.state != PointGrant.State.SUBMITTED:
        return
    if grant.people:
        _note(grant, checker_id=None, checked_at=None, problem=problem)
        withdraw(Matter.GRANT, grant.pk, problem)
    else:
        move(grant, GRANT_VERBS, "send_back", **UNSCREENED | {"problem": problem})


def _settle(actor: Actor, grant: PointGrant) -> None:
    """All are asked. After the check the money is set aside for those who fit."""
    require(grant.people, errors.NOBODY_FITS)
    _require_within(grant, day_of(grant))
    if grant.checker_id is None:
        return
    require(grant.refused < grant.people, errors.NOBODY_FITS)
    amount_fen = (grant.people - grant.refused) * grant.per_head * POINT_FEN
    reserve(actor, budget_id=grant.budget_id, amount_fen=amount_fen, purpose=purpose_of(grant.pk))
    move(grant, GRANT_VERBS, "check", checked_at=timezone.now())
    note_effect(Matter.GRANT, grant.pk)


def _locked(actor: Actor, grant_id: int) -> PointGrant:
    rows = PointGrant.objects.visible_to(actor).select_related("union", "audience_union", "budget__source")
    return rows.select_for_update(of=("self",)).get(pk=grant_id)


def _note(grant: PointGrant, **facts: Any) -> None:
    PointGrant.objects.unscoped("a grant the caller holds").filter(pk=grant.pk).update(**facts)
    for name, value in facts.items():
        setattr(grant, name, value)


def _screen_next(grant: PointGrant) -> int:
    if not grant.people:
        _note(grant, people=_snapshot(grant))
        return grant.people
    rows = list(
        roster_of(grant)
        .filter(pk__gt=grant.screened_to)
        .order_by("pk")
        .values_list("pk", "person_id", "state")[:BATCH]
    )
    if not rows:
        return 0
    asked = giving_of(grant, [person_id for _pk, person_id, _state in rows], clock.today())
    against = {v.person_id: v.rule.pk for v in rulebook.would_fit(asked) if v.rule is not None}
    again = [pk for pk, person_id, state in rows if state == "refused" and person_id not in against]
    if again:
        roster_of(grant).filter(pk__in=again).update(state="waiting", rule=None, reason="")
    _refuse(grant, list(against), list(against.values()))
    _note(
        grant, screened=grant.screened + len(rows), screened_to=rows[-1][0],
        refused=grant.refused + len(against),
    )  # fmt: skip
    return len(rows)


REFUSE = """
UPDATE funds_grantedperson r
   SET state = 'refused', rule_id = f.rule, reason = (%s::text[])[array_position(%s::bigint[], f.rule)], updated_at = now()
  FROM unnest(%s::bigint[], %s::bigint[]) AS f(person, rule) WHERE r.grant_id = %s AND r.person_id = f.person
"""


def _refuse(grant: PointGrant, people: list[int], refusing: list[int]) -> None:
    """Marks those whom a rule refused, with the clause."""
    if people:
        said = {pk: rulebook.says(rule)[:200] for pk, rule in rulebook.rules_named(refusing).items()}
        with connection.cursor() as cursor:
            cursor.execute(REFUSE, [list(said.values()), list(said), people, refusing, grant.pk])


def giving_of(grant: PointGrant, people: list[int], on: date) -> rulebook.Giving:
    source = grant.budget.source
    return rulebook.Giving(
        person_ids=people, union=grant.union, source_kind=source.kind, source_level=source.level,
        category=grant.category, festival=grant.festival, amount_fen=grant.per_head * POINT_FEN, on=on,
        occasion=purpose_of(grant.pk), days=grant.days or 1,
    )  # fmt: skip


# --- giving -------------------------------------------------------------------------------------------------


def give_grant(actor: Actor, *, grant_id: int) -> PointGrant:
    """Runs to the end, or goes on where it was killed; what cannot go on is left to be run again."""
    try:
        while give_batch(actor, grant_id=grant_id):
            pass
        return finish_grant(actor, grant_id=grant_id)
    except DomainError:
        return fail_grant(actor, grant_id=grant_id)


GIVE = """
SELECT taken, granted, refused, refusing, answer FROM funds_give_points(
    (%(grant)s, %(union)s, %(points)s, %(point_fen)s, %(commitment)s, %(backing)s, %(issue)s, %(expires)s, %(most)s)::funds_batch,
    (%(path)s, %(kind)s, %(level)s, %(category)s, %(festival)s, %(amount)s, %(on)s, %(occasion)s, %(days)s)::funds_giving)
"""


@action
def give_batch(actor: Actor, *, grant_id: int) -> int:
    """The next people nobody else is at; returns how many. All of it is one transaction, or none."""
    grant = (
        PointGrant.objects.visible_to(actor)
        .select_related("union", "budget__source", "budget__union")
        .get(pk=grant_id)
    )
    if grant.state != PointGrant.State.GRANTING:
        return 0
    # The day it was checked: a run that goes on past midnight is the same giving.
    day = timezone.localtime(grant.checked_at, clock.CHINA).date()
    with connection.cursor() as cursor:
        cursor.execute(GIVE, batch_facts(grant) | rulebook.facts_of(giving_of(grant, [], day)))
        taken, granted, refused, refusing, answer = cursor.fetchone()
    require(not answer, REFUSALS.get(answer, CONFLICT), code="grant_points")
    if not taken:
        return 0
    _refuse(grant, refused, refusing)
    PointGrant.objects.unscoped("counting a batch").filter(pk=grant_id).update(
        granted=F("granted") + granted, refused=F("refused") + len(refused)
    )
    return taken


def batch_facts(grant: PointGrant) -> dict[str, Any]:
    """What is the same for every batch, and how many people one has."""
    backing, issue = open_accounts([accounts.backing_of(grant.budget), accounts.issue_of(grant.budget)])
    commitment = Commitment.objects.unscoped("the money set aside for this grant").get(
        budget_id=grant.budget_id, purpose=purpose_of(grant.pk)
    )
    return {
        "grant": grant.pk, "points": grant.per_head, "point_fen": POINT_FEN, "commitment": commitment.account_id,
        "backing": backing.pk, "issue": issue.pk, "expires": end_of(grant.expires_on), "most": BATCH,
    }  # fmt: skip


@action
def finish_grant(actor: Actor, *, grant_id: int) -> PointGrant:
    """Once nobody waits: what is left of the money goes back, everybody is told. Again: nothing."""
    grant = (
        PointGrant.objects.visible_to(actor)
        .select_related("union")
        .select_for_update(of=("self",))
        .get(pk=grant_id)
    )
    if grant.state != PointGrant.State.GRANTING or roster_of(grant).filter(state="waiting").exists():
        return grant
    move(grant, GRANT_VERBS, "finish")
    release_commitment(actor, purpose=purpose_of(grant_id))
    _tell(actor, grant)
    return grant


def _tell(actor: Actor, grant: PointGrant) -> None:
    notice = Notice(
        kind="points",
        title=_("您的{title} {n} 福豆已到账").format(title=grant.title, n=f"{grant.per_head:,}"),
        body=_("{union}发放，有效期至 {day}，当天仍可使用。").format(
            union=grant.union.name, day=cn_day(grant.expires_on)
        ),
        link="/me/points",
        is_sensitive=grant.is_sensitive,
    )
    given = roster_of(grant).filter(state="granted").values_list("person_id")
    tell_many(actor, send_key=f"points:{grant.pk}", people=given, notice=notice, union_id=grant.union_id)


@action
def fail_grant(actor: Actor, *, grant_id: int) -> PointGrant:
    """Something refused a batch: what is given stays given, the rest waits for another run."""
    grant = PointGrant.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=grant_id)
    if grant.state == PointGrant.State.GRANTING:
        move(grant, GRANT_VERBS, "fail")
    return grant
