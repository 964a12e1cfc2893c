"""The audit trail sealed like the ledger: whoever changes or removes a line behind the back is found by its block.

A column that the trail may no longer keep is taken out by the migration alone; its line keeps its leaf, so the block stays
whole and says how many lines were so treated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.chain import Chain, Reading
from gonghui.kit.models import TrailBlock, TrailMark, TrailProof, TrailRedaction

TRAIL = Chain("kit_audit", "id", "kit_audit_leaf", TrailBlock, TrailMark)
WRONG_MAX = 10


@action
def seal_trail(actor: Actor) -> int:
    """Seals what can be sealed and leaves a mark for the next time. Returns the number of blocks made."""
    return TRAIL.seal()


@action
def prove_trail(actor: Actor) -> TrailProof:
    """Every night: what the reading of the whole trail found is kept, for doctor and for whoever asks whether all is well."""
    found = verify_trail()
    wrong = sorted({*found.broken, *found.changed})
    return TrailProof.objects.unscoped("the nightly proof").create(
        rows=found.rows, redacted=redacted(), wrong=wrong[:WRONG_MAX]
    )


def verify_trail(
    noted: Mapping[int, str] | None = None, progress: Callable[[int], None] = lambda _count: None
) -> Reading:
    """`noted`: hashes of blocks somebody kept outside the system, by number."""
    return TRAIL.read_again(noted or {}, progress)


def redacted() -> int:
    """Lines of which something was taken out by a migration."""
    return TrailRedaction.objects.unscoped("counted").count()


def last_proof() -> TrailProof | None:
    return TrailProof.objects.unscoped("whether the service is ready").order_by("-id").first()
