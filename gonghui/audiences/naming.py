"""What ids and codes in a predicate are called."""

from __future__ import annotations

from collections import defaultdict

from django.utils.translation import gettext as _

from gonghui.audiences.behaviours import known_behaviours
from gonghui.audiences.models import Audience, PeopleList
from gonghui.audiences.predicates.tree import Node, leaves_of
from gonghui.members.consents import PURPOSES
from gonghui.members.models import Membership, PersonTag, WorkerGroup
from gonghui.orgs.models import IndustryLine, Union


class KnownNames:
    def __init__(self, known: dict[str, dict]) -> None:
        self.known = known

    def of(self, kind: str, key: int | str) -> str:
        return str(self.known.get(kind, {}).get(key) or _("（已不存在）"))


def names_for(*trees: Node) -> KnownNames:
    """At most one query a kind, however many wordings."""
    asked: dict[str, set] = defaultdict(set)
    for leaf in (leaf for tree in trees for leaf in leaves_of(tree)):
        for kind, key in leaf.names_used():
            asked[kind].add(key)
    known: dict[str, dict] = {
        "status": dict(Membership._meta.get_field("status").flatchoices),
        "tag": dict(PersonTag.Kind.choices),
        "consent": {code: purpose.title for code, purpose in PURPOSES.items()},
        "did": {behaviour.code: behaviour.title for behaviour in known_behaviours()},
    }
    rows = {
        "union": Union.objects.unscoped("names in a wording the reader may see").values_list("pk", "name"),
        "group": WorkerGroup.objects.values_list("code", "name"),
        "industry": IndustryLine.objects.values_list("code", "name"),
        "audience": Audience.objects.unscoped("names in a wording the reader may see").values_list(
            "pk", "name"
        ),
        "list": PeopleList.objects.unscoped("names in a wording the reader may see").values_list(
            "pk", "name"
        ),
    }
    for kind, found in rows.items():
        if asked[kind]:
            column = "code__in" if kind in ("group", "industry") else "pk__in"
            known[kind] = dict(found.filter(**{column: asked[kind]}))
    return KnownNames(known)
