"""The pass says what Django found out; names wait sealed until there is a ticket."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection

from gonghui.benefits import engine
from gonghui.benefits.actions import news
from gonghui.benefits.actions.passes import issue_pass
from gonghui.benefits.engine import Claim
from gonghui.benefits.gate.passes import Passes, binding_of
from gonghui.benefits.models import Party, Voucher
from gonghui.benefits.tests.plans import SYSTEM, announced, fresh, opened, pool_of, refused
from gonghui.kit.crypto import get_keyring
from gonghui.members.models import Delegation

BINDING = binding_of("session")


def issued(cast, release, name: str = "mei", **fields) -> str:
    facts = {"pool_id": pool_of(release).pk, "seats": 1, "binding": BINDING} | fields
    return issue_pass(cast.actor(name), **facts)


def test_pass_holds_person_pool_party_and_session(cast):
    release = announced(cast)
    found = Passes(get_keyring()).read(issued(cast, release, seats=3))
    pool = pool_of(release)
    assert (found.person_id, found.booked_by_id, found.pool_id, found.max_seats, found.binding) == (
        cast.people["mei"].pk,
        None,
        pool.pk,
        3,
        BINDING,
    )
    assert found.expires_at == int(pool.closing.timestamp())


def test_pass_for_another_names_both(cast):
    release, lan = announced(cast), cast.people["lan"]
    assert refused(issued, cast, release, for_person=lan.pk) == "not_delegated"
    Delegation.objects.create(person=lan, delegate=cast.people["mei"])
    found = Passes(get_keyring()).read(issued(cast, release, for_person=lan.pk))
    assert (found.person_id, found.booked_by_id) == (lan.pk, cast.people["mei"].pk)


@pytest.mark.parametrize(
    ("name", "code"), [("hua", "not_verified"), ("qiang", "not_in_audience"), ("anonymous", "sign_in_first")]
)
def test_pass_is_for_the_entitled(cast, name, code):
    assert refused(issued, cast, announced(cast), name) == code


def test_pass_is_for_grabs_only(cast):
    assert refused(issued, cast, announced(cast, mode="draw")) == "not_a_grab"


def test_pass_holds_the_party_to_its_limits(cast):
    release = announced(cast, names_required=True)
    assert refused(issued, cast, release, seats=4) == "party_too_large"
    assert refused(issued, cast, release, seats=0) == "party_too_large"
    assert refused(issued, cast, release, seats=3, companions=["甲"]) == "names_missing"
    assert Party.objects.unscoped("test").count() == 0


def test_names_are_sealed_before_the_claim_and_seated_after(cast):
    release = opened(cast, names_required=True)
    issued(cast, release, seats=3, companions=[" 陈 大文 ", "", "陈小文"])
    party = Party.objects.unscoped("test").get()
    assert party.names == ["陈 大文", "陈小文"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT names FROM benefits_party")
        assert "陈小文".encode() not in bytes(cursor.fetchone()[0])
    # What the gate does with the pass.
    pool = pool_of(release)
    (answer,) = engine.settle_claims(pool.pk, [Claim(cast.people["mei"].pk, key=uuid4(), seats=3)])
    voucher = Voucher.objects.unscoped("test").get(pk=answer.voucher_id)
    assert (voucher.state, voucher.companions) == ("held", None)
    news.tell_news(SYSTEM)
    assert (fresh(voucher).state, fresh(voucher).companions) == ("confirmed", ["陈 大文", "陈小文"])


def test_the_latest_names_count(cast):
    release = announced(cast)
    issued(cast, release, seats=2, companions=["甲"])
    issued(cast, release, seats=2, companions=["乙"])
    assert Party.objects.unscoped("test").get().names == ["乙"]
    issued(cast, release, seats=1)
    assert Party.objects.unscoped("test").count() == 0


def test_pass_takes_few_queries(cast, django_assert_max_num_queries):
    """Four for entitlement, the transaction's own, one to forget older names: thousands ask in the minutes before."""
    release, actor = announced(cast), cast.actor("mei")
    pool_id = pool_of(release).pk
    with django_assert_max_num_queries(9):
        issue_pass(actor, pool_id=pool_id, seats=1, binding=BINDING)


def test_pass_is_over_when_claims_close(cast):
    release = announced(cast)
    found = Passes(get_keyring()).read(issued(cast, release))
    closing = release.closes_at.replace(microsecond=0)
    assert not found.is_over_at(closing.timestamp())
    assert found.is_over_at((closing + dt.timedelta(seconds=1)).timestamp())
