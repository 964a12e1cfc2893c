"""Transfers on their way to a union that ends go on to where it went; who is there already has arrived."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.events import emit
from gonghui.members.events import TransferPassedOn
from gonghui.members.models import Membership, TransferRequest, TransferStep
from gonghui.members.models.transfers import OPEN, WORDS_MAX
from gonghui.members.transfer_terms import ACCEPT, RELEASE, terms_for
from gonghui.orgs.endings import Ending, InFlight
from gonghui.orgs.models import Union

WHY = "on their way to a union that ends"


def on_their_way_to(union: Union):
    return TransferRequest.objects.unscoped(WHY).filter(to_union=union, state__in=OPEN)


def carry(actor: Actor, ending: Ending) -> None:
    """Every verb of a transfer holds the union it goes to, so none of these moves while that one ends."""
    union, into = ending.union, ending.into
    home = on_their_way_to(union).filter(from_union=into)
    for row in home.select_for_update(of=("self",), no_key=True):
        # The database closes the transfer as overtaken and writes its step (sql/20_transfers.sql).
        there = Membership.objects.unscoped(WHY).filter(pk=row.membership_id, status="transferring")
        there.update(status=row.was, updated_at=clock.now())
    for row in on_their_way_to(union).select_for_update(of=("self",), no_key=True):
        _aim(row, ending)
    _hand_desks_on(union, into)


def _aim(row: TransferRequest, ending: Ending) -> None:
    """What was released stays released; the other union's days begin anew."""
    row.to_union = ending.into
    fields = ["to_union", "updated_at"]
    if row.state == TransferRequest.State.RELEASED:
        row.desk = ending.into
        turn = terms_for(ending.into, ACCEPT).begun()
        row.due_on, row.silence, row.rule_id = turn["due_on"], turn["silence"], turn["rule_id"]
        fields += ["desk", "due_on", "silence", "rule"]
    row.save(update_fields=fields)
    step = TransferStep.objects.create(
        transfer=row, at=clock.now(), kind=TransferStep.Kind.AIMED, by=TransferStep.By.CHANGE, union=ending.into,
        words=ending.words[:WORDS_MAX],
    )  # fmt: skip
    emit(TransferPassedOn(step_id=step.pk))


def _hand_desks_on(union: Union, into: Union) -> None:
    """Those that had climbed to this union because one below said nothing."""
    climbed = TransferRequest.objects.unscoped(WHY).filter(desk=union, state__in=OPEN)
    for state, stage in (("opened", RELEASE), ("released", ACCEPT)):
        turn = terms_for(into, stage).begun()
        climbed.filter(state=state).update(desk=into, updated_at=clock.now(), **turn)


FLIGHT = InFlight(_("转入中的会籍"), lambda union: on_their_way_to(union).count(), carry)
