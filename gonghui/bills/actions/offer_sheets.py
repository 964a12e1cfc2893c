"""优惠表: a sheet of offers checked and brought in as drafts, by the very action that writes one; live they go by two as ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction

from gonghui.audiences.models import Audience
from gonghui.audiences.queries import usable
from gonghui.bills import plans, pricing, terms_errors
from gonghui.bills.actions.terms import write_terms
from gonghui.bills.forms import (
    Lists,
    OfferEditor,
    budgets_to_choose,
    days_to_choose,
    in_line,
    stores_to_choose,
)
from gonghui.bills.models import BenefitDay, OfferKey, OfferTerms, Programme
from gonghui.bills.offer_sheets import Known, Names, SheetOffer
from gonghui.bills.offer_sheets.errors import CHANGED_MEANWHILE, KEY_UNKNOWN, UNION_STAYS
from gonghui.bills.plans import TermsPlan
from gonghui.funds.admin.asking import written_unions
from gonghui.funds.models import Budget, Section
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Union
from gonghui.partners.models import Store

OURS = "named in offers the reader sees"
NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"


@dataclass
class Brought:
    """What becomes of one offer of a sheet; `problems` in words where it is refused."""

    offer: SheetOffer
    kind: str = REFUSED
    says: str = ""
    terms_id: int | None = None
    problems: list[str] = field(default_factory=list)


@action
def check_offers(actor: Actor, *, union_id: int, offers: Sequence[SheetOffer]) -> list[Brought]:
    """What `bring_in_offers` would do now. Nothing is written: what was is taken back."""
    with transaction.atomic():
        found = _brought(actor, union_id, offers)
        transaction.set_rollback(True)
    return found


@action
def bring_in_offers(
    actor: Actor, *, union_id: int, offers: Sequence[SheetOffer], lines: Collection[int]
) -> list[Brought]:
    """Those that begin at `lines`, which were found good: all of them or none."""
    found = _brought(actor, union_id, [offer for offer in offers if offer.line in lines])
    require(all(one.kind != REFUSED for one in found), CHANGED_MEANWHILE)
    return found


def _brought(actor: Actor, union_id: int, offers: Sequence[SheetOffer]) -> list[Brought]:
    for pk in sorted({_union_of(offer, union_id) for offer in offers}):
        lock_name("bills.offer_sheet", str(pk))
    lists = Lists.read_for(actor)
    return [_one(actor, union_id, offer, lists) for offer in offers]


def _union_of(offer: SheetOffer, union_id: int) -> int:
    return int(str(offer.posted.get("union", union_id)))


def _one(actor: Actor, union_id: int, offer: SheetOffer, lists: Lists) -> Brought:
    if offer.problems:
        return Brought(offer, problems=offer.problems)
    union_id = _union_of(offer, union_id)
    posted = offer.posted | {"union": str(union_id)}
    editor = OfferEditor(actor, posted, rows=(offer.shares, offer.windows), lists=lists)
    if not editor.is_valid():
        return Brought(offer, problems=[text for _anchor, text in editor.errors()])
    plan = editor.plan()
    try:
        with transaction.atomic():
            return _written(actor, union_id, offer, plan)
    except DomainError as error:
        return Brought(offer, problems=[str(error)])


def _written(actor: Actor, union_id: int, offer: SheetOffer, plan: TermsPlan) -> Brought:
    says = pricing.says_terms(plan.price)
    before = _known_as(actor, union_id, offer.key)
    if before is None:
        made = write_terms(actor, union_id=union_id, plan=plan)
        OfferKey.objects.create(union_id=union_id, terms=made, key=offer.key)
        return Brought(offer, NEW, says, made.pk)
    if _as_compared(plans.plan_of(before)) == _as_compared(plan):
        return Brought(offer, SAME, says, before.pk)
    is_draft = before.state == OfferTerms.State.DRAFT
    require(is_draft, terms_errors.TERMS_NOT_DRAFT, state=before.get_state_display())
    write_terms(actor, union_id=union_id, plan=plan, terms_id=before.pk)
    return Brought(offer, CHANGED, says, before.pk)


def _known_as(actor: Actor, union_id: int, key: str) -> OfferTerms | None:
    """The offer the union calls so; “#12” is one by its own number."""
    if not key.startswith("#"):
        kept = OfferKey.objects.unscoped("of the union it is written for").filter(union_id=union_id, key=key)
        return OfferTerms.objects.unscoped(OURS).select_related("offer").filter(sheet_key__in=kept).first()
    found = OfferTerms.objects.visible_to(actor).select_related("offer__union")
    terms = found.filter(pk=int(key[1:])).first() if key[1:].isdecimal() and len(key) < 18 else None
    is_theirs = terms is not None and actor.may("releases.write", terms.offer.union.path)
    require(is_theirs, KEY_UNKNOWN, key=key)
    require(terms.offer.union_id == union_id, UNION_STAYS, key=key, union=terms.offer.union.name)
    return terms


