"""Things called by their names in a cell: a store, a budget, a union. Two of one name are told apart by #number."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from gonghui.kit.identifiers import plain_text

NUMBER = re.compile(r"#(\d+)$")
SHOWN_MAX = 3


def plain_name(text: str) -> str:
    return re.sub(r"[\s·]", "", plain_text(text)).casefold()


class Names:
    """`pairs`: (id, own name, the name of what it belongs to). Written as “商户 · 门店”, found by that or by its own name."""

    def __init__(self, pairs: Iterable[tuple[int, str, str]]):
        self._labels: dict[int, str] = {}
        self._found: dict[str, list[int]] = {}
        for pk, name, of in pairs:
            self._labels[pk] = f"{of} · {name}" if of else name
            for text in {plain_name(name), plain_name(self._labels[pk])}:
                self._found.setdefault(text, []).append(pk)

    def label_of(self, pk: int) -> str:
        label = self._labels.get(pk, f"#{pk}")
        is_one = len(self._found.get(plain_name(label), ())) <= 1
        return label if is_one else f"{label} #{pk}"

    def find(self, text: str) -> int | str:
        """The id, or in a sentence why there is none."""
        if (number := NUMBER.search(plain_text(text))) and int(number[1]) in self._labels:
            return int(number[1])
        found = self._found.get(plain_name(text), [])
        if len(found) == 1:
            return found[0]
        if not found:
            return _("没有找到“%s”，或者您不能选它。") % text
        named = "、".join(f"“{self._labels[pk]} #{pk}”" for pk in found[:SHOWN_MAX])
        return _("“%(text)s”不止一个，请写明是哪一个：%(named)s。") % {"text": text, "named": named}

    @property
    def labels(self) -> list[str]:
        return [self.label_of(pk) for pk in self._labels]
