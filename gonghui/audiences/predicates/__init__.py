"""Who is meant: a tree of leaves, asked of sets in SQL (`sql`) and of one person (`fits`), both written beside each other.

A predicate is JSON: {"version": 1, "tree": {"all": [{"kind": "verified", "is": true}, {"none": [...]}, {"any": [...]}]}}.
Both evaluators speak of the live members below the audience's union, on a day of China: the answer changes by what is written
somewhere and at midnight, at no other moment.
"""

from gonghui.audiences.predicates.portrait import Portrait
from gonghui.audiences.predicates.reading import read_predicate, tree_of, written
from gonghui.audiences.predicates.set_query import SetQuery
from gonghui.audiences.predicates.tree import All, AnyOne, Leaf, Node, NoneOf, leaves_of

__all__ = [
    "All",
    "AnyOne",
    "Leaf",
    "Node",
    "NoneOf",
    "Portrait",
    "SetQuery",
    "leaves_of",
    "read_predicate",
    "tree_of",
    "written",
]
