import json
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st

from gonghui.kit import crypto
from gonghui.kit.crypto import CannotOpen, Key, Keyring, KeysMissing, get_keyring
from gonghui.kit.fields import BlindIndexField, SealedJSONField, SealedTextField

CONTEXT = "members.Person.resident_id"
NUMBER = b"440106199001011235"


@pytest.fixture
def keyring():
    return Keyring.generate()


@pytest.fixture
def fresh_keys(monkeypatch, tmp_path):
    """No keys yet, and a key file of this test's own."""
    path = tmp_path / "private" / "keys.json"
    monkeypatch.delenv("GONGHUI_KEYS", raising=False)
    monkeypatch.delenv("GONGHUI_REQUIRE_KEYS", raising=False)
    monkeypatch.setenv("GONGHUI_KEY_FILE", str(path))
    get_keyring.cache_clear()
    yield path
    get_keyring.cache_clear()


@given(st.binary(max_size=200), st.text(max_size=40))
def test_seal_opens_to_the_same_bytes(plain, context):
    keyring = Keyring.generate()
    assert keyring.open(context, keyring.seal(context, plain)) == plain


def test_seal_of_equal_values_differs_each_time(keyring):
    sealed = {keyring.seal(CONTEXT, NUMBER) for _ in range(50)}
    assert len(sealed) == 50
    assert not any(NUMBER in s for s in sealed)


def test_open_in_another_column_is_refused(keyring):
    sealed = keyring.seal(CONTEXT, NUMBER)
    with pytest.raises(CannotOpen, match=r"members\.Person\.phone"):
        keyring.open("members.Person.phone", sealed)


