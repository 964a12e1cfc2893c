"""优惠: written as a draft, reviewed by another, put up with its money set aside, paused, ended; copied to be changed."""

from __future__ import annotations

from dataclasses import asdict, replace

from django.utils.translation import gettext as _

from gonghui.audiences import queries as audiences
from gonghui.benefits.actions.releases import because
from gonghui.benefits.models import Offer
from gonghui.bills import plans, purses, terms_errors
from gonghui.bills.actions.days import ended_days, require_day_of_line
from gonghui.bills.models import (
    FundingShare,
    OfferLimit,
    OfferStore,
    OfferTerms,
    OfferWindow,
    PriceNote,
    Programme,
)
from gonghui.bills.models.terms import TERMS_VERBS
from gonghui.bills.plans import TermsPlan
from gonghui.bills.price_history import doubtful_prices
from gonghui.bills.rule_checks import forbidden
from gonghui.bills.terms_tasks import sweep_offer_money
from gonghui.funds.models import Budget
from gonghui.funds.queries import budget_words
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, require
from gonghui.kit.states import move
from gonghui.members.groups import are_sensitive
from gonghui.members.models import WorkerGroup
from gonghui.orgs.models import Union
from gonghui.partners.interests import refuse_own_merchant
from gonghui.partners.models import Store
from gonghui.partners.queries import may_trade

OURS = "named in the terms, asked for here"
OTHERS_NAMED_MAX = 5


@action
def write_programme(actor: Actor, *, union_id: int, title: str, starts_on, ends_on=None) -> Programme:
    union = _union(actor, union_id)
    title = title.strip()
    require(title, BAD_INPUT, detail=_("请填写项目名称。"))
    require(ends_on is None or starts_on <= ends_on, BAD_INPUT, detail=_("开始日期不能晚于截止日期。"))
    is_taken = Programme.objects.filter(union=union, title=title).exists()
    require(not is_taken, BAD_INPUT, detail=_("已经有同名的项目。"))
    return Programme.objects.create(union=union, title=title, starts_on=starts_on, ends_on=ends_on)


@action
def write_terms(actor: Actor, *, union_id: int, plan: TermsPlan, terms_id: int | None = None) -> OfferTerms:
    """A new draft, or a draft written anew; the maker is who wrote last. Its stores may still be missing."""
    union = _union(actor, union_id)
    require(actor.user_id, terms_errors.TERMS_MAKER_IS_CHECKER)
    _require_sound(actor, union, plan)
    terms = _blank(actor, union, plan) if terms_id is None else _draft(actor, terms_id)
    for name, value in plan.as_fields().items():
        setattr(terms, name, value)
    terms.maker_id = actor.user_id
    terms.save()
    Offer.objects.unscoped(OURS).filter(pk=terms.offer_id).update(
        title=plan.title, kind=plan.kind, terms=plan.says, updated_at=clock.now()
    )
    _write_parts(terms, plan)
    return terms


def _blank(actor: Actor, union: Union, plan: TermsPlan) -> OfferTerms:
    offer = Offer.objects.create(union=union, title=plan.title, kind=plan.kind, is_priced=True)
    return OfferTerms(offer=offer)


def _draft(actor: Actor, terms_id: int) -> OfferTerms:
    terms = terms_for(actor, terms_id, "releases.write")
    is_draft = terms.state == OfferTerms.State.DRAFT
    require(is_draft, terms_errors.TERMS_NOT_DRAFT, state=terms.get_state_display())
    return terms


def _write_parts(terms: OfferTerms, plan: TermsPlan) -> None:
    for rows in (terms.shares, terms.windows, terms.limits, terms.offer_stores):
        rows.all().delete()
    FundingShare.objects.unscoped(OURS).bulk_create(
        FundingShare(terms=terms, nth=nth, **asdict(share)) for nth, share in enumerate(plan.shares, 1)
    )
    OfferWindow.objects.bulk_create(_window_row(terms, window) for window in plan.windows)
    counted = [OfferLimit(terms=terms, per=per, most=most) for per, most in plan.limits]
    capped = [OfferLimit(terms=terms, per=per, most_fen=fen) for per, fen in plan.caps]
    OfferLimit.objects.bulk_create(counted + capped)
    OfferStore.objects.bulk_create(OfferStore(terms=terms, store_id=pk) for pk in sorted(set(plan.store_ids)))


def _window_row(terms: OfferTerms, window) -> OfferWindow:
    plain = ("starts_on", "ends_on", "from_time", "to_time", "capacity", "holidays")
    facts = {name: getattr(window, name) for name in plain}
    lists = {name: sorted(getattr(window, name)) for name in ("weekdays", "groups", "store_ids")}
    day_id = window.only_on and window.only_on.id
    return OfferWindow(terms=terms, benefit_day_id=day_id, **facts, **lists)


