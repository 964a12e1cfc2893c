"""A cache of this process that hands out the values themselves."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache


class Shelf(LocMemCache):
    """For what no reader changes: text, tuples, frozen dataclasses. Django's own takes every value through pickle for every
    reader, which costs a tenth of a busy page."""

    _lock: Any  # of LocMemCache, these; Django's stubs leave them out
    _cache: Any
    _has_expired: Any
    _set: Any
    _delete: Any

    def get(self, key, default=None, version=None) -> Any:
        key = self.make_and_validate_key(key, version=version)
        with self._lock:
            if self._has_expired(key):
                self._delete(key)
                return default
            self._cache.move_to_end(key, last=False)
            return self._cache[key]

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> None:
        key = self.make_and_validate_key(key, version=version)
        with self._lock:
            self._set(key, value, timeout)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> bool:
        key = self.make_and_validate_key(key, version=version)
        with self._lock:
            if not self._has_expired(key):
                return False
            self._set(key, value, timeout)
            return True

    incr = BaseCache.incr
