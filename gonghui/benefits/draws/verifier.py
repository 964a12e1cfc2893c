"""Checks a published draw file from the file alone. Each check says in words what was found."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from gonghui.benefits.draws.document import (
    ALGORITHM,
    FORMAT,
    REQUIRED_TERMS,
    STAGES,
    Stage,
    fingerprint,
)
from gonghui.benefits.draws.lots import BadEntries, Entry, checked_entries, combined_seed, commit_seed, draw
from gonghui.benefits.draws.merkle import entries_digest

Kind = type | tuple[type, ...]
FIELDS: dict[str, dict[str, Kind]] = {
    "announced": {
        "draw": str, "title": str, "capacity": int, "party_seats_max": int, "announced_at": str,
        "closes_at": str, "commitments": list, "terms": dict, "beacon": (dict, type(None)), "algorithm": str,
    },
    "closed": {
        "announced": str, "closed_at": str, "entries_root": str, "entries_count": int, "seats_wanted": int,
    },
    "drawn": {
        "closed": str, "drawn_at": str, "seeds": list, "beacon_value": str, "combined_seed": str,
        "entries": list, "winners": list, "waiting": list,
    },
}  # fmt: skip


class Check(NamedTuple):
    """`name` is stable; `says` is the sentence for people."""

    name: str
    ok: bool
    says: str

    def __str__(self) -> str:
        return f"{'✔' if self.ok else '✘'} {self.says}"


class Malformed(ValueError):
    """The file lacks something or holds something of the wrong kind; the message names it."""


def verify(document: Any, *, noted: Mapping[str, str] | None = None) -> list[Check]:
    """`noted`: fingerprints seen when the stages were published, by stage; the strongest proof there is."""
    try:
        _require_form(document)
    except Malformed as error:
        return [Check("form", False, f"文件不是完整的抽签公示文件：{error}。")]
    checks = [Check("form", True, "文件格式正确，内容完整，没有多余的项目。")]
    checks += _stage_checks(document)
    checks += _announcement_checks(document["announced"])
    if document["closed"] is not None:
        checks += _closing_checks(document)
    if document["drawn"] is not None:
        checks += _draw_checks(document)
    return checks + list(_noted_checks(document, noted or {}))


def is_sound(checks: list[Check]) -> bool:
    return all(check.ok for check in checks)


# --- Form ---------------------------------------------------------------------------------------------------


def _require_form(document: Any) -> None:
    _require_keys(document, {"format", *STAGES, "fingerprints"}, "文件")
    if document["format"] != FORMAT:
        raise Malformed(f"格式版本应为 {FORMAT}")
    present = [stage for stage in STAGES if document[stage] is not None]
    if present != list(STAGES[: len(present)]) or not present:
        raise Malformed("缺少前一阶段的公示")
    for stage in present:
        _require_stage(document[stage], stage)
    _require_keys(document["fingerprints"], set(present), "fingerprints")


def _require_stage(stage: Any, name: str) -> None:
    _require_keys(stage, set(FIELDS[name]), name)
    for key, kind in FIELDS[name].items():
        if not isinstance(stage[key], kind) or isinstance(stage[key], bool):
            raise Malformed(f"{name}.{key} 的类型不对")
    if name == "announced":
        for commitment in stage["commitments"]:
            _require_texts(commitment, {"party", "seed_hash"}, "commitments")
        if stage["beacon"] is not None:
            _require_texts(stage["beacon"], {"source", "expected_at"}, "beacon")
    if name == "drawn":
        for key in ("seeds", "winners", "waiting"):
            if not all(isinstance(item, str) for item in stage[key]):
                raise Malformed(f"drawn.{key} 的类型不对")
        if not all(isinstance(item, list) and len(item) == 3 for item in stage["entries"]):
            raise Malformed("drawn.entries 的每一项应为 [签号, 权重, 名额]")


def _require_keys(value: Any, keys: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise Malformed(f"{where} 不是对象")
    if different := sorted(set(map(str, value)) ^ keys):
        raise Malformed(f"{where} 缺少或多出 {'、'.join(different)}")


def _require_texts(value: Any, keys: set[str], where: str) -> None:
    _require_keys(value, keys, where)
    if not all(isinstance(text, str) and text for text in value.values()):
        raise Malformed(f"{where} 的类型不对")


# --- Stages -------------------------------------------------------------------------------------------------


def _stage_checks(document: Stage) -> Iterator[Check]:
    titles = {"announced": "公告", "closed": "报名截止公示", "drawn": "开签公示"}
    for name, printed in document["fingerprints"].items():
        same = _is_same(printed, _fingerprint(document[name]))
        says = "的指纹与内容一致，一字未改" if same else "的指纹与内容不符，内容被改动过"
        yield Check(f"fingerprint_{name}", same, f"{titles[name]}{says}。")


def _announcement_checks(announced: Stage) -> Iterator[Check]:
    missing = [term for term in REQUIRED_TERMS if not str(announced["terms"].get(term) or "").strip()]
    says = f"公告缺少：{'、'.join(missing)}" if missing else "公告写明了奖项、条件、领取方式和主办方"
    yield Check("terms", not missing, f"{says}。")
    rule = (
        announced["algorithm"] == ALGORITHM
        and announced["capacity"] >= 0
        and announced["party_seats_max"] >= 1
    )
    yield Check("rule", rule, "抽签算法和名额数有效。" if rule else "抽签算法或名额数无效。")
    promised = bool(announced["commitments"]) and all(
        _is_hash(c["seed_hash"]) for c in announced["commitments"]
    )
    count = len(announced["commitments"])
    yield Check(
        "commitments", promised, f"开签前公布了 {count} 份种子承诺。" if promised else "没有有效的种子承诺。"
    )
    beacon = announced["beacon"]
    if beacon is not None:
        late = _in_order(announced["closes_at"], beacon["expected_at"])
        says = "在报名截止之后才产生" if late else "在报名截止之前就可能知道"
        yield Check("beacon", late, f"公开随机值（{beacon['source']}）{says}。")


def _closing_checks(document: Stage) -> Iterator[Check]:
    announced, closed = document["announced"], document["closed"]
    same = _is_same(closed["announced"], _fingerprint(announced))
    yield Check(
        "closed_follows", same, "报名截止公示承接的" + ("正是这份公告。" if same else "不是这份公告。")
    )
    ordered = _in_order(announced["announced_at"], announced["closes_at"], closed["closed_at"])
    yield Check("closing_time", ordered, "公告、报名截止的时间" + ("先后正确。" if ordered else "先后不对。"))


def _noted_checks(document: Stage, noted: Mapping[str, str]) -> Iterator[Check]:
    for name, text in noted.items():
        printed = document["fingerprints"].get(name, "")
        same = bool(printed) and _is_same(printed, text.strip().lower())
        says = "与您当时记下的指纹一致" if same else "与您当时记下的指纹不同，公示后被换过"
        yield Check(f"noted_{name}", same, f"{name} 阶段{says}。")


# --- The draw itself ----------------------------------------------------------------------------------------


def _draw_checks(document: Stage) -> Iterator[Check]:
    announced, closed, drawn = document["announced"], document["closed"], document["drawn"]
    same = _is_same(drawn["closed"], _fingerprint(closed))
    yield Check(
        "drawn_follows", same, "开签公示承接的" + ("正是这份报名名单。" if same else "不是这份报名名单。")
    )
    expected = announced["beacon"]["expected_at"] if announced["beacon"] else closed["closed_at"]
    ordered = _in_order(closed["closed_at"], drawn["drawn_at"]) and _in_order(expected, drawn["drawn_at"])
    yield Check(
        "drawing_time", ordered, "开签时间" + ("在报名截止之后。" if ordered else "不在报名截止之后。")
    )
    entries = _entries(drawn)
    yield from _entry_checks(announced, closed, entries)
    seed = _combined(drawn)
    yield from _seed_checks(announced, drawn, seed)
    yield from _outcome_checks(announced, drawn, entries, seed)


def _entries(drawn: Stage) -> list[Entry] | BadEntries:
    try:
        entries = checked_entries(Entry(*item) for item in drawn["entries"])
    except (BadEntries, TypeError) as error:
        return BadEntries(str(error))
    in_place = [list(entry) for entry in entries] == drawn["entries"]
    return entries if in_place else BadEntries("entries are not in order of token")


def _entry_checks(announced: Stage, closed: Stage, entries: list[Entry] | BadEntries) -> Iterator[Check]:
    if isinstance(entries, BadEntries):
        yield Check("entries", False, f"报名名单有误：{entries}。")
        return
    largest = max((entry.seats for entry in entries), default=0)
    fits = largest <= announced["party_seats_max"]
    yield Check(
        "entries", fits, "报名名单没有重复，" + ("每组人数都在限额内。" if fits else "但有的组超过人数限额。")
    )
    same = _is_same(closed["entries_root"], entries_digest(entries))
    says = "与截止时公布的名单摘要一致" if same else "与截止时公布的名单摘要不符，有人被加入、删去或改动"
    yield Check("entries_root", same, f"报名名单{says}。")
    counted = (closed["entries_count"], closed["seats_wanted"]) == (
        len(entries),
        sum(e.seats for e in entries),
    )
    yield Check(
        "entries_count",
        counted,
        f"报名 {len(entries)} 组，" + ("与公布数一致。" if counted else "与公布数不符。"),
    )


def _combined(drawn: Stage) -> bytes | None:
    try:
        return combined_seed([bytes.fromhex(seed) for seed in drawn["seeds"]], drawn["beacon_value"])
    except ValueError:
        return None


def _seed_checks(announced: Stage, drawn: Stage, seed: bytes | None) -> Iterator[Check]:
    promised = [commitment["seed_hash"] for commitment in announced["commitments"]]
    kept = seed is not None and [commit_seed(bytes.fromhex(text)) for text in drawn["seeds"]] == promised
    says = "每一份种子都与事先公布的承诺一致" if kept else "种子与事先公布的承诺不符，种子被换过"
    yield Check("seeds", kept, f"{says}。")
    named = bool(announced["beacon"]) == bool(drawn["beacon_value"])
    same = named and seed is not None and _is_same(drawn["combined_seed"], seed.hex())
    yield Check("combined_seed", same, "合成种子" + ("计算无误。" if same else "不是由这些种子合成的。"))


def _outcome_checks(
    announced: Stage, drawn: Stage, entries: list[Entry] | BadEntries, seed: bytes | None
) -> Iterator[Check]:
    if isinstance(entries, BadEntries) or seed is None or announced["capacity"] < 0:
        yield Check("winners", False, "名单或种子有误，无法重算中签结果。")
        return
    outcome = draw(seed, entries, announced["capacity"])
    same = [entry.token for entry in outcome.winners] == drawn["winners"]
    seats = sum(entry.seats for entry in outcome.winners)
    says = (
        f"重算一遍，{len(outcome.winners)} 组（{seats} 个名额）中签" if same else "重算的中签结果与公布的不同"
    )
    yield Check("winners", same, f"{says}{'，结果完全相同' if same else ''}。")
    same = [entry.token for entry in outcome.waiting] == drawn["waiting"]
    yield Check("waiting", same, "候补顺序" + ("与重算结果完全相同。" if same else "与重算结果不同。"))


# --- Small judgements ---------------------------------------------------------------------------------------


def _fingerprint(stage: Stage) -> str:
    try:
        return fingerprint(stage)
    except (ValueError, TypeError, RecursionError):  # such a stage was never published by us
        return ""


def _is_same(one: Any, other: str) -> bool:
    return (
        isinstance(one, str)
        and bool(other)
        and hmac.compare_digest(one.encode(errors="replace"), other.encode())
    )


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _in_order(*times: str) -> bool:
    try:
        moments = [datetime.fromisoformat(text) for text in times]
        return all(moment.tzinfo is not None for moment in moments) and moments == sorted(moments)
    except (ValueError, OverflowError):
        return False