def _require_sound(actor: Actor, union: Union, plan: TermsPlan) -> None:
    require(plan.title.strip(), BAD_INPUT, detail=_("请填写优惠名称。"))
    _say(plans.wrong_plan(plan, clock.now()))
    _stores(actor, union, plan.store_ids)
    _budgets(union, plan)
    _require_groups(plan)
    for day_id in {window.only_on.id for window in plan.windows if window.only_on}:
        require_day_of_line(day_id, union)
    if plan.audience_union_id is not None:
        audience = Union.objects.unscoped(OURS).filter(pk=plan.audience_union_id).first()
        require(audience and actor.may("releases.write", audience.path))
    if plan.audience_id is not None:
        meant = audiences.audience_for(actor, plan.audience_id)
        require(not meant.is_sensitive, terms_errors.AUDIENCE_AT_THE_TILL, audience=meant.name)
        audiences.require_fresh(meant.pk)
    if plan.programme_id is not None:
        programme = Programme.objects.select_related("union").filter(pk=plan.programme_id).first()
        require(programme and is_in_line(programme.union.path, union.path), NOT_FOUND)


def _say(problems: list[str]) -> None:
    require(not problems, terms_errors.TERMS_WRONG, detail="".join(problems))


def is_in_line(one: str, other: str) -> bool:
    """The same union, or one above the other."""
    return one.startswith(other) or other.startswith(one)


def _stores(actor: Actor, union: Union, store_ids) -> list[Store]:
    wanted = set(store_ids)
    found = Store.objects.visible_to(actor).select_related("partner__union").filter(pk__in=wanted)
    stores = list(found.order_by("id"))
    require(len(stores) == len(wanted), terms_errors.STORE_UNKNOWN)
    for store in stores:
        is_ours = is_in_line(store.partner.union.path, union.path)
        require(is_ours, terms_errors.STORE_OF_OTHERS, store=store.name)
    return stores


def _budgets(union: Union, plan: TermsPlan) -> list[Budget]:
    wanted = {share.budget_id for share in plan.shares if share.budget_id}
    found = Budget.objects.unscoped(OURS).select_related("union", "source").filter(pk__in=wanted)
    budgets = [budget for budget in found if is_in_line(budget.union.path, union.path)]
    require(len(budgets) == len(wanted), terms_errors.BUDGET_UNKNOWN)
    return budgets


def _require_groups(plan: TermsPlan) -> None:
    named = {*plan.groups, *(code for window in plan.windows for code in window.groups)}
    require(not are_sensitive(named), terms_errors.GROUP_AT_THE_TILL)
    known = set(WorkerGroup.objects.filter(code__in=named).values_list("code", flat=True))
    _say([_("没有“%s”这个群体。") % code for code in sorted(named - known)])


def _union(actor: Actor, union_id: int) -> Union:
    union = Union.objects.unscoped("of the offer, may they write for it?").filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.may("releases.write", union.path))
    return union


def terms_for(actor: Actor, terms_id: int, verb: str) -> OfferTerms:
    """Fetched, locked and allowed in one call."""
    found = OfferTerms.objects.visible_to(actor).select_related("offer__union")
    terms = found.filter(pk=terms_id).select_for_update(of=("self",), no_key=True).first()
    require(terms, NOT_FOUND)
    require(actor.may(verb, terms.offer.union.path))
    return terms


@action
def review_terms(actor: Actor, *, terms_id: int, price_note: str = "") -> OfferTerms:
    """By somebody else than its maker, when everything it needs is there. Where list prices were raised before it begins, the
    reviewer says in words why it goes on."""
    terms = terms_for(actor, terms_id, "releases.review")
    require(actor.user_id and actor.user_id != terms.maker_id, terms_errors.TERMS_MAKER_IS_CHECKER)
    refuse_own_merchant(actor, terms.offer_stores.values_list("store__partner_id", flat=True))
    plan, union = plans.plan_of(terms), terms.offer.union
    missing = [] if plan.store_ids else [_("请至少选一家门店。")]
    _say(missing + plans.wrong_plan(plan, clock.now()))
    ended = ended_days(window.only_on.id for window in plan.windows if window.only_on)
    _say(_closed_stores(actor, union, plan) + _closed_budgets(union, plan) + ended)
    _say(forbidden(plan, _budgets(union, plan), clock.today()))
    _note_prices(actor, terms, plan, price_note.strip())
    move(terms, TERMS_VERBS, "review", checker_id=actor.user_id)
    return terms


