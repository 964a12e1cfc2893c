import hashlib
import hmac
import subprocess
import sys
from base64 import b32encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonghui.kit import tokens
from gonghui.kit.crypto import Keyring
from gonghui.kit.tokens import QrVerdict, TokenExpired, TokenForged, check_qr, parse_qr, qr_text

NOON = datetime(2017, 10, 1, 4, 0, tzinfo=UTC)
SECRET = bytes(range(32))
CODE = "K7M2P9QX"


@given(st.binary(max_size=100))
def test_verify_returns_what_was_signed(payload):
    token = tokens.sign("gate-pass", payload, expires_at=NOON)
    assert tokens.verify("gate-pass", token, at=NOON) == payload
    assert token == token.strip("=+/ ")


def test_verify_after_expiry_is_refused():
    token = tokens.sign("gate-pass", b"1", expires_at=NOON.timestamp())
    assert tokens.verify("gate-pass", token, at=NOON.timestamp() + 0.9) == b"1"
    with pytest.raises(TokenExpired):
        tokens.verify("gate-pass", token, at=NOON.timestamp() + 1)
    with pytest.raises(TokenExpired):
        tokens.verify("gate-pass", token)


def test_verify_for_another_purpose_is_refused():
    token = tokens.sign("gate-pass", b"1", expires_at=NOON)
    with pytest.raises(TokenForged):
        tokens.verify("download", token, at=NOON)


def test_verify_after_any_changed_character_is_refused():
    token = tokens.sign("gate-pass", b"member 7", expires_at=NOON)
    for position, char in enumerate(token):
        changed = token[:position] + ("A" if char != "A" else "B") + token[position + 1 :]
        with pytest.raises(TokenForged):
            tokens.verify("gate-pass", changed, at=NOON)


@pytest.mark.parametrize("token", ["", "A", "AAAA", "é", "a b", "A" * 63, "=" * 60, "\x00" * 60, "汉" * 60])
def test_verify_of_rubbish_is_refused(token):
    with pytest.raises(TokenForged):
        tokens.verify("gate-pass", token, at=NOON)


def test_verify_with_the_older_key_after_rotation(monkeypatch):
    keyring = Keyring.generate()
    monkeypatch.setattr(tokens, "get_keyring", lambda: keyring)
    token = tokens.sign("gate-pass", b"1", expires_at=NOON)
    keyring = keyring.rotated("token")
    assert tokens.verify("gate-pass", token, at=NOON) == b"1"
    keyring = Keyring.generate()
    with pytest.raises(TokenForged):
        tokens.verify("gate-pass", token, at=NOON)


def test_tokens_verify_in_another_process():
    token = tokens.sign("gate-pass", b"1", expires_at=NOON)
    script = f"from gonghui.kit.tokens import verify; print(verify('gate-pass', {token!r}, at=1))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "b'1'\n"


def test_qr_text_is_the_published_form():
    minute = int(NOON.timestamp() // 60)
    mac = b32encode(hmac.new(SECRET, f"{CODE}.{minute}".encode(), hashlib.sha256).digest()).decode()[:10]
    assert qr_text(SECRET, CODE, NOON) == f"GH1.{CODE}.25113840.{mac}"
    assert (minute, mac) == (25113840, "LVETS5QMF2")


@pytest.mark.parametrize(
    ("seconds_later", "verdict"),
    [
        (0, "ok"),
        (59, "ok"),
        (119, "ok"),
        (120, "stale"),
        (86400, "stale"),
        (-1, "ok"),
        (-60, "ok"),
        (-61, "stale"),
    ],
)
def test_check_qr_within_a_minute_either_way(seconds_later, verdict):
    text = qr_text(SECRET, CODE, NOON)
    assert check_qr(text, SECRET, NOON.timestamp() + seconds_later) == verdict


def test_check_qr_leeway_is_given_by_the_caller():
    text = qr_text(SECRET, CODE, NOON)
    assert check_qr(text, SECRET, NOON.timestamp() + 60, leeway_minutes=0) is QrVerdict.STALE
    assert check_qr(text, SECRET, NOON.timestamp() + 600, leeway_minutes=10) is QrVerdict.OK


def test_check_qr_changed_or_of_another_voucher_is_forged():
    text = qr_text(SECRET, CODE, NOON)
    prefix, code, minute, mac = text.split(".")
    forgeries = [
        f"{prefix}.{code}.{int(minute) + 1}.{mac}",
        f"{prefix}.K7M2P9QY.{minute}.{mac}",
        f"{prefix}.{code}.{minute}.{mac[:-1]}{'A' if mac[-1] != 'A' else 'B'}",
        "GH2" + text[3:],
        text + "A",
        "",
        "https://example.org/",
        f"GH1.{code}.x.{mac}",
        f"GH1..{minute}.{mac}",
        f"GH1.{code}.{minute}.十十十十十十十十十十",
    ]
    assert [check_qr(forged, SECRET, NOON) for forged in forgeries] == [QrVerdict.FORGED] * len(forgeries)
    assert check_qr(text, bytes(32), NOON) is QrVerdict.FORGED


def test_parse_qr_gives_the_code_to_look_up():
    assert parse_qr(qr_text(SECRET, CODE, NOON) + "\r\n") == (CODE, 25113840, "LVETS5QMF2")
    assert parse_qr("hello") is None


def test_voucher_secret_differs_by_code_and_is_stable():
    assert len(tokens.voucher_secret(CODE)) == 32
    assert tokens.voucher_secret(CODE) == tokens.voucher_secret(CODE)
    assert tokens.voucher_secret(CODE) != tokens.voucher_secret("K7M2P9QY")


def test_short_code_alphabet_has_no_lookalikes():
    assert tokens.SHORT_CODE_ALPHABET == "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def test_short_codes_are_normalised_as_typed():
    code = tokens.new_short_code()
    assert len(code) == 8
    full_width = "".join(chr(ord(char) + 0xFEE0) for char in code)
    for typed in (code, code.lower(), tokens.spaced_short_code(code), f" {code[:4]}-{code[4:]} ", full_width):
        assert tokens.normalise_short_code(typed) == code


def test_short_code_with_one_wrong_character_or_a_swap_is_none():
    for _ in range(20):
        code = tokens.new_short_code()
        for position in range(8):
            for other in tokens.SHORT_CODE_ALPHABET:
                changed = code[:position] + other + code[position + 1 :]
                assert tokens.normalise_short_code(changed) == (code if other == code[position] else None)
        for i in range(7):
            swapped = code[:i] + code[i + 1] + code[i] + code[i + 2 :]
            assert tokens.normalise_short_code(swapped) == (code if swapped == code else None)


@pytest.mark.parametrize("text", ["", "ABC", "ABCDEFGHJ", "OOOO1111", "汉字汉字汉字汉字", "13812345678"])
def test_short_code_of_wrong_form_is_none(text):
    assert tokens.normalise_short_code(text) is None


def test_new_short_codes_rarely_repeat():
    assert len({tokens.new_short_code() for _ in range(2000)}) == 2000
