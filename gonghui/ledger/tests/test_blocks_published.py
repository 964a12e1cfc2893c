"""The published chain: anybody reads it, computes it anew, and finds what was changed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gonghui.config.cli.ledger import ledger
from gonghui.kit.actors import Actor
from gonghui.ledger.models import Block
from gonghui.ledger.proofs import first_broken_block
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.tests.books import move, said

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chain(books, monkeypatch):
    """Three blocks of at most three transfers."""
    monkeypatch.setattr("gonghui.kit.chain.BLOCK_MAX", 3)
    _source, a, b = books
    for _n in range(7):
        said(move(a, b, 1))
    for _minute in range(3):
        seal_transfers(Actor.system("test"))
    return list(Block.objects.order_by("number"))


def test_page_names_the_last_block_of_the_day_to_anybody(chain, client):
    page = client.get("/ledger/blocks")
    assert [block["number"] for block in page.context["blocks"]] == [3]
    assert bytes(chain[-1].hash).hex() in page.content.decode()


def test_page_without_blocks_says_so(client):
    assert "还没有封存过区块" in client.get("/ledger/blocks").content.decode()


def test_published_blocks_are_computed_anew_by_anybody(chain, client, tmp_path):
    document = client.get("/ledger/blocks.json").json()
    assert [block["number"] for block in document["blocks"]] == [1, 2, 3]
    assert [block["number"] for block in client.get("/ledger/blocks.json?after=2").json()["blocks"]] == [3]
    file = tmp_path / "blocks.json"
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(ledger, ["blocks-check", str(file)]).exit_code == 0
    document["blocks"][1]["count"] += 1
    file.write_text(json.dumps(document))
    assert (
        first_broken_block(document),
        CliRunner().invoke(ledger, ["blocks-check", str(file)]).exit_code,
    ) == (2, 1)


def test_block_left_out_or_put_in_another_place_is_found(chain, client):
    first, second, third = client.get("/ledger/blocks.json").json()["blocks"]
    assert first_broken_block({"blocks": [first, third]}) == 3
    assert first_broken_block({"blocks": [second, first]}) == 1
    assert first_broken_block({"blocks": [second, third]}) is None
    assert CliRunner().invoke(ledger, ["blocks-check", __file__]).exit_code == 1
