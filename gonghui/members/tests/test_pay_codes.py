import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection, transaction

from gonghui.kit import tokens
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_ALLOWED, DomainError
from gonghui.members import errors
from gonghui.members.actions import pay_codes
from gonghui.members.models import MemberCard, PayCodeUse

NOON = dt.datetime(2026, 3, 2, 12, 0, 30, tzinfo=CHINA)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def till(cast):
    """`till(call, text)` as the clerk at their own store."""
    return lambda call, text: call(cast.actor("clerk"), text=text, store_id=cast.store.pk)


def shown(cast):
    return pay_codes.show_pay_code(cast.actor("mei"))


def refused(call, *args):
    with pytest.raises(DomainError) as caught:
        call(*args)
    return caught.value.reason


def uses() -> int:
    return PayCodeUse.objects.unscoped("test").count()


@pytest.mark.django_db
class TestAtTheTill:
    def test_code_scanned_or_said_names_the_member(self, cast, clock, till):
        code = shown(cast)
        for text in (code.text, code.said, f" {code.said[:4]} {code.said[4:8]}-{code.said[8:]} ".lower()):
            assert pay_codes.is_pay_code(text)
            assert till(pay_codes.person_of_pay_code, text) == cast.people["mei"].pk
        assert uses() == 0
        assert MemberCard.objects.unscoped("test").count() == 1

    def test_code_of_another_minute_is_stale(self, cast, clock, till):
        code = shown(cast)
        clock.shift(MINUTE)
        assert till(pay_codes.person_of_pay_code, code.text) == cast.people["mei"].pk
        clock.shift(MINUTE)
        assert refused(till, pay_codes.spend_pay_code, code.text) is errors.PAY_CODE_STALE
        assert refused(till, pay_codes.spend_pay_code, code.said) is errors.PAY_CODE_FORGED
        assert uses() == 0

    @pytest.mark.parametrize(
        "text", ["GH2.AAAAAAAA.1.AAAAAAAAAA", "GH2", "GH3.x", "GH2.a.b.c", "K7M2P9QXABCDEF", ""]
    )
    def test_code_not_ours_is_refused(self, cast, clock, till, text):
        assert refused(till, pay_codes.spend_pay_code, text) is errors.PAY_CODE_FORGED
        assert uses() == 0

    def test_every_wrong_character_is_refused(self, cast, clock, till):
        text = shown(cast).text
        for n in range(len("GH2."), len(text)):
            wrong = text[:n] + ("A" if text[n] != "A" else "B") + text[n + 1 :]
            with pytest.raises(DomainError):
                till(pay_codes.spend_pay_code, wrong)
        assert uses() == 0

    def test_clerk_of_another_store_reads_nothing(self, cast, clock):
        code = shown(cast)
        for who, store in (
            ("clerk", cast.store.pk + 1),
            ("mei", cast.store.pk),
            ("anonymous", cast.store.pk),
        ):
            call = lambda who=who, store=store: pay_codes.spend_pay_code(  # noqa: E731
                cast.actor(who), text=code.text, store_id=store
            )
            assert refused(call) is NOT_ALLOWED
        assert uses() == 0


@pytest.mark.django_db
class TestPaysOnce:
    @pytest.mark.parametrize("again", ["text", "said", "ticket"])
    def test_minutes_code_pays_once_however_it_was_read(self, cast, clock, till, again):
        code = shown(cast)
        texts = {"text": code.text, "said": code.said, "ticket": till(pay_codes.hold_pay_code, code.text)}
        assert till(pay_codes.spend_pay_code, code.text) == cast.people["mei"].pk
        for call in (pay_codes.spend_pay_code, pay_codes.person_of_pay_code, pay_codes.hold_pay_code):
            assert refused(till, call, texts[again]) is errors.PAY_CODE_USED
        assert uses() == 1

    def test_sale_that_fails_leaves_the_code_unspent(self, cast, clock, till):
        code = shown(cast)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            till(pay_codes.spend_pay_code, code.text)
            raise ZeroDivisionError
        assert uses() == 0
        assert till(pay_codes.spend_pay_code, code.text) == cast.people["mei"].pk

    def test_next_code_is_shown_at_once_and_pays_too(self, cast, clock, till):
        first = shown(cast)
        till(pay_codes.spend_pay_code, first.text)
        second = shown(cast)
        assert second.text != first.text
        assert till(pay_codes.spend_pay_code, second.text) == cast.people["mei"].pk
        clock.shift(2 * MINUTE)
        assert till(pay_codes.spend_pay_code, shown(cast).text) == cast.people["mei"].pk
        assert uses() == 3


@pytest.mark.django_db
class TestTicket:
    def test_ticket_outlives_the_code_for_this_clerk_at_this_store(self, cast, clock, till):
        ticket = till(pay_codes.hold_pay_code, shown(cast).text)
        clock.shift(9 * MINUTE)
        assert pay_codes.is_pay_code(ticket)
        assert till(pay_codes.hold_pay_code, ticket) == ticket
        assert till(pay_codes.spend_pay_code, ticket) == cast.people["mei"].pk

    def test_ticket_ends(self, cast, clock, till):
        ticket = till(pay_codes.hold_pay_code, shown(cast).text)
        clock.shift(11 * MINUTE)
        assert refused(till, pay_codes.spend_pay_code, ticket) is errors.PAY_CODE_STALE
        assert uses() == 0

    def test_ticket_of_another_clerk_is_refused(self, cast, clock, till):
        ticket = till(pay_codes.hold_pay_code, shown(cast).text)
        other = cast.actor("clerk")
        other = type(other)(user_id=cast.users["hua"].pk, keys=other.keys)
        call = lambda: pay_codes.spend_pay_code(other, text=ticket, store_id=cast.store.pk)  # noqa: E731
        assert refused(call) is errors.PAY_CODE_FORGED
        assert uses() == 0


@pytest.mark.django_db
class TestCard:
    def test_new_card_kills_every_code_shown_before(self, cast, clock, till):
        old = shown(cast)
        ticket = till(pay_codes.hold_pay_code, old.text)
        pay_codes.renew_card(cast.actor("mei"))
        for text in (old.text, old.said, ticket):
            assert refused(till, pay_codes.spend_pay_code, text) is errors.PAY_CODE_REPLACED
        assert till(pay_codes.spend_pay_code, shown(cast).text) == cast.people["mei"].pk

    def test_reader_without_a_person_has_no_code(self, cast):
        for who in ("stranger", "anonymous"):
            assert refused(pay_codes.show_pay_code, cast.actor(who)) is errors.VERIFY_FIRST
        assert MemberCard.objects.unscoped("test").count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_tills_at_once_take_one_code_once(cast):
    code = pay_codes.show_pay_code(cast.actor("mei"))
    clerk, store_id = cast.actor("clerk"), cast.store.pk

    def sell(_n):
        try:
            with transaction.atomic():
                return pay_codes.spend_pay_code(clerk, text=code.text, store_id=store_id)
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(sell, range(16)))
    assert sorted(map(str, answers)) == sorted([str(cast.people["mei"].pk)] + ["pay_code_used"] * 15)
    assert uses() == 1


def test_said_code_has_no_letter_that_is_misheard_for_another():
    said = tokens.pay_said(tokens.PayCode("K7M2P9QX", 1))
    assert len(said) == 14
    assert set(said) <= set(tokens.SHORT_CODE_ALPHABET)
