"""Shared fixtures: a fixed cast with names, a small union tree. See tests/cast.py."""

import os

import pytest

os.environ.setdefault("GONGHUI_LOG_LEVEL", "WARNING")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

from tests.cast import *  # noqa: E402,F403


@pytest.fixture(autouse=True)
def _no_caches_between_tests():
    from django.core.cache import cache

    cache.clear()
