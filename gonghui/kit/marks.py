"""Marks that a row of an export carries unseen: which export, which row, and a seal only this keyring makes.

Zero-width characters behind the row's first text. They survive copying a row into another sheet, a chat or a CSV.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from gonghui.kit.crypto import CannotOpen, Keyring

ZERO, ONE, FRAME = "\u200b", "\u200c", "\u2063"
PURPOSE = "export mark"
NUMBER_BYTES, ROW_BYTES, SEAL_BYTES = 4, 3, 4
LENGTH = 8 * (NUMBER_BYTES + ROW_BYTES + SEAL_BYTES + 1)
MARKS = re.compile(f"{FRAME}([{ZERO}{ONE}]{{{LENGTH}}})")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    export_id: int
    row: int


def mark_text(ring: Keyring, mark: Mark) -> str:
    """One byte names the token key, so that a mark is read after rotation."""
    said = mark.export_id.to_bytes(NUMBER_BYTES, "big") + mark.row.to_bytes(ROW_BYTES, "big")
    key_id = ring.current_id("token")
    raw = bytes([key_id % 256]) + said + _seal(ring, key_id, said)
    return FRAME + "".join(ONE if bit == "1" else ZERO for bit in f"{int.from_bytes(raw, 'big'):0{LENGTH}b}")


def read_marks(ring: Keyring, text: str) -> set[Mark]:
    """Those this keyring made; others, and what was tampered with, are left out."""
    found = set()
    for bits in MARKS.findall(text):
        raw = int(bits.replace(ONE, "1").replace(ZERO, "0"), 2).to_bytes(LENGTH // 8, "big")
        said, seal = raw[1 : 1 + NUMBER_BYTES + ROW_BYTES], raw[1 + NUMBER_BYTES + ROW_BYTES :]
        try:
            is_ours = hmac.compare_digest(seal, _seal(ring, raw[0], said))
        except CannotOpen:
            continue
        if is_ours:
            cut = NUMBER_BYTES
            found.add(Mark(int.from_bytes(said[:cut], "big"), int.from_bytes(said[cut:], "big")))
    return found


def document_mark(ring: Keyring, export_id: int) -> str:
    """For the properties of the file."""
    return (
        f"gonghui-export:{export_id}:{_seal(ring, ring.current_id('token'), str(export_id).encode()).hex()}"
    )


def _seal(ring: Keyring, key_id: int, said: bytes) -> bytes:
    return hmac.digest(ring.derive(PURPOSE, key_id=key_id), said, "sha256")[:SEAL_BYTES]
