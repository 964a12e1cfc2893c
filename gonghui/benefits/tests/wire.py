"""Real connections to the test database, past Django, for tests of what happens at the same time."""

from __future__ import annotations

from urllib.parse import quote

import asyncpg
from django.db import connection


def database_url() -> str:
    """Of the test database Django is connected to."""
    facts = connection.settings_dict
    query = f"?host={quote(facts['HOST'])}&port={facts['PORT'] or 5432}"
    return f"postgresql://{quote(facts['USER'])}:{quote(facts['PASSWORD'])}@/{facts['NAME']}{query}"


async def connect() -> asyncpg.Connection:
    return await asyncpg.connect(database_url())
