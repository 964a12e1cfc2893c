import copy
import hashlib
import hmac
import json
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonghui.benefits.draws.document import (
    Announcement,
    BadDocument,
    Beacon,
    Commitment,
    Revelation,
    canonical_json,
    closed_stage,
    draw_file,
    drawn_stage,
    fingerprint,
    parse_draw_file,
)
from gonghui.benefits.draws.lots import (
    BadEntries,
    Entry,
    combined_seed,
    commit_seed,
    draw,
    draw_order,
    entry_token,
    lot_of,
    new_seed,
)
from gonghui.benefits.draws.merkle import EntryTree, entries_digest, is_included
from gonghui.benefits.draws.verifier import is_sound, verify
from gonghui.kit.merkle import Step

SEED = bytes(range(32))
tokens = st.text(alphabet="abcdef0123456789", min_size=8, max_size=12)
entry_lists = st.lists(
    st.builds(Entry, tokens, st.integers(1, 20), st.integers(1, 5)),
    max_size=40,
    unique_by=lambda entry: entry.token,
)


def crowd(count, *, weight=1, seats=1):
    return [Entry(f"entry{number:06}", weight, seats) for number in range(count)]


def seeds(count):
    return [hashlib.sha256(f"seed {number}".encode()).digest() for number in range(count)]


# --- Lots ---------------------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32), entry_lists, st.integers(0, 60), st.randoms())
def test_draw_is_the_same_again_and_in_any_order_of_entries(seed, entries, capacity, shuffler):
    outcome = draw(seed, entries, capacity)
    shuffled = entries.copy()
    shuffler.shuffle(shuffled)
    assert draw(seed, shuffled, capacity) == outcome
    assert sorted(outcome.winners + outcome.waiting) == sorted(entries)


@given(st.binary(min_size=32, max_size=32), entry_lists, st.integers(0, 60))
def test_draw_never_gives_more_than_capacity_nor_leaves_a_usable_place(seed, entries, capacity):
    outcome = draw(seed, entries, capacity)
    given_seats = sum(entry.seats for entry in outcome.winners)
    assert given_seats <= capacity
    assert all(entry.seats > capacity - given_seats for entry in outcome.waiting)


@given(st.binary(min_size=32, max_size=32), entry_lists, st.integers(0, 60))
def test_larger_capacity_of_single_places_only_adds_winners(seed, entries, capacity):
    singles = [entry._replace(seats=1) for entry in entries]
    fewer, more = draw(seed, singles, capacity), draw(seed, singles, capacity + 1)
    assert more.winners[: len(fewer.winners)] == fewer.winners


def test_draw_known_result_stays_as_it_was_published():
    """Changing this changes every draw ever held."""
    entries = [Entry("a" * 8, 1, 2), Entry("b" * 8, 3, 1), Entry("c" * 8, 2, 2), Entry("d" * 8, 1, 1)]
    outcome = draw(SEED, entries, 4)
    assert [entry.token[0] for entry in outcome.winners] == ["b", "a", "d"]
    assert [entry.token[0] for entry in outcome.waiting] == ["c"]
    assert lot_of(SEED, entries[1]) == min(
        hmac.new(SEED, f"bbbbbbbb.{k}".encode(), hashlib.sha256).digest() for k in (1, 2, 3)
    )


def test_draw_large_party_waits_and_a_smaller_one_behind_it_still_fits():
    order = draw_order(SEED, crowd(3))
    first, second, third = (
        order[0]._replace(seats=2),
        order[1]._replace(seats=3),
        order[2]._replace(seats=1),
    )
    outcome = draw(SEED, [third, second, first], 3)
    assert outcome.winners == [first, third]
    assert outcome.waiting == [second]


def test_draw_is_uniform():
    """Chi-square over fixed seeds: 19 degrees of freedom, 43.8 is the 0.1 % bound."""
    entries, rounds = crowd(20), 4000
    wins = Counter(draw(seed, entries, 1).winners[0].token for seed in seeds(rounds))
    expected = rounds / len(entries)
    assert sum((wins[entry.token] - expected) ** 2 / expected for entry in entries) < 43.8


def test_draw_gives_every_place_in_the_order_alike():
    """The tenth place is as fair as the first."""
    entries, rounds = crowd(10), 3000
    orders = [draw_order(seed, entries) for seed in seeds(rounds)]
    expected = rounds / len(entries)
    for place in (0, 4, 9):
        there = Counter(order[place].token for order in orders)
        assert sum((there[entry.token] - expected) ** 2 / expected for entry in entries) < 27.9  # 9 df, 0.1 %


