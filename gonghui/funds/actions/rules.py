"""Rules are written, verified and ended; a rule that binds is never changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from gonghui.funds import errors
from gonghui.funds.models import BenefitRule
from gonghui.funds.rulebook import region_code_of
from gonghui.funds.shipped_rules import PLACES, SHIPPED
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.orgs.models import Region

COUNTRY = "00"
"""The region of rules that bind everywhere."""


@dataclass(frozen=True, slots=True)
class RuleTerms:
    category: str
    cap_fen: int | None
    period: str
    effective_from: date
    clause: str
    festival: str = ""
    source_kind: str = ""
    source_level: str = ""
    max_count: int | None = None
    effective_until: date | None = None
    share_part: int | None = None
    share_whole: int | None = None
    given_until: str = ""
    spent_until: str = ""
    most_days: int | None = None
    most_days_paired: int | None = None
    condition: str = ""

    @property
    def says_something(self) -> bool:
        bounds = (self.cap_fen, self.share_whole, self.most_days)
        words = (self.given_until, self.spent_until, self.condition)
        return any(bound is not None for bound in bounds) or any(words)


@action
def write_rule(actor: Actor, *, region: Region, terms: RuleTerms) -> BenefitRule:
    """For the region of the union one writes rules for, or a part of it."""
    _require_region(actor, region)
    require(terms.cap_fen is None or terms.cap_fen >= 0, errors.BAD_FEN)
    require(terms.says_something, errors.RULE_SAYS_NOTHING)
    require(terms.max_count is None or terms.cap_fen is not None, errors.COUNT_WITHOUT_CAP)
    require(terms.clause.strip(), errors.CLAUSE_MISSING)
    return BenefitRule.objects.create(region=region, writer_id=actor.user_id, **asdict(terms))


@action
def end_rule(actor: Actor, *, rule_id: int, on: date) -> BenefitRule:
    """From that day on it binds no more; never for days gone by."""
    rule = rule_for(actor, rule_id)
    require(rule.effective_until is None, errors.RULE_ENDED)
    require(on >= clock.today() and on > rule.effective_from, errors.RULE_ENDS_TOO_EARLY)
    rule.effective_until = on
    rule.save(update_fields=["effective_until", "updated_at"])
    return rule


@action
def verify_rule(actor: Actor, *, rule_id: int, evidence: str) -> BenefitRule:
    """By somebody else than wrote it, who has read the document itself and says what stands there."""
    rule = rule_for(actor, rule_id)
    require(actor.user_id, errors.NEEDS_A_PERSON)
    require(not rule.is_verified, errors.RULE_VERIFIED)
    require(rule.writer_id != actor.user_id, errors.RULE_WRITER_IS_VERIFIER)
    require(evidence.strip(), errors.RULE_EVIDENCE_MISSING)
    rule.is_verified, rule.verified_by_id, rule.evidence = True, actor.user_id, evidence.strip()
    rule.save(update_fields=["is_verified", "verified_by", "evidence", "updated_at"])
    return rule


def rule_for(actor: Actor, rule_id: int) -> BenefitRule:
    found = BenefitRule.objects.visible_to(actor).select_related("region").filter(pk=rule_id)
    rule = found.select_for_update(of=("self",), no_key=True).first()
    require(rule, NOT_FOUND)
    _require_region(actor, rule.region)
    return rule


def _require_region(actor: Actor, region: Region) -> None:
    """A rule binds a whole region: whoever writes it must hold the verb over a union of that region or one around it."""
    if actor.is_system:
        return
    require(actor.may_anywhere("rules.write"))
    held = [region_code_of(path) for path in actor.whole_paths("rules.write")]
    ours = any(code and region.code.startswith(code) for code in held)
    require(ours, errors.RULE_REGION_NOT_YOURS, region=region.name)


def regions_of(actor: Actor) -> QuerySet[Region]:
    """Those one may write rules for, down to districts: rules are made no further down."""
    held = {region_code_of(path) for path in actor.whole_paths("rules.write")} - {""}
    here = reduce(or_, (Q(code__startswith=code) for code in sorted(held)), Q(pk__in=[]))
    return (
        Region.objects.unscoped("regions are public").alias(length=Length("code")).filter(here, length__lte=6)
    )


@action
def load_rules(actor: Actor) -> int:
    """The caps that come with the product, none of them verified; those already there stay. Returns how many are new."""
    require(actor.is_system)
    return sum(_load(code, RuleTerms(**facts)) for code, facts in SHIPPED)


def _load(code: str, terms: RuleTerms) -> bool:
    region = _region(code)
    known = BenefitRule.objects.unscoped("loading what comes with the product")
    facts = {"region": region, "category": terms.category, "clause": terms.clause, "festival": terms.festival,
             "period": terms.period, "effective_from": terms.effective_from}  # fmt: skip
    _rule, is_new = known.get_or_create(
        **facts, cap_fen__isnull=terms.cap_fen is None, defaults=asdict(terms)
    )
    return is_new


def _region(code: str) -> Region:
    found = Region.objects.unscoped("regions are public")
    return found.get_or_create(code=code, defaults={"name": PLACES[code]})[0]
