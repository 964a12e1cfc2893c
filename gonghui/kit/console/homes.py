"""Where a form begins that asks for a union: with the only one its reader answers for."""

from __future__ import annotations

from gonghui.kit.actors import Actor, topmost


def home_of(actor: Actor, verb: str) -> int | None:
    """The root of the only subtree where the actor may do `verb`; none where there are several, or a line of one only.

    What a form begins with gives no right to it: it is checked as any other that is sent.
    """
    reaches = actor.reaches(verb)
    roots = topmost(grant.path for grant in reaches)
    if len(roots) != 1 or not any(grant.path == roots[0] and grant.line is None for grant in reaches):
        return None
    return int(roots[0].rstrip(".").rpartition(".")[2])
