import pytest

from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, DomainError
from gonghui.members import consents
from gonghui.members.actions.consents import give_consent, withdraw_consent
from gonghui.members.models import Consent
from gonghui.members.queries import live_consents

pytestmark = pytest.mark.django_db


def rows() -> int:
    return Consent.objects.unscoped("test").count()


def test_consent_given_twice_is_one_row(cast):
    for _ in range(2):
        give_consent(cast.actor("mei"), purpose="messages")
    assert (rows(), sorted(live_consents(cast.actor("mei")))) == (1, ["messages"])


def test_withdrawn_consent_stays_on_record_and_can_be_given_again(cast):
    actor = cast.actor("mei")
    give_consent(actor, purpose="messages")
    withdraw_consent(actor, purpose="messages")
    assert (rows(), live_consents(actor)) == (1, {})
    give_consent(actor, purpose="messages")
    assert (rows(), sorted(live_consents(actor))) == (2, ["messages"])


def test_new_wording_ends_the_older_version(cast, monkeypatch):
    actor = cast.actor("mei")
    give_consent(actor, purpose="messages")
    older = consents.PURPOSES["messages"]
    newer = consents.Purpose("messages", "2026-01", older.title, older.text, older.after_withdrawal)
    monkeypatch.setitem(consents.PURPOSES, "messages", newer)
    give_consent(actor, purpose="messages")
    assert live_consents(actor)["messages"].version == "2026-01"
    assert Consent.objects.unscoped("test").filter(withdrawn_at=None).count() == 1


@pytest.mark.parametrize("verb", [give_consent, withdraw_consent])
def test_consent_needs_somebody_and_a_known_purpose(cast, verb):
    for actor, purpose, reason in (
        (ANONYMOUS, "messages", SIGN_IN_FIRST),
        (cast.actor("mei"), "selling", NOT_FOUND),
    ):
        with pytest.raises(DomainError) as caught:
            verb(actor, purpose=purpose)
        assert caught.value.reason is reason
    assert rows() == 0


def test_consents_of_another_are_not_touched(cast):
    give_consent(cast.actor("mei"), purpose="messages")
    withdraw_consent(cast.actor("hua"), purpose="messages")
    assert sorted(live_consents(cast.actor("mei"))) == ["messages"]
