"""Jobs of the ledger: what is pending ends in time, what is written is sealed."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic
from gonghui.ledger import engine, sealing

SEALER = Actor.system("sealing the ledger")


@periodic("* * * * *")
def void_expired(timestamp: int) -> None:
    while engine.void_expired():
        pass


@periodic("* * * * *")
def seal_transfers(timestamp: int) -> None:
    sealing.seal_transfers(SEALER)