def test_open_after_any_changed_byte_is_refused(keyring):
    sealed = keyring.seal(CONTEXT, NUMBER)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(CannotOpen):
            keyring.open(CONTEXT, bytes(changed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01\x00\x01" + b"x" * 27])
def test_open_of_too_few_bytes_is_refused(keyring, sealed):
    with pytest.raises(CannotOpen):
        keyring.open(CONTEXT, sealed)


def test_sm4_gcm_agrees_with_rfc_8998(monkeypatch):
    """The published vector, so that another implementation opens what this one sealed."""
    secret, nonce = (
        bytes.fromhex("0123456789abcdeffedcba9876543210"),
        bytes.fromhex("00001234567800000000abcd"),
    )
    plain = bytes.fromhex(
        "aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8 + "ee" * 8 + "aa" * 8
    )
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    encryptor = crypto.Cipher(crypto.algorithms.SM4(secret), crypto.modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    assert (encryptor.update(plain) + encryptor.finalize()).hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


def test_rotation_old_opens_and_reseal_moves_to_the_new_key(keyring):
    old = keyring.seal(CONTEXT, NUMBER)
    rotated = keyring.rotated("seal")
    assert (keyring.current_id("seal"), rotated.current_id("seal")) == (1, 2)
    assert rotated.open(CONTEXT, old) == NUMBER
    assert rotated.is_current(old) is False
    new = rotated.reseal(CONTEXT, old)
    assert rotated.is_current(new) is True
    assert rotated.open(CONTEXT, new) == NUMBER
    assert rotated.reseal(CONTEXT, new) == new
    with pytest.raises(CannotOpen, match="key 2"):
        keyring.open(CONTEXT, new)


def test_blind_index_is_stable_and_keyed(keyring):
    index = keyring.blind_index("resident_id", "440106199001011235")
    assert len(index) == 32
    assert keyring.blind_index("resident_id", "440106199001011235") == index
    assert keyring.blind_index("phone", "440106199001011235") != index
    assert keyring.blind_index("resident_id", "440106199001011243") != index
    assert Keyring.generate().blind_index("resident_id", "440106199001011235") != index


def test_blind_indexes_find_rows_written_under_an_older_key(keyring):
    before = keyring.blind_index("phone", "13812345678")
    rotated = keyring.rotated("index")
    assert rotated.blind_indexes("phone", "13812345678") == [
        rotated.blind_index("phone", "13812345678"),
        before,
    ]


def test_derive_is_the_same_for_one_purpose_and_differs_between_purposes(keyring):
    again = Keyring.from_json(keyring.to_json())
    assert keyring.derive("gate-pass") == again.derive("gate-pass")
    assert len({keyring.derive(purpose) for purpose in ("gate-pass", "session", "voucher")}) == 3
    rotated = keyring.rotated("token")
    assert rotated.derive("gate-pass") != keyring.derive("gate-pass")
    assert rotated.derive("gate-pass", key_id=1) == keyring.derive("gate-pass")


def test_key_repr_shows_no_secret():
    assert repr(Key(1, "seal", b"s" * 16)) == "Key(id=1, purpose='seal')"


@pytest.mark.parametrize(
    ("number", "purpose", "secret"), [(0, "seal", b"s" * 16), (1, "seal", b"s" * 15), (1, "other", b"s" * 16)]
)
def test_key_of_wrong_form_is_refused(number, purpose, secret):
    with pytest.raises(KeysMissing):
        Key(number, purpose, secret)


def test_get_keyring_makes_a_private_file_once(fresh_keys):
    first = get_keyring()
    assert stat.S_IMODE(fresh_keys.stat().st_mode) == 0o600
    assert stat.S_IMODE(fresh_keys.parent.stat().st_mode) == 0o700
    assert [p.name for p in fresh_keys.parent.iterdir()] == ["keys.json"]
    get_keyring.cache_clear()
    assert get_keyring().to_json() == first.to_json()


def test_get_keyring_refuses_to_make_keys_in_production(fresh_keys, monkeypatch):
    monkeypatch.setenv("GONGHUI_REQUIRE_KEYS", "1")
    with pytest.raises(KeysMissing, match="GONGHUI_KEYS"):
        get_keyring()
    assert not fresh_keys.exists()


def test_get_keyring_from_the_environment(fresh_keys, monkeypatch, keyring):
    monkeypatch.setenv("GONGHUI_KEYS", keyring.to_json())
    assert get_keyring().fingerprint() == keyring.fingerprint()
    assert not fresh_keys.exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": [{"id": 1}], "current": {}}', '{"keys": [], "current": {}}']
)
def test_unreadable_keyring_is_refused_without_quoting_it(text):
    with pytest.raises(KeysMissing):
        Keyring.from_json(text)


def test_broken_secret_is_not_quoted(keyring):
    document = json.loads(keyring.to_json())
    document["keys"][0]["secret"] = "topsecret"
    with pytest.raises(KeysMissing) as caught:
        Keyring.from_json(json.dumps(document))
    assert "topsecret" not in str(caught.value)


def test_two_processes_starting_at_once_share_one_keyring(fresh_keys):
    command = [
        sys.executable,
        "-c",
        "from gonghui.kit.crypto import get_keyring; print(get_keyring().fingerprint())",
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in running}) == 1


def test_crypto_and_tokens_need_no_django():
    script = "import sys, gonghui.kit.crypto, gonghui.kit.tokens; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# --- Fields -------------------------------------------------------------------------------------------------


class Holder(models.Model):
    number = SealedTextField(null=True)
    answers = SealedJSONField(null=True)
    renamed = SealedTextField(null=True, context="kit.Older.name")
    number_index = BlindIndexField(of="number", context="resident_id", null=True, unique=True)
    loose_index = BlindIndexField(context="resident_id", null=True)

    class Meta:
        app_label = "kit_tests"
        managed = False


@pytest.fixture
def holders(db):
    """A real table that goes with the test's own transaction."""
    with connection.schema_editor() as editor:
        editor.create_model(Holder)
    return Holder._base_manager


def test_sealed_fields_keep_only_sealed_bytes_in_the_database(holders):
    row = holders.create(number="440106199001011235", answers={"问": ["答", 1, None]}, renamed="旧名")
    with connection.cursor() as cursor:
        cursor.execute("select number, answers, renamed, number_index, loose_index from kit_tests_holder")
        number, answers, renamed, index, loose = cursor.fetchone()
    assert b"4401" not in bytes(number)
    assert get_keyring().open("kit_tests.Holder.number", bytes(number)) == b"440106199001011235"
    assert json.loads(get_keyring().open("kit_tests.Holder.answers", bytes(answers))) == {
        "问": ["答", 1, None]
    }
    assert get_keyring().open("kit.Older.name", bytes(renamed)).decode() == "旧名"
    assert bytes(index) == get_keyring().blind_index("resident_id", "440106199001011235")
    assert loose is None
    back = holders.get(pk=row.pk)
    assert (back.number, back.answers, back.renamed) == (
        "440106199001011235",
        {"问": ["答", 1, None]},
        "旧名",
    )


def test_blind_index_finds_by_the_plain_value_and_by_bytes(holders):
    row = holders.create(number="440106199001011235")
    holders.create(number=None)
    assert list(holders.filter(number_index="440106199001011235")) == [row]
    assert list(holders.filter(number_index__in=["440106199001011235", "x"])) == [row]
    assert list(holders.filter(number_index=row.number_index)) == [row]
    assert list(holders.filter(number_index="440106199001011243")) == []


def test_blind_index_follows_its_field_on_every_save(holders):
    row = holders.create(number="440106199001011235")
    row.number = "440106199001011243"
    row.save()
    assert list(holders.filter(number_index="440106199001011243")) == [row]
    row.number = None
    row.save()
    assert holders.get(pk=row.pk).number_index is None
    holders.bulk_create([Holder(number="a"), Holder(number="b", loose_index="c")])
    assert holders.get(number_index="b").loose_index == get_keyring().blind_index("resident_id", "c")


@pytest.mark.parametrize(
    "lookup", ["number", "number__contains", "number__in", "answers__key", "answers__gt"]
)
def test_sealed_field_lookup_says_what_to_do_instead(lookup):
    with pytest.raises(FieldError, match="blind index"):
        Holder._base_manager.filter(**{lookup: "x"})


def test_sealed_field_isnull_is_allowed(holders):
    holders.create(number="a")
    row = holders.create(number=None)
    assert list(holders.filter(number__isnull=True)) == [row]


def test_fields_deconstruct_to_what_made_them():
    for name in ("number", "answers", "renamed", "number_index", "loose_index"):
        field = Holder._meta.get_field(name)
        clone = field.clone()
        assert clone.deconstruct()[1:] == field.deconstruct()[1:]
    assert Holder._meta.get_field("renamed").deconstruct()[3] == {"null": True, "context": "kit.Older.name"}
    assert Holder._meta.get_field("number_index").deconstruct()[3] == {
        "null": True,
        "unique": True,
        "context": "resident_id",
        "of": "number",
    }


def test_sealed_field_is_not_written_into_fixtures():
    with pytest.raises(TypeError, match="sealed"):
        Holder._meta.get_field("number").value_to_string(Holder(number="a"))
