"""Sealed transfers (kit.chain), and the proof of a single one for whoever it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.chain import Chain
from gonghui.kit.merkle import Step, Tree
from gonghui.ledger.models import Block, SealMark, Transfer

TRANSFERS = Chain("ledger_transfer", "seq", "ledger_leaf", Block, SealMark)


@action
def seal_transfers(actor: Actor) -> int:
    """Seals what can be sealed and leaves a mark for the next time. Returns the number of blocks made."""
    return TRANSFERS.seal()


@dataclass(frozen=True, slots=True)
class Proof:
    """That this very transfer is in the sealed history: the leaf, the way up, and the block whose root it ends in."""

    leaf: str
    steps: list[Step]
    block: Block


def proof_of(transfer: Transfer) -> Proof | None:
    """None until it is sealed. The caller has checked whose transfer it is."""
    block = Block.objects.filter(last_seq__gte=transfer.seq).order_by("last_seq").first()
    if block is None:
        return None
    with connection.cursor() as cursor:
        leaves = TRANSFERS.leaves(cursor, block.first_seq - 1, block.last_seq)
        cursor.execute("SELECT ledger_leaf(t) FROM ledger_transfer t WHERE seq = %s", [transfer.seq])
        leaf = cursor.fetchone()[0]
    return Proof(leaf, Tree(leaves).proof(leaves.index(leaf.encode())), block)