def test_draw_respects_weights_for_the_first_and_the_second_place():
    weights, rounds = (1, 2, 3, 4), 6000
    entries = [Entry(f"weight-{weight}", weight) for weight in weights]
    orders = [draw_order(seed, entries) for seed in seeds(rounds)]
    first = Counter(order[0].weight for order in orders)
    assert sum((first[w] - rounds * w / 10) ** 2 / (rounds * w / 10) for w in weights) < 16.3  # 3 df, 0.1 %
    pairs = Counter((order[0].weight, order[1].weight) for order in orders)
    expected = {(a, b): rounds * a / 10 * b / (10 - a) for a in weights for b in weights if a != b}
    assert sum((pairs[pair] - count) ** 2 / count for pair, count in expected.items()) < 31.3  # 11 df, 0.1 %


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([Entry("short")], "8 to 64"),
        ([Entry("with space")], "8 to 64"),
        ([Entry("汉字汉字汉字汉字")], "8 to 64"),
        ([Entry("entry001\n")], "8 to 64"),
        ([Entry("entry001", 0)], "weight"),
        ([Entry("entry001", 101)], "weight"),
        ([Entry("entry001", True)], "weight"),
        ([Entry("entry001", 1.0)], "weight"),
        ([Entry("entry001", 1, 0)], "seats"),
        ([Entry("entry001"), Entry("entry002"), Entry("entry001", 2)], "twice"),
    ],
)
def test_ambiguous_entries_are_refused(entries, message):
    with pytest.raises(BadEntries, match=message):
        draw(SEED, entries, 1)


def test_draw_of_nobody_and_of_no_places():
    assert draw(SEED, [], 5) == ([], [])
    assert draw(SEED, crowd(2), 0).winners == []
    with pytest.raises(ValueError, match="negative"):
        draw(SEED, [], -1)


def test_commit_seed_is_plain_sha256():
    assert commit_seed(SEED) == hashlib.sha256(SEED).hexdigest()
    assert len(new_seed()) == 32
    with pytest.raises(ValueError, match="32"):
        commit_seed(b"short")


def test_combined_seed_depends_on_every_contribution_their_order_and_the_beacon():
    one, two = seeds(2)
    assert (
        len(
            {
                combined_seed([one, two]),
                combined_seed([two, one]),
                combined_seed([one]),
                combined_seed([one, two], "x"),
            }
        )
        == 4
    )
    assert combined_seed([one], "08") == hashlib.sha256(b"gonghui-draw/1\n" + one + b"08").digest()
    with pytest.raises(ValueError, match="seed"):
        combined_seed([])


def test_entry_token_hides_the_person_and_differs_by_draw():
    assert entry_token(SEED, 7) == entry_token(SEED, 7)
    assert len({entry_token(SEED, 7), entry_token(SEED, 8), entry_token(bytes(32), 7)}) == 3


def test_draw_of_140000_entries_is_quick():
    entries = crowd(140_000)
    random.Random(1).shuffle(entries)
    started = time.process_time()
    outcome = draw(SEED, entries, 380)
    root = entries_digest(entries)
    assert time.process_time() - started < 10  # about 1.5 s
    assert (len(outcome.winners), len(outcome.waiting), len(root)) == (380, 139_620, 64)


# --- Inclusion ----------------------------------------------------------------------------------------------


@given(entry_lists.filter(bool), st.data())
def test_every_entry_can_prove_that_it_took_part(entries, data):
    tree = EntryTree(entries)
    entry = data.draw(st.sampled_from(entries))
    proof = tree.proof(entry.token)
    assert is_included(entry, proof, tree.root) is True
    assert is_included(entry._replace(weight=entry.weight + 1), proof, tree.root) is False
    assert is_included(entry._replace(seats=entry.seats + 1), proof, tree.root) is False
    assert is_included(entry, proof, "0" * 64) is False


def test_proof_for_a_stranger_does_not_exist():
    tree = EntryTree(crowd(5))
    with pytest.raises(KeyError):
        tree.proof("stranger1")
    assert is_included(Entry("stranger1"), tree.proof("entry000001"), tree.root) is False
    assert is_included(Entry("entry000001"), [Step("left", "no hex")], tree.root) is False


