"""What is published of a draw, in three stages; each stage carries the fingerprint of the one before.

`announced` before entries open, `closed` when they have closed, `drawn` with the seeds afterwards. The
fingerprint (SHA-256 of the canonical JSON) of a stage is shown when that stage is published, so that nobody
can change it later or draw again: whoever noted it checks the finished file against it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from gonghui.benefits.draws.lots import Entry, checked_entries, combined_seed, commit_seed, draw
from gonghui.benefits.draws.merkle import entries_digest

FORMAT = "gonghui-draw/1"
ALGORITHM = "smallest-of-weight-lots-hmac-sha256"
STAGES = ("announced", "closed", "drawn")
# What 规范促销行为暂行规定 wants published before a prize draw, beside time and number.
REQUIRED_TERMS = ("prizes", "conditions", "delivery", "sponsor")

Stage = dict[str, Any]


class BadDocument(ValueError):
    """Not a draw file of the documented form."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """One contributor's promise of a seed it still keeps secret."""

    party: str
    seed_hash: str


@dataclass(frozen=True, slots=True)
class Beacon:
    """A public value nobody can know before entries close: a numbered lottery result, a block hash."""

    source: str
    expected_at: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """All that is fixed before the first entry; times are ISO 8601 with an offset."""

    draw: str
    title: str
    capacity: int
    party_seats_max: int
    announced_at: str
    closes_at: str
    commitments: tuple[Commitment, ...]
    terms: dict[str, str]
    beacon: Beacon | None = None
    algorithm: str = field(default=ALGORITHM, init=False)

    def as_stage(self) -> Stage:
        stage = asdict(self)
        stage["commitments"] = [asdict(commitment) for commitment in self.commitments]
        return stage


def closed_stage(announced: Stage, entries: Iterable[Entry], *, closed_at: datetime) -> Stage:
    """Fixes who takes part; published before any seed is revealed."""
    ordered = checked_entries(entries)
    return {
        "announced": fingerprint(announced),
        "closed_at": closed_at.isoformat(),
        "entries_root": entries_digest(ordered),
        "entries_count": len(ordered),
        "seats_wanted": sum(entry.seats for entry in ordered),
    }


@dataclass(frozen=True, slots=True)
class Revelation:
    """The seeds in the order of their commitments, and the public value where one was named."""

    seeds: Sequence[bytes]
    drawn_at: datetime
    beacon_value: str = ""


def drawn_stage(announced: Stage, closed: Stage, entries: Iterable[Entry], revelation: Revelation) -> Stage:
    """Draws. Refuses seeds or entries other than those promised, so that a draw cannot be tried twice."""
    ordered = checked_entries(entries)
    promised = [commitment["seed_hash"] for commitment in announced["commitments"]]
    if [commit_seed(seed) for seed in revelation.seeds] != promised:
        raise BadDocument("the seeds are not those that were committed to")
    if entries_digest(ordered) != closed["entries_root"]:
        raise BadDocument("the entries are not those that were published at closing")
    if bool(announced["beacon"]) != bool(revelation.beacon_value):
        raise BadDocument("a public value is given exactly when one was announced")
    seed = combined_seed(revelation.seeds, revelation.beacon_value)
    outcome = draw(seed, ordered, announced["capacity"])
    return {
        "closed": fingerprint(closed),
        "drawn_at": revelation.drawn_at.isoformat(),
        "seeds": [seed.hex() for seed in revelation.seeds],
        "beacon_value": revelation.beacon_value,
        "combined_seed": seed.hex(),
        "entries": [list(entry) for entry in ordered],
        "winners": [entry.token for entry in outcome.winners],
        "waiting": [entry.token for entry in outcome.waiting],
    }


def draw_file(announced: Stage, closed: Stage | None = None, drawn: Stage | None = None) -> Stage:
    """The file to publish at any of the three stages; later stages are null."""
    stages = dict(zip(STAGES, (announced, closed, drawn), strict=True))
    prints = {name: fingerprint(stage) for name, stage in stages.items() if stage is not None}
    return {"format": FORMAT, **stages, "fingerprints": prints}


def fingerprint(stage: Stage) -> str:
    return hashlib.sha256(canonical_json(stage).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """Keys sorted, no spaces, UTF-8, whole numbers only."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse_draw_file(text: str | bytes) -> Stage:
    """Strict JSON: a key given twice or a broken number would let two readers see two different draws."""
    try:
        parsed = json.loads(
            text, object_pairs_hook=_unique_keys, parse_float=_no_float, parse_constant=_no_float
        )
    except (ValueError, RecursionError) as error:
        raise BadDocument(str(error)) from None
    if not isinstance(parsed, dict):
        raise BadDocument("not a JSON object")
    return parsed


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadDocument("a key is given twice")
    return found


def _no_float(text: str) -> None:
    raise BadDocument(f"{text} is not a whole number")
