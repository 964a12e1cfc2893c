"""The books proven by the clock: what `verify_ledger` says is kept, and told where something does not agree."""

from __future__ import annotations

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.events import emit
from gonghui.ledger.events import BooksDisagree
from gonghui.ledger.models import Proof
from gonghui.ledger.verify import verify_ledger


@action
def prove_books(actor: Actor) -> Proof:
    wrong = [{"name": check.name, "of": list(check.wrong)} for check in verify_ledger() if not check.ok]
    proof = Proof.objects.create(wrong=wrong)
    if wrong:
        emit(BooksDisagree(proof_id=proof.pk))
    return proof


def last_proof() -> Proof | None:
    return Proof.objects.order_by("-id").first()
