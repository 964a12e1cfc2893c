"""Sealing (SM4-GCM), blind index (HMAC-SM3) and derived keys. Free of Django: the gate imports it."""

from __future__ import annotations

import hashlib
import hmac as plain_hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Purpose = Literal["seal", "index", "token"]

LAYOUT_VERSION = 1
ROW_LAYOUT_VERSION = 2
"""Sealed under a key that needs the secret of its row as well: with that secret gone nobody opens it."""
LAYOUTS = (LAYOUT_VERSION, ROW_LAYOUT_VERSION)
ROW_SECRET_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 3
SECRET_BYTES: dict[Purpose, int] = {"seal": 16, "index": 32, "token": 32}


class CannotOpen(Exception):
    """The sealed bytes are damaged, belong to another column, or their key is gone."""


class KeysMissing(Exception):
    """No usable keys; the message says where to put them."""


@dataclass(frozen=True, slots=True)
class Key:
    id: int
    purpose: Purpose
    secret: bytes

    def __post_init__(self) -> None:
        if self.purpose not in SECRET_BYTES:
            raise KeysMissing(f"unknown key purpose {self.purpose!r}")
        if not 0 < self.id < 65_536:
            raise KeysMissing(f"key id {self.id} is outside 1…65535")
        if len(self.secret) != (wanted := SECRET_BYTES[self.purpose]):
            raise KeysMissing(f"key {self.id} ({self.purpose}) must be {wanted} bytes long")

    def __repr__(self) -> str:
        return f"Key(id={self.id}, purpose={self.purpose!r})"