def test_proof_is_short():
    assert len(EntryTree(crowd(1000)).proof("entry000500")) == 10


def test_entries_digest_of_known_lists():
    def leaf(text):
        return hashlib.sha256(b"\x00" + text.encode()).digest()

    def node(left, right):
        return hashlib.sha256(b"\x01" + left + right).digest()

    a, b, c = (leaf(f"entry00000{n},1,1") for n in range(3))
    assert entries_digest([]) == hashlib.sha256(b"").hexdigest()
    assert entries_digest(crowd(1)) == a.hex()
    assert entries_digest(reversed(crowd(3))) == node(node(a, b), c).hex()


# --- The published file -------------------------------------------------------------------------------------

CONTRIBUTIONS = seeds(2)
TERMS = {"prizes": "珠江夜游 8 个名额", "conditions": "实名会员", "delivery": "电子票", "sponsor": "省总工会"}


def announcement(*, beacon=None, **changes):
    facts = {
        "draw": "2017-national-day-cruise",
        "title": "国庆珠江夜游抽签",
        "capacity": 8,
        "party_seats_max": 3,
        "announced_at": "2017-09-25T09:00:00+08:00",
        "closes_at": "2017-09-28T18:00:00+08:00",
        "commitments": tuple(
            Commitment(party, commit_seed(seed))
            for party, seed in zip(("省总工会", "经费审查委员会"), CONTRIBUTIONS, strict=True)
        ),
        "terms": TERMS,
    }
    return Announcement(**(facts | changes), beacon=beacon).as_stage()


ENTRIES = [Entry(entry_token(SEED, number), 1 + number % 3, 1 + number % 3) for number in range(12)]


def whole_file(*, beacon=None, value="", drawn_at="2017-09-29T10:00:00+08:00"):
    announced = announcement(beacon=beacon)
    closed = closed_stage(announced, ENTRIES, closed_at=datetime.fromisoformat("2017-09-28T18:00:05+08:00"))
    revelation = Revelation(CONTRIBUTIONS, datetime.fromisoformat(drawn_at), value)
    return draw_file(announced, closed, drawn_stage(announced, closed, ENTRIES, revelation))


def failed(document, **options):
    return [check.name for check in verify(document, **options) if not check.ok]


def test_verify_of_an_honest_file_passes_every_check():
    document = json.loads(canonical_json(whole_file()))
    assert [check.name for check in verify(document)] == [
        "form", "fingerprint_announced", "fingerprint_closed", "fingerprint_drawn", "terms", "rule",
        "commitments", "closed_follows", "closing_time", "drawn_follows", "drawing_time", "entries",
        "entries_root", "entries_count", "seeds", "combined_seed", "winners", "waiting",
    ]  # fmt: skip
    assert failed(document) == []
    assert all(str(check).startswith("✔ ") and check.says.endswith("。") for check in verify(document))


def test_verify_of_the_earlier_stages_passes():
    document = whole_file()
    assert failed(draw_file(document["announced"])) == []
    assert failed(draw_file(document["announced"], document["closed"])) == []


def test_verify_with_a_beacon_from_after_closing():
    late = Beacon("双色球 2017115 期", "2017-09-28T21:15:00+08:00")
    assert failed(whole_file(beacon=late, value="08 12 13 19 27 30 + 05")) == []
    early = Beacon("双色球 2017114 期", "2017-09-26T21:15:00+08:00")
    assert failed(whole_file(beacon=early, value="01")) == ["beacon"]
    assert failed(whole_file(beacon=late, value="08", drawn_at="2017-09-28T20:00:00+08:00")) == [
        "drawing_time"
    ]


