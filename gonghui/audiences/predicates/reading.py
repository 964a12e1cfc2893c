"""From JSON that anybody may have sent to a tree, and back. Size and depth are limited before anything is understood."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from gonghui.audiences.errors import PREDICATE_WRONG
from gonghui.audiences.predicates.facts import Wrong
from gonghui.audiences.predicates.known import Did, HasConsent, HasTag, InAudience, InShare, OnList
from gonghui.audiences.predicates.tree import GROUPS, Group, Leaf, Node
from gonghui.audiences.predicates.when import AgeBetween, BirthdayIn, JoinedIn
from gonghui.audiences.predicates.who import HasStatus, InGroup, InIndustry, InUnion, IsVerified, OfGender
from gonghui.kit.errors import DomainError

VERSION = 1
LEAVES: dict[str, type[Leaf]] = {
    leaf.kind: leaf
    for leaf in (
        InGroup, IsVerified, InUnion, InIndustry, AgeBetween, OfGender, BirthdayIn, JoinedIn, HasStatus, Did, HasTag,
        HasConsent, InAudience, OnList, InShare,
    )
}  # fmt: skip
DEPTH_MAX, LEAVES_MAX, BYTES_MAX = 4, 40, 16_384


def read_predicate(given: str | dict[str, Any]) -> Group:
    """Refuses whatever is not a predicate of this version, in a sentence that says which part."""
    try:
        return _read(given)
    except Wrong as wrong:
        raise DomainError(PREDICATE_WRONG, detail=str(wrong)) from None


def tree_of(predicate: dict[str, Any]) -> Group:
    """Of a version that was saved."""
    return _read(predicate)


def written(tree: Group) -> dict[str, Any]:
    """One form for one meaning: what is read and written again is the same."""
    return {"version": VERSION, "tree": _written(tree)}


def _written(node: Node) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"kind": node.kind, **node.facts()}
    return {node.word: [_written(part) for part in node.parts]}


def _read(given: str | dict[str, Any]) -> Group:
    text = given if isinstance(given, str) else json.dumps(given)
    if len(text.encode(errors="replace")) > BYTES_MAX:
        raise Wrong(_("条件太多了，请分成几个受众。"))
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()  # half a character can be shown on no page
    except (ValueError, RecursionError):
        raise Wrong(_("读不出条件，请刷新页面重来。")) from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Wrong(_("读不出条件，请刷新页面重来。"))
    tree, leaves = _node(document.get("tree"), 1)
    if isinstance(tree, Leaf):
        raise Wrong(_("读不出条件，请刷新页面重来。"))
    if leaves > LEAVES_MAX:
        raise Wrong(_("一个受众最多 {most} 个条件。").format(most=LEAVES_MAX))
    return tree


def _node(given: Any, depth: int) -> tuple[Node, int]:
    if not isinstance(given, dict):
        raise Wrong(_("读不出条件，请刷新页面重来。"))
    if "kind" in given:
        return _leaf(given), 1
    word = next(iter(given), "")
    if len(given) != 1 or word not in GROUPS or not isinstance(given[word], list):
        raise Wrong(_("读不出条件，请刷新页面重来。"))
    if depth > DEPTH_MAX:
        raise Wrong(_("分组最多套 {most} 层。").format(most=DEPTH_MAX))
    if depth > 1 and not given[word]:
        raise Wrong(_("有一个分组是空的，请加上条件或删去分组。"))
    read = [_node(part, depth + 1) for part in given[word]]
    return GROUPS[word](tuple(part for part, _count in read)), sum(count for _part, count in read)


def _leaf(given: dict[str, Any]) -> Leaf:
    kind = given["kind"]
    if not isinstance(kind, str) or kind not in LEAVES:
        raise Wrong(_("有一个条件不认识，请删去重选。"))
    return LEAVES[kind].read({name: value for name, value in given.items() if name != "kind"})