def _as_compared(plan: TermsPlan) -> TermsPlan:
    """Without what says nothing of the offer: the rows' numbers, and the order of what has none."""
    sets = {
        name: tuple(sorted(getattr(plan, name)))
        for name in ("limits", "caps", "store_ids", "groups", "sections", "codes")
    }
    windows = tuple(replace(window, id=0) for window in plan.windows)
    return replace(plan, windows=windows, says=plan.says.replace("\r\n", "\n").strip(), **sets)


# --- what cells may name ------------------------------------------------------------------------------------


def known_to(actor: Actor, rows: Iterable[OfferTerms] = ()) -> Known:
    """What the actor may choose, and what `rows` name besides."""
    rows = list(rows)
    unions = {row.pk: row for row in written_unions(actor, "releases.write")}
    audiences = {row.pk: row for row in usable(actor).filter(is_sensitive=False).select_related("union")}
    stores = {row.pk: row for row in stores_to_choose(actor)}
    budgets = {row.pk: row for row in budgets_to_choose(actor)}
    days = {day.pk: day for day in days_to_choose(actor).values()}
    programmes = Programme.objects.filter(in_line(actor, "union")).select_related("union").order_by("-id")
    projects = {row.pk: row for row in programmes}
    _add(
        unions,
        Union.objects.unscoped(OURS),
        {pk for r in rows for pk in (r.offer.union_id, r.audience_union_id)},
    )
    _add(
        audiences,
        Audience.objects.unscoped(OURS).select_related("union"),
        {row.audience_id for row in rows},
    )
    _add(
        stores,
        Store.objects.unscoped(OURS).select_related("partner"),
        {one.store_id for row in rows for one in row.offer_stores.all()},
    )
    _add(
        budgets,
        Budget.objects.unscoped(OURS).select_related("union"),
        {share.budget_id for row in rows for share in row.shares.all()},
    )
    _add(
        days,
        BenefitDay.objects.select_related("union"),
        {window.benefit_day_id for row in rows for window in row.windows.all()},
    )
    _add(projects, Programme.objects.select_related("union"), {row.programme_id for row in rows})
    return Known(
        unions=Names((pk, row.name, "") for pk, row in unions.items()),
        audiences=Names((pk, row.name, row.union.name) for pk, row in audiences.items()),
        stores=Names((pk, row.name, row.partner.name) for pk, row in stores.items()),
        budgets=Names((pk, row.name, row.union.name) for pk, row in budgets.items()),
        programmes=Names((pk, row.title, row.union.name) for pk, row in projects.items()),
        days=Names((pk, row.name, row.union.name) for pk, row in days.items()),
        groups=dict(WorkerGroup.objects.order_by("id").values_list("code", "name")),
        sections=dict(Section.objects.order_by("id").values_list("code", "name")),
    )


def _add(there: dict[int, object], rows, wanted: set[int | None]) -> None:
    missing = wanted - there.keys() - {None}
    if missing:
        there.update((row.pk, row) for row in rows.filter(pk__in=missing).order_by("pk"))
