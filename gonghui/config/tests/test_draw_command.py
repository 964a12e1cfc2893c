import hashlib
from datetime import datetime

import pytest
from click.testing import CliRunner

from gonghui.benefits.draws.document import (
    Announcement,
    Commitment,
    Revelation,
    canonical_json,
    closed_stage,
    draw_file,
    drawn_stage,
)
from gonghui.benefits.draws.lots import Entry, commit_seed
from gonghui.config.cli.draw import draw as draw_command

SEED = hashlib.sha256(b"seed").digest()
ENTRIES = [Entry(f"entry{number:03}") for number in range(5)]
ANNOUNCED = Announcement(
    draw="2017-national-day-cruise",
    title="国庆珠江夜游抽签",
    capacity=2,
    party_seats_max=3,
    announced_at="2017-09-25T09:00:00+08:00",
    closes_at="2017-09-28T18:00:00+08:00",
    commitments=(Commitment("省总工会", commit_seed(SEED)),),
    terms={"prizes": "2 个名额", "conditions": "实名会员", "delivery": "电子票", "sponsor": "省总工会"},
).as_stage()


@pytest.fixture
def document():
    closed = closed_stage(ANNOUNCED, ENTRIES, closed_at=datetime.fromisoformat("2017-09-28T18:00:05+08:00"))
    revelation = Revelation([SEED], datetime.fromisoformat("2017-09-29T10:00:00+08:00"))
    return draw_file(ANNOUNCED, closed, drawn_stage(ANNOUNCED, closed, ENTRIES, revelation))


def run(*arguments):
    return CliRunner().invoke(draw_command, ["verify", *map(str, arguments)])


def test_command_verifies_an_honest_file(tmp_path, document):
    file = tmp_path / "draw.json"
    file.write_text(canonical_json(document), encoding="utf-8")
    result = run(
        file, "--announced", document["fingerprints"]["announced"], "--token", document["drawn"]["waiting"][0]
    )
    assert result.exit_code == 0
    assert "✘" not in result.output
    assert "结论：全部相符" in result.output
    assert "候补第 1 位" in result.output
    assert "已中签（第 1 个抽出）" in run(file, "--token", document["drawn"]["winners"][0]).output
    assert "不在名单里" in run(file, "--token", "stranger1").output


def test_command_before_the_draw_says_so(tmp_path):
    file = tmp_path / "draw.json"
    document = draw_file(ANNOUNCED)
    file.write_text(canonical_json(document), encoding="utf-8")
    result = run(file, "--token", "stranger1")
    assert result.exit_code == 0
    assert document["fingerprints"]["announced"] in result.output
    assert "尚未开签" in result.output


def test_command_refuses_a_tampered_file(tmp_path, document):
    document["drawn"]["winners"].reverse()
    file = tmp_path / "draw.json"
    file.write_text(canonical_json(document), encoding="utf-8")
    result = run(file)
    assert result.exit_code == 1
    assert "✘ 重算的中签结果与公布的不同。" in result.output
    assert "不可信" in result.output


def test_command_refuses_what_is_no_draw_file(tmp_path):
    file = tmp_path / "draw.json"
    file.write_bytes(b"\xff\x00")
    assert run(file).exit_code == 1
    assert run(tmp_path / "absent.json").exit_code == 2
