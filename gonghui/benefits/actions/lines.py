"""Waiting lists that end before anybody steps down them."""

from __future__ import annotations

from django.db import connection

from gonghui.benefits import messages
from gonghui.benefits.models import Release
from gonghui.kit.actors import Actor
from gonghui.notices.actions import tell_many


def end_lines(actor: Actor, release: Release) -> int:
    """Of a release whose end came while it was paused; returns how many are told. Part of closing it."""
    told = 0
    for pool in release.pools.order_by("id"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT benefits_end_line(%s)", [pool.pk])
            waited = cursor.fetchone()[0]
        if waited:
            tell_many(
                actor,
                send_key=f"line-over:{pool.pk}",
                people=waited,
                notice=messages.line_over(release, pool.label),
                union_id=release.union_id,
            )
        told += len(waited)
    return told
