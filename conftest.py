"""Shared fixtures: a fixed cast with names, a small union tree. See tests/cast.py."""

import os

import pytest

os.environ.setdefault("GONGHUI_LOG_LEVEL", "WARNING")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

from tests.cast import *  # noqa: F403

# Rows that migrations lay down; emptying the database after a test with real transactions leaves them.
REFERENCE_TABLES = {
    "django_migrations",
    "django_content_type",
    "members_workergroup",
    "activities_activitykind",
    "feedback_metricdefinition",
}
OURS = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(autouse=True)
def _no_caches_between_tests():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def _empty_by_truncating():
    """After a test with real transactions: all rows but the reference ones go, the append-only audit trail too."""
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = lambda self: empty_database()


def empty_database() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(OURS)
        tables = sorted({row[0] for row in cursor.fetchall()} - REFERENCE_TABLES)
        cursor.execute("SET session_replication_role = replica")  # the trail refuses TRUNCATE otherwise
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        cursor.execute("SET session_replication_role = DEFAULT")