def leaves(value, path=()):
    """Every place in the document that holds a plain value, and every list and object itself."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))


def tampered(value):
    """Some other values of the same kind, and of another."""
    if isinstance(value, str):
        return [value + "0", value[:-1], value.upper() if value.upper() != value else "x", 7, None]
    if isinstance(value, int):
        return [value + 1, value - 1, str(value), True, None]
    if isinstance(value, list):
        return [value[:-1], value[::-1] if value[::-1] != value else [], [*value, *value[:1]], None]
    if isinstance(value, dict):
        return [{**value, "extra": 1}, dict(list(value.items())[1:]), None]
    return ["x", {}, 0]


def test_verify_detects_tampering_of_any_field():
    honest = json.loads(
        canonical_json(whole_file(beacon=Beacon("双色球", "2017-09-28T21:15:00+08:00"), value="08"))
    )
    missed = []
    for path in leaves(honest):
        if not path:
            continue
        for change in tampered(_at(honest, path)):
            document = copy.deepcopy(honest)
            _at(document, path[:-1])[path[-1]] = change
            if change != _at(honest, path) and is_sound(verify(document)):
                missed.append((path, change))
    assert missed == []


def _at(value, path):
    for step in path:
        value = value[step]
    return value


def refreshed(document):
    """A forger who also recomputes the fingerprints inside the file."""
    document["fingerprints"] = {
        name: fingerprint(document[name]) for name in ("announced", "closed", "drawn") if document[name]
    }
    return document


def test_verify_detects_a_forger_who_recomputes_fingerprints():
    forged = whole_file()
    forged["drawn"]["winners"][0], forged["drawn"]["waiting"][0] = (
        forged["drawn"]["waiting"][0],
        forged["drawn"]["winners"][0],
    )
    assert failed(refreshed(forged)) == ["winners", "waiting"]
    forged = whole_file()
    forged["drawn"]["seeds"][0] = new_seed().hex()
    assert failed(refreshed(forged))[:2] == ["seeds", "combined_seed"]
    forged = whole_file()
    del forged["drawn"]["entries"][3]
    assert failed(refreshed(forged))[:2] == ["entries_root", "entries_count"]
    forged = whole_file()
    forged["drawn"]["entries"].reverse()
    assert failed(refreshed(forged)) == ["entries", "winners"]
    forged = whole_file()
    forged["announced"]["capacity"] = 9
    assert "closed_follows" in failed(refreshed(forged))


def test_verify_against_a_noted_fingerprint_detects_a_draw_held_again():
    honest = whole_file()
    announced = announcement(title="另一次抽签")
    closed = closed_stage(announced, ENTRIES, closed_at=datetime.fromisoformat("2017-09-28T18:00:05+08:00"))
    revelation = Revelation(CONTRIBUTIONS, datetime.fromisoformat("2017-09-29T10:00:00+08:00"))
    again = draw_file(announced, closed, drawn_stage(announced, closed, ENTRIES, revelation))
    assert failed(again) == []
    assert failed(again, noted=honest["fingerprints"]) == ["noted_announced", "noted_closed", "noted_drawn"]
    assert failed(honest, noted=honest["fingerprints"]) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_verify_of_any_json_never_raises(value):
    assert is_sound(verify(value)) is False
    for stage in ("announced", "closed", "drawn"):
        document = whole_file()
        document[stage] = value
        verify(document)


@settings(max_examples=60)
@given(st.data(), st.none() | st.integers() | st.text() | st.lists(st.integers(), max_size=3))
def test_verify_of_a_file_with_anything_anywhere_never_raises(data, value):
    document = json.loads(canonical_json(whole_file()))
    path = data.draw(st.sampled_from([path for path in leaves(document) if path]))
    before = _at(document, path)
    _at(document, path[:-1])[path[-1]] = value
    assert is_sound(verify(document)) is (value == before)


def test_drawn_stage_refuses_other_seeds_entries_or_a_missing_beacon():
    announced = announcement()
    closed = closed_stage(announced, ENTRIES, closed_at=datetime.fromisoformat("2017-09-28T18:00:05+08:00"))
    at = datetime.fromisoformat("2017-09-29T10:00:00+08:00")
    with pytest.raises(BadDocument, match="seeds"):
        drawn_stage(announced, closed, ENTRIES, Revelation(CONTRIBUTIONS[::-1], at))
    with pytest.raises(BadDocument, match="entries"):
        drawn_stage(announced, closed, ENTRIES[1:], Revelation(CONTRIBUTIONS, at))
    with pytest.raises(BadDocument, match="public value"):
        drawn_stage(announced, closed, ENTRIES, Revelation(CONTRIBUTIONS, at, "08"))


def test_announcement_without_its_terms_fails_in_words():
    document = draw_file(announcement(terms={"prizes": "票"}))
    assert failed(document) == ["terms"]


@pytest.mark.parametrize(
    "text", ["", "[]", "nonsense", '{"a": 1, "a": 2}', '{"a": 1.5}', '{"a": NaN}', "[" * 100_000]
)
def test_parse_draw_file_is_strict(text):
    with pytest.raises(BadDocument):
        parse_draw_file(text)


def test_draws_need_no_django():
    script = "import sys, gonghui.benefits.draws.verifier; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
