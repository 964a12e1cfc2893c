"""A proof to take along: that one transfer stands in a sealed block. Checked without our database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gonghui.kit.chain import BlockFacts
from gonghui.kit.merkle import Step, leads_to
from gonghui.ledger.models import Block
from gonghui.ledger.sealing import Proof

FORM = "gonghui-ledger-proof-1"


def as_document(proof: Proof) -> dict[str, Any]:
    """Everything needed to compute it again, and nothing of anybody else's."""
    return {
        "form": FORM,
        "leaf": proof.leaf,
        "steps": [{"side": step.side, "hash": step.hash} for step in proof.steps],
        "block": as_published(proof.block),
    }


def as_published(block: Block) -> dict[str, Any]:
    """What is published of a block: enough to compute its fingerprint, and nothing of anybody."""
    facts = BlockFacts.of(block)
    return {
        "number": facts.number, "first_seq": facts.first_seq, "last_seq": facts.last_seq, "count": facts.count,
        "root": facts.root.hex(), "previous": facts.previous.hex(), "sealed_at": facts.sealed_at.isoformat(),
        "hash": facts.hash.hex(),
    }  # fmt: skip


def read_block(published: Any) -> BlockFacts:
    """As `as_published` wrote it; raises KeyError, ValueError or TypeError for anything else."""
    return BlockFacts(
        int(published["number"]), int(published["first_seq"]), int(published["last_seq"]), int(published["count"]),
        bytes.fromhex(published["root"]), bytes.fromhex(published["previous"]),
        datetime.fromisoformat(published["sealed_at"]),
    )  # fmt: skip


def first_broken_block(document: Any) -> int | None:
    """The number of the first published block that is not what it says or does not name the one before; None when all do.
    Raises as `read_block`."""
    before: BlockFacts | None = None
    for published in document["blocks"]:
        facts = read_block(published)
        follows = before is None or (facts.number, facts.first_seq, facts.previous) == (
            before.number + 1, before.last_seq + 1, before.hash,
        )  # fmt: skip
        if facts.hash.hex() != published["hash"] or not follows:
            return facts.number
        before = facts
    return None


def is_sound(document: Any) -> bool:
    """Whether the leaf leads to the root, and the root is part of the block's own fingerprint; False for what is no proof."""
    try:
        block, steps = document["block"], [Step(step["side"], step["hash"]) for step in document["steps"]]
        facts = read_block(block)
        return (
            document["form"] == FORM
            and facts.first_seq <= int(document["leaf"].split("|")[1]) <= facts.last_seq
            and leads_to(document["leaf"].encode(), steps, facts.root)
            and facts.hash.hex() == block["hash"]
        )
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return False
