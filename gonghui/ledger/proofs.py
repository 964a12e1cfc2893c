"""A proof to take along: that one transfer stands in a sealed block. Checked without our database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gonghui.kit.merkle import Step, leads_to
from gonghui.ledger.sealing import BlockFacts, Proof

FORM = "gonghui-ledger-proof-1"


def as_document(proof: Proof) -> dict[str, Any]:
    """Everything needed to compute it again, and nothing of anybody else's."""
    facts = BlockFacts.of(proof.block)
    return {
        "form": FORM,
        "leaf": proof.leaf,
        "steps": [{"side": step.side, "hash": step.hash} for step in proof.steps],
        "block": {
            "number": facts.number, "first_seq": facts.first_seq, "last_seq": facts.last_seq, "count": facts.count,
            "root": facts.root.hex(), "previous": facts.previous.hex(), "sealed_at": facts.sealed_at.isoformat(),
            "hash": facts.hash.hex(),
        },
    }  # fmt: skip


def is_sound(document: Any) -> bool:
    """Whether the leaf leads to the root, and the root is part of the block's own fingerprint; False for what is no proof."""
    try:
        block, steps = document["block"], [Step(step["side"], step["hash"]) for step in document["steps"]]
        facts = BlockFacts(
            int(block["number"]), int(block["first_seq"]), int(block["last_seq"]), int(block["count"]),
            bytes.fromhex(block["root"]), bytes.fromhex(block["previous"]), datetime.fromisoformat(block["sealed_at"]),
        )  # fmt: skip
        return (
            document["form"] == FORM
            and facts.first_seq <= int(document["leaf"].split("|")[1]) <= facts.last_seq
            and leads_to(document["leaf"].encode(), steps, facts.root)
            and facts.hash.hex() == block["hash"]
        )
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return False
