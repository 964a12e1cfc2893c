"""News of a release to many, its sender's union and how its numbers may be shown said once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gonghui.audiences.queries import tells_sensitive
from gonghui.benefits.models import Release
from gonghui.kit.actors import Actor
from gonghui.notices.actions import Notice, tell_many
from gonghui.notices.models import Send


def tell_of_release(
    actor: Actor, release: Release, *, key: str, people: Iterable[int], notice: Notice, **facts: Any
) -> Send:
    """To who waits for it, asked for it or holds it: of a sensitive audience their number tells as much as it would of all."""
    hidden = tells_sensitive(release.audience, release.audience_groups)
    notice = replace(notice, is_sensitive=hidden)
    return tell_many(actor, send_key=key, people=people, notice=notice, union_id=release.union_id, **facts)
