"""What several files here share: the cast with something of every kind around them."""

import pytest
from django.db import transaction

from tests.cast import new_cast
from tests.walk import build_stage


@pytest.fixture
def stage(cast):
    return build_stage(cast)


@pytest.fixture(scope="module")
def played(django_db_setup, django_db_blocker):
    """The cast and their stage, built once for a file; each test's own transaction is taken back within this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = new_cast()
        yield cast, build_stage(cast)
        transaction.set_rollback(True)