def _note_prices(actor: Actor, terms: OfferTerms, plan: TermsPlan, words: str) -> None:
    figures = [one.says() for one in doubtful_prices(plan)]
    if not figures:
        return
    require(words, terms_errors.PRICES_RAISED, detail="".join(figures[:OTHERS_NAMED_MAX]))
    words = words[: PriceNote._meta.get_field("words").max_length]
    PriceNote.objects.create(terms=terms, checker_id=actor.user_id, words=words, figures=figures)


def _closed_stores(actor: Actor, union: Union, plan: TermsPlan) -> list[str]:
    """A sentence for each merchant that may not trade today."""
    one_of = {store.partner_id: store.pk for store in _stores(actor, union, plan.store_ids)}
    today = clock.today()
    refused = [error.message for pk in one_of.values() if (error := may_trade(pk, today))]
    if len(refused) > OTHERS_NAMED_MAX:
        more = len(refused) - OTHERS_NAMED_MAX
        refused[OTHERS_NAMED_MAX:] = [_("还有 %d 家商户也是这样。") % more]
    return refused


def _closed_budgets(union: Union, plan: TermsPlan) -> list[str]:
    today = clock.today()
    closed = [budget for budget in _budgets(union, plan) if not budget.is_open_on(today)]
    said = _("预算“%(name)s”在 %(day)s 不能用：%(why)s。")
    return [said % budget_words(budget, today) for budget in closed]


@action
def send_back_terms(actor: Actor, *, terms_id: int, reason: str) -> OfferTerms:
    terms = terms_for(actor, terms_id, "releases.review")
    because(actor, reason)
    move(terms, TERMS_VERBS, "send_back", checker_id=None)
    return terms


@action
def publish_terms(actor: Actor, *, terms_id: int) -> OfferTerms:
    """From here on it holds. Without vouchers its money is set aside now, with vouchers at the review of each release."""
    terms = terms_for(actor, terms_id, "releases.write")
    move(terms, TERMS_VERBS, "publish")
    purses.fill_offer_purses(actor, terms)
    return terms


@action
def pause_terms(actor: Actor, *, terms_id: int, reason: str) -> OfferTerms:
    """Nothing is given meanwhile, for vouchers already held neither."""
    terms = terms_for(actor, terms_id, "releases.write")
    because(actor, reason)
    move(terms, TERMS_VERBS, "pause")
    return terms


@action
def resume_terms(actor: Actor, *, terms_id: int) -> OfferTerms:
    terms = terms_for(actor, terms_id, "releases.write")
    move(terms, TERMS_VERBS, "resume")
    return terms


@action
def end_terms(actor: Actor, *, terms_id: int, reason: str) -> OfferTerms:
    """For good. Vouchers already held are honoured until they expire; what was set aside and not used goes home by a job."""
    terms = terms_for(actor, terms_id, "releases.write")
    because(actor, reason)
    move(terms, TERMS_VERBS, "end")
    sweep_offer_money.defer()
    return terms


@action
def copy_terms(actor: Actor, *, terms_id: int) -> OfferTerms:
    """A new draft with the same facts. Stores that closed and budgets that are over are left for its writer to find."""
    terms = terms_for(actor, terms_id, "releases.write")
    plan = plans.plan_of(terms)
    title = (_("%s（副本）") % plan.title)[: Offer._meta.get_field("title").max_length]
    return write_terms(actor, union_id=terms.offer.union_id, plan=replace(plan, title=title))


@action
def add_store(actor: Actor, *, terms_id: int, store_id: int) -> OfferStore:
    """Until the offer ends; once reviewed, only stores that may trade today."""
    terms = _unended(actor, terms_id)
    (store,) = _stores(actor, terms.offer.union, [store_id])
    if terms.state != OfferTerms.State.DRAFT and (refused := may_trade(store.pk, clock.today())):
        raise refused
    made, _is_new = OfferStore.objects.get_or_create(terms=terms, store=store)
    return made


@action
def remove_store(actor: Actor, *, terms_id: int, store_id: int) -> None:
    terms = _unended(actor, terms_id)
    there = terms.offer_stores.filter(store_id=store_id)
    require(there.exists(), NOT_FOUND)
    require(terms.offer_stores.count() > 1, terms_errors.LAST_STORE)
    there.delete()


def _unended(actor: Actor, terms_id: int) -> OfferTerms:
    terms = terms_for(actor, terms_id, "releases.write")
    if terms.state == OfferTerms.State.ENDED:
        raise DomainError(terms_errors.TERMS_OVER)
    return terms
