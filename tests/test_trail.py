"""The audit trail sealed: whoever changes a line behind the back is found, and what must go takes nothing with it."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.benefits.tests.wire import database_url
from gonghui.config.launcher import doctor
from gonghui.config.launcher.doctor import Level
from gonghui.kit import audit, chain, tasks
from gonghui.kit.actors import Actor
from gonghui.kit.models import AuditEntry, TrailBlock, TrailRedaction
from gonghui.kit.trail import TRAIL, redacted, seal_trail, verify_trail
from gonghui.ledger.tests.test_sealing import behind_the_back
from gonghui.orgs.models import Union

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("test")


@pytest.fixture
def trail(cast):
    """The lines of a cast coming about, sealed."""
    for _minute in range(2):
        seal_trail(SYSTEM)
    assert (TRAIL.unsealed(), wrong()) == (0, (0, 0))
    return AuditEntry.objects.unscoped("test").order_by("id")


def wrong() -> tuple[int, int]:
    found = verify_trail()
    return len(found.broken), len(found.changed)


def verify(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gonghui", "trail", "verify", *words],
        env={**os.environ, "DATABASE_URL": database_url(), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def doctor_says() -> doctor.Finding:
    with psycopg.connect(database_url(), autocommit=True) as asked:
        return doctor.audit_trail(asked)


def test_every_line_is_in_one_block_and_blocks_follow_each_other(cast, monkeypatch):
    monkeypatch.setattr(chain, "BLOCK_MAX", 10)
    for _minute in range(2):
        seal_trail(SYSTEM)
    blocks = list(TrailBlock.objects.unscoped("test").order_by("number"))
    assert len(blocks) > 1
    assert sum(block.count for block in blocks) == AuditEntry.objects.unscoped("test").count()
    assert [bytes(block.previous) for block in blocks[1:]] == [bytes(block.hash) for block in blocks[:-1]]
    assert (TRAIL.unsealed(), wrong()) == (0, (0, 0))


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'asked for'", "actor_id = 7", "channel = 'cli'", "at = at + interval '1 second'", "row_id = row_id + 1",
        "before = '{}'", "after = '{}'", "op = 'UNMASK'", "table_name = 'orgs_unionx'",
        "nonce = gen_random_uuid()", "nonce = NULL",
    ],
)  # fmt: skip
def test_every_change_of_a_line_behind_the_back_is_found(trail, change):
    line = trail.filter(table_name="orgs_union", op="INSERT").last()
    behind_the_back(f"UPDATE kit_audit SET {change} WHERE id = {line.pk}")
    assert wrong() == (0, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM kit_audit WHERE id = (SELECT min(id) FROM kit_audit)",
        "DELETE FROM kit_audit WHERE id = (SELECT max(id) FROM kit_audit)",
        "INSERT INTO kit_audit (id, op, table_name) VALUES (-1, 'INSERT', 'orgs_union')",
    ],
)
def test_line_removed_or_slipped_in_behind_the_back_is_found(trail, statement):
    behind_the_back(statement)
    assert wrong() == (0, 1)


def test_block_changed_or_left_out_is_found(trail):
    behind_the_back("UPDATE kit_trailblock SET sealed_at = sealed_at + interval '1 second'")
    assert wrong() == (1, 0)
    behind_the_back("UPDATE kit_trailblock SET number = 2")
    assert wrong() == (1, 0)


def test_trail_rewritten_whole_agrees_with_itself_but_not_with_a_hash_that_was_kept(trail):
    block = TrailBlock.objects.unscoped("test").get()
    kept = {block.number: bytes(block.hash).hex()}
    behind_the_back("UPDATE kit_audit SET reason = 'another story'; DELETE FROM kit_trailblock")
    for _minute in range(2):
        seal_trail(SYSTEM)
    assert wrong() == (0, 0)
    assert verify_trail(kept).broken == [block.number]


def test_neither_blocks_nor_what_was_taken_out_can_be_changed(trail):
    for statement in (
        "UPDATE kit_trailblock SET count = 1", "DELETE FROM kit_trailblock", "TRUNCATE kit_trailblock",
        "TRUNCATE kit_trailredaction", "UPDATE kit_audit SET nonce = NULL",
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert wrong() == (0, 0)


def test_column_the_trail_may_no_longer_keep_goes_and_the_blocks_stay_whole(trail, monkeypatch):
    """As a later version's migration takes it out, of sealed lines and of one that is not sealed yet."""
    union = Union.objects.unscoped("test").latest("id")
    Union.objects.unscoped("test").filter(pk=union.pk).update(name="临时名称")
    monkeypatch.setattr(Union, "audit", Union.audit.hiding("name"))
    with connection.cursor() as cursor:
        audit._take_out_of_trail(cursor, Union)
    lines = list(AuditEntry.objects.unscoped("test").filter(table_name="orgs_union"))
    assert all(
        told["name"] == audit.UNTOLD
        for line in lines
        for told in (line.before, line.after)
        if told and "name" in told
    )
    assert redacted() == len(lines) == TrailRedaction.objects.unscoped("test").count()
    assert {line.nonce for line in lines} == {None}
    for _minute in range(2):
        seal_trail(SYSTEM)
    assert (TRAIL.unsealed(), wrong()) == (0, (0, 0))
    with connection.cursor() as cursor:
        audit._take_out_of_trail(cursor, Union)  # once more changes nothing
    assert (redacted(), wrong()) == (len(lines), (0, 0))


def test_command_and_doctor_and_readyz_say_what_the_night_found(trail, client):
    block = TrailBlock.objects.unscoped("test").get()
    kept = f"{block.number}:{bytes(block.hash).hex()}"
    tasks.prove_trail(timestamp=0)
    assert (doctor_says().level, client.get("/readyz").json()["warnings"]) == (Level.GOOD, [])
    code, text = verify("--noted", kept)
    assert (code, "结论：审计记录完整。" in text, kept in text) == (0, True, True), text

    behind_the_back(f"UPDATE kit_audit SET reason = 'asked for' WHERE id = {trail.first().pk}")
    tasks.prove_trail(timestamp=0)
    assert (doctor_says().level, "改动过" in doctor_says().sentence) == (Level.BAD, True)
    assert client.get("/readyz").json()["warnings"] == [
        "审计记录自动核对发现不一致：请运行 gonghui trail verify。"
    ]
    code, text = verify("--noted", kept)
    assert (code, "不相符的区块有 1" in text) == (1, True), text


def test_sealing_that_stopped_is_said(cast):
    assert doctor_says().level is Level.GOOD
    behind_the_back("UPDATE kit_audit SET at = at - interval '2 hours'")
    assert (doctor_says().level, "没有封存" in doctor_says().sentence) == (Level.WARNING, True)
    for _minute in range(2):
        tasks.seal_trail(timestamp=0)
    assert doctor_says().level is Level.GOOD
