"""Tickets and vouchers: claimed, held, confirmed, given back, redeemed; each public bug of a peer, played against ours."""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import partial
from uuid import uuid4

import pytest

from gonghui.benefits import engine
from gonghui.benefits.actions import claims, redemptions, releases
from gonghui.benefits.actions.redemptions import Reconciled, Scan
from gonghui.benefits.engine import Answer, Claim, settle_claims
from gonghui.benefits.gate.passes import Passes, binding_of
from gonghui.benefits.models import OfflineException, Redemption, Voucher, WaitEntry
from gonghui.benefits.packs import new_pack, pack_of
from gonghui.benefits.tests.crowd import counts, new_crowd, new_pool, new_release
from gonghui.kit import clock
from gonghui.kit.crypto import get_keyring
from tests.races.stage import (
    codes,
    holding,
    in_turn,
    killed_inside,
    last_bytes_at_once,
    lock_on,
    past_the_check,
    request_of,
    signed_in,
    wait_for_waiting,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
SERVER_THREADS = 8  # GONGHUI_THREADS of the server
CHILD = """
from gonghui.benefits.actions.redemptions import Scan, redeem_voucher
from gonghui.config.actors import actor_of
from gonghui.accounts.models import User
from uuid import uuid4
clerk = actor_of(User.objects.unscoped("test").get(pk=clerk_id))
"""


def ticket_of(cast, pool, who: str = "mei", seats: int = 1) -> Voucher:
    won = settle_claims(pool.pk, [Claim(person_id=cast.people[who].pk, key=uuid4(), seats=seats)])[0]
    return fresh(won.voucher_id)


def fresh(voucher_id: int) -> Voucher:
    return Voucher.objects.unscoped("test").get(pk=voucher_id)


@pytest.fixture
def ticket(cast, pool):
    return ticket_of(cast, pool)


def tap(cast, voucher: Voucher, **facts):
    """One tap of the clerk's, not yet sent."""
    scan = Scan(**({"text": voucher.code, "key": uuid4(), "store_id": cast.store.pk} | facts))
    return partial(redemptions.redeem_voucher, cast.actor("clerk"), scan=scan)


def redeemed() -> int:
    return Redemption.objects.unscoped("test").count()


def claimed(pool, person_id: int, **facts):
    claim = Claim(person_id=person_id, key=uuid4(), **facts)
    return lambda: settle_claims(pool.pk, [claim])[0]


def heard(answers: list[Answer]) -> Counter:
    return Counter(each.answer for each in answers)


# --- Redeemed ---------------------------------------------------------------------------------------------------


def test_last_bytes_at_once_redeem_one_voucher_once(cast, client, served, pool, ticket):
    """Shopware #11245: a voucher's limit was checked and used in two steps; requests ended in one packet all passed the
    check. Here: twelve requests whose last bytes come in one breath, as many as the server has threads held past the check; one
    is honoured."""
    browser = signed_in(cast.sign_in(client, "clerk"))
    attack = [
        request_of(
            "POST",
            "/clerk/redeem",
            f"text={ticket.code}&key={uuid4()}".encode(),
            content_type="application/x-www-form-urlencoded",
            **browser,
        )
        for _n in range(12)
    ]
    till = holding(lock_on(ticket))
    till.__enter__()

    def let_go() -> None:
        wait_for_waiting(SERVER_THREADS)
        till.__exit__(None, None, None)

    answers = [json.loads(each.body) for each in last_bytes_at_once(served.port, attack, between=let_go)]
    assert Counter(each.get("code_refused", "done") for each in answers) == {"done": 1, "already_used": 11}
    assert (redeemed(), fresh(ticket.pk).state) == (1, "redeemed")


def test_two_checkouts_with_one_voucher_are_one(cast, ticket):
    """Saleor #544, django-oscar #2101, django-lfs #202, PrestaShop #29493: two checkouts at once used up one voucher twice.
    Here: both tills have read it as unused before either may go on; one honours it, the other hears where it was used."""
    answers = past_the_check(lock_on(ticket), tap(cast, ticket), tap(cast, ticket))
    assert codes(answers) == ["Redemption", "already_used"]
    assert (redeemed(), fresh(ticket.pk).state) == (1, "redeemed")


@pytest.mark.parametrize("first", ["redeem", "return"])
def test_what_was_read_before_the_lock_decides_nothing(cast, pool, ticket, first):
    """pretix PR #6067: what was left of a voucher was read before the lock and believed after it. Here: honouring and giving
    back meet, in both orders; the second believes what the first left, and the seat is free or used, never both."""
    redeem = tap(cast, ticket)
    give_back = partial(claims.return_voucher, cast.actor("mei"), voucher_id=ticket.pk)
    calls = (redeem, give_back) if first == "redeem" else (give_back, redeem)
    answers = in_turn(lock_on(ticket), *calls)
    if first == "redeem":
        assert (codes(answers), redeemed(), counts(pool)) == (["Redemption", "not_returnable"], 1, (1, 9))
    else:
        assert (codes(answers), redeemed(), counts(pool)) == (["given_back", "list"], 0, (0, 10))


def test_same_tap_sent_twice_at_once_is_one_redemption(cast, ticket):
    """Formance stack #1633: one idempotency key twice at the same moment was no answer but a crash. Here: a phone that sends
    its tap again while the first is still on its way hears for both that this tap was honoured."""
    one_tap = tap(cast, ticket)
    answers = past_the_check(lock_on(ticket), one_tap, one_tap, one_tap)
    assert codes(answers) == ["Redemption"] * 3
    assert {each.pk for each in answers} == {Redemption.objects.unscoped("test").get().pk}


def test_offline_list_handed_in_twice_at_once_accuses_nobody(cast, ticket):
    """pretix PR #6067, on the way of what was honoured without network: two uploads of one list must not make the second find
    the first's redemption and report a double use. Here: each scan is taken once, and no exception is written."""
    clerk = cast.actor("clerk")
    pack = pack_of(new_pack(clerk, store_id=cast.store.pk)["token"])
    scan = Scan(ticket.code, uuid4(), cast.store.pk, offline_at=clock.now())
    hand_in = partial(redemptions.reconcile_offline, clerk, pack=pack, scans=[scan])
    answers = past_the_check(lock_on(ticket), hand_in, hand_in)
    assert answers == [[Reconciled(scan.key, True)]] * 2
    assert (redeemed(), OfflineException.objects.unscoped("test").count()) == (1, 0)


def test_till_killed_while_redeeming_leaves_the_voucher_usable(cast, pool, ticket):
    """Saleor PR #15855: a use was counted before the checkout was through, and whoever came second met a use that was none.
    Here: a till killed with -9 after it wrote all of it, but for the commit, has used nothing; the next till honours it."""
    killed_inside(
        CHILD + "redeem_voucher(clerk, scan=Scan(code, uuid4(), store_id))",
        clerk_id=cast.users["clerk"].pk,
        code=ticket.code,
        store_id=cast.store.pk,
    )
    assert (redeemed(), fresh(ticket.pk).state) == (0, "confirmed")
    assert tap(cast, ticket)().voucher_id == ticket.pk
    assert counts(pool) == (1, 9)


# --- Claimed ----------------------------------------------------------------------------------------------------


def grab_request(pool, person_id: int) -> bytes:
    session = f"session-of-{person_id}"
    facts = {"person_id": person_id, "pool_id": pool.pk, "max_seats": 1, "binding": binding_of(session)}
    token = Passes(get_keyring()).issue(expires_at=time.time() + 600, **facts)
    return request_of(
        "POST", f"/grab/{pool.pk}", json.dumps({"pass": token}).encode(), cookie=f"sessionid={session}"
    )


def test_last_bytes_at_once_of_one_member_win_one_ticket(cast, served):
    """Shopware #11245 and Medusa #16012 (a limit per customer passed by concurrent use), at the gate: 24 passes of one member
    for four dates of one release, all last bytes at once. Here: one ticket, and everybody else's seats are still there."""
    release = new_release(cast.unions["province"])
    pools = [new_pool(release, capacity=5, label=f"第 {n} 场") for n in range(4)]
    (member,) = new_crowd(1)
    attack = [grab_request(pools[n % 4], member) for n in range(24)]
    answers = [json.loads(each.body)["answer"] for each in last_bytes_at_once(served.port, attack)]
    assert Counter(answers) == {"won": 1, "already": 23}
    assert sum(counts(pool)[0] for pool in pools) == 1


def test_last_bytes_at_once_of_a_crowd_sell_the_last_seat_once(cast, served):
    """cal.com #5820 and #13397, Easy!Appointments #31, #996, #1217, #1783: one free slot, booked by all who asked in the same
    moment. Here: 24 people, their last bytes at once, one seat; one has it, nobody else is told so."""
    pool = new_pool(new_release(cast.unions["province"], waitlist_max=0), capacity=1)
    attack = [grab_request(pool, person) for person in new_crowd(24)]
    answers = [json.loads(each.body)["answer"] for each in last_bytes_at_once(served.port, attack)]
    assert (Counter(answers), counts(pool)) == ({"won": 1, "sold_out": 23}, (1, 0))


def test_limit_of_three_is_three(cast, pool):
    """eventyay #1398: five at once used a voucher with a limit of three five times, validated before the lock was taken. Here:
    five have asked and stand before the release; three have a place."""
    limited = new_pool(pool.release, capacity=3, label="夜场")
    type(pool.release).objects.unscoped("test").filter(pk=pool.release_id).update(waitlist_max=0)
    answers = past_the_check(lock_on(pool.release), *[claimed(limited, person) for person in new_crowd(5)])
    assert (heard(answers), counts(limited)) == ({"won": 3, "sold_out": 2}, (3, 0))


def test_last_unit_is_sold_once_and_never_lost(cast):
    """mall #185, #353: the stock was decremented without asking for what is left, and went below zero. Here: sixteen after the
    last seat; one has it, the line behind has its order, and a seat that comes back goes to the first in it."""
    pool = new_pool(new_release(cast.unions["city"], waitlist_max=15), capacity=1)
    answers = past_the_check(lock_on(pool), *[claimed(pool, person) for person in new_crowd(16)])
    assert (heard(answers), counts(pool)) == ({"won": 1, "waiting": 15}, (1, 0))
    assert sorted(each.place for each in answers if each.answer == "waiting") == list(range(1, 16))
    winner = next(each.voucher_id for each in answers if each.answer == "won")
    _done, promoted = engine.give_back(winner, "returned")
    first = WaitEntry.objects.unscoped("test").get(pool=pool, position=1)
    assert ([each.person_id for each in promoted], counts(pool)) == ([first.person_id], (1, 0))


def test_claims_of_one_person_take_one_seat_from_the_stock(cast, pool):
    """springboot-seckill #4 and hfbin PR #11 (peers §4): the stock was taken first and the double claim refused afterwards, so
    seats were lost. Here: eight claims of one person; one seat is gone, nine are left to be sold."""
    (member,) = new_crowd(1)
    answers = past_the_check(lock_on(pool.release), *[claimed(pool, member) for _n in range(8)])
    assert (heard(answers), counts(pool)) == ({"won": 1, "already": 7}, (1, 9))


def test_two_completions_of_one_claim_are_one_and_undo_nothing(cast, pool):
    """Saleor PR #15855: of two completions of one checkout the second failed on the limit the first had just used, refunded the
    payment, and the first went on with an order nobody paid. Here: the same key from four sides is one ticket for all four."""
    mei = cast.actor("mei")
    same = partial(claims.claim, mei, pool_id=pool.pk, key=uuid4())
    answers = past_the_check(lock_on(pool.release), same, same, same, same)
    assert (heard(answers), len({each.code for each in answers})) == ({"won": 4}, 1)
    assert counts(pool) == (1, 9)


# --- Held, confirmed, given back --------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["confirm", "return"])
def test_confirming_and_giving_back_at_once_agree(cast, first):
    """cal.com #29958, #10789: a pending booking held nothing, two confirmations at once both passed, and one slot had two
    holders. Here: what is held has its seat already; confirmed and given back at once it is one of the two."""
    pool = new_pool(new_release(cast.unions["city"], confirm_within_s=600, waitlist_max=5), capacity=1)
    ticket = ticket_of(cast, pool)
    (next_in_line,) = new_crowd(1)
    assert (ticket.state, claimed(pool, next_in_line)().answer) == ("held", "waiting")
    mei = cast.actor("mei")
    confirm = partial(claims.confirm_voucher, mei, voucher_id=ticket.pk)
    give_back = partial(claims.return_voucher, mei, voucher_id=ticket.pk)
    answers = in_turn(
        lock_on(ticket), *((confirm, give_back) if first == "confirm" else (give_back, confirm))
    )
    # Confirmed first, it may still be given back; given back first, there is nothing to confirm.
    assert codes(answers) == (["Voucher", "list"] if first == "confirm" else ["list", "not_held"])
    holder = Voucher.objects.unscoped("test").get(pool=pool, state__in=("held", "confirmed"))
    assert (holder.person_id, counts(pool)) == (next_in_line, (1, 0))


def test_two_confirmations_at_once_both_hear_that_it_is_confirmed(cast):
    """The holder's tap, and the same tap again over a slow line."""
    pool = new_pool(new_release(cast.unions["city"], confirm_within_s=600), capacity=1)
    ticket = ticket_of(cast, pool)
    confirm = partial(claims.confirm_voucher, cast.actor("mei"), voucher_id=ticket.pk)
    answers = past_the_check(lock_on(ticket), confirm, confirm)
    assert [each.state for each in answers] == ["confirmed", "confirmed"]


def test_hold_that_ends_while_it_is_confirmed_has_one_holder(cast):
    """cal.com #29958, on the way of holds that end: the state was read, then overwritten. Here: the time of a hold runs out
    while its confirmation waits for the row; the confirmation is refused, the sweep frees the seat, and the next has it."""
    pool = new_pool(new_release(cast.unions["city"], confirm_within_s=600, waitlist_max=5), capacity=1)
    ticket = ticket_of(cast, pool)
    (next_in_line,) = new_crowd(1)
    claimed(pool, next_in_line)()
    ends = "UPDATE benefits_voucher SET confirm_by = now() - interval '1 s' WHERE id = %s"
    confirm = partial(claims.confirm_voucher, cast.actor("mei"), voucher_id=ticket.pk)
    assert codes(past_the_check((ends, ticket.pk), confirm)) == ["not_held"]
    settled = past_the_check(lock_on(ticket), *[partial(engine.expire_pool_holds, pool.pk)] * 2)
    assert sorted([each.outcome for each in one] for one in settled) == [[], ["expired", "promoted"]]
    holder = Voucher.objects.unscoped("test").get(pool=pool, state="held")
    assert (holder.person_id, counts(pool)) == (next_in_line, (1, 0))


def test_release_path_gives_a_seat_back_once(cast):
    """Medusa #16595, PR #16596: taking a use back wrote what it had read before, without the lock the use takes, so one release
    undid another's use. Here: one ticket given back from six sides while four claim; seats out and seats left add up."""
    pool = new_pool(new_release(cast.unions["city"], waitlist_max=0), capacity=3)
    ticket = ticket_of(cast, pool)
    give_back = partial(engine.give_back, ticket.pk, "returned")
    rivals = [claimed(pool, person) for person in new_crowd(4)]
    answers = past_the_check(lock_on(pool.release), *[give_back] * 6, *rivals)
    returned = [each[0].outcome for each in answers[:6]]
    won = heard(answers[6:])["won"]
    assert sorted(returned) == ["done"] + ["returned"] * 5
    assert (2 <= won <= 3, counts(pool)) == (True, (won, 3 - won))


@pytest.mark.parametrize("first", ["use", "release"])
def test_release_and_use_at_once_lose_neither(cast, first):
    """Medusa #16595 in both orders: a use that commits while another is being taken back must be counted. Here: one seat is
    given back and another taken at the same moment; afterwards exactly one is out."""
    pool = new_pool(new_release(cast.unions["city"], waitlist_max=0), capacity=2)
    ticket = ticket_of(cast, pool)
    (other,) = new_crowd(1)
    use, release = claimed(pool, other), partial(engine.give_back, ticket.pk, "returned")
    in_turn(lock_on(pool.release), *((use, release) if first == "use" else (release, use)))
    assert counts(pool) == (1, 1)


def test_capacity_lowered_while_the_last_seat_is_taken_is_refused_in_words(cast):
    """mall #353, from the side of who sets the stock: a number read before was written over what had
    been sold meanwhile. Here: two seats, one out; somebody takes the second while the operator says one, who is refused."""
    pool = new_pool(new_release(cast.unions["city"], waitlist_max=0), capacity=2)
    ticket_of(cast, pool)
    (other,) = new_crowd(1)
    admin = cast.actor("city_admin")
    lower = partial(releases.change_capacity, admin, pool_id=pool.pk, capacity=1, reason="船小了")
    answers = in_turn(lock_on(pool), claimed(pool, other), lower)
    assert (answers[0].answer, codes(answers[1:])) == ("won", ["bad_input"])
    assert counts(pool) == (2, 0)
