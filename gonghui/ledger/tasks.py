"""Jobs of the ledger: what is pending ends in time, what is written is sealed, and proven every night."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic
from gonghui.ledger import days, engine, proving, sealing

SEALER = Actor.system("sealing the ledger")
PROVER = Actor.system("the nightly proof of the books")
PUBLISHER = Actor.system("publishing the totals of the day")


@periodic("* * * * *")
def void_expired(timestamp: int) -> None:
    while engine.void_expired():
        pass


@periodic("* * * * *")
def seal_transfers(timestamp: int) -> None:
    sealing.seal_transfers(SEALER)


@periodic("40 19 * * *")
def prove_books(timestamp: int) -> None:
    """03:40 in China, every night."""
    proving.prove_books(PROVER)


@periodic("*/10 * * * *")
def publish_days(timestamp: int) -> None:
    """Most times there is nothing to do; after midnight in China, as soon as the day is sealed, there is."""
    days.publish_days(PUBLISHER)