class Keyring:
    """All keys open, one key per purpose makes new things."""

    def __init__(self, keys: Iterable[Key], *, current: dict[Purpose, int]) -> None:
        self._keys = {(key.purpose, key.id): key for key in keys}
        self._current: dict[Purpose, Key] = {}
        for purpose in SECRET_BYTES:
            try:
                self._current[purpose] = self._keys[purpose, current[purpose]]
            except KeyError:
                raise KeysMissing(f"the keyring names no current key for {purpose!r}") from None
        self._derived: dict[tuple[str, int], bytes] = {}
        self._row: tuple[int, bytes, bytes] = (0, b"", b"")
        """The key of the row last asked for: its columns follow each other."""

    @classmethod
    def generate(cls) -> Keyring:
        keys = [Key(1, purpose, secrets.token_bytes(size)) for purpose, size in SECRET_BYTES.items()]
        return cls(keys, current=dict.fromkeys(SECRET_BYTES, 1))

    @classmethod
    def from_json(cls, text: str) -> Keyring:
        try:
            document = json.loads(text)
            keys = [Key(int(k["id"]), k["purpose"], bytes.fromhex(k["secret"])) for k in document["keys"]]
            current = {purpose: int(number) for purpose, number in document["current"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # The text holds secrets: say what kind of mistake it is, never quote it.
            kind = type(error).__name__
            raise KeysMissing(f"the keyring is not JSON of the documented form ({kind})") from None
        return cls(keys, current=current)

    def to_json(self) -> str:
        keys = [{"id": k.id, "purpose": k.purpose, "secret": k.secret.hex()} for k in self._keys.values()]
        current = {purpose: key.id for purpose, key in self._current.items()}
        return json.dumps({"version": 1, "current": current, "keys": keys}, indent=1)

    def rotated(self, purpose: Purpose) -> Keyring:
        """A keyring with one more key, which makes new things from now on; the old ones still open."""
        number = max(key_id for kind, key_id in self._keys if kind == purpose) + 1
        key = Key(number, purpose, secrets.token_bytes(SECRET_BYTES[purpose]))
        current: dict[Purpose, int] = {kind: made.id for kind, made in self._current.items()}
        current[purpose] = number
        return Keyring([*self._keys.values(), key], current=current)

    def current_id(self, purpose: Purpose) -> int:
        return self._current[purpose].id

    def without(self, purpose: Purpose, number: int) -> Keyring:
        """A keyring that no longer opens what only this key did."""
        if self.current_id(purpose) == number:
            raise KeysMissing(f"key {number} ({purpose}) makes new things; rotate first")
        if (purpose, number) not in self._keys:
            raise KeysMissing(f"key {number} ({purpose}) is not in this keyring")
        rest = [key for place, key in self._keys.items() if place != (purpose, number)]
        return Keyring(rest, current={kind: made.id for kind, made in self._current.items()})

    def ids(self, purpose: Purpose) -> list[int]:
        return sorted(number for kind, number in self._keys if kind == purpose)

    def seal(self, context: str, plain: bytes, *, row_secret: bytes | None = None) -> bytes:
        """version 1 byte · key id 2 bytes · nonce 12 · ciphertext · tag 16; bound to `context`, and to its row."""
        key = self._current["seal"]
        version = LAYOUT_VERSION if row_secret is None else ROW_LAYOUT_VERSION
        header = bytes([version]) + key.id.to_bytes(2, "big")
        nonce = secrets.token_bytes(NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(self._secret(key, row_secret)), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(header + context.encode())
        ciphertext = encryptor.update(plain) + encryptor.finalize()
        return header + nonce + ciphertext + encryptor.tag

    def open(self, context: str, sealed: bytes, *, row_secret: bytes | None = None) -> bytes:
        key = self._key_of(sealed)
        if sealed[0] == LAYOUT_VERSION:
            row_secret = None
        elif row_secret is None:
            raise CannotOpen(f"the row of this {context!r} was forgotten: its secret is gone")
        header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        ciphertext, tag = sealed[HEADER_BYTES + NONCE_BYTES : -TAG_BYTES], sealed[-TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(self._secret(key, row_secret)), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(header + context.encode())
        try:
            return decryptor.update(ciphertext) + decryptor.finalize()
        except InvalidTag:
            raise CannotOpen(f"sealed bytes do not belong to {context!r} or are damaged") from None

    def _secret(self, key: Key, row_secret: bytes | None) -> bytes:
        if row_secret is None:
            return key.secret
        held = self._row
        if held[0] != key.id or held[1] != row_secret:
            own = plain_hmac.digest(key.secret, b"gonghui row\x00" + row_secret, "sha256")
            self._row = held = (key.id, row_secret, own[: SECRET_BYTES["seal"]])
        return held[2]

    def is_current(self, sealed: bytes) -> bool:
        """False when the background job should reseal these bytes under the current key."""
        return self._key_of(sealed) is self._current["seal"]

    def reseal(self, context: str, sealed: bytes) -> bytes:
        return sealed if self.is_current(sealed) else self.seal(context, self.open(context, sealed))

    def key_id_of(self, sealed: bytes) -> int:
        return self._key_of(sealed).id

    def _key_of(self, sealed: bytes) -> Key:
        if len(sealed) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES or sealed[0] not in LAYOUTS:
            raise CannotOpen("not sealed bytes of a known layout")
        key_id = int.from_bytes(sealed[1:HEADER_BYTES], "big")
        try:
            return self._keys["seal", key_id]
        except KeyError:
            raise CannotOpen(f"sealed with key {key_id}, which this keyring does not hold") from None

    def blind_index(self, context: str, value: str) -> bytes:
        """32 bytes to find a sealed value by; `context` keeps equal values of unlike kinds apart."""
        return self._index(self._current["index"], context, value)

    def blind_indexes(self, context: str, value: str) -> list[bytes]:
        """The index under every key held, current first: for `__in` while an index key is rotated."""
        current = self._current["index"]
        rest = [k for (purpose, _), k in self._keys.items() if purpose == "index" and k is not current]
        return [self._index(key, context, value) for key in (current, *rest)]

    @staticmethod
    def _index(key: Key, context: str, value: str) -> bytes:
        mac = hmac.HMAC(key.secret, hashes.SM3())
        mac.update(context.encode() + b"\x00" + value.encode())
        return mac.finalize()

    def derive(self, purpose: str, *, key_id: int | None = None) -> bytes:
        """32 bytes for one named use (pass, session, voucher…), the same in every process of this keyring."""
        number = self.current_id("token") if key_id is None else key_id
        if (purpose, number) not in self._derived:
            if ("token", number) not in self._keys:
                raise CannotOpen(f"token key {number} is not in this keyring")
            secret = self._keys["token", number].secret
            kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"gonghui:" + purpose.encode())
            self._derived[purpose, number] = kdf.derive(secret)
        return self._derived[purpose, number]

    def fingerprint(self) -> str:
        """Tells two keyrings apart in logs and in `doctor` without telling a key."""
        material = b"".join(k.secret for _, k in sorted(self._keys.items()))
        return hashlib.sha256(b"gonghui keyring" + material).hexdigest()[:12]


def key_file() -> Path:
    return Path(os.environ.get("GONGHUI_KEY_FILE") or ".gonghui/keys.json")


@cache
def get_keyring() -> Keyring:
    """From `GONGHUI_KEYS` (JSON), else the key file, made when absent unless `GONGHUI_REQUIRE_KEYS`."""
    if inline := os.environ.get("GONGHUI_KEYS"):
        return Keyring.from_json(inline)
    path = key_file()
    if not path.exists():
        if os.environ.get("GONGHUI_REQUIRE_KEYS", "") not in {"", "0"}:
            raise KeysMissing(
                f"no keys: set GONGHUI_KEYS or put the keyring at {path} (GONGHUI_REQUIRE_KEYS is set)"
            )
        write_keyring(Keyring.generate(), path, replace=False)
    return Keyring.from_json(path.read_text(encoding="utf-8"))


def write_keyring(keyring: Keyring, path: Path, *, replace: bool) -> None:
    """Whole or not at all, mode 0600; without `replace` the file of a process that came first wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp opens with 0600, so the secrets are never readable by others, not even for a moment.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(keyring.to_json())
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            Path(draft).replace(path)
        else:
            _link_unless_there(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)


def _link_unless_there(draft: str, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
