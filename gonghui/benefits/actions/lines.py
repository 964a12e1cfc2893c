"""Waiting lists that end before anybody steps down them."""

from __future__ import annotations

from django.db import connection

from gonghui.benefits import messages
from gonghui.benefits.actions.telling import tell_of_release
from gonghui.benefits.models import Release
from gonghui.kit.actors import Actor


def end_lines(actor: Actor, release: Release) -> int:
    """Of a release whose end came while it was paused; returns how many are told. Part of closing it."""
    told = 0
    for pool in release.pools.order_by("id"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT benefits_end_line(%s)", [pool.pk])
            waited = cursor.fetchone()[0]
        if waited:
            notice = messages.line_over(release, pool.label)
            tell_of_release(actor, release, key=f"line-over:{pool.pk}", people=waited, notice=notice)
        told += len(waited)
    return told
